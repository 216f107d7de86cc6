package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

// PutTree stores the tree in root and returns the digest of its manifest, in the
// modes that the store gives, with the manifest. It refuses what treehash.Walk
// refuses (devices, pipes, sockets, names that are not clean UTF-8), special
// mode bits, and a tree that changes meanwhile. The tree is on disk when PutTree
// returns.
func (s *Store) PutTree(ctx context.Context, root *os.Root) (digest.Digest, *treehash.Manifest, error) {
	m, err := treehash.Walk(ctx, root, treehash.WalkOptions{Limits: s.limits.Tree})
	if err != nil {
		return digest.Digest{}, nil, err
	}
	if err := s.canonical(m); err != nil {
		return digest.Digest{}, nil, err
	}
	if err := s.putFiles(ctx, root, m); err != nil {
		return digest.Digest{}, nil, err
	}
	body, err := m.Marshal()
	if err != nil {
		return digest.Digest{}, nil, err
	}
	d, _, err := s.PutFile(ctx, bytes.NewReader(body))
	return d, m, err
}

// Manifest returns the verified manifest of a tree.
func (s *Store) Manifest(ctx context.Context, d digest.Digest) (*treehash.Manifest, error) {
	limit := int64(s.limits.Tree.Bytes)
	if limit == 0 {
		limit = 256 << 20
	}
	body, err := s.ReadFile(ctx, d, limit)
	if err != nil {
		return nil, err
	}
	m, err := treehash.ParseManifest(body, s.limits.Tree)
	if err != nil {
		return nil, err
	}
	return m, s.check(m)
}

// canonical gives every entry the store's mode.
func (s *Store) canonical(m *treehash.Manifest) error {
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) != 0 {
			return attest.Refuse(CodeMode, strconv.Quote(e.Path), "no setuid, setgid or sticky bit", e.Mode.String())
		}
		switch {
		case e.Kind == treehash.Dir:
			e.Mode = dirMode
		case e.Kind == treehash.File && e.Mode&0o100 != 0:
			e.Mode = execMode
		case e.Kind == treehash.File:
			e.Mode = plainMode
		}
	}
	return s.check(m)
}

// check refuses a manifest that this store would not have written.
func (s *Store) check(m *treehash.Manifest) error {
	var total int64
	for _, e := range m.Entries {
		wrong := e.Kind == treehash.Dir && e.Mode != dirMode ||
			e.Kind == treehash.File && e.Mode != plainMode && e.Mode != execMode
		if wrong {
			return attest.Refuse(CodeMode, strconv.Quote(e.Path), "a mode of the store", e.Mode.String())
		}
		if e.Size > s.limits.FileBytes || e.Size > s.limits.TreeBytes-total {
			return attest.Refuse(CodeLimit, strconv.Quote(e.Path), "files within the limits", strconv.FormatInt(e.Size, 10)+" bytes")
		}
		total += e.Size
	}
	return nil
}

// putFiles stores each distinct content of the tree: all are staged in parallel,
// flushed together, then moved in.
func (s *Store) putFiles(ctx context.Context, root *os.Root, m *treehash.Manifest) error {
	first := map[digest.Digest]*treehash.Entry{}
	var todo []*treehash.Entry
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Kind == treehash.File && first[e.Digest] == nil {
			first[e.Digest] = e
			todo = append(todo, e)
		}
	}
	files := make([]staged, len(todo))
	err := parallel(len(todo), func(i int) (err error) {
		files[i], err = s.stageEntry(ctx, root, todo[i])
		return err
	})
	if err == nil {
		err = s.syncAll(files)
	}
	dirs := map[string]bool{}
	for _, b := range files {
		if b.temp == "" {
			continue
		}
		if err != nil {
			err = errors.Join(err, removeTemp(b.temp))
			continue
		}
		place := s.place(blobs, b.digest)
		dirs[filepath.Dir(place)] = true
		err = s.moveIn(b.temp, place)
	}
	for dir := range dirs {
		err = errors.Join(err, syncDir(dir))
	}
	return err
}

// stageEntry stages one file of a tree, or nothing where the store has it.
func (s *Store) stageEntry(ctx context.Context, root *os.Root, e *treehash.Entry) (staged, error) {
	if _, err := s.verified(ctx, blobs, e.Digest); err == nil {
		return staged{}, nil
	}
	f, err := root.Open(filepath.FromSlash(e.Path))
	if err != nil {
		return staged{}, diskError(e.Path, err)
	}
	defer f.Close()
	b, err := s.stage(ctx, f, e.Size)
	if err != nil {
		return staged{}, err
	}
	if b.digest != e.Digest || b.size != e.Size {
		return staged{}, errors.Join(removeTemp(b.temp),
			attest.Refuse(CodeChanged, strconv.Quote(e.Path), e.Digest.String(), b.digest.String()))
	}
	return b, nil
}

// parallel calls do for 0 to n-1 from a few goroutines and joins the errors. It
// starts nothing new after the first error.
func parallel(n int, do func(i int) error) error {
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		next   int
		faults []error
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == n || len(faults) > 0 {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for range min(n, 2*runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := do(i); err != nil {
					mu.Lock()
					faults = append(faults, err)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}
