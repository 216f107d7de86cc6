package merkle_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func TestARootIsReadBackAsItWasWritten(t *testing.T) {
	for name, p := range kinds() {
		t.Run(name, func(t *testing.T) {
			root, _ := build(t, p, fit(p, content(5120)))
			back, err := merkle.ParseRoot(root.String())
			require.NoError(t, err)
			assert.True(t, root.Equal(back))
		})
	}
}

func TestARootThatIsNotWrittenThatWayIsRefused(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		text string
		code digest.Code
	}{
		"nothing":                     {"", merkle.CodeRoot},
		"a bare hash":                 {sum, merkle.CodeRoot},
		"an unknown kind":             {"ipfs:sha256:4096:-:10:" + sum, merkle.CodeParams},
		"a weak hash":                 {"dmverity1:sha1:4096:-:4096:" + strings.Repeat("ab", 20), merkle.CodeParams},
		"a default that is left out":  {"rfc9162::4096:-:10:" + sum, merkle.CodeRoot},
		"a size with a sign":          {"rfc9162:sha256:4096:-:+10:" + sum, merkle.CodeRoot},
		"a size with leading zeros":   {"rfc9162:sha256:4096:-:010:" + sum, merkle.CodeRoot},
		"a negative size":             {"rfc9162:sha256:4096:-:-10:" + sum, merkle.CodeSize},
		"a size that overflows":       {"rfc9162:sha256:4096:-:9223372036854775808:" + sum, merkle.CodeRoot},
		"a size beyond the limit":     {"rfc9162:sha256:4096:-:9223372036854775807:" + sum, merkle.CodeSize},
		"upper case":                  {"rfc9162:sha256:4096:-:10:" + strings.ToUpper(sum), merkle.CodeRoot},
		"a short hash":                {"rfc9162:sha256:4096:-:10:" + sum[2:], merkle.CodeRoot},
		"half a byte":                 {"rfc9162:sha256:4096:-:10:" + sum[1:], merkle.CodeRoot},
		"an empty salt":               {"fsverity:sha256:4096::10:" + sum, merkle.CodeRoot},
		"a broken block for dmverity": {"dmverity1:sha256:4096:-:10:" + sum, merkle.CodeSize},
		"something after it":          {"rfc9162:sha256:4096:-:10:" + sum + ":", merkle.CodeRoot},
		"an endless text":             {strings.Repeat("a", 1<<20), merkle.CodeRoot},
	} {
		t.Run(name, func(t *testing.T) {
			root, err := merkle.ParseRoot(c.text)
			refused(t, c.code, err)
			assert.Zero(t, root)
		})
	}
}

// Item 27.
func TestTheRootHashIsNotTakenForTheFileDigest(t *testing.T) {
	root, _ := build(t, merkle.Params{Kind: merkle.FSVerity}, content(10_000))
	err := root.VerifyFileDigest(root.Hash)
	refused(t, merkle.CodeFileDigest, err)
	assert.ErrorContains(t, err, "is the root hash")
	sum, err := root.FileDigest()
	require.NoError(t, err)
	require.NoError(t, root.VerifyFileDigest(sum))
	refused(t, merkle.CodeFileDigest, root.VerifyFileDigest(nil))
	refused(t, merkle.CodeFileDigest, root.VerifyFileDigest(sum[:31]))

	t.Run("each part of the root is bound", func(t *testing.T) {
		for name, change := range map[string]func(*merkle.Root){
			"size":       func(r *merkle.Root) { r.Size++ },
			"hash":       func(r *merkle.Root) { r.Hash = bytes.Clone(r.Hash); r.Hash[5] ^= 1 },
			"block size": func(r *merkle.Root) { r.BlockSize = 1024 },
			"salt":       func(r *merkle.Root) { r.Salt = []byte{0} },
		} {
			other := root
			change(&other)
			refused(t, merkle.CodeFileDigest, other.VerifyFileDigest(sum))
			_ = name
		}
	})
	t.Run("other kinds have none", func(t *testing.T) {
		other, _ := build(t, merkle.Params{Kind: merkle.RFC9162}, content(10))
		refused(t, merkle.CodeKind, other.VerifyFileDigest(other.Hash))
		refused(t, merkle.CodeParams, merkle.Root{}.VerifyFileDigest(nil))
	})
}

// Item 27: content that differs only by trailing zeros in the last block.
func TestContentsWithTheSamePaddedDataDifferByTheirSize(t *testing.T) {
	p := merkle.Params{Kind: merkle.FSVerity}
	short, _ := build(t, p, []byte("x"))
	long, _ := build(t, p, []byte("x\x00"))
	assert.Equal(t, short.Hash, long.Hash, "that is how fs-verity is")
	assert.False(t, short.Equal(long))
	a, err := short.FileDigest()
	require.NoError(t, err)
	b, err := long.FileDigest()
	require.NoError(t, err)
	assert.NotEqual(t, a, b)

	tree, err := merkle.OpenTree(short, &file{})
	require.NoError(t, err)
	got := make([]byte, 5)
	n, err := tree.ReaderAt(strings.NewReader("x\x00\x00\x00\x00")).ReadAt(got, 0)
	assert.Equal(t, 1, n, "zeros beyond the size are never returned")
	assert.Error(t, err)

	p.Kind = merkle.RFC9162
	short, _ = build(t, p, []byte("x"))
	long, _ = build(t, p, []byte("x\x00"))
	assert.NotEqual(t, short.Hash, long.Hash)
}

// Item 26: where no prefix tells leaves and nodes apart, the size does.
func TestABlockOfTheTreeDoesNotPassForContent(t *testing.T) {
	p := merkle.Params{Kind: merkle.FSVerity, BlockSize: 1024}
	root, tree := build(t, p, content(32*1024))
	require.Len(t, tree.b, 1024, "one block of 32 hashes, whose hash is the root")
	forged, _ := build(t, p, tree.b)
	assert.Equal(t, root.Hash, forged.Hash, "a bare root hash would be fooled")
	assert.False(t, root.Equal(forged))
	sum, err := root.FileDigest()
	require.NoError(t, err)
	refused(t, merkle.CodeFileDigest, forged.VerifyFileDigest(sum))

	p.Kind = merkle.RFC9162
	honest, hashes := build(t, p, content(2*1024))
	node := hashes.b[:64]
	fake, _ := build(t, p, node)
	assert.NotEqual(t, honest.Hash, fake.Hash, "the prefix of RFC 9162")
	left, right := merkle.Hash(node[:32]), merkle.Hash(node[32:])
	assert.Equal(t, honest.Hash, sliceOf(merkle.NodeHash(left, right)))
	assert.NotEqual(t, honest.Hash, sliceOf(merkle.LeafHash(node)))
}

func sliceOf(h merkle.Hash) []byte { return h[:] }
