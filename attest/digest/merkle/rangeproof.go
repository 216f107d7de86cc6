package merkle

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strconv"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// MediaTypeRangeProof is the media type of what RangeProof.MarshalBinary writes.
const MediaTypeRangeProof = "application/vnd.sealwright.range-proof.v1"

// A RangeProof proves that some bytes stand at an offset of an artifact with a
// trusted RFC9162 root, to someone who has neither the artifact nor its tree. It
// holds the rest of the leaves in which the range begins and ends, and the hashes
// of the complete subtrees to the left and to the right of those leaves.
//
// On the wire it is a header of 48 bytes, big-endian, then the parts, whose lengths
// follow from the header:
//
//	offset  size  content
//	     0    16  "sealwright-rng1\n"
//	    16     8  block size
//	    24     8  size of the artifact
//	    32     8  offset of the range
//	    40     8  length of the range, at least 1
//	    48        bytes of the first leaf before the range
//	              bytes of the last leaf after the range
//	              hashes to the left, then to the right, of 32 bytes, in order
type RangeProof struct {
	BlockSize int
	Size      int64 // of the artifact
	Range     Range
	Head      []byte // bytes of the first leaf before the range
	Tail      []byte // bytes of the last leaf after the range
	Left      []Hash // of the subtrees before the first leaf
	Right     []Hash // of the subtrees after the last leaf
}

const (
	rangeMagic  = "sealwright-rng1\n"
	rangeHeader = 48
)

// ProveRange returns the proof for a range of at least one byte. It reads from data
// no more than the rest of two leaves, and verifies it. Other kinds than RFC9162
// are refused with CodeKind.
func (t *Tree) ProveRange(data io.ReaderAt, r Range) (*RangeProof, error) {
	if _, err := t.provable(); err != nil {
		return nil, err
	}
	root := t.Root()
	p := &RangeProof{BlockSize: root.BlockSize, Size: root.Size, Range: r}
	s, err := p.shape()
	if err != nil {
		return nil, err
	}
	verified := t.ReaderAt(data)
	p.Head, p.Tail = make([]byte, s.head), make([]byte, s.tail)
	if _, err := verified.ReadAt(p.Head, r.Offset-int64(s.head)); s.head > 0 && err != nil {
		return nil, err
	}
	if _, err := verified.ReadAt(p.Tail, r.Offset+r.Length); s.tail > 0 && err != nil && err != io.EOF {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !t.root.Equal(root) {
		return nil, refuse(CodeProofTree, "root", root.String(), t.root.String())
	}
	if p.Left, err = t.hashes(compact.RangeNodes(0, s.first, nil)); err != nil {
		return nil, err
	}
	p.Right, err = t.hashes(compact.RangeNodes(s.end, s.leaves, nil))
	return p, err
}

func (t *Tree) hashes(ids []compact.NodeID) ([]Hash, error) {
	parts, err := t.nodes(ids)
	hashes := make([]Hash, len(parts))
	for i, p := range parts {
		hashes[i] = Hash(p)
	}
	return hashes, err
}

// A shape is what the header of a proof implies.
type shape struct {
	first, end, leaves uint64 // the range touches leaves first to end-1
	head, tail         int    // bytes
	left, right        int    // hashes
}

// shape refuses a header that no artifact can have.
func (p *RangeProof) shape() (shape, error) {
	params, err := Params{Kind: RFC9162, BlockSize: p.BlockSize}.normal()
	if err == nil {
		err = params.checkSize(p.Size)
	}
	if err != nil {
		return shape{}, err
	}
	r := p.Range
	if p.BlockSize == 0 || r.Length < 1 || r.Offset < 0 || r.Length > p.Size-r.Offset {
		return shape{}, refuse(CodeRange, "range", "one or more of "+decimal(p.Size)+" bytes", decimal(r.Offset)+"+"+decimal(r.Length))
	}
	block := int64(p.BlockSize)
	last := (r.Offset + r.Length - 1) / block
	s := shape{first: uint64(r.Offset / block), end: uint64(last + 1), leaves: uint64((p.Size + block - 1) / block)}
	s.head = int(r.Offset % block)
	s.tail = int(min((last+1)*block, p.Size) - (r.Offset + r.Length))
	s.left, s.right = compact.RangeSize(0, s.first), compact.RangeSize(s.end, s.leaves)
	return s, nil
}

// check refuses a proof whose parts do not have the lengths that they must have.
func (p *RangeProof) check() (shape, error) {
	s, err := p.shape()
	if err != nil {
		return s, err
	}
	if len(p.Head) != s.head || len(p.Tail) != s.tail || len(p.Left) != s.left || len(p.Right) != s.right {
		return s, refuse(CodeProofLength, "range proof",
			decimal(s.head)+"+"+decimal(s.tail)+" bytes and "+decimal(s.left)+"+"+decimal(s.right)+" hashes",
			decimal(len(p.Head))+"+"+decimal(len(p.Tail))+" bytes and "+decimal(len(p.Left))+"+"+decimal(len(p.Right))+" hashes")
	}
	return s, nil
}

// Verify reads data to its end and reports, by a nil error, that it is the range
// of the artifact that p.Range tells. The caller must compare p.Range with the one
// it wants. root must be trusted; p need not be. Nothing of what was read before
// may be believed.
func (p *RangeProof) Verify(ctx context.Context, root Root, data io.Reader) error {
	root, err := root.normal()
	if err != nil {
		return err
	}
	s, err := p.check()
	if err != nil {
		return err
	}
	if root.Kind != RFC9162 || root.BlockSize != p.BlockSize || root.Size != p.Size {
		mine := Root{Params: Params{Kind: RFC9162, Hash: digest.SHA256, BlockSize: p.BlockSize}, Size: p.Size}
		return refuse(CodeProofTree, "range proof", root.String(), mine.String())
	}
	content := io.MultiReader(bytes.NewReader(p.Head), io.LimitReader(data, p.Range.Length), bytes.NewReader(p.Tail))
	sum, err := p.rootHash(ctx, s, newHasher(root.Params), content)
	if err != nil {
		return err
	}
	if n, err := io.ReadFull(data, make([]byte, 1)); n > 0 {
		return refuse(CodeSize, "range", decimal(p.Range.Length)+" bytes", "more")
	} else if err != io.EOF {
		return &digest.Error{Code: digest.CodeRead, Where: "end of the range", Err: err}
	}
	if !bytes.Equal(sum, root.Hash) {
		return refuse(CodeRangeProof, "range "+decimal(p.Range.Offset)+"+"+decimal(p.Range.Length), hex.EncodeToString(root.Hash), hex.EncodeToString(sum))
	}
	return nil
}

// rootHash hashes the leaves in content and joins them with the subtrees beside.
func (p *RangeProof) rootHash(ctx context.Context, s shape, h *hasher, content io.Reader) ([]byte, error) {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	all, err := factory.NewRange(0, s.first, slicesOf(p.Left))
	if err != nil {
		return nil, because(refuse(CodeProofLength, "range proof", "", ""), err)
	}
	left := int64(s.head) + p.Range.Length + int64(s.tail)
	buf := make([]byte, min(left, int64(max(readSize, h.BlockSize))))
	for ; left > 0; left -= int64(len(buf)) {
		if err := cancelled(ctx); err != nil {
			return nil, err
		}
		buf = buf[:min(left, int64(len(buf)))]
		if _, err := io.ReadFull(content, buf); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, because(refuse(CodeSize, "range", decimal(p.Range.Length)+" bytes", "fewer"), err)
		} else if err != nil {
			return nil, &digest.Error{Code: digest.CodeRead, Where: "range", Err: err}
		}
		for hashes := h.appendLeaves(nil, buf); len(hashes) > 0; hashes = hashes[h.size:] {
			if err := all.Append(hashes[:h.size:h.size], nil); err != nil {
				return nil, because(refuse(CodeRangeProof, "range proof", "", ""), err)
			}
		}
	}
	right, err := factory.NewRange(s.end, s.leaves, slicesOf(p.Right))
	if err == nil {
		err = all.AppendRange(right, nil)
	}
	if err != nil {
		return nil, because(refuse(CodeProofLength, "range proof", "", ""), err)
	}
	return all.GetRootHash(nil)
}

