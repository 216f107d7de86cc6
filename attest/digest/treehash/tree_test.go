//go:build linux

package treehash_test

import (
	"archive/zip"
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

func tempRoot(t testing.TB) (string, *os.Root) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return dir, root
}

// sampleTree writes a tree whose names sort differently by bytes, by locale, by
// directory and in Git.
func sampleTree(t testing.TB, dir string, links bool) {
	t.Helper()
	for name, b := range map[string]string{
		"a/x": "1", "a.b": "2", "a-b": "3", "a0": "4", "a/y/z": "5", "Z": "6", "é": "7", "z": "", "a b": "8",
		"exec": "#!/bin/sh\n", "deep/er/and/deep/er": "9", "a/.hidden": "10",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(b), 0o644))
	}
	big := make([]byte, 300_000)
	rand.NewChaCha8([32]byte{2}).Read(big)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "big"), big, 0o640))
	require.NoError(t, os.Chmod(filepath.Join(dir, "exec"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "empty/dir"), 0o755))
	if links {
		require.NoError(t, os.Symlink("a/x", filepath.Join(dir, "link")))
		require.NoError(t, os.Symlink("../nowhere", filepath.Join(dir, "a/dangling")))
		require.NoError(t, os.Symlink("a", filepath.Join(dir, "a_")))
	}
}

func walk(t testing.TB, dir string) *treehash.Manifest {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	m, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
	require.NoError(t, err)
	return m
}

func TestAManifestTellsTheWholeTree(t *testing.T) {
	dir, _ := tempRoot(t)
	sampleTree(t, dir, true)
	m := walk(t, dir)
	require.True(t, slices.IsSortedFunc(m.Entries, func(a, b treehash.Entry) int { return strings.Compare(a.Path, b.Path) }))

	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		if rel == "." {
			return nil
		}
		seen++
		i, found := slices.BinarySearchFunc(m.Entries, rel, func(e treehash.Entry, p string) int { return strings.Compare(e.Path, p) })
		require.True(t, found, rel)
		e := m.Entries[i]
		info, err := d.Info()
		require.NoError(t, err)
		want := treehash.Entry{Path: rel}
		switch {
		case info.IsDir():
			want.Kind, want.Mode = treehash.Dir, info.Mode().Perm()
		case info.Mode().IsRegular():
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			want.Kind, want.Mode, want.Size, want.Digest = treehash.File, info.Mode().Perm(), info.Size(), digest.FromBytes(b)
		default:
			want.Kind = treehash.Link
			want.Target, err = os.Readlink(path)
			require.NoError(t, err)
		}
		assert.Equal(t, want, e)
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, m.Entries, seen)
}

func TestAManifestIsReadBackAndNamesTheTree(t *testing.T) {
	dir, _ := tempRoot(t)
	sampleTree(t, dir, true)
	m := walk(t, dir)
	b, err := m.Marshal()
	require.NoError(t, err)
	again, err := treehash.ParseManifest(b, treehash.Limits{})
	require.NoError(t, err)
	assert.Equal(t, m, again)
	d, err := m.Digest()
	require.NoError(t, err)
	assert.Equal(t, digest.FromBytes(b), d)
}

func TestTheZeroManifestIsTheEmptyTree(t *testing.T) {
	dir, _ := tempRoot(t)
	var zero treehash.Manifest
	b, err := zero.Marshal()
	require.NoError(t, err)
	assert.Equal(t, `{"mediaType":"application/vnd.sealwright.tree.v1+json","entries":[]}`, string(b))
	walked, err := walk(t, dir).Marshal()
	require.NoError(t, err)
	assert.Equal(t, b, walked)
}

