package treehash_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

var exampleTree = fstest.MapFS{
	"go.mod":     {Data: []byte("module example.com/m\n"), Mode: 0o644},
	"bin/run.sh": {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
}

// A manifest tells what is in a tree, and its digest names the tree. For a
// directory on disk use Walk.
func ExampleWalkFS() {
	m, err := treehash.WalkFS(context.Background(), exampleTree, treehash.WalkOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range m.Entries {
		fmt.Println(e.Kind, e.Mode, e.Path)
	}
	d, err := m.Digest()
	fmt.Println(d, err)
	// Output:
	// dir -r-xr-xr-x bin
	// file -rwxr-xr-x bin/run.sh
	// file -rw-r--r-- go.mod
	// sha256:7854a77ce12c6f1fbfd2a4a558367b8c3bfd512e78ea0f92a7e3799d230d8de0 <nil>
}

// The same tree under the names that the Go module system and Git have for it.
func ExampleManifest_H1() {
	ctx := context.Background()
	m, err := treehash.WalkFS(ctx, exampleTree, treehash.WalkOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := m.H1("example.com/m@v1.0.0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(treehash.FormatH1(d))
	fmt.Println(treehash.GitTreeFS(ctx, exampleTree, digest.GitSHA1, treehash.WalkOptions{}))
	// Output:
	// h1:Ynh9hMbKeI0/l66hwZUkpJjQhINxq8leGyODP1DjBgo= <nil>
	// gitTree:7b795829eba58329955b7f9866f54f63fd07874d <nil>
}
