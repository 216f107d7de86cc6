//go:build unix

package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/reproducible/store"
)

// newStore returns an empty store.
func newStore(t testing.TB, limits store.Limits) *store.Store {
	t.Helper()
	s, _ := newStoreIn(t, limits)
	return s
}

func newStoreIn(t testing.TB, limits store.Limits) (*store.Store, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "store-")
	require.NoError(t, err)
	t.Cleanup(func() { removeStore(dir) })
	s, err := store.Open(dir, limits)
	require.NoError(t, err)
	return s, dir
}

// removeStore deletes a store, whose trees are read-only.
func removeStore(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

// sampleTree makes a directory with a bit of everything.
func sampleTree(t testing.TB) *os.Root {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a/b"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a/b/file"), []byte("content"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a/run"), []byte("content"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "zero"), nil, 0o640))
	require.NoError(t, os.Symlink("../zero", filepath.Join(dir, "a/link")))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "outside")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func refused(t *testing.T, err error, code attest.Code) {
	t.Helper()
	require.Error(t, err)
	for _, r := range attest.Reasons(err) {
		if r.Code == code {
			return
		}
	}
	t.Fatalf("no %s in %v", code, err)
}

func TestAFileComesBackUnderItsDigest(t *testing.T) {
	s := newStore(t, store.Limits{})
	for _, text := range []string{"", "x", strings.Repeat("long", 1<<18)} {
		d, size, err := s.PutFile(t.Context(), strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, digest.FromBytes([]byte(text)), d)
		require.Equal(t, int64(len(text)), size)
		r, err := s.Open(t.Context(), d)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, text, string(got))
	}
}

func TestWhatIsNotThereIsAbsent(t *testing.T) {
	s := newStore(t, store.Limits{})
	d := digest.FromBytes([]byte("nothing"))
	_, err := s.Open(t.Context(), d)
	refused(t, err, store.CodeAbsent)
	_, err = s.Materialize(t.Context(), d)
	refused(t, err, store.CodeAbsent)
	for _, executable := range []bool{false, true} {
		_, err = s.MaterializeFile(t.Context(), d, executable)
		refused(t, err, store.CodeAbsent)
	}
}

func TestADigestThatIsNoAddressIsRefused(t *testing.T) {
	s := newStore(t, store.Limits{})
	for name, d := range map[string]digest.Digest{
		"none":       {},
		"traversal":  {Algorithm: digest.SHA256, Hex: "../../../../etc/passwd"},
		"short":      {Algorithm: digest.SHA256, Hex: "ab"},
		"upper case": {Algorithm: digest.SHA256, Hex: strings.Repeat("A", 64)},
		"another":    {Algorithm: digest.SHA512, Hex: strings.Repeat("a", 128)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Open(t.Context(), d)
			refused(t, err, store.CodeAddress)
			_, err = s.Materialize(t.Context(), d)
			refused(t, err, store.CodeAddress)
			_, err = s.MaterializeFile(t.Context(), d, true)
			refused(t, err, store.CodeAddress)
		})
	}
}

func TestATreeIsMaterialisedReadOnlyWithTheStoresModes(t *testing.T) {
	s := newStore(t, store.Limits{})
	d, m, err := s.PutTree(t.Context(), sampleTree(t))
	require.NoError(t, err)
	dir, err := s.Materialize(t.Context(), d)
	require.NoError(t, err)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	got, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
	require.NoError(t, err)
	require.Equal(t, m, got)
	modes := map[string]fs.FileMode{"a": 0o555, "a/b": 0o555, "a/b/file": 0o444, "a/run": 0o555, "zero": 0o444, "empty": 0o555}
	for _, e := range got.Entries {
		if e.Kind != treehash.Link {
			require.Equal(t, modes[e.Path], e.Mode, e.Path)
			info, err := root.Lstat(e.Path)
			require.NoError(t, err)
			require.Equal(t, int64(315532800), info.ModTime().Unix(), e.Path)
		}
	}
	target, err := root.Readlink("outside")
	require.NoError(t, err)
	require.Equal(t, "/etc/passwd", target, "kept, and never followed")
	again, err := s.Materialize(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, dir, again)
}

func TestTheDigestOfATreeDependsOnNoUmask(t *testing.T) {
	s := newStore(t, store.Limits{})
	root := sampleTree(t)
	a, _, err := s.PutTree(t.Context(), root)
	require.NoError(t, err)
	require.NoError(t, root.Chmod("a/b/file", 0o666))
	require.NoError(t, root.Chmod("a", 0o777))
	b, _, err := s.PutTree(t.Context(), root)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.NoError(t, root.Chmod("a/b/file", 0o766))
	c, _, err := s.PutTree(t.Context(), root)
	require.NoError(t, err)
	require.NotEqual(t, a, c, "the executable bit counts")
}

