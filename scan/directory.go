package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
)

// DirectoryOptions qualify a directory. The zero value is strict.
type DirectoryOptions struct {
	// Subject names the directory. If it has a digest, the tree must match it.
	Subject attest.Descriptor
	// CrossMounts enters file systems that are mounted below the root. Otherwise
	// each is a gap. Only Linux tells mounts apart; a bind mount of the same file
	// system looks like any directory.
	CrossMounts bool
}

// Directory returns the tree below root as a Source. Its digest is that of the
// tree's manifest (MediaTypeTree, package treehash): paths, kinds, permission
// bits, link targets and content; not owners and times. A tree without gaps has
// the digest that treehash.Walk gives it. Entries come depth first, names in byte order.
//
// Symbolic links are delivered but never followed, and one that leads out of the
// tree is a gap. Devices, FIFOs and sockets are gaps and are never opened. So is
// what cannot be read, what is another file when it is opened than when it was
// examined, what changes while it is read, and two names that differ only by
// case. A directory such as /proc, where reading a file may have effects and
// sizes mean nothing, should not be scanned; what lies on such a file system
// below the root is a gap like every mount.
//
// The caller keeps root open during Walk. A source may be walked concurrently.
func Directory(root *os.Root, o DirectoryOptions) Source { return directory{root, o} }

type directory struct {
	root    *os.Root
	options DirectoryOptions
}

// Subject implements Source.
func (d directory) Subject() attest.Descriptor { return d.options.Subject }

// Walk implements Source.
func (d directory) Walk(ctx context.Context, limits Limits, sink Sink) (Receipt, error) {
	if d.root == nil {
		return Receipt{}, attest.Refuse(CodeNil, "Directory", "a root", "nil")
	}
	info, err := d.root.Stat(".")
	if err != nil {
		return Receipt{}, attest.Refuse(CodeSource, ".", "a directory", "").Because(err)
	}
	w := &walker{ctx: ctx, limits: limits.withDefaults(), sink: sink, crossMounts: d.options.CrossMounts, device: deviceOf(info)}
	if err := w.directory(d.root, "", 0); err != nil {
		return Receipt{}, err
	}
	sum, err := w.tree.digest()
	if err != nil {
		return Receipt{}, err
	}
	subject := d.options.Subject
	subject.Digest, subject.MediaType = sum.Set(), MediaTypeTree
	return Receipt{Subject: subject, Entries: w.entries, Bytes: w.bytes}, nil
}

// A walker is one walk over a directory.
type walker struct {
	ctx         context.Context
	limits      Limits
	sink        Sink
	crossMounts bool
	device      uint64
	tree        tree
	entries     int64
	bytes       int64
}

// directory delivers what stands in dir, whose path is at. It returns only
// errors that end the walk.
func (w *walker) directory(dir *os.Root, at string, depth int) error {
	before, err := dir.Stat(".")
	if err != nil {
		w.gap(CodeUnreadable, at, "a directory", err)
		return nil
	}
	names, err := w.names(dir)
	if err != nil {
		if w.ctx.Err() != nil || hasCode(err, CodeEntries) {
			return err
		}
		w.gap(CodeUnreadable, at, "a list of names", err)
	}
	w.clashes(names, at)
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.entry(dir, name, path.Join(at, name), depth); err != nil {
			return err
		}
	}
	if after, err := dir.Stat("."); err != nil || changed(before, after) {
		w.gap(CodeChanged, at, "a directory that stays as it is", err)
	}
	return nil
}

// names lists a directory in byte order, giving up when it has more names than
// the whole source may have entries.
func (w *walker) names(dir *os.Root) ([]string, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	for {
		batch, err := f.Readdirnames(1024)
		names = append(names, batch...)
		if int64(len(names)) > w.limits.Entries {
			return nil, attest.Refuse(CodeEntries, f.Name(), strconv.FormatInt(w.limits.Entries, 10), "more")
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names, nil
		}
		if err == nil {
			err = w.ctx.Err()
		}
		if err != nil {
			slices.Sort(names)
			return names, err
		}
	}
}

// clashes reports names that a case-insensitive file system would make one.
func (w *walker) clashes(names []string, at string) {
	first := make(map[string]string, len(names))
	for _, name := range names {
		folded := strings.ToLower(strings.ToUpper(name))
		if other, ok := first[folded]; ok {
			w.sink.Gap(Gap{Reason: attest.Reason{Code: CodeCaseClash, Want: "names that differ by more than case", Got: Quote(other)}, Path: printable(path.Join(at, name))})
		} else {
			first[folded] = name
		}
	}
}

