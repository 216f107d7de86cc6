package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// small is the size up to which content is kept in memory until it is known whether
// the store has it.
const small = 64 << 10

// PutFile stores what r yields, to its end, and returns its digest and size. It
// is on disk when PutFile returns.
func (s *Store) PutFile(ctx context.Context, r io.Reader) (digest.Digest, int64, error) {
	head, err := io.ReadAll(&contextReader{ctx, io.LimitReader(r, small+1)})
	if err != nil {
		return digest.Digest{}, 0, putError(ctx, err)
	}
	if len(head) <= small && int64(len(head)) <= s.limits.FileBytes {
		// What was put before was flushed before it got its name.
		d := digest.FromBytes(head)
		if _, err := s.verified(ctx, blobs, d); err == nil {
			return d, int64(len(head)), syncDir(filepath.Dir(s.place(blobs, d)))
		}
	}
	b, err := s.stage(ctx, io.MultiReader(bytes.NewReader(head), r), s.limits.FileBytes)
	if err != nil {
		return digest.Digest{}, 0, err
	}
	if err := errors.Join(syncFile(b.temp), s.publish(ctx, b)); err != nil {
		return digest.Digest{}, 0, err
	}
	return b.digest, b.size, syncDir(filepath.Dir(s.place(blobs, b.digest)))
}

// Open returns the file with that digest. The reader verifies: it yields an error
// in place of io.EOF when the content is not what the digest says, so nothing
// that was read may be used before io.EOF. The caller closes it.
func (s *Store) Open(_ context.Context, d digest.Digest) (io.ReadCloser, error) {
	f, err := s.openBlob(d)
	if err != nil {
		return nil, err
	}
	return digest.NewVerifyingReader(f, digest.Expect{Size: -1, Digests: d.Set()}), nil
}

// ReadFile returns the verified content of a file of at most limit bytes.
func (s *Store) ReadFile(ctx context.Context, d digest.Digest, limit int64) ([]byte, error) {
	r, err := s.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, &contextReader{ctx, io.LimitReader(r, limit+1)})
	err = errors.Join(err, r.Close())
	switch {
	case n > limit:
		return nil, attest.Refuse(CodeLimit, d.String(), "at most "+strconv.FormatInt(limit, 10)+" bytes", "more")
	case ctx.Err() != nil:
		return nil, cancelled(ctx)
	case err != nil:
		return nil, attest.Refuse(CodeCorrupt, "store", d.String(), "").Because(err)
	}
	return b.Bytes(), nil
}

func (s *Store) openBlob(d digest.Digest) (*os.File, error) {
	f, _, err := s.openFile(blobs, d)
	return f, err
}

// verified returns the path of a file in blobs or programs after checking its
// content; CodeAbsent or CodeCorrupt otherwise.
func (s *Store) verified(ctx context.Context, sub string, d digest.Digest) (string, error) {
	o, err := s.offerFile(sub, d)
	if err != nil {
		return "", err
	}
	defer o.Close()
	if err := o.Verify(ctx); err != nil {
		return "", err
	}
	return o.Path(), nil
}

// A staged blob is written and hashed, but neither flushed nor in place.
type staged struct {
	temp   string
	digest digest.Digest
	size   int64
}

// stage copies r to a temporary file while it computes its digest.
func (s *Store) stage(ctx context.Context, r io.Reader, limit int64) (b staged, err error) {
	f, err := os.CreateTemp(s.path(temporary), "blob-")
	if err != nil {
		return staged{}, diskError(temporary, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), &contextReader{ctx, io.LimitReader(r, limit+1)})
	if n > limit && err == nil {
		err = attest.Refuse(CodeLimit, "file", "at most "+strconv.FormatInt(limit, 10)+" bytes", "more")
	}
	err = errors.Join(err, f.Chmod(plainMode), f.Close(), os.Chtimes(f.Name(), stamp(), stamp()))
	if err != nil {
		return staged{}, putError(ctx, err)
	}
	sum := digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(h.Sum(nil))}
	return staged{temp: f.Name(), digest: sum, size: n}, nil
}

// publish moves a staged and flushed blob to its place, unless valid content is
// there already.
func (s *Store) publish(ctx context.Context, b staged) error {
	if _, err := s.verified(ctx, blobs, b.digest); err == nil {
		return removeTemp(b.temp)
	}
	return s.moveIn(b.temp, s.place(blobs, b.digest))
}

// moveIn renames a file of this store to another place in it.
func (s *Store) moveIn(temp, place string) error {
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return diskError(place, err)
	}
	if err := os.Rename(temp, place); err != nil {
		return diskError(place, err)
	}
	return nil
}

func removeTemp(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError(name, err)
	}
	return nil
}

// putError gives errors of a copy a code, unless they have one.
func putError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	if len(attest.Reasons(err)) > 0 {
		return err
	}
	return diskError(temporary, err)
}

// syncFile flushes one file.
func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return diskError(name, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return diskError(name, err)
	}
	return nil
}

// A contextReader stops when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