func TestATamperedTreeIsNeverHandedOut(t *testing.T) {
	for name, tamper := range map[string]func(dir string) error{
		"changed content": func(dir string) error {
			name := filepath.Join(dir, "a/b/file")
			return errors.Join(os.Chmod(name, 0o644), os.WriteFile(name, []byte("CONTENT"), 0), os.Chmod(name, 0o444))
		},
		"a changed mode":   func(dir string) error { return os.Chmod(filepath.Join(dir, "zero"), 0o555) },
		"a changed setuid": func(dir string) error { return os.Chmod(filepath.Join(dir, "zero"), 0o444|os.ModeSetuid) },
		"a missing file":   func(dir string) error { return os.Remove(filepath.Join(dir, "zero")) },
		"a new file":       func(dir string) error { return os.WriteFile(filepath.Join(dir, "new"), nil, 0o444) },
		"a new last file":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "zzz"), nil, 0o444) },
		"a new pipe":       func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o444) },
		"a retargeted link": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "outside")), os.Symlink("/etc/shadow", filepath.Join(dir, "outside")))
		},
		"a file for a link": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "outside")), os.WriteFile(filepath.Join(dir, "outside"), nil, 0o444))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, store.Limits{})
			d, m, err := s.PutTree(t.Context(), sampleTree(t))
			require.NoError(t, err)
			dir, err := s.Materialize(t.Context(), d)
			require.NoError(t, err)
			require.NoError(t, os.Chmod(dir, 0o755))
			require.NoError(t, tamper(dir))
			again, err := s.Materialize(t.Context(), d)
			require.NoError(t, err, "it is made again from verified content")
			root, err := os.OpenRoot(again)
			require.NoError(t, err)
			defer root.Close()
			got, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
			require.NoError(t, err)
			require.Equal(t, m, got)
		})
	}
}

// corrupt changes one byte of a stored file.
func corrupt(t *testing.T, dir string, d digest.Digest) {
	t.Helper()
	name := filepath.Join(dir, "blobs", d.Hex[:2], d.Hex)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NotEmpty(t, text)
	text[0] ^= 1
	require.NoError(t, os.Chmod(name, 0o600))
	require.NoError(t, os.WriteFile(name, text, 0o600))
}

func TestCorruptContentIsRefusedAndRepairedByPuttingItAgain(t *testing.T) {
	s, dir := newStoreIn(t, store.Limits{})
	root := sampleTree(t)
	tree, _, err := s.PutTree(t.Context(), root)
	require.NoError(t, err)
	file := digest.FromBytes([]byte("content"))
	corrupt(t, dir, file)
	_, err = s.ReadFile(t.Context(), file, 100)
	refused(t, err, store.CodeCorrupt)
	_, err = s.MaterializeFile(t.Context(), file, false)
	refused(t, err, store.CodeCorrupt)
	_, err = s.MaterializeFile(t.Context(), file, true)
	refused(t, err, store.CodeCorrupt)
	_, err = s.Materialize(t.Context(), tree)
	refused(t, err, store.CodeCorrupt)
	r, err := s.Open(t.Context(), file)
	require.NoError(t, err)
	_, err = io.ReadAll(r)
	require.Error(t, err, "at the end, where it is known")
	require.Error(t, r.Close(), "and at the latest here")

	_, _, err = s.PutTree(t.Context(), root)
	require.NoError(t, err)
	_, err = s.Materialize(t.Context(), tree)
	require.NoError(t, err)
	corrupt(t, dir, file)
	_, _, err = s.PutFile(t.Context(), strings.NewReader("content"))
	require.NoError(t, err)
	_, err = s.MaterializeFile(t.Context(), file, true)
	require.NoError(t, err)
	corrupt(t, dir, tree)
	_, err = s.Materialize(t.Context(), tree)
	refused(t, err, store.CodeCorrupt)
}

func TestAProgramIsExecutableAndAFileIsNot(t *testing.T) {
	s := newStore(t, store.Limits{})
	d, _, err := s.PutFile(t.Context(), strings.NewReader("text"))
	require.NoError(t, err)
	for executable, want := range map[bool]fs.FileMode{true: 0o555, false: 0o444} {
		path, err := s.MaterializeFile(t.Context(), d, executable)
		require.NoError(t, err)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.Equal(t, want, info.Mode())
	}
}

