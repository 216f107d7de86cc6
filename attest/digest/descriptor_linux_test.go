//go:build amd64 || arm64

package digest_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

func TestAFileOfManyKeepsTheContract(t *testing.T) {
	dir, root := tempRoot(t)
	for _, name := range []string{"f", "d/f"} {
		b := content(300_000)
		write(t, dir, name, b)
		f, release, err := digest.OpenAsSumFilesDoes(root, name)
		require.NoError(t, err)
		digesttest.TestSource(t, f, b)
		require.NoError(t, f.Unchanged())
		release()
	}
}

func TestAFileOfManyThatChangesIsRefused(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			dir, root := tempRoot(t)
			write(t, dir, "d/f", content(1000))
			path := filepath.Join(dir, "d/f")
			f, release, err := digest.OpenAsSumFilesDoes(root, "d/f")
			require.NoError(t, err)
			defer release()
			settle(t, path)
			change(t, path)
			refused(t, digest.CodeChanged, f.Unchanged())
		})
	}
}

func TestOfManyOnlyRegularFilesAreOpened(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "d/f", []byte("x"))
	require.NoError(t, os.Symlink("f", filepath.Join(dir, "d/link")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d/dir"), 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "d/fifo"), 0o644))
	before := openFiles(t)
	for _, name := range []string{"d/link", "d/dir", "d/fifo"} {
		_, _, err := digest.OpenAsSumFilesDoes(root, name)
		refused(t, digest.CodeKind, err)
	}
	for _, name := range []string{"d/missing", "../f", "d/a\x00b", "/d/f"} {
		_, _, err := digest.OpenAsSumFilesDoes(root, name)
		refused(t, digest.CodeOpen, err)
	}
	require.Equal(t, before, openFiles(t))
}

func TestAFileOfManyIsDescribedAsPackageOSDescribesIt(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "d/f", content(10))
	path := filepath.Join(dir, "d/f")
	for _, mode := range []os.FileMode{0o644, 0o400, 0o755 | os.ModeSetuid, 0o755 | os.ModeSetgid | os.ModeSticky} {
		require.NoError(t, os.Chmod(path, mode))
		want, err := os.Lstat(path)
		require.NoError(t, err)
		for r, err := range digest.SumFiles(t.Context(), root, slices.Values([]string{"d/f"}), digest.FilesOptions{}) {
			require.NoError(t, err)
			require.Equal(t, []any{want.Name(), want.Size(), want.Mode(), want.ModTime(), want.IsDir(), want.Sys(), digest.KeyOf(want)},
				[]any{r.Info.Name(), r.Info.Size(), r.Info.Mode(), r.Info.ModTime(), r.Info.IsDir(), r.Info.Sys(), digest.KeyOf(r.Info)})
		}
	}
}

func TestADirectoryOfManyFilesLiesInTheRoot(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "d/f", []byte("x"))
	outside := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(outside, []byte("y"), 0o644))
	for name, target := range map[string]string{
		"within": "d", "up": "d/../d", "out": filepath.Dir(outside), "above": "../" + filepath.Base(filepath.Dir(outside)), "round": "../" + filepath.Base(dir) + "/d",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	before := openFiles(t)
	for name, reached := range map[string]bool{
		"d/f": true, "within/f": true, "up/f": true, "d/../within/f": true, "out/f": false, "above/f": false, "round/f": false, "../" + filepath.Base(dir) + "/d/f": false,
	} {
		f, release, err := digest.OpenAsSumFilesDoes(root, name)
		if !reached {
			refused(t, digest.CodeOpen, err)
			continue
		}
		require.NoError(t, err, name)
		require.NoError(t, f.Unchanged())
		release()
	}
	require.Equal(t, before, openFiles(t))
}
