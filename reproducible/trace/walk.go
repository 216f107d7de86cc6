//go:build linux && (amd64 || arm64)

package trace

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// maxLinks is how many symbolic links the kernel follows (path_resolution(7)).
const maxLinks = 40

// A walk follows a path one component at a time, as the build's own process
// would: /proc/self and the links below it mean that process, and only the
// kernel can follow them (proc(5)).
type walk struct {
	tree     *tree
	pid      int
	current  string   // resolved so far
	pending  []string // components to come
	links    int
	nofollow bool
	inputs   bool   // go nowhere but through inputs
	object   string // a name on the machine of what a link of procfs led to, or ""
}

// walked resolves p.path by a walk.
func (t *tree) walked(pid int, p place, nofollow bool) place {
	w := &walk{tree: t, pid: pid, current: "/", pending: strings.Split(p.path, "/"), nofollow: nofollow}
	p.outcome = w.run()
	if p.outcome != reproducible.OutcomeFound {
		return p
	}
	p.resolved = w.current
	if w.object != "" {
		p.fd = openPath(w.object)
		return p
	}
	p.fd = t.again(w.current)
	return p
}

func (w *walk) run() reproducible.Outcome {
	for len(w.pending) > 0 {
		name := w.pending[0]
		w.pending = w.pending[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			w.current, w.object = path.Dir(w.current), ""
			continue
		}
		if w.current[0] != '/' { // below a pipe or the like
			return reproducible.OutcomeAbsent
		}
		if outcome := w.step(path.Join(w.current, name)); outcome != reproducible.OutcomeFound {
			return outcome
		}
	}
	return reproducible.OutcomeFound
}

// step enters next, over a link if it is one.
func (w *walk) step(next string) reproducible.Outcome {
	if next == "/proc/thread-self" {
		next = "/proc/self" // the thread that asks
	}
	if w.inputs && (next == "/proc" || !w.tree.inInput(next)) {
		return reproducible.OutcomeUnknown
	}
	w.object = ""
	own, isOwn := strings.CutPrefix(next, "/proc/self")
	isOwn = isOwn && (own == "" || own[0] == '/')
	dir, name := w.tree.root, next[1:]
	if isOwn {
		dir, name = unix.AT_FDCWD, "/proc/"+strconv.Itoa(w.pid)+own
	}
	n, err := unix.Readlinkat(dir, name, w.tree.buffer[:])
	switch {
	case errors.Is(err, unix.EINVAL): // no link
		w.current = next
		return reproducible.OutcomeFound
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return reproducible.OutcomeAbsent
	case err != nil || n == len(w.tree.buffer):
		return reproducible.OutcomeUnknown
	}
	return w.follow(next, name, string(w.tree.buffer[:n]), isOwn)
}

func (w *walk) follow(next, name, target string, isOwn bool) reproducible.Outcome {
	if w.nofollow && len(w.pending) == 0 {
		w.current = next
		return reproducible.OutcomeFound
	}
	if w.links++; w.links > maxLinks || target == "" {
		return reproducible.OutcomeUnknown
	}
	if strings.HasPrefix(next, "/proc/") { // a link of procfs leads to the object itself
		w.current = target
		if isOwn {
			w.object = name
		}
		return reproducible.OutcomeFound
	}
	if target[0] == '/' {
		w.current = "/"
	}
	w.pending = append(strings.Split(target, "/"), w.pending...)
	return reproducible.OutcomeFound
}
