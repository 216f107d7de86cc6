package digest

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"strconv"

	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/sha256x"
)

// MediaTypeCheckpoints is the media type of what Checkpoints.MarshalBinary
// writes.
const MediaTypeCheckpoints = "application/vnd.sealwright.sha256-checkpoints.v1"

// Bounds of Options.CheckpointStride, in bytes.
const (
	MinStride     = 64 << 10 // and every stride is a multiple of it
	DefaultStride = 1 << 20
	MaxStride     = 1 << 30
)

// maxCheckpoints bounds the chaining values in a file: 64 MiB of them, which is
// content of 2 TiB at DefaultStride.
const maxCheckpoints = 2 << 20

// Checkpoints are the chaining values of a SHA-256 computation at each multiple
// of a stride that lies before the end of the content. They let VerifyAt check
// the digest in parallel, and are hints: no trust in them is needed, as the
// package documentation proves. They are immutable.
//
// On the wire they are a header of 80 bytes, then 32 bytes for each checkpoint
// in order. All integers are big-endian:
//
//	offset  size  content
//	     0    16  "sealwright-scp1\n"
//	    16    16  "sha256", padded with zeros
//	    32     8  stride
//	    40     8  size of the content
//	    48    32  digest of the content
//	    80   32n  chaining values; n = 0 if size is 0, else (size-1)/stride
type Checkpoints struct {
	stride, size int64
	digest       [sha256x.Size]byte
	midstates    []byte
}

const (
	checkpointMagic  = "sealwright-scp1\n"
	checkpointHeader = 80
)

var checkpointAlgorithm = [16]byte{'s', 'h', 'a', '2', '5', '6'}

// newCheckpoints takes the chaining values that a chain collected, of which the
// one at the very end is not a checkpoint.
func newCheckpoints(stride, size int64, sum [sha256x.Size]byte, midstates []byte) *Checkpoints {
	return &Checkpoints{stride, size, sum, midstates[:checkpointCount(size, stride)*sha256x.Size]}
}

// checkpointCount returns how many multiples of stride lie in (0, size).
func checkpointCount(size, stride int64) int64 {
	if size == 0 {
		return 0
	}
	return (size - 1) / stride
}

func checkStride(n int64) error {
	if n < MinStride || n > MaxStride || n%MinStride != 0 {
		return &Error{Code: CodeCheckpointStride, Where: "stride", Want: "a multiple of 65536, at most 2^30", Got: strconv.FormatInt(n, 10)}
	}
	return nil
}

// Stride returns the distance of the checkpoints in bytes.
func (c *Checkpoints) Stride() int64 { return c.stride }

// Size returns the size of the content, as the checkpoints claim it.
func (c *Checkpoints) Size() int64 { return c.size }

// Digest returns the SHA-256 of the content, as the checkpoints claim it.
func (c *Checkpoints) Digest() Digest { return Digest{SHA256, hex.EncodeToString(c.digest[:])} }

// Len returns the number of checkpoints.
func (c *Checkpoints) Len() int { return len(c.midstates) / sha256x.Size }

// state returns the chaining value at i*stride, for i from 0 (the IV) to
// Len()+1, which stands for the end of the padding: the digest.
func (c *Checkpoints) state(i int) sha256x.State {
	switch {
	case i == 0:
		return sha256x.IV()
	case i > c.Len():
		return sha256x.ParseState(c.digest)
	}
	return sha256x.ParseState([sha256x.Size]byte(c.midstates[(i-1)*sha256x.Size:]))
}

// MarshalBinary returns the wire form. It never fails.
func (c *Checkpoints) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, checkpointHeader+len(c.midstates))
	b = append(b, checkpointMagic...)
	b = append(b, checkpointAlgorithm[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.stride))
	b = binary.BigEndian.AppendUint64(b, uint64(c.size))
	b = append(b, c.digest[:]...)
	return append(b, c.midstates...), nil
}

