//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// A watch turns notifications into accesses. It belongs to one goroutine.
type watch struct {
	memory memory
	tree   tree
	loader loader
	calls  map[uint32]call
	// programs are what running one does, by path, for those in tree.known.
	programs map[string][]reproducible.Access
	decide   func(reproducible.Access) Decision
	clock    clock
	log      log
	// Of the latest notification: the place in tree.known that is to be opened, if it
	// is one, and how much could not be seen.
	opened  *place
	dropped uint64
}

// keep logs what the latest notification was about, which has happened.
func (w *watch) keep(seen []reproducible.Access) {
	w.log.add(seen...)
	w.log.dropped += w.dropped
	if w.opened != nil {
		w.opened.told = true
	}
}

// judge reads what a notification asks for, and tells how to answer it. A call
// that is failed is one that the kernel would fail too, or that the policy
// refuses; it must not happen.
func (w *watch) judge(n *notification) (seen []reproducible.Access, answer response) {
	w.opened, w.dropped = nil, 0
	if w.clock.fixed && w.clock.asked(n) {
		return nil, w.clock.tell(&w.memory, n)
	}
	c, ok := w.calls[uint32(n.nr)]
	if !ok {
		w.dropped++
		return nil, goOn()
	}
	seen, err := w.read(n, c)
	switch {
	case err == nil:
	case errors.Is(err, errLong):
		return nil, fail(unix.ENAMETOOLONG)
	case errors.Is(err, unix.EFAULT):
		return nil, fail(unix.EFAULT)
	default: // memory that only the kernel may read
		w.dropped++
	}
	if w.decide == nil {
		return seen, goOn()
	}
	for i, a := range seen {
		if (a.Op == reproducible.OpExec || a.Op == reproducible.OpConnect) && w.decide(a) != Allow {
			seen[i].Outcome, seen[i].Resolved = reproducible.OutcomeDenied, ""
			return seen[:i+1], fail(unix.EACCES)
		}
	}
	return seen, goOn()
}

func (w *watch) read(n *notification, c call) ([]reproducible.Access, error) {
	switch c.form {
	case formTwoPaths:
		return w.twoPaths(n, c)
	case formExec:
		return w.exec(n, c)
	case formAddress:
		return w.address(n, c, n.args[c.path], uint64(uint32(n.args[c.flags])))
	case formMessage:
		return w.message(n, c, n.args[c.path])
	case formMessages:
		return w.messages(n, c)
	}
	op, nofollow, err := w.intent(n, c)
	if err != nil {
		return nil, err
	}
	name, err := w.memory.path(int(n.pid), n.args[c.path])
	if err != nil {
		return nil, err
	}
	if known := w.tree.known[string(name)]; op == reproducible.OpOpen && known.holds(nofollow) {
		if known.told { // as most are
			return nil, nil
		}
		w.opened = known
	}
	p := w.look(n, c.dir, name, nofollow)
	p.close()
	return []reproducible.Access{access(op, p)}, nil
}

// intent tells what a call with one path is about to do there.
func (w *watch) intent(n *notification, c call) (op reproducible.Op, nofollow bool, err error) {
	if c.form == formPath {
		return c.op, c.nofollow, nil
	}
	flags := n.args[c.flags]
	if c.form == formOpen2 {
		if flags, err = w.memory.word(int(n.pid), n.args[c.flags]); err != nil {
			return "", false, err
		}
	}
	op = reproducible.OpOpen
	if flags&unix.O_PATH == 0 && (flags&unix.O_ACCMODE != unix.O_RDONLY || flags&(unix.O_CREAT|unix.O_TRUNC) != 0) {
		op = reproducible.OpWrite
	}
	return op, flags&unix.O_NOFOLLOW != 0, nil
}

// place reads the path at argument index and looks there.
func (w *watch) place(n *notification, dir, index int, nofollow bool) (place, error) {
	name, err := w.memory.path(int(n.pid), n.args[index])
	if err != nil {
		return place{}, err
	}
	return w.look(n, dir, name, nofollow), nil
}

