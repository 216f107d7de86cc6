package witness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A Store keeps the newest cosigned checkpoint of each log. A Witness is its only
// user and calls it for one origin at a time, for different ones at the same time.
type Store interface {
	// Latest returns what Keep kept last for an origin; before that the empty tree
	// of that origin. An error must never read as the empty tree.
	Latest(ctx context.Context, origin string) (tlog.Checkpoint, error)
	// Keep returns once c is durable.
	Keep(ctx context.Context, c tlog.Checkpoint) error
}

func emptyTree(origin string) tlog.Checkpoint {
	return tlog.Checkpoint{Origin: origin, Root: tlog.EmptyRoot()}
}

// Memory is a Store that forgets with its process, for tests: a witness that
// forgets can be made to cosign a fork. The zero value is empty and ready.
type Memory struct {
	mu   sync.Mutex
	held map[string]tlog.Checkpoint
}

// Latest implements Store.
func (m *Memory) Latest(_ context.Context, origin string) (tlog.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.held[origin]; ok {
		return c, nil
	}
	return emptyTree(origin), nil
}

// Keep implements Store.
func (m *Memory) Keep(_ context.Context, c tlog.Checkpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil {
		m.held = map[string]tlog.Checkpoint{}
	}
	m.held[c.Origin] = c
	return nil
}

// Directory is a Store of one file for each log, replaced atomically, under a lock
// that only one process can hold. Close releases it.
type Directory struct {
	root *os.Root
	lock *os.File
}

// OpenDirectory opens a directory as a Store. The caller closes root, after the
// Directory.
func OpenDirectory(root *os.Root) (*Directory, error) {
	if root == nil {
		return nil, attest.Refuse(CodeConfig, "root", "a directory", "nil")
	}
	f, err := root.OpenFile(".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, attest.Refuse(CodeState, ".lock", "a lock", "").Because(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, attest.Refuse(CodeState, ".lock", "the only witness", "another").Because(errors.Join(err, f.Close()))
	}
	return &Directory{root, f}, nil
}

// Close releases the lock.
func (d *Directory) Close() error { return d.lock.Close() }

func fileOf(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// Latest implements Store.
func (d *Directory) Latest(_ context.Context, origin string) (tlog.Checkpoint, error) {
	f, err := d.root.Open(fileOf(origin))
	if errors.Is(err, fs.ErrNotExist) {
		return emptyTree(origin), nil
	}
	if err != nil {
		return tlog.Checkpoint{}, attest.Refuse(CodeState, origin, "the newest checkpoint", "").Because(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, tlog.MaxNote))
	if err != nil {
		return tlog.Checkpoint{}, attest.Refuse(CodeState, origin, "the newest checkpoint", "").Because(err)
	}
	c, err := tlog.ParseCheckpoint(string(text))
	if err != nil || c.Origin != origin {
		return tlog.Checkpoint{}, attest.Refuse(CodeState, origin, "a checkpoint of the log", "a damaged file").Because(err)
	}
	return c, nil
}

// Keep implements Store: a temporary file, fsync, rename, fsync of the directory.
func (d *Directory) Keep(_ context.Context, c tlog.Checkpoint) error {
	name := fileOf(c.Origin)
	err := d.write(name+".tmp", c.Text())
	if err == nil {
		err = d.root.Rename(name+".tmp", name)
	}
	if err == nil {
		err = d.sync()
	}
	if err != nil {
		return attest.Refuse(CodeState, c.Origin, "a durable checkpoint", "").Because(err)
	}
	return nil
}

func (d *Directory) write(name, text string) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (d *Directory) sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
