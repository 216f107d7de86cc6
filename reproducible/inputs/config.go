package inputs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/reproducible/store"
)

// A Config says where things go. Store and Temp are required. Its methods are safe
// for concurrent use.
type Config struct {
	Store *store.Store // takes the trees
	Temp  string       // an absolute path, below which private directories are made
	// Limits bound what is unpacked; the zero value means the defaults.
	Limits Limits
}

// Limits bound one archive, image or commit. The zero value of a field means its
// default.
type Limits struct {
	Entries int   // files, directories and links; default 2,000,000
	Bytes   int64 // of content, unpacked; default 32 GiB
	// Ratio bounds unpacked to packed bytes, counted from the first MiB on; default
	// 200.
	Ratio int64
}

func (l Limits) withDefaults() Limits {
	if l.Entries == 0 {
		l.Entries = 2_000_000
	}
	if l.Bytes == 0 {
		l.Bytes = 32 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 200
	}
	return l
}

// A Dropped tells what a tree of the store cannot hold and so was left out.
type Dropped struct {
	Path string
	What string // "device", "FIFO", "special mode bits", "extended attributes"
}

// A Tree is a directory in the store.
type Tree struct {
	Digest   digest.Digest
	Manifest *treehash.Manifest
	Dropped  []Dropped
}

// inPrivate runs do with a private directory, which is removed afterwards.
func (c Config) inPrivate(do func(root *os.Root) error) error {
	if c.Store == nil || !filepath.IsAbs(c.Temp) || c.Limits.Entries < 0 || c.Limits.Bytes < 0 || c.Limits.Ratio < 0 {
		return attest.Refuse(CodeConfig, "Config", "Store, an absolute Temp, and limits that are not negative", "less")
	}
	dir, err := os.MkdirTemp(c.Temp, "inputs-")
	if err != nil {
		return machineError(c.Temp, err)
	}
	root, err := os.OpenRoot(dir)
	if err == nil {
		err = errors.Join(do(root), root.Close())
	}
	if e := removeAll(dir); e != nil {
		err = errors.Join(err, machineError(dir, e))
	}
	return err
}

// removeAll removes a directory whose own directories may be read-only.
func removeAll(dir string) error {
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(name, 0o700)
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(dir))
}

// put stores what was unpacked.
func (c Config) put(ctx context.Context, root *os.Root, dropped []Dropped) (*Tree, error) {
	d, m, err := c.Store.PutTree(ctx, root)
	if err != nil {
		return nil, err
	}
	return &Tree{d, m, dropped}, nil
}

func machineError(where string, err error) error {
	return attest.Refuse(CodeMachine, excerpt.Quote(where), "", "").Because(err)
}

func cancelled(ctx context.Context) error {
	return attest.Refuse(CodeCancelled, "context", "time to finish", "").Because(context.Cause(ctx))
}
