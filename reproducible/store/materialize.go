package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

// Materialize returns the path of a directory that holds the tree with that
// digest, read-only by mode. It is made on first use; each time, every name,
// mode and byte of it is verified before it is handed out, several files at a
// time. A cached copy that does not match is thrown away and made again. The
// directory belongs to the store: callers mount it read-only or copy from it.
func (s *Store) Materialize(ctx context.Context, d digest.Digest) (string, error) {
	m, err := s.Manifest(ctx, d)
	if err != nil {
		return "", err
	}
	dir := s.path(trees, d.Hex)
	if _, err := os.Lstat(dir); err == nil {
		err := verifyDir(ctx, dir, m)
		if err == nil {
			return dir, nil
		}
		if !isCorrupt(err) {
			return "", err
		}
		if err := s.discard(dir); err != nil {
			return "", err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", diskError(dir, err)
	}
	if err := s.buildTree(ctx, dir, m); err != nil {
		return "", err
	}
	return dir, nil
}

// MaterializeFile returns the path of a file with that digest, verified, with
// mode 0555 if executable, else 0444. It belongs to the store.
func (s *Store) MaterializeFile(ctx context.Context, d digest.Digest, executable bool) (string, error) {
	if !executable {
		return s.verified(ctx, blobs, d)
	}
	path, err := s.verified(ctx, programs, d)
	if err == nil || ctx.Err() != nil {
		return path, err
	}
	// One at a time, so that of several who need it first, the others find what one
	// has made, and nobody's program is replaced by its like while he uses it.
	s.making.Lock()
	defer s.making.Unlock()
	if path, err := s.verified(ctx, programs, d); err == nil || ctx.Err() != nil {
		return path, err
	}
	return s.makeProgram(ctx, d)
}

// makeProgram copies a blob to its place in programs.
func (s *Store) makeProgram(ctx context.Context, d digest.Digest) (string, error) {
	temp, err := os.CreateTemp(s.path(temporary), "program-")
	if err != nil {
		return "", diskError(temporary, err)
	}
	err = errors.Join(temp.Close(), os.Remove(temp.Name()), s.copyBlob(d, temp.Name(), execMode))
	if err == nil {
		err = s.moveIn(temp.Name(), s.place(programs, d))
	}
	if err != nil {
		return "", errors.Join(err, removeTemp(temp.Name()))
	}
	return s.verified(ctx, programs, d)
}

// buildTree writes the tree beside its place, verifies it and renames it. When
// another process was faster, its tree is verified instead.
func (s *Store) buildTree(ctx context.Context, dir string, m *treehash.Manifest) error {
	temp, err := os.MkdirTemp(s.path(trees), ".new-")
	if err != nil {
		return diskError(trees, err)
	}
	if err := s.fill(ctx, temp, m); err != nil {
		return errors.Join(err, s.discard(temp))
	}
	if err := verifyDir(ctx, temp, m); err != nil {
		return errors.Join(err, s.discard(temp))
	}
	err = os.Rename(temp, dir)
	if errors.Is(err, fs.ErrExist) { // ENOTEMPTY counts as such
		return errors.Join(s.discard(temp), verifyDir(ctx, dir, m))
	}
	if err != nil {
		return errors.Join(diskError(dir, err), s.discard(temp))
	}
	return nil
}

// fill writes the entries of m below dir. A manifest has each directory before
// what it holds, and nothing below a link.
func (s *Store) fill(ctx context.Context, dir string, m *treehash.Manifest) error {
	var files []treehash.Entry
	for _, e := range m.Entries {
		name := filepath.Join(dir, filepath.FromSlash(e.Path))
		var err error
		switch e.Kind {
		case treehash.Dir:
			err = os.Mkdir(name, 0o700)
		case treehash.Link:
			err = os.Symlink(e.Target, name)
		case treehash.File:
			files = append(files, e)
		}
		if err != nil {
			return diskError(e.Path, err)
		}
	}
	err := parallel(len(files), func(i int) error {
		if err := cancelled(ctx); err != nil {
			return err
		}
		return s.copyBlob(files[i].Digest, filepath.Join(dir, filepath.FromSlash(files[i].Path)), files[i].Mode)
	})
	if err != nil {
		return err
	}
	return sealDirs(dir, m)
}

// sealDirs makes the directories read-only, innermost first.
func sealDirs(dir string, m *treehash.Manifest) error {
	seal := func(name string) error {
		if err := errors.Join(os.Chtimes(name, stamp(), stamp()), os.Chmod(name, dirMode)); err != nil {
			return diskError(name, err)
		}
		return nil
	}
	for i := len(m.Entries) - 1; i >= 0; i-- {
		if e := m.Entries[i]; e.Kind == treehash.Dir {
			if err := seal(filepath.Join(dir, filepath.FromSlash(e.Path))); err != nil {
				return err
			}
		}
	}
	return seal(dir)
}

// copyBlob copies content to a new file, without judging it.
func (s *Store) copyBlob(d digest.Digest, name string, mode fs.FileMode) error {
	from, err := s.openBlob(d)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return diskError(name, err)
	}
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Chmod(mode), to.Close(), os.Chtimes(name, stamp(), stamp()))
	if err != nil {
		return diskError(name, err)
	}
	return nil
}