func TestAnyDifferenceGivesAnotherDigest(t *testing.T) {
	changes := map[string]func(dir string) error{
		"content":            func(dir string) error { return os.WriteFile(filepath.Join(dir, "a/x"), []byte("2"), 0o644) },
		"a mode":             func(dir string) error { return os.Chmod(filepath.Join(dir, "a/x"), 0o600) },
		"setuid":             func(dir string) error { return os.Chmod(filepath.Join(dir, "exec"), 0o755|fs.ModeSetuid) },
		"a sticky directory": func(dir string) error { return os.Chmod(filepath.Join(dir, "a"), 0o755|fs.ModeSticky) },
		"a name":             func(dir string) error { return os.Rename(filepath.Join(dir, "a/x"), filepath.Join(dir, "a/X")) },
		"an empty directory": func(dir string) error { return os.Mkdir(filepath.Join(dir, "new"), 0o755) },
		"an empty file":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "new"), nil, 0o644) },
		"a link's target": func(dir string) error {
			return os.Rename(filepath.Join(dir, "a/dangling"), filepath.Join(dir, "link"))
		},
		"a file that becomes a link to its equal": func(dir string) error {
			if err := os.Rename(filepath.Join(dir, "z"), filepath.Join(dir, "zz")); err != nil {
				return err
			}
			return os.Symlink("zz", filepath.Join(dir, "z"))
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			dir, _ := tempRoot(t)
			sampleTree(t, dir, true)
			before, err := walk(t, dir).Digest()
			require.NoError(t, err)
			require.NoError(t, change(dir))
			after, err := walk(t, dir).Digest()
			require.NoError(t, err)
			assert.NotEqual(t, before, after)
		})
	}
}

func TestADirectoryAndAnFSGiveTheSameManifest(t *testing.T) {
	dir, root := tempRoot(t)
	sampleTree(t, dir, true)
	m, err := treehash.WalkFS(t.Context(), root.FS(), treehash.WalkOptions{})
	require.NoError(t, err)
	assert.Equal(t, walk(t, dir), m)
	m, err = treehash.WalkFS(t.Context(), os.DirFS(dir), treehash.WalkOptions{})
	require.NoError(t, err)
	assert.Equal(t, walk(t, dir), m)
}

func TestWhatATreeMustNotHoldIsRefused(t *testing.T) {
	cases := map[string]struct {
		add  func(dir string) error
		code digest.Code
	}{
		"a FIFO":                      {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "a/p"), 0o644) }, treehash.CodeKind},
		"a name that is not UTF-8":    {func(dir string) error { return os.WriteFile(filepath.Join(dir, "a/\xff"), nil, 0o644) }, treehash.CodeName},
		"a target that is not UTF-8":  {func(dir string) error { return os.Symlink("\xff", filepath.Join(dir, "l")) }, treehash.CodeName},
		"a directory name in Latin-1": {func(dir string) error { return os.Mkdir(filepath.Join(dir, "\xe9"), 0o755) }, treehash.CodeName},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir, root := tempRoot(t)
			sampleTree(t, dir, true)
			require.NoError(t, c.add(dir))
			_, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
			refused(t, c.code, err)
			_, err = treehash.WalkFS(t.Context(), root.FS(), treehash.WalkOptions{})
			refused(t, c.code, err)
			_, err = treehash.GitTree(t.Context(), root, "", treehash.WalkOptions{})
			refused(t, c.code, err)
		})
	}
}

func TestATreeLargerThanItsLimitIsRefused(t *testing.T) {
	dir, root := tempRoot(t)
	sampleTree(t, dir, false)
	n := len(walk(t, dir).Entries)
	_, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{Limits: treehash.Limits{Entries: n}})
	require.NoError(t, err)
	_, err = treehash.Walk(t.Context(), root, treehash.WalkOptions{Limits: treehash.Limits{Entries: n - 1}})
	refused(t, treehash.CodeLimit, err)
}

func TestATreeThatChangesMeanwhileIsRefused(t *testing.T) {
	changes := map[string]struct {
		change func(dir string) error
		code   digest.Code
	}{
		"a new file":      {func(dir string) error { return os.WriteFile(filepath.Join(dir, "a/new"), nil, 0o644) }, treehash.CodeChanged},
		"a new root file": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "new"), nil, 0o644) }, treehash.CodeChanged},
		"a removed link":  {func(dir string) error { return os.Remove(filepath.Join(dir, "a_")) }, treehash.CodeChanged},
		"another mode":    {func(dir string) error { return os.Chmod(filepath.Join(dir, "empty"), 0o700) }, treehash.CodeChanged},
	}
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			dir, root := tempRoot(t)
			sampleTree(t, dir, true)
			time.Sleep(20 * time.Millisecond) // beyond the granularity of the file system's clock
			once := false
			_, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{Workers: 1, Progress: func(int64, int64) {
				if !once {
					once = true
					require.NoError(t, c.change(dir))
				}
			}})
			refused(t, c.code, err)
		})
	}
}

