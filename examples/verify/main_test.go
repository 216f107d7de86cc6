package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/folder"
	evidence "github.com/sealwright/sealwright/examples/internal/line"
)

// pipeline runs the pipeline example on a small source, as a user would, and
// returns its folder.
func pipeline(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "pipeline")
	out, err := exec.Command("go", "build", "-o", program, "../pipeline").CombinedOutput()
	require.NoError(t, err, string(out))
	src := filepath.Join(dir, "notes")
	require.NoError(t, os.Mkdir(src, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(src, "a.txt"), []byte("some text\n"), 0o644))
	kept := filepath.Join(dir, "evidence")
	cmd := exec.Command(program, "-src", src, "-cmd", "tr a-z A-Z < a.txt > ../out/upper", "-artifact", "upper",
		"-host", hostPaths(), "-store", filepath.Join(dir, "store"), "-out", kept)
	out, err = cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return kept
}

// hostPaths are the directories of this machine in which a shell lives.
func hostPaths() string {
	var found []string
	for _, dir := range []string{"/bin", "/usr", "/lib", "/lib64"} {
		if _, err := os.Stat(dir); err == nil {
			found = append(found, dir)
		}
	}
	return strings.Join(found, ",")
}

// small lists the files of the folder, which are all small here.
func small(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	}))
	require.Greater(t, len(names), 15)
	return names
}

// flips calls visit with each byte of the file changed in turn, and restores it. It
// writes in place: some file systems flush a file that is truncated and written anew.
func flips(t *testing.T, path string, step int, visit func(i int)) {
	t.Helper()
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	put := func(i int, b byte) {
		_, err := file.WriteAt([]byte{b}, int64(i))
		require.NoError(t, err)
	}
	for i := 0; i < len(good); i += step {
		put(i, good[i]^1<<(i%8))
		visit(i)
		put(i, good[i])
	}
}

func TestAFolderVerifiesUntilOneByteOfOneFileIsChanged(t *testing.T) {
	dir := pipeline(t)
	ctx := context.Background()
	steps, err := verify(ctx, dir, "")
	require.NoError(t, err)
	require.Len(t, steps, 6)

	for _, name := range small(t, dir) {
		flips(t, filepath.Join(dir, name), stride, func(i int) {
			_, err := verify(ctx, dir, "")
			require.Error(t, err, "%s, byte %d", name, i)
			require.Equal(t, 1, status(err), "%s, byte %d: %v", name, i, err)
		})
	}
	_, err = verify(ctx, dir, "")
	require.NoError(t, err, "after everything was restored")

	t.Run("and so does each file without the seal", func(t *testing.T) { examineEach(t, dir) })
	t.Run("and it is refused under other keys", func(t *testing.T) {
		_, err := verify(ctx, dir, filepath.Join(pipeline(t), evidence.TrustDir))
		require.ErrorIs(t, err, attest.Is("attest.dsse.threshold"))
	})
	t.Run("and when a file is added or taken away", func(t *testing.T) {
		extra := filepath.Join(dir, "extra")
		require.NoError(t, os.WriteFile(extra, nil, 0o644))
		_, err := verify(ctx, dir, "")
		require.ErrorIs(t, err, attest.Is(folder.CodeExtra))
		require.NoError(t, os.Remove(extra))
		require.NoError(t, os.Remove(filepath.Join(dir, evidence.AccountFile)))
		_, err = verify(ctx, dir, "")
		require.ErrorIs(t, err, attest.Is(folder.CodeMissing))
	})
}

// examineEach flips bytes where only the seal stands above the file's own check:
// the seal must not be all that protects it. A keyid is a hint, whose change means
// nothing; the account is told for people and protected by the seal alone.
func examineEach(t *testing.T, dir string) {
	ctx := context.Background()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	trust, err := os.OpenRoot(filepath.Join(dir, evidence.TrustDir))
	require.NoError(t, err)
	defer trust.Close()
	for _, name := range small(t, dir) {
		if name == evidence.AccountFile || name == folder.SealName {
			continue
		}
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		from, to := hint(good)
		flips(t, path, 23, func(i int) {
			if i >= from && i < to || strings.HasSuffix(name, ".pem") {
				return
			}
			_, err := examine(ctx, root, trust)
			assert.Error(t, err, "%s, byte %d", name, i)
		})
	}
}

// hint returns where an envelope's keyid stands, with its quotes.
func hint(envelope []byte) (from, to int) {
	const key = `"keyid":`
	i := bytes.Index(envelope, []byte(key))
	if i < 0 {
		return 0, 0
	}
	return i + len(key), i + len(key) + 66
}

func TestMisuseAndFailureAreToldApart(t *testing.T) {
	_, err := verify(context.Background(), filepath.Join(t.TempDir(), "nothing"), "")
	assert.Equal(t, 4, status(err))
	_, err = verify(context.Background(), t.TempDir(), "")
	assert.Equal(t, 1, status(err))
}
