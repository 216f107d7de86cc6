package digest_test

import (
	"os"
	"path/filepath"
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
