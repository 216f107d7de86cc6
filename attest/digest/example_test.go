package digest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
)

// Several digests of a stream come from reading it once.
func ExampleSum() {
	r := strings.NewReader("hello\n")
	got, err := digest.Sum(context.Background(), r, digest.Options{
		Algorithms: []digest.Algorithm{digest.SHA256, digest.GitBlob, digest.FSVeritySHA256},
		Size:       6, // the header of a Git blob holds it
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range got.Digests.Algorithms() {
		fmt.Println(a, got.Digests[a])
	}
	// Output:
	// fsverity-sha256 9c76eecc7b76fcb46199cb27b90cf59a660e10575bb0412128905129d5b1c2aa
	// gitBlob ce013625030ba8dba906f756967f9e9ca394464a
	// sha256 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
}

// Content that is not what was expected is refused, and the error says why.
func ExampleVerify() {
	want := digest.Expect{Size: 6, Digests: digest.FromBytes([]byte("hello\n")).Set()}

	fmt.Println(digest.Verify(context.Background(), strings.NewReader("hello\n"), want, digest.Options{}))

	err := digest.Verify(context.Background(), strings.NewReader("Hello\n"), want, digest.Options{})
	fmt.Println(errors.Is(err, &digest.Error{Code: digest.CodeMismatch}))

	err = digest.Verify(context.Background(), strings.NewReader("hello"), want, digest.Options{})
	fmt.Println(err)
	// Output:
	// <nil>
	// true
	// digest.content.size at content: want 6 bytes, got 5
}

// A download is passed on while it is verified. Whoever reads to io.EOF has read
// what was expected.
func ExampleNewVerifyingReader() {
	want := digest.Expect{Size: -1, Digests: digest.FromBytes([]byte("right content")).Set()}
	for _, content := range []string{"right content", "wrong content"} {
		r := digest.NewVerifyingReader(io.NopCloser(strings.NewReader(content)), want)
		b, err := io.ReadAll(r)
		var refused *digest.Error
		if errors.As(err, &refused) {
			fmt.Printf("%q %s\n", b, refused.Code)
			continue
		}
		fmt.Printf("%q\n", b)
	}
	// Output:
	// "right content"
	// "" digest.set.mismatch
}

// Who publishes a large file publishes checkpoints beside it; who downloads it
// checks its SHA-256 on all processors, without trusting them.
func ExampleVerifyAt() {
	ctx := context.Background()
	content := bytes.Repeat([]byte("a large file "), 1<<17)

	// The publisher:
	published, err := digest.Sum(ctx, bytes.NewReader(content), digest.Options{CheckpointStride: digest.DefaultStride})
	if err != nil {
		fmt.Println(err)
		return
	}
	sidecar, _ := published.Checkpoints.MarshalBinary()
	fmt.Println(len(sidecar), "bytes of checkpoints for", published.Size)

	// The user, who knows the digest from a signed statement:
	want := digest.Expect{Size: published.Size, Digests: published.Digests}
	hints, err := digest.ReadCheckpoints(bytes.NewReader(sidecar), want.Size)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(digest.VerifyAt(ctx, bytes.NewReader(content), want, hints, digest.Options{}))
	// Output:
	// 112 bytes of checkpoints for 1703936
	// <nil>
}

// A computation that was interrupted goes on in another process.
func ExampleResume() {
	key := []byte("a secret key of thirty-two bytes") // from a key store

	h, _ := digest.New(digest.Options{})
	h.WriteString("first half, ")
	state, err := h.State()
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, _ := state.Seal(key, "upload 42")

	// Later:
	state, err = digest.OpenState(key, "upload 42", sealed)
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err = digest.Resume(state, 12, digest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	h.WriteString("second half")
	got, _ := h.Finish()
	fmt.Println(got.Digests.Equal(digest.FromBytes([]byte("first half, second half")).Set()))
	// Output: true
}

// Many files, in order.
func ExampleSumFiles() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o644)
	os.Symlink("a", filepath.Join(dir, "b"))

	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	for r, err := range digest.SumFiles(context.Background(), root, slices.Values([]string{"a", "b"}), digest.FilesOptions{}) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(r.Name, r.Digests[digest.SHA256])
	}
	// Output:
	// a ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb
	// digest.file.kind at "b": want a regular file, got L---------
}

// A set matches by its strong digests; one that differs spoils the match.
func ExampleSet_Match() {
	have := digest.Set{
		digest.SHA256: digest.FromBytes([]byte("content")).Hex,
		digest.SHA1:   "040f06fd774092478d450774f5ba30c5da78acc8",
	}
	fmt.Println(have.Match(digest.FromBytes([]byte("content")).Set()))
	err := have.Match(digest.Set{digest.SHA1: "040f06fd774092478d450774f5ba30c5da78acc8"})
	var refused *digest.Error
	fmt.Println(errors.As(err, &refused), refused.Code)
	// Output:
	// <nil>
	// true digest.set.no-shared-algorithm
}