func TestWhatATreeMayNotHoldIsRefused(t *testing.T) {
	for name, x := range map[string]struct {
		add  func(dir string) error
		code attest.Code
	}{
		"a setuid file":      {func(dir string) error { return os.Chmod(filepath.Join(dir, "zero"), 0o755|os.ModeSetuid) }, store.CodeMode},
		"a setgid directory": {func(dir string) error { return os.Chmod(filepath.Join(dir, "empty"), 0o755|os.ModeSetgid) }, store.CodeMode},
		"a sticky directory": {func(dir string) error { return os.Chmod(filepath.Join(dir, "empty"), 0o755|os.ModeSticky) }, store.CodeMode},
		"a pipe":             {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644) }, attest.Code(treehash.CodeKind)},
		"a name of bytes":    {func(dir string) error { return os.WriteFile(filepath.Join(dir, "\xff"), nil, 0o644) }, attest.Code(treehash.CodeName)},
		"a large file":       {func(dir string) error { return os.WriteFile(filepath.Join(dir, "large"), make([]byte, 2000), 0o644) }, store.CodeLimit},
		"too much in all": {func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "l1"), make([]byte, 900), 0o644), os.WriteFile(filepath.Join(dir, "l2"), make([]byte, 900), 0o644))
		}, store.CodeLimit},
		"too many entries": {func(dir string) error {
			var faults []error
			for _, n := range "0123456789" {
				faults = append(faults, os.WriteFile(filepath.Join(dir, string(n)), nil, 0o644))
			}
			return errors.Join(faults...)
		}, attest.Code(treehash.CodeLimit)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, store.Limits{FileBytes: 1000, TreeBytes: 1500, Tree: treehash.Limits{Entries: 12}})
			root := sampleTree(t)
			require.NoError(t, x.add(root.Name()))
			_, _, err := s.PutTree(t.Context(), root)
			refused(t, err, x.code)
		})
	}
}

func TestAForgedManifestIsRefused(t *testing.T) {
	s := newStore(t, store.Limits{})
	content, _, err := s.PutFile(t.Context(), strings.NewReader("content"))
	require.NoError(t, err)
	entry := func(path, mode string) string {
		return `{"mediaType":"` + treehash.MediaType + `","entries":[{"path":"` + path + `","kind":"file","mode":"` + mode +
			`","size":7,"digest":"` + content.String() + `"}]}`
	}
	for name, body := range map[string]string{
		"no manifest":         "content of a file",
		"a path that climbs":  entry("../x", "0444"),
		"an absolute path":    entry("/x", "0444"),
		"a path with NUL":     entry(`a\u0000b`, "0444"),
		"a file below a file": entry("x/y", "0444"),
		"a setuid mode":       entry("x", "4555"),
		"a writable mode":     entry("x", "0644"),
		"a wrong size":        strings.Replace(entry("x", "0444"), `"size":7`, `"size":8`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			d, _, err := s.PutFile(t.Context(), strings.NewReader(body))
			require.NoError(t, err)
			_, err = s.Materialize(t.Context(), d)
			require.NotEmpty(t, attest.Reasons(err), "%v", err)
		})
	}
	d, _, err := s.PutFile(t.Context(), strings.NewReader(entry("x", "0444")))
	require.NoError(t, err)
	_, err = s.Materialize(t.Context(), d)
	require.NoError(t, err, "the form of the above is right")
}

func TestLimitsAndCancellationLeaveNothingBehind(t *testing.T) {
	s, dir := newStoreIn(t, store.Limits{FileBytes: 10})
	_, _, err := s.PutFile(t.Context(), strings.NewReader("0123456789"))
	require.NoError(t, err)
	_, _, err = s.PutFile(t.Context(), strings.NewReader("0123456789a"))
	refused(t, err, store.CodeLimit)
	_, err = s.ReadFile(t.Context(), digest.FromBytes([]byte("0123456789")), 9)
	refused(t, err, store.CodeLimit)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = s.PutFile(ctx, strings.NewReader("x"))
	refused(t, err, store.CodeCancelled)
	require.ErrorIs(t, err, context.Canceled)
	boom := errors.New("boom")
	_, _, err = s.PutFile(t.Context(), io.MultiReader(strings.NewReader("x"), failing{boom}))
	require.ErrorIs(t, err, boom)
	left, err := os.ReadDir(filepath.Join(dir, "tmp"))
	require.NoError(t, err)
	require.Empty(t, left)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestManyUsersShareAStore(t *testing.T) {
	_, dir := newStoreIn(t, store.Limits{})
	root := sampleTree(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := store.Open(dir, store.Limits{}) // as another process would
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				d, _, err := s.PutTree(t.Context(), root)
				if err == nil {
					_, err = s.Materialize(t.Context(), d)
				}
				if err == nil {
					_, err = s.MaterializeFile(t.Context(), digest.FromBytes([]byte("content")), true)
				}
				if err == nil {
					_, _, err = s.PutFile(t.Context(), bytes.NewReader([]byte("content")))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, sub := range []string{"tmp", "trees"} {
		left, err := os.ReadDir(filepath.Join(dir, sub))
		require.NoError(t, err)
		require.LessOrEqual(t, len(left), 1, "no temporary is left in %s", sub)
	}
}

func TestARelativeDirectoryIsRefused(t *testing.T) {
	_, err := store.Open("store", store.Limits{})
	refused(t, err, store.CodeDisk)
}