func TestACancelledWalkIsAnError(t *testing.T) {
	dir, root := tempRoot(t)
	sampleTree(t, dir, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := treehash.Walk(ctx, root, treehash.WalkOptions{})
	refused(t, digest.CodeCancelled, err)
}

func TestASecondWalkUsesTheCache(t *testing.T) {
	dir, root := tempRoot(t)
	sampleTree(t, dir, true)
	c := &digesttest.Cache{}
	o := treehash.WalkOptions{Cache: c, Now: time.Now().Add(time.Hour)}
	first, err := treehash.Walk(t.Context(), root, o)
	require.NoError(t, err)
	assert.Zero(t, c.Hits)
	second, err := treehash.Walk(t.Context(), root, o)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	assert.Equal(t, c.Len(), c.Hits)
}

func TestH1EqualsTheGoToolchain(t *testing.T) {
	dir, root := tempRoot(t)
	sampleTree(t, dir, false)
	for _, prefix := range []string{"", "example.com/m@v1.2.3"} {
		want, err := dirhash.HashDir(dir, prefix, dirhash.Hash1)
		require.NoError(t, err)
		d, err := walk(t, dir).H1(prefix)
		require.NoError(t, err)
		got, err := treehash.FormatH1(d)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		back, err := treehash.ParseH1(got)
		require.NoError(t, err)
		assert.Equal(t, d, back)
	}
	assert.NotNil(t, root)
}

// Modules in the cache come with the h1 hash that go.sum publishes.
func TestH1OfAModuleZipEqualsItsPublishedHash(t *testing.T) {
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	base := filepath.Join(strings.TrimSpace(string(out)), "cache/download/golang.org/x/mod/@v/v0.42.0")
	published, err := os.ReadFile(base + ".ziphash")
	require.NoError(t, err, "the module that this test imports is in the cache")
	z, err := zip.OpenReader(base + ".zip")
	require.NoError(t, err)
	defer z.Close()
	m, err := treehash.WalkFS(t.Context(), z, treehash.WalkOptions{})
	require.NoError(t, err)
	d, err := m.H1("")
	require.NoError(t, err)
	got, err := treehash.FormatH1(d)
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(string(published)), got)
}

func TestH1RefusesANewlineInANameAsTheGoToolchainDoes(t *testing.T) {
	dir, _ := tempRoot(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a\nb"), nil, 0o644))
	_, err := dirhash.HashDir(dir, "", dirhash.Hash1)
	require.Error(t, err)
	_, err = walk(t, dir).H1("")
	refused(t, treehash.CodeNewline, err)
	_, err = (&treehash.Manifest{}).H1("a\nb")
	refused(t, treehash.CodeNewline, err)
}

func TestH1RefusesLinks(t *testing.T) {
	dir, _ := tempRoot(t)
	sampleTree(t, dir, true)
	_, err := walk(t, dir).H1("")
	refused(t, treehash.CodeKind, err)
}

func TestH1DoesNotSeeModesAndEmptyDirectories(t *testing.T) {
	dir, _ := tempRoot(t)
	sampleTree(t, dir, false)
	before, err := walk(t, dir).H1("")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Join(dir, "exec"), 0o600))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "empty")))
	after, err := walk(t, dir).H1("")
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