func slicesOf(hashes []Hash) [][]byte {
	parts := make([][]byte, len(hashes))
	for i := range hashes {
		parts[i] = hashes[i][:]
	}
	return parts
}

// MarshalBinary returns the wire form, or refuses a proof whose parts do not have
// the lengths that its header implies.
func (p *RangeProof) MarshalBinary() ([]byte, error) {
	if _, err := p.check(); err != nil {
		return nil, err
	}
	b := []byte(rangeMagic)
	for _, n := range []int64{int64(p.BlockSize), p.Size, p.Range.Offset, p.Range.Length} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(append(b, p.Head...), p.Tail...)
	for _, hashes := range [][]Hash{p.Left, p.Right} {
		for _, h := range hashes {
			b = append(b, h[:]...)
		}
	}
	return b, nil
}

// MaxRangeProof is the length in bytes of the longest range proof that is not
// refused: the rest of two leaves of 1 MiB, and two hashes for each level.
const MaxRangeProof = rangeHeader + 2<<20 + 128*32

// ParseRangeProof reads the wire form strictly. The proof shares no memory with b.
func ParseRangeProof(b []byte) (*RangeProof, error) {
	if len(b) < rangeHeader || string(b[:16]) != rangeMagic {
		return nil, refuse(CodeProofSyntax, "header", strconv.Quote(rangeMagic), excerpt.Quote(string(b[:min(len(b), 16)])))
	}
	field := func(at int) int64 { return int64(min(binary.BigEndian.Uint64(b[at:]), 1<<62)) } // above any limit
	p := &RangeProof{BlockSize: int(field(16)), Size: field(24), Range: Range{field(32), field(40)}}
	s, err := p.shape()
	if err != nil {
		return nil, err
	}
	want := rangeHeader + s.head + s.tail + (s.left+s.right)*len(Hash{})
	if len(b) != want {
		return nil, refuse(CodeProofLength, "range proof", decimal(want)+" bytes", decimal(len(b)))
	}
	b = bytes.Clone(b[rangeHeader:])
	p.Head, b = b[:s.head:s.head], b[s.head:]
	p.Tail, b = b[:s.tail:s.tail], b[s.tail:]
	p.Left, b = cutHashes(b, s.left)
	p.Right, _ = cutHashes(b, s.right)
	return p, nil
}

func cutHashes(b []byte, n int) (hashes []Hash, rest []byte) {
	hashes = make([]Hash, n)
	for i := range hashes {
		hashes[i] = Hash(b[i*len(Hash{}) : (i+1)*len(Hash{})])
	}
	return hashes, b[n*len(Hash{}):]
}
