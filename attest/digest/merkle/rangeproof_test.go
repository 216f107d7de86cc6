package merkle_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

// proveRange proves a range and reads the proof back from its wire form.
func proveRange(t testing.TB, tree *merkle.Tree, b []byte, r merkle.Range) (*merkle.RangeProof, []byte) {
	t.Helper()
	p, err := tree.ProveRange(bytes.NewReader(b), r)
	require.NoError(t, err)
	wire, err := p.MarshalBinary()
	require.NoError(t, err)
	require.LessOrEqual(t, len(wire), merkle.MaxRangeProof)
	back, err := merkle.ParseRangeProof(wire)
	require.NoError(t, err)
	again, err := back.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, wire, again)
	return back, wire
}

func TestEveryRangeCanBeProven(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for _, n := range []int{1, 511, 512, 513, 5000, 600_000} {
		b := content(n)
		tree, _ := open(t, smallest(), b)
		ranges := []merkle.Range{{Offset: 0, Length: 1}, {Offset: int64(n) - 1, Length: 1}, {Offset: 0, Length: int64(n)}}
		for range 60 {
			at := random.Int64N(int64(n))
			ranges = append(ranges, merkle.Range{Offset: at, Length: 1 + random.Int64N(int64(n)-at)})
		}
		for _, r := range ranges {
			p, _ := proveRange(t, tree, b, r)
			require.Equal(t, r, p.Range)
			part := b[r.Offset : r.Offset+r.Length]
			require.NoError(t, p.Verify(t.Context(), tree.Root(), iotest.HalfReader(bytes.NewReader(part))), "%v of %d", r, n)
			wrong := bytes.Clone(part)
			wrong[random.IntN(len(wrong))] ^= 1 << random.IntN(8)
			refused(t, merkle.CodeRangeProof, p.Verify(t.Context(), tree.Root(), bytes.NewReader(wrong)))
		}
	}
}

func TestEveryBitOfARangeProofCounts(t *testing.T) {
	b := content(10 * 512)
	tree, _ := open(t, smallest(), b)
	r := merkle.Range{Offset: 1500, Length: 700}
	_, wire := proveRange(t, tree, b, r)
	part := b[1500:2200]
	for i := range len(wire) * 8 {
		wire[i/8] ^= 1 << (i % 8)
		p, err := merkle.ParseRangeProof(wire)
		if err == nil {
			err = p.Verify(t.Context(), tree.Root(), bytes.NewReader(part))
		}
		wire[i/8] ^= 1 << (i % 8)
		var e *digest.Error
		require.ErrorAs(t, err, &e, "bit %d", i)
	}
	for i := range len(part) * 8 {
		p, err := merkle.ParseRangeProof(wire)
		require.NoError(t, err)
		wrong := bytes.Clone(part)
		wrong[i/8] ^= 1 << (i % 8)
		refused(t, merkle.CodeRangeProof, p.Verify(t.Context(), tree.Root(), bytes.NewReader(wrong)))
	}
}

