package measure

import (
	"context"
	"errors"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Snapshot measures the trees at the roots: clean absolute paths that lie outside
// of each other, each a directory or anything else. A root that does not exist is
// measured as absent, so that its appearance is found. No link is followed below a
// root, nor a root that is one.
//
// What cannot be read is an error with CodeRead, never a gap; what changes
// meanwhile is one with CodeUnstable. Neither gives a Tree.
func Snapshot(ctx context.Context, roots []string, o Options) (*Tree, error) {
	sorted, err := checkPaths("roots", roots)
	if err != nil {
		return nil, err
	}
	if len(sorted) == 0 {
		return nil, attest.Refuse(CodeConfig, "roots", "at least one", "none")
	}
	skip, err := checkPaths("Options.Skip", o.Skip)
	if err != nil {
		return nil, err
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	t := &Tree{Roots: sorted, Skip: skip, StatOnly: o.StatOnly}
	for _, root := range sorted {
		if t.Entries, err = snapshotRoot(ctx, t.Entries, root, skip, o); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// snapshotRoot appends to entries what it finds at one root.
func snapshotRoot(ctx context.Context, entries []Entry, root string, skip []string, o Options) ([]Entry, error) {
	parent, err := unix.Open(path.Dir(root), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return entries, nil
	}
	if err != nil {
		return nil, cannotRead(path.Dir(root), err)
	}
	defer unix.Close(parent)
	var st unix.Stat_t
	name := path.Base(root)
	if root == "/" {
		name = "."
	}
	switch err := unix.Fstatat(parent, name, &st, unix.AT_SYMLINK_NOFOLLOW); {
	case errors.Is(err, unix.ENOENT):
		return entries, nil
	case err != nil:
		return nil, cannotRead(root, err)
	}
	top, err := newEntry(root, &st)
	if err == nil {
		err = top.complete(parent, name, o.StatOnly)
	}
	if err != nil {
		return nil, err
	}
	first := len(entries)
	entries = append(entries, top)
	if top.Kind == Dir {
		if entries, err = walk(ctx, entries, root, skip, o, o.Limits.withDefaults().Entries-len(entries)); err != nil {
			return nil, err
		}
	}
	if o.StatOnly {
		return entries, nil
	}
	return entries, sumEntries(ctx, root, entries[first:], o)
}

// newEntry is what a stat tells.
func newEntry(at string, st *unix.Stat_t) (Entry, error) {
	e := Entry{
		Path: at, Mode: uint32(st.Mode) & 0o7777, UID: st.Uid, GID: st.Gid, Links: uint64(st.Nlink), Size: st.Size,
		Device: uint64(st.Dev), Inode: st.Ino, Modified: st.Mtim.Nano(), Changed: st.Ctim.Nano(),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		e.Kind = File
	case unix.S_IFDIR:
		e.Kind = Dir
	case unix.S_IFLNK:
		e.Kind = Link
	case unix.S_IFCHR:
		e.Kind, e.Number = CharDevice, uint64(st.Rdev)
	case unix.S_IFBLK:
		e.Kind, e.Number = BlockDevice, uint64(st.Rdev)
	case unix.S_IFIFO:
		e.Kind = FIFO
	case unix.S_IFSOCK:
		e.Kind = Socket
	default:
		return e, attest.Refuse(CodeRead, quote(at), "a known kind of file", "type "+strconv.FormatUint(uint64(st.Mode), 8))
	}
	return e, nil
}

// complete adds what stat does not tell. The entry is name in the directory that
// dir is open on.
func (e *Entry) complete(dir int, name string, statOnly bool) (err error) {
	if e.Kind == Link {
		if e.Target, err = readLink(dir, name, e.Size); err != nil {
			return vanished(e.Path, err)
		}
	}
	if !statOnly && !noXattrs(dir, name) {
		// The prefix is a link of the kernel to the open directory; the last component
		// is not followed.
		if e.Xattrs, err = readXattrs("/proc/self/fd/" + strconv.Itoa(dir) + "/" + name); err != nil {
			return vanished(e.Path, err)
		}
	}
	return nil
}

func readLink(dir int, name string, size int64) (string, error) {
	buf := make([]byte, max(size, 255)+1)
	for {
		n, err := unix.Readlinkat(dir, name, buf)
		if err != nil {
			return "", err
		}
		if n < len(buf) {
			return string(buf[:n]), nil
		}
		buf = make([]byte, 2*len(buf))
	}
}

// sumEntries adds the digests of all files, several at a time, and refuses a file
// that is not the one that the walk saw.
func sumEntries(ctx context.Context, root string, entries []Entry, o Options) error {
	base := root
	if entries[0].Kind != Dir {
		base = path.Dir(root)
	}
	in, err := os.OpenRoot(base)
	if err != nil {
		return cannotRead(base, err)
	}
	defer in.Close()
	files, err := filesByDirectory(entries, o.Limits.withDefaults().Bytes)
	if err != nil {
		return err
	}
	names := func(yield func(string) bool) {
		for _, e := range files {
			if !yield(strings.TrimPrefix(strings.TrimPrefix(e.Path, base), "/")) {
				return
			}
		}
	}
	i := 0
	for r, err := range digest.SumFiles(ctx, in, names, digest.FilesOptions{Options: digest.Options{Workers: o.Workers}}) {
		switch {
		case ctx.Err() != nil:
			return cancelled(ctx)
		case err != nil:
			return cannotRead(path.Join(base, r.Name), err)
		}
		e := files[i]
		seen := digest.FileKey{Device: e.Device, Inode: e.Inode, Size: e.Size, Modified: e.Modified, Changed: e.Changed}
		if digest.KeyOf(r.Info) != seen {
			return attest.Refuse(CodeUnstable, quote(e.Path), "the file that was listed", "another version of it")
		}
		e.Digest = digest.Digest{Algorithm: digest.SHA256, Hex: r.Digests[digest.SHA256]}
		i++
	}
	if i != len(files) {
		return attest.Refuse(CodeRead, quote(root), strconv.Itoa(len(files))+" digests", strconv.Itoa(i))
	}
	return nil
}

// filesByDirectory lists the files so that those of one directory follow one
// another, and bounds their size together.
func filesByDirectory(entries []Entry, limit int64) ([]*Entry, error) {
	var order []string
	byDir := map[string][]*Entry{}
	for i := range entries {
		e := &entries[i]
		if e.Kind != File {
			continue
		}
		if limit -= e.Size; limit < 0 {
			return nil, attest.Refuse(CodeLimit, quote(e.Path), "content within Limits.Bytes", "more")
		}
		dir := path.Dir(e.Path)
		if byDir[dir] == nil {
			order = append(order, dir)
		}
		byDir[dir] = append(byDir[dir], e)
	}
	var files []*Entry
	for _, dir := range order {
		files = append(files, byDir[dir]...)
	}
	return files, nil
}

func cannotRead(at string, err error) error {
	return attest.Refuse(CodeRead, quote(at), "something that can be read", "").Because(err)
}

// vanished tells what went away while it was looked at from what cannot be read.
func vanished(at string, err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return attest.Refuse(CodeUnstable, quote(at), "a tree that stays as it is", "").Because(err)
	}
	return cannotRead(at, err)
}

func cancelled(ctx context.Context) error {
	return attest.Refuse(CodeCancelled, "context", "time to finish", "").Because(context.Cause(ctx))
}
