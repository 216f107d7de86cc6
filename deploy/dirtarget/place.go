package dirtarget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
)

// Names in the directory of a place.
const (
	lockName  = "lock"
	releases  = "releases"
	staging   = "staging"
	current   = "current"
	temporary = "current.tmp"
)

// releasePath names a release so that the generations sort as text.
func releasePath(generation uint64, request digest.Digest) string {
	return fmt.Sprintf("%s/%020d-%s", releases, generation, request.Hex)
}

// A place is the directory of one place, locked.
type place struct {
	name string
	root *os.Root
	lock io.Closer
}

// enter makes and locks the directory of a place.
func (d Directory) enter(where deploy.Place) (*place, error) {
	name := where.String() // safe as a path: the request is valid
	if err := d.Root.MkdirAll(name+"/"+releases, 0o755); err != nil {
		return nil, storage(name, err)
	}
	root, err := d.Root.OpenRoot(name)
	if err != nil {
		return nil, storage(name, err)
	}
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.Join(storage(name, err), root.Close())
	}
	if err := flock(f); err != nil {
		return nil, errors.Join(attest.Refuse(CodeLocked, name, "no other deployer", "one").Because(err), f.Close(), root.Close())
	}
	p := &place{name, root, f}
	for dir := range parents(name) {
		if err := syncDir(d.Root, dir); err != nil {
			return nil, errors.Join(err, p.leave())
		}
	}
	return p, nil
}

// parents yields the directories above and including name, from the root on.
func parents(name string) func(func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(".") {
			return
		}
		for i := range len(name) + 1 {
			if (i == len(name) || name[i] == '/') && !yield(name[:i]) {
				return
			}
		}
	}
}

func (p *place) leave() error { return errors.Join(p.lock.Close(), p.root.Close()) }

// fence refuses a generation that is not newer than every release, unless the
// release is of the same request: then it reports that the release is complete.
func (p *place) fence(generation uint64, path string) (done bool, err error) {
	f, err := p.root.Open(releases)
	if err != nil {
		return false, storage(releases, err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return false, storage(releases, err)
	}
	for _, name := range names {
		digits, _, _ := strings.Cut(name, "-")
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return false, storage(releases, fmt.Errorf("%s is no release", strconv.QuoteToASCII(name)))
		}
		if releases+"/"+name == path {
			done = true
		} else if n >= generation {
			return false, attest.Refuse(CodeStale, p.name, "a generation after "+strconv.FormatUint(n, 10), strconv.FormatUint(generation, 10))
		}
	}
	return done, nil
}

// commit makes the staged release permanent.
func (p *place) commit(path string) error {
	if err := p.root.Rename(staging, path); err != nil {
		return storage(path, err)
	}
	return errors.Join(p.sync(releases), p.sync("."))
}

// verify checks the artifacts of a complete release again.
func (p *place) verify(ctx context.Context, path string, req deploy.Request) error {
	if req.Action == deploy.ActionRemove {
		return nil
	}
	for _, s := range req.Subjects {
		f, err := p.root.Open(path + "/" + s.Name)
		if err != nil {
			return storage(s.Name, err)
		}
		err = digest.Verify(ctx, f, digest.Expect{Size: -1, Digests: s.Digest}, digest.Options{})
		if err != nil {
			err = attest.Refuse(CodeArtifact, s.Name, s.Digest.String(), "").Because(err)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// link makes a release the current one, atomically and durably.
func (p *place) link(path string) error {
	if err := p.root.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storage(temporary, err)
	}
	if err := p.root.Symlink(path, temporary); err != nil {
		return storage(temporary, err)
	}
	if err := p.root.Rename(temporary, current); err != nil {
		return storage(current, err)
	}
	return p.sync(".")
}

// unlink leaves no release current.
func (p *place) unlink() error {
	if err := p.root.Remove(current); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storage(current, err)
	}
	return p.sync(".")
}

func (p *place) sync(dir string) error { return syncDir(p.root, dir) }

func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return storage(dir, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return storage(dir, err)
	}
	return nil
}
