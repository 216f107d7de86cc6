package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// FromBytes returns the SHA-256 of b.
func FromBytes(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest{SHA256, hex.EncodeToString(sum[:])}
}

// Sum reads r to its end, once, and returns the digests that o asks for. Memory
// is bounded whatever the length. ctx is looked at before each Read; a Read that
// blocks is not interrupted. After an error there is no result.
func Sum(ctx context.Context, r io.Reader, o Options) (*Result, error) {
	h, err := New(o)
	if err != nil {
		return nil, err
	}
	return h.sum(ctx, r)
}

// SumAt is Sum of the content of s. Content that is not exactly s.Size() bytes
// is refused, and so is, if s is a Guard, content that changed meanwhile.
func SumAt(ctx context.Context, s Source, o Options) (*Result, error) {
	size, err := sizeOf(s)
	if err != nil {
		return nil, err
	}
	h, err := newHasher(o, size)
	if err != nil {
		return nil, err
	}
	r, err := h.sum(ctx, &sourceReader{s: s})
	if changed := unchanged(s); changed != nil {
		return nil, changed
	}
	return r, err
}

// SumFile is SumAt of the regular file name in root. Links are not followed in
// the last element of name, and never out of root; anything but a regular file
// is refused with CodeKind, without waiting for the other end of a FIFO. A file
// that is changed, replaced or removed meanwhile is refused with CodeChanged.
func SumFile(ctx context.Context, root *os.Root, name string, o Options) (*Result, error) {
	f, err := openRegular(root, name, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return SumAt(ctx, f, o)
}

func (h *Hasher) sum(ctx context.Context, r io.Reader) (*Result, error) {
	if _, err := h.readFrom(ctx, r); err != nil {
		return nil, err
	}
	if err := cancelled(ctx); err != nil {
		return nil, err
	}
	return h.Finish()
}
