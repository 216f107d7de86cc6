//go:build linux

package digest_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/blake3"
)

// tool returns the path of a program, or skips the test naming its package.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("needs the Debian package " + debianPackage)
	}
	return path
}

// run returns what a program prints.
func run(t *testing.T, dir, path string, args ...string) string {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "HOME="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// sampleFiles writes one file for each boundary size and returns their names and
// what this package says of them.
func sampleFiles(t *testing.T, o digest.Options) (string, []string, map[string]*digest.Result) {
	t.Helper()
	dir, root := tempRoot(t)
	all := content(1<<20 + 2)
	var files []string
	got := make(map[string]*digest.Result)
	for _, size := range boundaries() {
		name := strconv.Itoa(size)
		if got[name] != nil {
			continue
		}
		write(t, dir, name, all[:size])
		r, err := digest.SumFile(t.Context(), root, name, o)
		require.NoError(t, err)
		files, got[name] = append(files, name), r
	}
	return dir, files, got
}

func TestSHA256AndItsKinEqualCoreutils(t *testing.T) {
	o := digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512}}
	dir, files, got := sampleFiles(t, o)
	for _, a := range o.Algorithms {
		out := run(t, dir, tool(t, string(a)+"sum", "coreutils"), files...)
		assertLines(t, out, "  ", files, func(name string) string { return got[name].Digests[a] })
	}
}

// assertLines asserts that out has a line "value separator name" for each file.
func assertLines(t *testing.T, out, separator string, files []string, value func(name string) string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	require.Len(t, lines, len(files))
	for i, name := range files {
		assert.Equal(t, value(name)+separator+name, lines[i])
	}
}

func TestSHA256EqualsOpenSSL(t *testing.T) {
	dir, files, got := sampleFiles(t, digest.Options{})
	out := run(t, dir, tool(t, "openssl", "openssl"), append([]string{"dgst", "-sha256", "-r"}, files...)...)
	assertLines(t, out, " *", files, func(name string) string { return got[name].Digests[digest.SHA256] })
}

func TestGitBlobIDsEqualGit(t *testing.T) {
	git := tool(t, "git", "git")
	for _, format := range []digest.GitFormat{digest.GitSHA1, digest.GitSHA256} {
		dir, files, got := sampleFiles(t, digest.Options{Algorithms: []digest.Algorithm{digest.GitBlob}, Git: format})
		run(t, dir, git, "init", "-q", "--object-format="+string(format))
		out := run(t, dir, git, append([]string{"hash-object", "--no-filters"}, files...)...)
		ids := strings.Fields(out)
		require.Len(t, ids, len(files))
		for i, name := range files {
			assert.Equal(t, ids[i], got[name].Digests[digest.GitBlob], "%s %s", format, name)
		}
	}
}

func TestFSVerityDigestsEqualFSVerityUtils(t *testing.T) {
	fsverity := tool(t, "fsverity", "fsverity")
	for _, v := range []digest.FSVerity{
		{}, {Hash: digest.SHA512}, {BlockSize: 1024}, {BlockSize: 65536, Hash: digest.SHA512},
		{Salt: []byte("s")}, {Salt: content(32), Hash: digest.SHA512, BlockSize: 2048}, {Salt: content(32), BlockSize: 16384},
	} {
		dir, files, got := sampleFiles(t, digest.Options{FSVerity: []digest.FSVerity{v}})
		p := got["0"].FSVerity[0].FSVerity // with the defaults filled in
		args := []string{"digest", "--hash-alg=" + string(p.Hash), "--block-size=" + strconv.Itoa(p.BlockSize)}
		if len(v.Salt) > 0 {
			args = append(args, "--salt="+hex.EncodeToString(v.Salt))
		}
		out := run(t, dir, fsverity, append(args, files...)...)
		assertLines(t, out, " ", files, func(name string) string { return got[name].FSVerity[0].String() })
	}
}