func (w *walker) entry(dir *os.Root, name, at string, depth int) error {
	if !tellable(at) || len(at) > w.limits.PathBytes {
		w.gap(CodeEntryName, printable(at), "a printable UTF-8 name of at most "+strconv.Itoa(w.limits.PathBytes)+" bytes", nil)
		return nil
	}
	info, err := dir.Lstat(name)
	if err != nil {
		w.gap(CodeUnreadable, at, "a file", err)
		return nil
	}
	h := Header{Path: at, Mode: info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)}
	switch info.Mode().Type() {
	case 0:
		h.Kind, h.Size = KindFile, info.Size()
		return w.file(dir, name, h, info)
	case fs.ModeDir:
		h.Kind = KindDir
		return w.enter(dir, name, h, info, depth+1)
	case fs.ModeSymlink:
		h.Kind = KindLink
		return w.link(dir, name, h)
	}
	w.gap(CodeSpecial, at, "a file, directory or link", errors.New(info.Mode().Type().String()))
	return nil
}

// enter delivers a directory and what is in it.
func (w *walker) enter(dir *os.Root, name string, h Header, info fs.FileInfo, depth int) error {
	if err := w.deliver(h, nil); err != nil {
		return err
	}
	if depth > w.limits.Depth {
		w.gap(CodeDepth, h.Path, "at most "+strconv.Itoa(w.limits.Depth)+" directories deep", nil)
		return nil
	}
	sub, err := dir.OpenRoot(name)
	if err != nil {
		w.gap(CodeUnreadable, h.Path, "a directory", err)
		return nil
	}
	defer sub.Close()
	opened, err := sub.Stat(".")
	if err != nil || !os.SameFile(info, opened) {
		w.gap(CodeSwapped, h.Path, "the directory that was examined", err)
		return nil
	}
	if !w.crossMounts && deviceOf(opened) != w.device {
		w.gap(CodeMount, h.Path, "the root's file system", nil)
		return nil
	}
	return w.directory(sub, h.Path, depth)
}

func (w *walker) link(dir *os.Root, name string, h Header) error {
	target, err := dir.Readlink(name)
	if err != nil {
		w.gap(CodeUnreadable, h.Path, "a symbolic link", err)
		return nil
	}
	if !tellable(target) {
		w.gap(CodeEntryName, h.Path, "a printable UTF-8 link target", errors.New(Quote(target)))
		return nil
	}
	h.Target = target
	if path.IsAbs(target) || !fs.ValidPath(path.Join(path.Dir(h.Path), target)) {
		w.gap(CodeLinkEscapes, h.Path, "a link within the source", errors.New(Quote(target)))
	}
	return w.deliver(h, nil)
}

// file delivers a regular file. It is opened without blocking, so that a FIFO
// put in its place cannot stop the walk.
func (w *walker) file(dir *os.Root, name string, h Header, info fs.FileInfo) error {
	f, err := dir.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		w.gap(CodeUnreadable, h.Path, "a file", err)
		return nil
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil || !before.Mode().IsRegular() || !os.SameFile(info, before) {
		w.gap(CodeSwapped, h.Path, "the file that was examined", err)
		return nil
	}
	if !w.crossMounts && deviceOf(before) != w.device {
		w.gap(CodeMount, h.Path, "the root's file system", nil)
		return nil
	}
	h.Size = before.Size()
	content := newContent(f, h.Size)
	if err := w.deliver(h, content); err != nil {
		return err
	}
	w.tree.addFile(h, content.n, content.sum())
	if content.failed != nil {
		w.gap(CodeUnreadable, h.Path, "a file", content.failed)
		return nil
	}
	after, err := f.Stat()
	if err != nil || content.n != h.Size || content.more || changed(before, after) {
		w.gap(CodeChanged, h.Path, "a file that stays as it is", err)
	}
	return nil
}

// deliver hands one entry to the sink and to the tree's digest. It reads what
// the sink leaves.
func (w *walker) deliver(h Header, content *content) error {
	w.entries++
	if content == nil {
		w.tree.add(h)
		return w.sink.Entry(h, nil)
	}
	err := w.sink.Entry(h, content)
	if err == nil {
		_, err = io.Copy(io.Discard, content)
	}
	w.bytes += content.n
	return err
}

func (w *walker) gap(code attest.Code, at, want string, err error) {
	r := attest.Reason{Code: code, Want: want}
	if err != nil {
		r.Got = Quote(rootCause(err))
	}
	if at == "" {
		at = "."
	}
	w.sink.Gap(Gap{Reason: r, Path: at})
}

// rootCause leaves out the path of a *fs.PathError, which names the machine's
// directories.
func rootCause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Op + ": " + p.Err.Error()
	}
	return err.Error()
}

// tellable reports whether a document can tell s.
func tellable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func printable(s string) string {
	if tellable(s) {
		return s
	}
	return Quote(s)
}
