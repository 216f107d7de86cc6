package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

// A Store is a directory of content by digest. It is safe for concurrent use, by
// goroutines and by processes.
type Store struct {
	dir    string
	limits Limits
	making sync.Mutex // of programs
}

// Limits bound what is put. The zero value of a field means its default.
type Limits struct {
	FileBytes int64           // one file; default 16 GiB
	TreeBytes int64           // all files of a tree; default 64 GiB
	Tree      treehash.Limits // the manifest of a tree
}

// Open returns the store in dir, an absolute path, which it creates with its
// subdirectories where they are missing.
func Open(dir string, limits Limits) (*Store, error) {
	if !filepath.IsAbs(dir) {
		return nil, attest.Refuse(CodeDisk, dir, "an absolute path", "a relative one")
	}
	if limits.FileBytes == 0 {
		limits.FileBytes = 16 << 30
	}
	if limits.TreeBytes == 0 {
		limits.TreeBytes = 64 << 30
	}
	s := &Store{dir: filepath.Clean(dir), limits: limits}
	for _, sub := range []string{blobs, programs, trees, temporary} {
		if err := os.MkdirAll(s.path(sub), 0o700); err != nil {
			return nil, diskError(sub, err)
		}
	}
	return s, nil
}

// The subdirectories.
const (
	blobs     = "blobs"    // content by digest, mode 0444
	programs  = "programs" // the same, mode 0555
	trees     = "trees"    // materialised trees
	temporary = "tmp"      // what is being written
)

// Modes that the store gives.
const (
	plainMode fs.FileMode = 0o444
	execMode  fs.FileMode = 0o555
	dirMode   fs.FileMode = 0o555
)

// stamp is the time of everything in the store.
func stamp() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// path joins names to the store's directory.
func (s *Store) path(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}

// place returns where content with that digest lies in a subdirectory.
func (s *Store) place(sub string, d digest.Digest) string {
	return s.path(sub, d.Hex[:2], d.Hex)
}

// checkAddress refuses every digest that could not be a file name here.
func checkAddress(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return attest.Refuse(CodeAddress, "digest", "a SHA-256 digest", "").Because(err)
	}
	if d.Algorithm != digest.SHA256 {
		return attest.Refuse(CodeAddress, "digest", "a SHA-256 digest", string(d.Algorithm))
	}
	return nil
}

func diskError(where string, err error) error {
	return attest.Refuse(CodeDisk, where, "", "").Because(err)
}

func absent(d digest.Digest, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return diskError(d.String(), err)
	}
	return attest.Refuse(CodeAbsent, "store", d.String(), "nothing")
}

// cancelled returns an error when ctx has ended.
func cancelled(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return attest.Refuse(CodeCancelled, "context", "", "").Because(context.Cause(ctx))
}
