package merkle_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func BenchmarkTreeHash(b *testing.B) {
	const n = 1 << 17
	leaves := make([]merkle.Hash, n)
	for i := range leaves {
		leaves[i] = merkle.LeafHash([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	perNode := func(b *testing.B) { b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/node") }
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			merkle.TreeHash(leaves)
		}
		perNode(b)
	})
	b.Run("transparency-dev", func(b *testing.B) {
		b.ReportAllocs()
		factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
		for b.Loop() {
			r := factory.NewEmptyRange(0)
			for i := range leaves {
				if err := r.Append(leaves[i][:], nil); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := r.GetRootHash(nil); err != nil {
				b.Fatal(err)
			}
		}
		perNode(b)
	})
}

func BenchmarkVerifyInclusion(b *testing.B) {
	const n = 1 << 14
	content, _ := leaves(n)
	tree, _ := open(b, smallest(), content)
	root := merkle.Hash(tree.Root().Hash)
	var batch []merkle.Inclusion
	var theirs [][][]byte
	for i := range int64(64) {
		in, err := tree.ProveInclusion(i * 251)
		require.NoError(b, err)
		batch, theirs = append(batch, in), append(theirs, parts(in.Proof))
	}
	perProof := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/proof")
	}
	b.Run("one by one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range batch {
				if err := merkle.VerifyInclusion(n, root, batch[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
		perProof(b)
	})
	b.Run("batch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := merkle.VerifyInclusions(n, root, batch); err != nil {
				b.Fatal(err)
			}
		}
		perProof(b)
	})
	b.Run("transparency-dev", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range batch {
				if err := proof.VerifyInclusion(rfc6962.DefaultHasher, batch[i].Index, n, batch[i].Leaf[:], theirs[i], root[:]); err != nil {
					b.Fatal(err)
				}
			}
		}
		perProof(b)
	})
}

func BenchmarkBuild(b *testing.B) {
	content := content(64 << 20)
	for name, p := range map[string]merkle.Params{
		"fsverity": {Kind: merkle.FSVerity}, "dmverity1": {Kind: merkle.DMVerity1, Salt: bytes.Repeat([]byte{1}, 32)}, "rfc9162": {Kind: merkle.RFC9162},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(name+map[int]string{1: ", one worker", 2: ", two workers"}[workers], func(b *testing.B) {
				b.SetBytes(int64(len(content)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := merkle.Build(b.Context(), bytes.NewReader(content), p, merkle.BuildOptions{Workers: workers}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkVerifiedRead(b *testing.B) {
	content := content(64 << 20)
	tree, _ := open(b, merkle.Params{Kind: merkle.FSVerity}, content)
	r := tree.ReaderAt(bytes.NewReader(content))
	p := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadAt(p, rand.Int64N(64<<20/4096)*4096); err != nil {
			b.Fatal(err)
		}
	}
}
