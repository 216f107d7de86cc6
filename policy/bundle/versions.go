package bundle

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy/doc"
)

// The files of Versions.
const (
	versionsFile = "versions.json"
	lockFile     = "versions.lock"
	schema       = "https://github.com/sealwright/sealwright/policy/bundle/versions/v1"
	maxVersions  = 4 << 20 // bytes
)

// Versions is a doc.VersionStore in a directory, so that no restart forgets which
// releases were admitted. Each change replaces the file in one step, durable before
// Advance returns; a crash leaves the old file or the new one. Any number of
// processes on one machine may share the directory, on a local file system.
//
// A file that is missing, cut short or altered into something else refuses
// everything: it is never taken for an empty one. A directory that somebody sets
// back as a whole to an older state cannot be told from its past; keep it where
// those who write bundles cannot write. It is safe for concurrent use.
type Versions struct {
	root *os.Root
}

var _ doc.VersionStore = (*Versions)(nil)

// CreateVersions makes an empty store in a directory that has none. It is for the
// installation, not for each start: who creates forgets.
func CreateVersions(ctx context.Context, root *os.Root) error {
	if root == nil {
		return attest.Refuse(CodeNil, "root", "a directory", "nil")
	}
	v := &Versions{root: root}
	unlock, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := root.Lstat(versionsFile); !errors.Is(err, fs.ErrNotExist) {
		return attest.Refuse(CodeExists, versionsFile, "no file", "one").Because(err)
	}
	return v.write(&held{Schema: schema, Releases: []release{}})
}

// OpenVersions opens the store in a directory. The caller closes root, after the
// last Advance.
func OpenVersions(root *os.Root) (*Versions, error) {
	if root == nil {
		return nil, attest.Refuse(CodeNil, "root", "a directory", "nil")
	}
	v := &Versions{root: root}
	if _, err := v.read(); err != nil {
		return nil, err
	}
	return v, nil
}

// held is the content of the file.
type held struct {
	Schema   string    `json:"schema"`
	Releases []release `json:"releases"` // in ascending order of ID
}

type release struct {
	ID      string    `json:"id"`
	Version uint64    `json:"version"`
	Expires time.Time `json:"expires"`
	Digest  string    `json:"digest"`
}

// Advance implements doc.VersionStore.
func (v *Versions) Advance(ctx context.Context, r doc.Release) (doc.Release, error) {
	if v == nil || v.root == nil {
		return doc.Release{}, attest.Refuse(CodeNil, "Versions", "an opened store", "nil")
	}
	if err := r.Digest.Validate(); err != nil || r.ID == "" {
		return doc.Release{}, attest.Refuse(CodeStore, "release", "an ID and a digest", excerpt.Quote(r.ID)).Because(err)
	}
	unlock, err := v.lock(ctx)
	if err != nil {
		return doc.Release{}, err
	}
	defer unlock()
	h, err := v.read()
	if err != nil {
		return doc.Release{}, err
	}
	at, found := slices.BinarySearchFunc(h.Releases, r.ID, compareID)
	if found && h.Releases[at].Version >= r.Version {
		return h.Releases[at].release()
	}
	entry := release{r.ID, r.Version, r.Expires, r.Digest.String()}
	if found {
		h.Releases[at] = entry
	} else {
		h.Releases = slices.Insert(h.Releases, at, entry)
	}
	if err := v.write(h); err != nil {
		return doc.Release{}, err
	}
	return r, nil
}

func compareID(r release, id string) int {
	switch {
	case r.ID < id:
		return -1
	case r.ID > id:
		return 1
	}
	return 0
}

func (r release) release() (doc.Release, error) {
	d, err := digest.Parse(r.Digest)
	if err != nil {
		return doc.Release{}, attest.Refuse(CodeStore, versionsFile, "a digest", excerpt.Quote(r.Digest)).Because(err)
	}
	return doc.Release{ID: r.ID, Version: r.Version, Expires: r.Expires, Digest: d}, nil
}

// lock waits for the only writer's lock. Each call opens the file anew, so that the
// lock keeps goroutines apart as it does processes.
func (v *Versions) lock(ctx context.Context) (unlock func(), err error) {
	f, err := v.root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, attest.Refuse(CodeStore, lockFile, "a lock", "").Because(err)
	}
	for {
		if ctx.Err() != nil {
			return nil, attest.Refuse(attest.CodeCanceled, lockFile, "", "").Because(errors.Join(context.Cause(ctx), f.Close()))
		}
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, attest.Refuse(CodeStore, lockFile, "a lock", "").Because(errors.Join(err, f.Close()))
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// read reads the whole file and demands that it is whole.
func (v *Versions) read() (*held, error) {
	f, err := v.root.Open(versionsFile)
	if err != nil {
		return nil, attest.Refuse(CodeStore, versionsFile, "a file", "").Because(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxVersions+1))
	if err != nil {
		return nil, attest.Refuse(CodeStore, versionsFile, "a readable file", "").Because(err)
	}
	h := new(held)
	if err := strictjson.Unmarshal(b, h, strictjson.Options{Bytes: maxVersions}); err != nil {
		return nil, attest.Refuse(CodeStore, versionsFile, "a file of versions", "").Because(err)
	}
	if h.Schema != schema || h.Releases == nil {
		return nil, attest.Refuse(CodeStore, versionsFile, schema, excerpt.Quote(h.Schema))
	}
	for i, r := range h.Releases {
		if _, err := r.release(); err != nil {
			return nil, err
		}
		if i > 0 && h.Releases[i-1].ID >= r.ID {
			return nil, attest.Refuse(CodeStore, versionsFile, "each policy once, in order", excerpt.Quote(r.ID))
		}
	}
	return h, nil
}

// write replaces the file in one step.
func (v *Versions) write(h *held) error {
	b, err := strictjson.Marshal(h)
	if err != nil || len(b) > maxVersions {
		return attest.Refuse(CodeStore, versionsFile, "at most "+strconv.Itoa(maxVersions)+" bytes of text", strconv.Itoa(len(b))).Because(err)
	}
	const temporary = versionsFile + ".tmp"
	f, err := v.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err == nil {
		_, err = f.Write(b)
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = v.root.Rename(temporary, versionsFile)
	}
	if err == nil {
		err = v.syncDirectory()
	}
	if err != nil {
		return attest.Refuse(CodeStore, versionsFile, "a durable file", "").Because(err)
	}
	return nil
}

func (v *Versions) syncDirectory() error {
	dir, err := v.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
