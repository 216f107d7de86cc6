package inputs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
)

// A System is the file system of a distribution, as inputs of a Spec.
type System struct {
	// Inputs are its top-level directories, each a tree at its own path, in ascending
	// order. A top-level link to a directory of the system, such as /lib on Debian, is
	// that directory once more.
	Inputs []reproducible.Input
	// Dropped tells what was left out.
	Dropped []Dropped
}

// ownPlaces are top-level names that a build has for itself, or that hold nothing
// but the state of a machine.
func ownPlaces() []string {
	return []string{"boot", "dev", "out", "proc", "run", "sys", "tmp"}
}

// Root unpacks a tar archive of a whole file system, as mmdebstrap or debootstrap
// with tar make, whose bytes have the SHA-256 digest want. Files at the top of it
// are left out, as are directories that hold nothing, and /boot, /dev, /out, /proc,
// /run, /sys and /tmp.
func (c Config) Root(ctx context.Context, r io.Reader, want digest.Digest) (*System, error) {
	var s *System
	err := c.inPrivate(func(root *os.Root) error {
		u := newUnpacking(ctx, c, root)
		if err := u.pinned(r, want, u.archive); err != nil {
			return err
		}
		var err error
		s, err = c.system(ctx, root, u.dropped)
		return err
	})
	return s, err
}

// system puts every top-level directory into the store.
func (c Config) system(ctx context.Context, root *os.Root, dropped []Dropped) (*System, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, machineError(".", err)
	}
	s := &System{Dropped: dropped}
	for _, e := range entries {
		name := e.Name()
		target, err := topDirectory(root, e)
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(ownPlaces(), name):
			continue
		case target == "":
			s.Dropped = append(s.Dropped, Dropped{name, "file at the top"})
			continue
		}
		in, err := c.directory(ctx, root, name, target)
		if err != nil {
			return nil, err
		}
		if in != nil {
			s.Inputs = append(s.Inputs, *in)
		}
	}
	return s, nil
}

// topDirectory returns where the directory lies that a top-level name stands for,
// or "".
func topDirectory(root *os.Root, e fs.DirEntry) (string, error) {
	if e.IsDir() {
		return e.Name(), nil
	}
	if e.Type() != fs.ModeSymlink {
		return "", nil
	}
	target, err := root.Readlink(e.Name())
	if err != nil {
		return "", machineError(e.Name(), err)
	}
	target = strings.TrimPrefix(path.Join("/", target), "/")
	if info, err := root.Lstat(target); err != nil || !info.IsDir() {
		return "", attest.Refuse(CodeName, excerpt.Quote(e.Name()), "a link to a directory of the system", excerpt.Quote(target))
	}
	return target, nil
}

// directory puts one into the store; nil if it holds nothing.
func (c Config) directory(ctx context.Context, root *os.Root, name, at string) (*reproducible.Input, error) {
	sub, err := root.OpenRoot(at)
	if err != nil {
		return nil, machineError(at, err)
	}
	d, m, err := c.Store.PutTree(ctx, sub)
	if err := errors.Join(err, sub.Close()); err != nil {
		return nil, err
	}
	if len(m.Entries) == 0 {
		return nil, nil
	}
	return &reproducible.Input{Path: "/" + name, Kind: reproducible.Tree, Digest: d, Role: provenance.RoleBase, Name: name}, nil
}
