package measure

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
)

// A reader lists one directory after the other. Nearly all of its time is the
// kernel's; what it adds is little because all paths of a directory are one text
// and nothing is allocated for a name alone.
type reader struct {
	*walker
	buf   []byte   // of getdents64
	names []byte   // of one directory
	ends  []int    // in names, of each
	paths []string // of one directory, ascending
}

// list lists one directory, which is reached without following a link, and refuses
// it if it changes meanwhile.
func (r *reader) list(ctx context.Context, l *listing) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	at := r.rootPath
	if l.dir != "." {
		at += "/" + l.dir
	}
	fd, err := unix.Openat2(r.root, l.dir, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return vanished(at, err)
	}
	defer unix.Close(fd)
	var before, after unix.Stat_t
	if err := unix.Fstat(fd, &before); err != nil {
		return cannotRead(at, err)
	}
	if err := r.read(fd, at); err != nil {
		return err
	}
	if err := r.stat(fd, at, l); err != nil {
		return err
	}
	if err := unix.Fstat(fd, &after); err != nil {
		return cannotRead(at, err)
	}
	if before.Ctim != after.Ctim {
		return attest.Refuse(CodeUnstable, quote(at), "a directory that stays as it is", "another change time")
	}
	return nil
}

// read fills paths with those of every name in the open directory.
func (r *reader) read(fd int, at string) error {
	r.names, r.ends, r.paths = r.names[:0], r.ends[:0], r.paths[:0]
	for {
		n, err := unix.ReadDirent(fd, r.buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return cannotRead(at, err)
		}
		if n == 0 {
			break
		}
		if err := r.keep(r.buf[:n], at); err != nil {
			return cannotRead(at, err)
		}
	}
	all, start := string(r.names), 0
	for _, end := range r.ends {
		p := all[start:end]
		start = end
		if len(r.skip) == 0 || !r.skips(p) {
			r.paths = append(r.paths, p)
		}
	}
	slices.Sort(r.paths)
	return nil
}

// errDirent is a kernel that does not write what getdents64(2) describes.
var errDirent = errors.New("a malformed list of names")

// keep adds the names of a list of struct linux_dirent64, as getdents64(2) describes
// it: 16 bytes, the length of the record in 2, the type in 1, the name up to NUL.
func (r *reader) keep(list []byte, at string) error {
	const header = 19
	for len(list) > 0 {
		if len(list) < header {
			return errDirent
		}
		size := int(binary.NativeEndian.Uint16(list[16:]))
		if size < header || size > len(list) {
			return errDirent
		}
		name, _, ended := bytes.Cut(list[header:size], []byte{0})
		list = list[size:]
		if !ended || len(name) == 0 {
			return errDirent
		}
		if string(name) == "." || string(name) == ".." {
			continue
		}
		r.names = append(append(append(r.names, at...), '/'), name...)
		r.ends = append(r.ends, len(r.names))
	}
	return nil
}

// stat makes an entry of every path.
func (r *reader) stat(fd int, at string, l *listing) error {
	l.entries = make([]Entry, len(r.paths))
	var st unix.Stat_t
	for i, p := range r.paths {
		name := p[len(at)+1:]
		if err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return vanished(p, err)
		}
		e, err := newEntry(p, &st)
		if err == nil {
			err = e.complete(fd, name, r.statOnly)
		}
		if err != nil {
			return err
		}
		l.entries[i] = e
		if e.Kind == Dir {
			l.below = append(l.below, &listing{dir: strings.TrimPrefix(p[len(r.rootPath):], "/")})
		}
	}
	return nil
}
