package store

import (
	"context"
	"io/fs"
	"os"
	"syscall"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// An Offer is what lies in the store where a file or a tree belongs: open, but not
// verified. A caller can prepare what it wants the content for while Verify looks at
// it. Until Verify has returned nil, nothing may happen that the content could have
// a part in. A path can come to lead to something else, so the caller also has to
// ask Is whether what it uses in the end is what Verify looks at.
type Offer struct {
	path   string
	info   fs.FileInfo
	verify func(ctx context.Context) error
	close  func() error
}

// Path returns where the content lies. It belongs to the store.
func (o *Offer) Path() string { return o.path }

// Is reports whether info, of os.Stat or the like, is that of the offered file or
// directory itself.
func (o *Offer) Is(info fs.FileInfo) bool { return os.SameFile(o.info, info) }

// Verify reports as Materialize and MaterializeFile do, but mends nothing. It may
// be called once.
func (o *Offer) Verify(ctx context.Context) error { return o.verify(ctx) }

// Close closes the content. The caller must close every Offer, when Verify has
// returned.
func (o *Offer) Close() error { return o.close() }

// Offer offers the tree that Materialize has made. It refuses with CodeAbsent where
// there is none, and with CodeCorrupt anything but a directory.
func (s *Store) Offer(d digest.Digest) (*Offer, error) {
	if err := checkAddress(d); err != nil {
		return nil, err
	}
	path := s.path(trees, d.Hex)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, absent(d, err)
	}
	if !info.IsDir() {
		return nil, attest.Refuse(CodeCorrupt, "store", "a directory", info.Mode().Type().String())
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, absent(d, err)
	}
	verify := func(ctx context.Context) error {
		opened, err := root.Stat(".")
		if err != nil || !os.SameFile(info, opened) {
			return attest.Refuse(CodeCorrupt, "store", "the directory that was listed", "another").Because(err)
		}
		m, err := s.Manifest(ctx, d)
		if err != nil {
			return err
		}
		return verifyTree(ctx, root, m)
	}
	return &Offer{path, info, verify, root.Close}, nil
}

// OfferFile offers the file that MaterializeFile has made. It refuses with
// CodeAbsent where there is none, and with CodeCorrupt anything but a regular file.
func (s *Store) OfferFile(d digest.Digest, executable bool) (*Offer, error) {
	sub := blobs
	if executable {
		sub = programs
	}
	return s.offerFile(sub, d)
}

func (s *Store) offerFile(sub string, d digest.Digest) (*Offer, error) {
	f, info, err := s.openFile(sub, d)
	if err != nil {
		return nil, err
	}
	verify := func(ctx context.Context) error {
		err := digest.Verify(ctx, f, digest.Expect{Size: info.Size(), Digests: d.Set()}, digest.Options{})
		if ctx.Err() != nil {
			return cancelled(ctx)
		}
		if err != nil {
			return attest.Refuse(CodeCorrupt, "store", d.String(), "").Because(err)
		}
		return nil
	}
	return &Offer{f.Name(), info, verify, f.Close}, nil
}

// openFile opens a regular file in blobs or programs, and nothing else that may
// have taken its place: a link would lead out of the store, and a pipe would let
// the caller wait.
func (s *Store) openFile(sub string, d digest.Digest) (*os.File, fs.FileInfo, error) {
	if err := checkAddress(d); err != nil {
		return nil, nil, err
	}
	path := s.place(sub, d)
	listed, err := os.Lstat(path)
	if err != nil {
		return nil, nil, absent(d, err)
	}
	if !listed.Mode().IsRegular() {
		return nil, nil, attest.Refuse(CodeCorrupt, "store", "a regular file", listed.Mode().Type().String())
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, absent(d, err)
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(listed, opened) {
		_ = f.Close()
		return nil, nil, attest.Refuse(CodeCorrupt, "store", "the file that was listed", "another").Because(err)
	}
	return f, opened, nil
}
