package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"math/rand/v2"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/blake3"
	"github.com/sealwright/sealwright/attest/digest/merkle"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/internal/sha256x"
)

// must panics: what is measured here does not fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// hashed writes p in pieces of 64 KiB, which stay in the second-level cache.
func hashed(p []byte, o digest.Options) {
	o.Workers = 1
	h := must(digest.New(o))
	for n := 0; n < len(p); n += 64 << 10 {
		must(h.Write(p[n : n+64<<10]))
	}
	must(h.Finish())
}

// memory measures the hashes in memory.
func memory(_ string, t *goals.Table) error {
	p := make([]byte, 16<<20)
	rand.NewChaCha8([32]byte{3}).Read(p)
	hot := p[:1<<20] // stays in the second-level cache
	leaf := make([][sha256.Size]byte, len(hot)>>16)
	d := inMemory(31,
		func() { hashed(p, digest.Options{}) },
		func() {
			h := sha256.New()
			for n := 0; n < len(p); n += 64 << 10 {
				h.Write(p[n : n+64<<10])
			}
			h.Sum(nil)
		},
		func() {
			hashed(p, digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.FSVeritySHA256}})
		},
	)
	t.AtLeast("flat SHA-256 in memory: speed, of crypto/sha256", ratio(d[1], d[0]), 0.97, "x").Number(1)
	t.AtMost("flat + fs-verity in memory: CPU, of flat", ratio(d[2], d[0]), 1.05, "x").Number(2)
	d = inMemory(301,
		func() { sha256x.SumFixed(leaf, sha256x.Midstate{State: sha256x.IV()}, nil, hot, 64<<10) },
		func() {
			for i := range leaf {
				leaf[i] = sha256.Sum256(hot[i<<16 : (i+1)<<16])
			}
		},
	)
	t.AtLeast("lanes on leaves of 64 KiB: speed, of crypto/sha256", ratio(d[1], d[0]), 2.2, "x").Number(5)

	ctx := context.Background()
	sum := func(a ...digest.Algorithm) func() {
		return func() {
			must(digest.SumAt(ctx, bytes.NewReader(p), digest.Options{Algorithms: a, Extra: blake3.Extra()}))
		}
	}
	w := inWallTime(15,
		sum(digest.SHA512), func() { sha512.Sum512(p) },
		sum(digest.SHA256, digest.SHA512), sum(digest.SHA256, digest.SHA512, digest.BLAKE3, digest.GitBlob))
	t.AtMost("sha256 + sha512 on two cores: wall, of sha512 alone", ratio(w[2], w[0]), 1.05, "x").Number(7)
	t.Note("sha256 + sha512 + blake3 + gitBlob on two cores: wall, of sha512 alone", fmt.Sprintf("%.3gx", ratio(w[3], w[0]))).Number(7)
	t.Note("sha512 alone: wall, of crypto/sha512", fmt.Sprintf("%.3gx", ratio(w[0], w[1]))).Number(7)
	return nil
}

// trees measures RFC 9162 trees and proofs.
func trees(_ string, t *goals.Table) error {
	const n = 1 << 17
	leaves := make([]merkle.Hash, n)
	for i := range leaves {
		leaves[i] = merkle.LeafHash([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	d := inMemory(31,
		func() { merkle.TreeHash(leaves) },
		func() {
			r := factory.NewEmptyRange(0)
			for i := range leaves {
				if err := r.Append(leaves[i][:], nil); err != nil {
					panic(err)
				}
			}
			must(r.GetRootHash(nil))
		},
	)
	t.AtMost("RFC 9162 interior node", float64(d[0].Nanoseconds())/n, 55, " ns").Number(8)
	t.AtLeast("the same: speed, of a transparency-dev compact range", ratio(d[1], d[0]), 4, "x").Number(8)
	t.AtMost("the same: allocations for 131 071 nodes", allocations(func() { merkle.TreeHash(leaves) }), 0, "").Number(8)

	const size = 1 << 14
	var out memoryFile
	content := make([]byte, size*512)
	rand.NewChaCha8([32]byte{4}).Read(content)
	p := merkle.Params{Kind: merkle.RFC9162, BlockSize: 512}
	root := must(merkle.Build(context.Background(), bytes.NewReader(content), p, merkle.BuildOptions{Out: &out}))
	tree := must(merkle.OpenTree(root, &out))
	var batch []merkle.Inclusion
	var theirs [][][]byte
	for i := range int64(128) {
		in := must(tree.ProveInclusion(i * 127))
		var hashes [][]byte
		for i := range in.Proof {
			hashes = append(hashes, in.Proof[i][:])
		}
		batch, theirs = append(batch, in), append(theirs, hashes)
	}
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	one := func() {
		for i := range batch {
			check(merkle.VerifyInclusion(size, merkle.Hash(root.Hash), batch[i]))
		}
	}
	d = inMemory(101, one,
		func() { check(merkle.VerifyInclusions(size, merkle.Hash(root.Hash), batch)) },
		func() {
			for i, in := range batch {
				check(proof.VerifyInclusion(rfc6962.DefaultHasher, in.Index, size, in.Leaf[:], theirs[i], root.Hash))
			}
		})
	t.AtMost("VerifyInclusion at 2^14: CPU, of transparency-dev", ratio(d[0], d[2]), 0.6, "x").Number(8)
	t.AtMost("the same: allocations", allocations(one), 0, "").Number(8)
	t.AtLeast("proofs in a batch: speed, of one by one", ratio(d[0], d[1]), 2, "x").Number(8)
	t.Note("proofs in a batch: speed, of transparency-dev", fmt.Sprintf("%.3gx", ratio(d[2], d[1]))).Number(8)
	return nil
}
