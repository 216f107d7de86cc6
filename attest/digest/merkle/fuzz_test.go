package merkle_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest/merkle"
)

// Whatever stands in a tree file, a read returns the content or an error.
func FuzzTreeFile(f *testing.F) {
	b := content(6 * 1024)
	all := []merkle.Params{{Kind: merkle.FSVerity, BlockSize: 1024}, {Kind: merkle.DMVerity0, BlockSize: 512, Salt: []byte{1}},
		{Kind: merkle.DMVerity1, BlockSize: 512}, {Kind: merkle.RFC9162, BlockSize: 512}}
	var roots []merkle.Root
	var files [][]byte
	for i, p := range all {
		root, tree := build(f, p, b)
		roots, files = append(roots, root), append(files, tree.b)
		f.Add(uint8(i), tree.b)
		f.Add(uint8(i), tree.b[:len(tree.b)-1])
		f.Add(uint8(i), bytes.Repeat([]byte{0}, len(tree.b)))
	}
	f.Fuzz(func(t *testing.T, kind uint8, tree []byte) {
		root, right := roots[int(kind)%len(all)], files[int(kind)%len(all)]
		opened, err := merkle.OpenTree(root, bytes.NewReader(tree))
		var got []byte
		if err == nil {
			got, err = io.ReadAll(io.NewSectionReader(opened.ReaderAt(bytes.NewReader(b)), 0, root.Size))
		}
		if err == nil {
			require.Equal(t, b, got)
			require.Equal(t, right, tree, "no two files have one root")
		}
	})
}

// A proof that is accepted is the one that the prover makes.
func FuzzParseRangeProof(f *testing.F) {
	b := content(10*512 + 100)
	tree, _ := open(f, smallest(), b)
	for _, r := range []merkle.Range{{Offset: 0, Length: 1}, {Offset: 1500, Length: 700}, {Offset: 0, Length: int64(len(b))}, {Offset: 5119, Length: 2}} {
		_, wire := proveRange(f, tree, b, r)
		f.Add(wire)
		f.Add(wire[:len(wire)/2])
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, err := merkle.ParseRangeProof(wire)
		if err != nil {
			return
		}
		again, err := p.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, wire, again)
		end := min(p.Range.Offset+p.Range.Length, int64(len(b)))
		if p.Verify(t.Context(), tree.Root(), bytes.NewReader(b[min(p.Range.Offset, end):end])) == nil {
			_, want := proveRange(t, tree, b, p.Range)
			require.Equal(t, want, wire)
		}
	})
}

func FuzzParseRoot(f *testing.F) {
	for _, p := range kinds() {
		root, _ := build(f, p, content(4096))
		f.Add(root.String())
	}
	f.Add("fsverity:sha256:4096:-:1:")
	f.Fuzz(func(t *testing.T, s string) {
		root, err := merkle.ParseRoot(s)
		if err == nil {
			require.Equal(t, s, root.String())
		}
	})
}

func FuzzParseSuperblock(f *testing.F) {
	for _, kind := range []merkle.Kind{merkle.DMVerity0, merkle.DMVerity1} {
		b, err := merkle.Superblock{Params: merkle.Params{Kind: kind, Salt: []byte("salt")}, Size: 8192}.MarshalBinary()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := merkle.ParseSuperblock(b)
		if err != nil {
			return
		}
		again, err := s.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}

// The verdict on an inclusion is that of transparency-dev.
func FuzzVerifyInclusion(f *testing.F) {
	b, _ := leaves(13)
	tree, _ := open(f, smallest(), b)
	root := merkle.Hash(tree.Root().Hash)
	for i := range int64(13) {
		in, err := tree.ProveInclusion(i)
		require.NoError(f, err)
		f.Add(uint64(13), uint64(i), bytes.Join(append([][]byte{in.Leaf[:]}, parts(in.Proof)...), nil))
	}
	f.Fuzz(func(t *testing.T, size, index uint64, hashes []byte) {
		var in merkle.Inclusion
		in.Index = index
		copy(in.Leaf[:], hashes)
		for hashes = hashes[min(32, len(hashes)):]; len(hashes) >= 32 && len(in.Proof) < 80; hashes = hashes[32:] {
			in.Proof = append(in.Proof, merkle.Hash(hashes[:32]))
		}
		verdictsAgree(t, size, root, in)
	})
}