func TestAnH1TextIsReadStrictly(t *testing.T) {
	good, err := treehash.FormatH1(digest.Digest{Algorithm: digest.DirHash, Hex: strings.Repeat("ab", 32)})
	require.NoError(t, err)
	for _, s := range []string{
		"", "h1:", strings.TrimPrefix(good, "h1:"), "h2:" + good[3:], good + "\n", " " + good, good + "=",
		strings.TrimSuffix(good, "="), good[:20] + "\n" + good[20:], good[:len(good)-2] + "t=", "h1:AAAA",
	} {
		_, err := treehash.ParseH1(s)
		refused(t, treehash.CodeH1, err)
	}
	_, err = treehash.FormatH1(digest.FromBytes(nil))
	refused(t, treehash.CodeH1, err)
	_, err = treehash.FormatH1(digest.Digest{})
	require.Error(t, err)
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs the Debian package git")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

func TestGitTreeEqualsGit(t *testing.T) {
	for _, format := range []digest.GitFormat{digest.GitSHA1, digest.GitSHA256} {
		t.Run(string(format), func(t *testing.T) {
			dir, root := tempRoot(t)
			sampleTree(t, dir, true)
			before, err := treehash.GitTree(t.Context(), root, format, treehash.WalkOptions{})
			require.NoError(t, err)
			git(t, dir, "init", "-q", "--object-format="+string(format))
			git(t, dir, "-c", "core.quotePath=false", "add", "-A", "-f")
			want := git(t, dir, "write-tree")
			got, err := treehash.GitTree(t.Context(), root, format, treehash.WalkOptions{})
			require.NoError(t, err)
			assert.Equal(t, digest.Digest{Algorithm: digest.GitTree, Hex: want}, got)
			assert.Equal(t, before, got, "with and without .git")
			fromFS, err := treehash.GitTreeFS(t.Context(), os.DirFS(dir), format, treehash.WalkOptions{})
			require.NoError(t, err)
			assert.Equal(t, got, fromFS)
		})
	}
}

// Git sorts a directory as if its name ended in a slash: "a" the directory comes
// after "a.b" and "a-b", before "a0".
func TestGitOrderOfDirectoriesIsThatOfGit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	dir, root := tempRoot(t)
	git(t, dir, "init", "-q")
	for range 60 {
		parts := make([]string, 1+r.IntN(3))
		for i := range parts {
			parts[i] = strings.Repeat(string("ab.-/0~"[r.IntN(4)]), 1+r.IntN(2)) + string("ab.-0~"[r.IntN(2)])
		}
		path := filepath.Join(dir, filepath.Join(parts...))
		if os.MkdirAll(filepath.Dir(path), 0o755) == nil {
			_ = os.WriteFile(path, []byte(path[len(dir):]), 0o644) // it may be a directory already
		}
	}
	git(t, dir, "add", "-A", "-f")
	got, err := treehash.GitTree(t.Context(), root, "", treehash.WalkOptions{})
	require.NoError(t, err)
	assert.Equal(t, git(t, dir, "write-tree"), got.Hex)
}

func TestTheEmptyGitTreeHasItsWellKnownID(t *testing.T) {
	_, root := tempRoot(t)
	got, err := treehash.GitTree(t.Context(), root, digest.GitSHA1, treehash.WalkOptions{})
	require.NoError(t, err)
	assert.Equal(t, "4b825dc642cb6eb9a060e54bf8d69288fbee4904", got.Hex)
	got, err = treehash.GitTreeFS(t.Context(), fstest.MapFS{}, digest.GitSHA256, treehash.WalkOptions{})
	require.NoError(t, err)
	assert.Equal(t, "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321", got.Hex)
}

func TestAGitDirectoryBelowTheRootIsRefused(t *testing.T) {
	for _, name := range []string{"a/.git", "a/.GIT", ".Git"} {
		dir, root := tempRoot(t)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
		_, err := treehash.GitTree(t.Context(), root, "", treehash.WalkOptions{})
		refused(t, treehash.CodeGitDir, err)
	}
}

func TestAnUnknownObjectFormatIsRefused(t *testing.T) {
	_, root := tempRoot(t)
	_, err := treehash.GitTree(t.Context(), root, "sha512", treehash.WalkOptions{})
	refused(t, digest.CodeOption, err)
}

func TestAnFSThatLiesIsRefused(t *testing.T) {
	fsys := lyingFS{fstest.MapFS{"f": {Data: []byte("content")}}}
	_, err := treehash.WalkFS(t.Context(), fsys, treehash.WalkOptions{})
	refused(t, digest.CodeSize, err)
}

// A lyingFS returns less than the size that it tells.
type lyingFS struct{ fstest.MapFS }

func (l lyingFS) Open(name string) (fs.File, error) {
	f, err := l.MapFS.Open(name)
	if name == "f" {
		return short{f, io.LimitReader(f, 3)}, err
	}
	return f, err
}

type short struct {
	fs.File
	r io.Reader
}

func (s short) Read(p []byte) (int, error) { return s.r.Read(p) }