// look looks at a name, relative to the descriptor at argument index dir.
func (w *watch) look(n *notification, dir int, name []byte, nofollow bool) place {
	from := unix.AT_FDCWD
	if dir != none {
		from = int(int32(n.args[dir]))
	}
	return w.tree.look(int(n.pid), from, string(name), nofollow)
}

func (w *watch) twoPaths(n *notification, c call) ([]reproducible.Access, error) {
	first, err := w.place(n, c.dir, c.path, true)
	if err != nil {
		return nil, err
	}
	first.close()
	second, err := w.place(n, c.dir2, c.path2, true)
	if err != nil {
		return nil, err
	}
	second.close()
	return []reproducible.Access{access(c.op, first), access(reproducible.OpWrite, second)}, nil
}

func (w *watch) exec(n *notification, c call) ([]reproducible.Access, error) {
	nofollow := c.flags != none && n.args[c.flags]&unix.AT_SYMLINK_NOFOLLOW != 0
	p, err := w.place(n, c.dir, c.path, nofollow)
	if err != nil {
		return nil, err
	}
	if p.path == "" && c.flags != none && n.args[c.flags]&unix.AT_EMPTY_PATH != 0 {
		p = w.tree.descriptor(int(n.pid), int(int32(n.args[c.dir])))
	}
	defer p.close()
	if seen, known := w.programs[p.path]; known && !nofollow {
		return slices.Clone(seen), nil
	}
	w.tree.hold(&p)
	seen := []reproducible.Access{access(reproducible.OpExec, p)}
	if p.fd >= 0 {
		dropped := w.dropped
		seen = append(seen, w.loads(int(n.pid), p.fd)...)
		if _, stays := w.tree.known[p.path]; stays && !nofollow && dropped == w.dropped {
			w.programs[p.path] = slices.Clone(seen)
		}
	}
	return seen, nil
}

// address reads a socket address. An absent one is no access: the socket was
// connected before.
func (w *watch) address(n *notification, c call, at, length uint64) ([]reproducible.Access, error) {
	if at == 0 || length == 0 {
		return nil, nil
	}
	raw := make([]byte, min(length, addressMax))
	if err := w.memory.read(int(n.pid), at, raw); err != nil {
		return nil, err
	}
	text, name := describeAddress(raw)
	if c.op == reproducible.OpWrite { // bind makes a name, unless it is none of the file tree
		if name == "" {
			return nil, nil
		}
		p := w.tree.look(int(n.pid), unix.AT_FDCWD, name, true)
		p.close()
		return []reproducible.Access{access(c.op, p)}, nil
	}
	return []reproducible.Access{{Op: c.op, Path: reproducible.TraceText(text), Outcome: reproducible.OutcomeUnknown}}, nil
}

// message reads the address in a struct msghdr.
func (w *watch) message(n *notification, c call, at uint64) ([]reproducible.Access, error) {
	var head [12]byte
	if err := w.memory.read(int(n.pid), at, head[:]); err != nil {
		return nil, err
	}
	return w.address(n, c, binary.LittleEndian.Uint64(head[:]), uint64(binary.LittleEndian.Uint32(head[8:])))
}

// The kernel sends at most UIO_MAXIOV messages in one call; each struct mmsghdr
// has 64 bytes.
const (
	maxMessages = 1024
	sizeMessage = 64
)

func (w *watch) messages(n *notification, c call) ([]reproducible.Access, error) {
	var seen []reproducible.Access
	for i := range min(uint64(uint32(n.args[c.flags])), maxMessages) {
		one, err := w.message(n, c, n.args[c.path]+i*sizeMessage)
		if err != nil {
			return nil, err
		}
		seen = append(seen, one...)
	}
	return seen, nil
}

// access tells a place in the form of a trace.
func access(op reproducible.Op, p place) reproducible.Access {
	return reproducible.Access{
		Op: op, Path: reproducible.TraceText(p.path), Resolved: reproducible.TraceText(p.resolved), Outcome: p.outcome,
	}
}
