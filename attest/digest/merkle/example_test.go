package merkle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealwright/sealwright/attest/digest/merkle"
)

// A publisher makes a tree once; a consumer who trusts the root reads from copies
// of artifact and tree that nobody vouches for.
func ExampleTree_ReaderAt() {
	ctx := context.Background()
	artifact := strings.NewReader(strings.Repeat("All the king's horses. ", 10_000))
	var treeFile file
	root, err := merkle.Build(ctx, artifact, merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{Out: &treeFile})
	if err != nil {
		panic(err)
	}

	tree, err := merkle.OpenTree(root, &treeFile)
	if err != nil {
		panic(err)
	}
	word := make([]byte, 12)
	_, err = tree.ReaderAt(artifact).ReadAt(word, 100_007)
	fmt.Printf("%q %v\n", word, err)

	damaged := strings.NewReader(strings.Repeat("All the King's horses. ", 10_000))
	_, err = tree.ReaderAt(damaged).ReadAt(word, 100_007)
	var corrupt *merkle.CorruptError
	if errors.As(err, &corrupt) {
		fmt.Println("level", corrupt.Level, "offset", corrupt.Offset, corrupt.Reason.Code)
	}
	// Output:
	// " the king's " <nil>
	// level 0 offset 98304 digest.merkle.leaf
}

// The file digest is the value that the kernel enforces, and binds a root that
// came from anywhere.
func ExampleRoot_VerifyFileDigest() {
	root, err := merkle.Build(context.Background(), strings.NewReader("hello\n"), merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{})
	if err != nil {
		panic(err)
	}
	trusted, _ := root.FileDigest()
	fmt.Println(root.VerifyFileDigest(trusted))
	root.Size++
	fmt.Println(root.VerifyFileDigest(trusted) != nil)
	// Output:
	// <nil>
	// true
}

// One part of an artifact is proven to someone who has neither the artifact nor
// its tree.
func ExampleRangeProof_Verify() {
	ctx := context.Background()
	artifact := []byte(strings.Repeat("0123456789", 1000))
	var treeFile file
	root, err := merkle.Build(ctx, bytes.NewReader(artifact), merkle.Params{Kind: merkle.RFC9162, BlockSize: 1024}, merkle.BuildOptions{Out: &treeFile})
	if err != nil {
		panic(err)
	}
	tree, err := merkle.OpenTree(root, &treeFile)
	if err != nil {
		panic(err)
	}
	p, err := tree.ProveRange(bytes.NewReader(artifact), merkle.Range{Offset: 5000, Length: 4})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Verify(ctx, root, strings.NewReader("0123")))
	fmt.Println(p.Verify(ctx, root, strings.NewReader("0124")) != nil)
	// Output:
	// <nil>
	// true
}

// An artifact that grew by whole blocks proves that it still begins with what was
// there.
func ExampleVerifyConsistency() {
	ctx := context.Background()
	p := merkle.Params{Kind: merkle.RFC9162, BlockSize: 1024}
	grown := bytes.Repeat([]byte("log line 32 bytes long, all same"), 320)
	old, err := merkle.Build(ctx, bytes.NewReader(grown[:5*1024]), p, merkle.BuildOptions{})
	if err != nil {
		panic(err)
	}
	var treeFile file
	root, err := merkle.Build(ctx, bytes.NewReader(grown), p, merkle.BuildOptions{Out: &treeFile})
	if err != nil {
		panic(err)
	}
	tree, err := merkle.OpenTree(root, &treeFile)
	if err != nil {
		panic(err)
	}
	hashes, err := tree.ProveConsistency(5)
	if err != nil {
		panic(err)
	}
	fmt.Println(merkle.VerifyConsistency(5, 10, merkle.Hash(old.Hash), merkle.Hash(root.Hash), hashes))
	// Output: <nil>
}
