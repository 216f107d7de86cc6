package merkle_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

// command runs a program of a Debian package.
func command(t *testing.T, pkg, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path = "/usr/sbin/" + name; !exists(path) {
			t.Skip("needs the Debian package " + pkg)
		}
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestFileDigestsEqualThoseOfFsverityAtEverySampledSize(t *testing.T) {
	for _, p := range []merkle.Params{
		{Kind: merkle.FSVerity},
		{Kind: merkle.FSVerity, BlockSize: 1024, Salt: []byte{0xab, 0xcd}},
		{Kind: merkle.FSVerity, BlockSize: 16384, Hash: digest.SHA512, Salt: bytes.Repeat([]byte{1}, 32)},
	} {
		block := max(p.BlockSize, 1024)
		dir := t.TempDir()
		alg := "sha256"
		if p.Hash != "" {
			alg = string(p.Hash)
		}
		size := p.BlockSize
		if size == 0 {
			size = 4096
		}
		args := []string{"digest", "--compact", "--hash-alg=" + alg, "--block-size=" + fmt.Sprint(size)}
		if len(p.Salt) > 0 {
			args = append(args, "--salt="+hex.EncodeToString(p.Salt))
		}
		var got []string
		for _, n := range sizes(block, 150) {
			name := filepath.Join(dir, fmt.Sprint(n))
			require.NoError(t, os.WriteFile(name, content(n), 0o600))
			args = append(args, name)
			root, _ := build(t, p, content(n))
			sum, err := root.FileDigest()
			require.NoError(t, err)
			got = append(got, hex.EncodeToString(sum))
		}
		want := strings.Fields(command(t, "fsverity", "fsverity", args...))
		require.Equal(t, want, got)
	}
}

func TestAFileBeyondFourGiBEqualsFsverity(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(sparseBase+4097))
	_, err = f.WriteAt([]byte("not only zeros"), sparseBase-7)
	require.NoError(t, err)
	want := command(t, "fsverity", "fsverity", "digest", "--compact", name)
	s, err := digest.FileSource(f)
	require.NoError(t, err)
	var out file
	root, err := merkle.Build(t.Context(), s, merkle.Params{Kind: merkle.FSVerity}, merkle.BuildOptions{Out: &out})
	require.NoError(t, err)
	sum, err := root.FileDigest()
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(want), hex.EncodeToString(sum))
	tree, err := merkle.OpenTree(root, &out)
	require.NoError(t, err)
	got := make([]byte, 14)
	_, err = tree.ReaderAt(f).ReadAt(got, sparseBase-7)
	require.NoError(t, err)
	require.Equal(t, "not only zeros", string(got))
}

func TestTreeFilesEqualThoseOfFsverity(t *testing.T) {
	dir := t.TempDir()
	name, tree := filepath.Join(dir, "content"), filepath.Join(dir, "tree")
	for _, n := range []int{1, 1024, 1025, 32 * 1024, 32*1024 + 1, 1 << 20, 1<<20 + 1, 3_000_001} {
		b := content(n)
		require.NoError(t, os.WriteFile(name, b, 0o600))
		command(t, "fsverity", "fsverity", "digest", "--block-size=1024", "--out-merkle-tree="+tree, name)
		want, err := os.ReadFile(tree)
		require.NoError(t, err)
		_, out := build(t, merkle.Params{Kind: merkle.FSVerity, BlockSize: 1024}, b)
		require.True(t, bytes.Equal(want, out.b), "%d bytes", n)
	}
}

// A digest.FSVerity and a tree are two ways to the same value.
func TestFileDigestsEqualThoseOfPackageDigest(t *testing.T) {
	for name, p := range kinds() {
		if p.Kind != merkle.FSVerity {
			continue
		}
		t.Run(name, func(t *testing.T) {
			v := digest.FSVerity{Hash: p.Hash, BlockSize: p.BlockSize, Salt: p.Salt}
			for _, n := range sizes(p.BlockSize, 100) {
				want, err := digest.Sum(t.Context(), bytes.NewReader(content(n)), digest.Options{FSVerity: []digest.FSVerity{v}})
				require.NoError(t, err)
				root, _ := build(t, p, content(n))
				require.Equal(t, want.FSVerity[0].Root, root.Hash, "%d bytes", n)
				require.NoError(t, root.VerifyFileDigest(want.FSVerity[0].Digest), "%d bytes", n)
			}
		})
	}
}