// Item 32, for ranges.
func TestRangeProofsThatAreWrongAreRefused(t *testing.T) {
	b := content(10*512 + 100)
	tree, _ := open(t, smallest(), b)
	root := tree.Root()
	r := merkle.Range{Offset: 1500, Length: 700}
	part := b[1500:2200]
	good, wire := proveRange(t, tree, b, r)

	t.Run("wire forms", func(t *testing.T) {
		for name, c := range map[string]struct {
			b    []byte
			code digest.Code
		}{
			"nothing":              {nil, merkle.CodeProofSyntax},
			"a header that is cut": {wire[:47], merkle.CodeProofSyntax},
			"another document":     {append([]byte("{"), wire...), merkle.CodeProofSyntax},
			"a proof that is cut":  {wire[:len(wire)-1], merkle.CodeProofLength},
			"garbage after it":     {append(bytes.Clone(wire), 0), merkle.CodeProofLength},
			"only the header":      {wire[:48], merkle.CodeProofLength},
		} {
			_, err := merkle.ParseRangeProof(c.b)
			refused(t, c.code, err)
			_ = name
		}
		for _, c := range []struct {
			at    int
			value uint64
			code  digest.Code
		}{
			{16, 0, merkle.CodeRange}, {16, 513, merkle.CodeParams}, {16, 1 << 40, merkle.CodeParams}, {16, 1<<64 - 1, merkle.CodeParams},
			{24, 0, merkle.CodeRange}, {24, 1 << 63, merkle.CodeSize}, {24, 1<<61 - 1, merkle.CodeProofLength},
			{32, 1 << 63, merkle.CodeRange}, {32, uint64(len(b)), merkle.CodeRange},
			{40, 0, merkle.CodeRange}, {40, 1<<64 - 1, merkle.CodeRange}, {40, 1 << 62, merkle.CodeRange},
		} {
			wrong := bytes.Clone(wire)
			binary.BigEndian.PutUint64(wrong[c.at:], c.value)
			_, err := merkle.ParseRangeProof(wrong)
			refused(t, c.code, err)
		}
	})
	t.Run("data of another length", func(t *testing.T) {
		refused(t, merkle.CodeSize, good.Verify(t.Context(), root, bytes.NewReader(part[:699])))
		refused(t, merkle.CodeSize, good.Verify(t.Context(), root, bytes.NewReader(b[1500:2201])))
		refused(t, merkle.CodeSize, good.Verify(t.Context(), root, bytes.NewReader(nil)))
	})
	t.Run("the same bytes at another place", func(t *testing.T) {
		moved := *good
		moved.Range.Offset += 512
		err := moved.Verify(t.Context(), root, bytes.NewReader(part))
		require.Error(t, err)
	})
	t.Run("parts of another length than the header implies", func(t *testing.T) {
		for _, change := range []func(*merkle.RangeProof){
			func(p *merkle.RangeProof) { p.Head = p.Head[1:] },
			func(p *merkle.RangeProof) { p.Tail = append(bytes.Clone(p.Tail), 0) },
			func(p *merkle.RangeProof) { p.Left = nil },
			func(p *merkle.RangeProof) { p.Right = append(p.Right[:len(p.Right):len(p.Right)], merkle.Hash{}) },
		} {
			p := *good
			change(&p)
			refused(t, merkle.CodeProofLength, p.Verify(t.Context(), root, bytes.NewReader(part)))
			_, err := p.MarshalBinary()
			refused(t, merkle.CodeProofLength, err)
		}
	})
	t.Run("another tree", func(t *testing.T) {
		other, _ := build(t, merkle.Params{Kind: merkle.RFC9162, BlockSize: 1024}, b)
		refused(t, merkle.CodeProofTree, good.Verify(t.Context(), other, bytes.NewReader(part)))
		other, _ = build(t, merkle.Params{Kind: merkle.FSVerity}, b)
		refused(t, merkle.CodeProofTree, good.Verify(t.Context(), other, bytes.NewReader(part)))
		other = root
		other.Size++
		refused(t, merkle.CodeProofTree, good.Verify(t.Context(), other, bytes.NewReader(part)))
		refused(t, merkle.CodeParams, good.Verify(t.Context(), merkle.Root{}, bytes.NewReader(part)))
	})
	t.Run("a zero proof", func(t *testing.T) {
		refused(t, merkle.CodeRange, (&merkle.RangeProof{}).Verify(t.Context(), root, bytes.NewReader(part)))
	})
	t.Run("a reader that fails, and a context that ended", func(t *testing.T) {
		refused(t, digest.CodeRead, good.Verify(t.Context(), root, iotest.ErrReader(errBroken)))
		refused(t, digest.CodeRead, good.Verify(t.Context(), root, io.MultiReader(bytes.NewReader(part), iotest.ErrReader(errBroken))))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		refused(t, digest.CodeCancelled, good.Verify(ctx, root, bytes.NewReader(part)))
	})
	t.Run("ranges outside of the content are not proven", func(t *testing.T) {
		for _, r := range []merkle.Range{{-1, 2}, {0, 0}, {0, -1}, {0, int64(len(b)) + 1}, {int64(len(b)), 1}, {1 << 62, 1 << 62}} {
			_, err := tree.ProveRange(bytes.NewReader(b), r)
			refused(t, merkle.CodeRange, err)
		}
	})
	t.Run("content that is damaged beside the range is not put into a proof", func(t *testing.T) {
		wrong := bytes.Clone(b)
		wrong[1499] ^= 1
		_, err := tree.ProveRange(bytes.NewReader(wrong), r)
		assert.ErrorIs(t, err, merkle.ErrCorrupt)
	})
}