// verifyDir opens a directory and verifies it.
func verifyDir(ctx context.Context, dir string, m *treehash.Manifest) error {
	if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
		return attest.Refuse(CodeCorrupt, "store", "a directory", info.Mode().Type().String())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return diskError(dir, err)
	}
	defer root.Close()
	return verifyTree(ctx, root, m)
}

// verifyTree reports whether the directory holds exactly what m says.
func verifyTree(ctx context.Context, root *os.Root, m *treehash.Manifest) error {
	got, err := treehash.Walk(ctx, root, treehash.WalkOptions{Limits: treehash.Limits{Entries: len(m.Entries) + 1}})
	if err != nil {
		if ctx.Err() != nil {
			return cancelled(ctx)
		}
		return corruptWalk(err)
	}
	for i := range max(len(got.Entries), len(m.Entries)) {
		switch {
		case i >= len(got.Entries) || i < len(m.Entries) && got.Entries[i].Path > m.Entries[i].Path:
			return attest.Refuse(CodeCorrupt, "tree", strconv.Quote(m.Entries[i].Path), "nothing")
		case i >= len(m.Entries) || got.Entries[i].Path < m.Entries[i].Path:
			return attest.Refuse(CodeCorrupt, "tree", "nothing", strconv.Quote(got.Entries[i].Path))
		case got.Entries[i] != m.Entries[i]:
			return attest.Refuse(CodeCorrupt, strconv.Quote(m.Entries[i].Path), describe(m.Entries[i]), describe(got.Entries[i]))
		}
	}
	return nil
}

func describe(e treehash.Entry) string {
	return string(e.Kind) + " " + e.Mode.String() + " " + strconv.FormatInt(e.Size, 10) + " bytes " + e.Digest.String() + strconv.Quote(e.Target)
}

// corruptWalk tells a tree that holds what no manifest can from one that could
// not be read.
func corruptWalk(err error) error {
	var e *digest.Error
	if errors.As(err, &e) {
		switch e.Code {
		case treehash.CodeKind, treehash.CodeName, treehash.CodeLimit:
			return attest.Refuse(CodeCorrupt, "tree", "", "").Because(err)
		}
	}
	return err
}

func isCorrupt(err error) bool { return errors.Is(err, attest.Is(CodeCorrupt)) }

// discard deletes a tree. It is renamed first, so that nobody is handed half of
// it.
func (s *Store) discard(dir string) error {
	doomed, err := os.MkdirTemp(s.path(trees), ".old-")
	if err != nil {
		return diskError(trees, err)
	}
	inner := filepath.Join(doomed, "tree")
	if info, err := os.Lstat(dir); err == nil && info.IsDir() { // not what a link leads to
		if err := os.Chmod(dir, 0o700); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return diskError(dir, err)
		}
	}
	if err := os.Rename(dir, inner); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError(dir, err)
	}
	if err := removeReadOnly(doomed); err != nil {
		return diskError(doomed, err)
	}
	return nil
}

// removeReadOnly deletes a tree whose directories may be read-only.
func removeReadOnly(dir string) error {
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(dir))
}