// Item 30: the two hash types differ by where the salt stands.
func TestHashDevicesEqualThoseOfVeritysetupForBothHashTypes(t *testing.T) {
	dir := t.TempDir()
	data, device := filepath.Join(dir, "data"), filepath.Join(dir, "hash")
	const uuid = "12345678-1234-1234-1234-123456789abc"
	for _, format := range []int{0, 1} {
		for _, c := range []struct {
			block, blocks int
			hash          digest.Algorithm
			salt          []byte
		}{
			{4096, 1, digest.SHA256, bytes.Repeat([]byte{3}, 32)},
			{512, 2, digest.SHA256, nil},
			{512, 17, digest.SHA256, []byte{1, 2, 3}},
			{1024, 33, digest.SHA512, bytes.Repeat([]byte{7}, 256)},
			{4096, 129, digest.SHA256, bytes.Repeat([]byte{8}, 64)},
		} {
			salt := "-"
			if len(c.salt) > 0 {
				salt = hex.EncodeToString(c.salt)
			}
			b := content(c.blocks * c.block)
			require.NoError(t, os.WriteFile(data, b, 0o600))
			require.NoError(t, os.RemoveAll(device))
			out := command(t, "cryptsetup-bin", "veritysetup", "format", "--format="+fmt.Sprint(format), "--hash="+string(c.hash), "--uuid="+uuid,
				"--data-block-size="+fmt.Sprint(c.block), "--hash-block-size="+fmt.Sprint(c.block), "--salt="+salt, data, device)
			want, err := os.ReadFile(device)
			require.NoError(t, err)

			p := merkle.Params{Kind: merkle.DMVerity0, Hash: c.hash, BlockSize: c.block, Salt: c.salt}
			if format == 1 {
				p.Kind = merkle.DMVerity1
			}
			root, tree := build(t, p, b)
			require.Contains(t, out, hex.EncodeToString(root.Hash), "type %d, %+v", format, c)

			s := merkle.Superblock{Params: p, Size: root.Size}
			_, err = hex.Decode(s.UUID[:], []byte(strings.ReplaceAll(uuid, "-", "")))
			require.NoError(t, err)
			super, err := s.MarshalBinary()
			require.NoError(t, err)
			super = append(super, make([]byte, max(c.block-len(super), 0))...)
			require.True(t, bytes.Equal(want, append(super, tree.b...)), "type %d, %+v", format, c)

			parsed, err := merkle.ParseSuperblock(want[:merkle.SuperblockSize])
			require.NoError(t, err)
			require.Equal(t, root.String(), merkle.Root{Params: parsed.Params, Size: parsed.Size, Hash: root.Hash}.String())
		}
	}
	salted := merkle.Params{Kind: merkle.DMVerity0, Salt: []byte{1}}
	zero, _ := build(t, salted, content(8192))
	salted.Kind = merkle.DMVerity1
	one, _ := build(t, salted, content(8192))
	assert.NotEqual(t, zero.Hash, one.Hash)
}

func TestRootsAndNodesEqualThoseOfTlogAndTransparencyDev(t *testing.T) {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	all := factory.NewEmptyRange(0)
	var stored []tlog.Hash
	var leaves []merkle.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, i := range indexes {
			hashes = append(hashes, stored[i])
		}
		return hashes, nil
	})
	for n := int64(0); n <= 70_000; n++ {
		if n < 600 || n%997 == 0 || n&(n-1) == 0 || n&(n+1) == 0 || n%65536 < 3 {
			want, err := all.GetRootHash(nil)
			require.NoError(t, err)
			if n == 0 {
				want = rfc6962.DefaultHasher.EmptyRoot()
			}
			got := merkle.TreeHash(leaves)
			require.Equal(t, want, got[:], "%d leaves", n)
			theirs, err := tlog.TreeHash(n, reader)
			require.NoError(t, err)
			if n > 0 { // tlog gives no root to the empty tree
				require.Equal(t, [32]byte(theirs), got, "%d leaves", n)
			}
		}
		record := fmt.Appendf(nil, "record %d", n)
		leaf := merkle.LeafHash(record)
		require.Equal(t, rfc6962.DefaultHasher.HashLeaf(record), leaf[:])
		hashes, err := tlog.StoredHashes(n, record, reader)
		require.NoError(t, err)
		stored = append(stored, hashes...)
		leaves = append(leaves, leaf)
		require.NoError(t, all.Append(leaf[:], nil))
	}
	left, right := leaves[0], leaves[1]
	assert.Equal(t, [32]byte(tlog.NodeHash(tlog.Hash(left), tlog.Hash(right))), merkle.NodeHash(left, right))
}

func TestRootsOverContentEqualThoseOfTlogAtEverySampledSize(t *testing.T) {
	const block = 512
	for _, n := range sizes(block, 150) {
		b := content(n)
		var leaves []merkle.Hash
		for at := 0; at < n; at += block {
			leaves = append(leaves, tlog.RecordHash(b[at:min(at+block, n)]))
		}
		root, _ := build(t, merkle.Params{Kind: merkle.RFC9162, BlockSize: block}, b)
		want := merkle.TreeHash(leaves)
		require.Equal(t, want[:], root.Hash, "%d bytes", n)
	}
}