// Sizes up to 70,000 bytes, beyond 17 blocks of 4096 and one of 65536: every size
// with SEALWRIGHT_LONG=1, else every 499th, whose ends fall everywhere in a block.
func TestSizesUpTo70000EqualTheTools(t *testing.T) {
	const most, batch = 70_000, 500
	step := 499
	if os.Getenv("SEALWRIGHT_LONG") == "1" {
		step = 1
	}
	sha256sum, openssl := tool(t, "sha256sum", "coreutils"), tool(t, "openssl", "openssl")
	git, fsverity, b3sum := tool(t, "git", "git"), tool(t, "fsverity", "fsverity"), tool(t, "b3sum", "b3sum")
	o := digest.Options{
		Algorithms: []digest.Algorithm{digest.SHA256, digest.GitBlob, digest.BLAKE3, digest.FSVeritySHA256},
		Extra:      blake3.Extra(),
	}
	all := content(most)
	for first := 0; first <= most; first += step * batch {
		dir, root := tempRoot(t)
		var files []string
		got := make(map[string]*digest.Result)
		for size := first; size <= min(most, first+step*batch-1); size += step {
			name := strconv.Itoa(size)
			write(t, dir, name, all[:size])
			r, err := digest.SumFile(t.Context(), root, name, o)
			require.NoError(t, err)
			files, got[name] = append(files, name), r
		}
		of := func(a digest.Algorithm) func(string) string {
			return func(name string) string { return got[name].Digests[a] }
		}
		assertLines(t, run(t, dir, sha256sum, files...), "  ", files, of(digest.SHA256))
		assertLines(t, run(t, dir, openssl, append([]string{"dgst", "-sha256", "-r"}, files...)...), " *", files, of(digest.SHA256))
		assertLines(t, run(t, dir, b3sum, files...), "  ", files, of(digest.BLAKE3))
		assertLines(t, run(t, dir, fsverity, append([]string{"digest"}, files...)...), " ", files,
			func(name string) string { return "sha256:" + of(digest.FSVeritySHA256)(name) })
		ids := strings.Fields(run(t, dir, git, append([]string{"hash-object", "--no-filters"}, files...)...))
		require.Len(t, ids, len(files))
		for i, name := range files {
			assert.Equal(t, ids[i], got[name].Digests[digest.GitBlob], name)
		}
		require.NoError(t, os.RemoveAll(dir))
	}
}

// A file above 4 GiB, mostly a hole: counters of 32 bits would show.
func TestASparseFileAbove4GiBEqualsOpenSSLAndFSVerityUtils(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes 4 GiB several times")
	}
	openssl, fsverity := tool(t, "openssl", "openssl"), tool(t, "fsverity", "fsverity")
	dir, root := tempRoot(t)
	const size = sparseBase + 12_345
	f, err := os.Create(filepath.Join(dir, "sparse"))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	for _, offset := range []int64{0, sparseBase/2 - 1, sparseBase - 1, size - 3} {
		_, err = f.WriteAt([]byte("abc"), offset)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())

	o := digest.Options{Algorithms: []digest.Algorithm{digest.SHA256, digest.FSVeritySHA256}, CheckpointStride: digest.DefaultStride}
	got, err := digest.SumFile(t.Context(), root, "sparse", o)
	require.NoError(t, err)
	assert.Equal(t, got.Digests[digest.SHA256]+" *sparse\n", run(t, dir, openssl, "dgst", "-sha256", "-r", "sparse"))
	assert.Equal(t, "sha256:"+got.Digests[digest.FSVeritySHA256]+" sparse\n", run(t, dir, fsverity, "digest", "sparse"))

	f, err = os.Open(filepath.Join(dir, "sparse"))
	require.NoError(t, err)
	defer f.Close()
	s, err := digest.FileSource(f)
	require.NoError(t, err)
	want := digest.Expect{Size: size, Digests: digest.Set{digest.SHA256: got.Digests[digest.SHA256]}}
	assert.Equal(t, sparseBase/digest.DefaultStride, got.Checkpoints.Len())
	require.NoError(t, digest.VerifyAt(t.Context(), s, want, got.Checkpoints, digest.Options{}))
}

func TestManyFilesEqualSHA256Sum(t *testing.T) {
	sha256sum := tool(t, "sha256sum", "coreutils")
	dir, root := tempRoot(t)
	_, order := manyFiles(t, dir)
	var b strings.Builder
	for r, err := range digest.SumFiles(t.Context(), root, slices.Values(order), digest.FilesOptions{}) {
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s  %s\n", r.Digests[digest.SHA256], r.Name)
	}
	assert.Equal(t, run(t, dir, sha256sum, order...), b.String())
}