// ParseCheckpoints reads the wire form strictly: a known header, and exactly as
// many chaining values as it implies. It does not, and need not, check them.
// The result keeps b, which must not change.
func ParseCheckpoints(b []byte) (*Checkpoints, error) {
	if len(b) < checkpointHeader {
		return nil, checkpointLength(checkpointHeader, int64(len(b)))
	}
	c, n, err := parseCheckpointHeader(b[:checkpointHeader])
	if err != nil {
		return nil, err
	}
	if want := checkpointHeader + n*sha256x.Size; int64(len(b)) != want {
		return nil, checkpointLength(want, int64(len(b)))
	}
	c.midstates = b[checkpointHeader:]
	return c, nil
}

// ReadCheckpoints reads the wire form from an untrusted stream, for content of a
// known size. It reads no more than checkpoints of such content can have: a
// huge stream beside a small file is refused early.
func ReadCheckpoints(r io.Reader, size int64) (*Checkpoints, error) {
	header := make([]byte, checkpointHeader)
	if n, err := io.ReadFull(r, header); err != nil {
		return nil, &Error{Code: CodeCheckpointSyntax, Where: "header", Want: "80 bytes", Got: strconv.Itoa(n), Err: err}
	}
	c, n, err := parseCheckpointHeader(header)
	if err != nil {
		return nil, err
	}
	if c.size != size {
		return nil, &Error{Code: CodeCheckpointSize, Where: "header", Want: strconv.FormatInt(size, 10), Got: strconv.FormatInt(c.size, 10)}
	}
	c.midstates, err = io.ReadAll(io.LimitReader(r, n*sha256x.Size+1))
	if err != nil {
		return nil, &Error{Code: CodeRead, Where: "checkpoints", Err: err}
	}
	if int64(len(c.midstates)) != n*sha256x.Size {
		return nil, checkpointLength(checkpointHeader+n*sha256x.Size, int64(checkpointHeader+len(c.midstates)))
	}
	return c, nil
}

// parseCheckpointHeader returns the header and the number of chaining values
// that follow it.
func parseCheckpointHeader(b []byte) (*Checkpoints, int64, error) {
	if string(b[:16]) != checkpointMagic {
		return nil, 0, &Error{Code: CodeCheckpointSyntax, Where: "header", Want: strconv.Quote(checkpointMagic), Got: excerpt.Quote(string(b[:16]))}
	}
	if alg := [16]byte(b[16:32]); alg != checkpointAlgorithm {
		return nil, 0, &Error{Code: CodeCheckpointAlgorithm, Where: "header", Want: "sha256", Got: excerpt.Quote(string(alg[:]))}
	}
	stride, size := binary.BigEndian.Uint64(b[32:40]), binary.BigEndian.Uint64(b[40:48])
	if stride > MaxStride {
		return nil, 0, &Error{Code: CodeCheckpointStride, Where: "header", Want: "at most 2^30", Got: strconv.FormatUint(stride, 10)}
	}
	if err := checkStride(int64(stride)); err != nil {
		return nil, 0, err
	}
	if size > maxSize {
		return nil, 0, &Error{Code: CodeCheckpointSize, Where: "header", Want: "at most 2^61-1", Got: strconv.FormatUint(size, 10)}
	}
	n := checkpointCount(int64(size), int64(stride))
	if n > maxCheckpoints {
		return nil, 0, &Error{Code: CodeCheckpointStride, Where: "header", Want: "at most " + strconv.Itoa(maxCheckpoints) + " checkpoints", Got: strconv.FormatInt(n, 10)}
	}
	return &Checkpoints{stride: int64(stride), size: int64(size), digest: [sha256x.Size]byte(b[48:80])}, n, nil
}

func checkpointLength(want, got int64) error {
	return &Error{Code: CodeCheckpointSyntax, Where: "length", Want: strconv.FormatInt(want, 10) + " bytes", Got: strconv.FormatInt(got, 10)}
}
