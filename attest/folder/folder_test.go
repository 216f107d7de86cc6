package folder_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/folder"
	"github.com/sealwright/sealwright/attest/key"
)

// keys returns an attestor and the verifier that trusts it alone.
func keys(t *testing.T, label string) (attest.Attestor, attest.Verifier) {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte((label + strings.Repeat("_", 32))[:32]))
	signer, err := key.FromCryptoSigner(private)
	require.NoError(t, err)
	a, err := dsse.NewAttestor(signer)
	require.NoError(t, err)
	v, err := dsse.NewVerifier(dsse.Trust{
		Authority: "example.com/folder", Threshold: 1,
		Keys: []dsse.Key{{Principal: label, Public: private.Public()}},
	})
	require.NoError(t, err)
	return a, v
}

// sealed makes a folder with two levels of files and seals it.
func sealed(t *testing.T, a attest.Attestor) (string, *os.Root) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "attestations"), 0o755))
	for name, text := range map[string]string{"account.json": `{"ok":true}`, "attestations/a.json": "{}", "attestations-b": ""} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	require.NoError(t, folder.Seal(context.Background(), root, a))
	return dir, root
}

func TestASealedFolderVerifies(t *testing.T) {
	a, v := keys(t, "alice")
	_, root := sealed(t, a)
	verified, err := folder.Verify(context.Background(), root, v)
	require.NoError(t, err)
	assert.Len(t, verified.Statement().Subjects(), 3)
}

func TestSealingAgainReplacesTheSeal(t *testing.T) {
	a, v := keys(t, "alice")
	dir, root := sealed(t, a)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "new"), []byte("x"), 0o644))
	require.NoError(t, folder.Seal(context.Background(), root, a))
	_, err := folder.Verify(context.Background(), root, v)
	require.NoError(t, err)
}

func TestEveryByteOfEveryFileCounts(t *testing.T) {
	a, v := keys(t, "alice")
	dir, root := sealed(t, a)
	for _, name := range []string{"account.json", "attestations/a.json", folder.SealName} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << (i % 8)
			require.NoError(t, os.WriteFile(path, bad, 0o644))
			verified, err := folder.Verify(context.Background(), root, v)
			require.Error(t, err, "%s, byte %d", name, i)
			require.NotEmpty(t, attest.Reasons(err), "%s, byte %d: %v", name, i, err)
			require.Nil(t, verified)
		}
		require.NoError(t, os.WriteFile(path, good, 0o644))
	}
}

func TestAFolderIsRefused(t *testing.T) {
	write := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	rewrite := func(old, replacement string) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, folder.SealName)
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(replacement), 1), 0o644)
		}
	}
	for name, c := range map[string]struct {
		damage func(dir string) error
		code   attest.Code
	}{
		"without a seal":                  {func(dir string) error { return os.Remove(filepath.Join(dir, folder.SealName)) }, folder.CodeUnsealed},
		"when a file is gone":             {func(dir string) error { return os.Remove(filepath.Join(dir, "account.json")) }, folder.CodeMissing},
		"when the last file is gone":      {func(dir string) error { return os.Remove(filepath.Join(dir, "attestations/a.json")) }, folder.CodeMissing},
		"when a file is new":              {write("zebra", ""), folder.CodeExtra},
		"when the first file is new":      {write("a", ""), folder.CodeExtra},
		"when a file is changed":          {write("account.json", "{}"), folder.CodeChanged},
		"when it holds a link":            {func(dir string) error { return os.Symlink("account.json", filepath.Join(dir, "link")) }, folder.CodeFile},
		"when it holds a pipe":            {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644) }, folder.CodeFile},
		"when the seal has a space":       {rewrite(`{"payloadType"`, `{ "payloadType"`), folder.CodeForm},
		"when the seal is empty":          {write(folder.SealName, ""), dsse.CodeEnvelope},
		"when the seal has another keyid": {rewrite(`"keyid":"`, `"keyid":"0`), folder.CodeForm},
	} {
		t.Run(name, func(t *testing.T) {
			a, v := keys(t, "alice")
			dir, root := sealed(t, a)
			require.NoError(t, c.damage(dir))
			verified, err := folder.Verify(context.Background(), root, v)
			require.ErrorIs(t, err, attest.Is(c.code))
			assert.Nil(t, verified)
		})
	}
}

func TestASealByAnotherSignerIsRefused(t *testing.T) {
	mallory, _ := keys(t, "mallory")
	_, v := keys(t, "alice")
	_, root := sealed(t, mallory)
	_, err := folder.Verify(context.Background(), root, v)
	require.ErrorIs(t, err, attest.Is(dsse.CodeThreshold))
}

func TestASealOfAnotherFolderIsRefused(t *testing.T) {
	a, v := keys(t, "alice")
	dir, _ := sealed(t, a)
	other, root := sealed(t, a)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more"), nil, 0o644))
	from, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer from.Close()
	require.NoError(t, folder.Seal(context.Background(), from, a))
	b, err := os.ReadFile(filepath.Join(dir, folder.SealName))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(other, folder.SealName), b, 0o644))
	_, err = folder.Verify(context.Background(), root, v)
	require.ErrorIs(t, err, attest.Is(folder.CodeMissing))
}

func TestNilArgumentsAreRefused(t *testing.T) {
	a, v := keys(t, "alice")
	_, root := sealed(t, a)
	require.ErrorIs(t, folder.Seal(context.Background(), nil, a), attest.Is(folder.CodeNil))
	require.ErrorIs(t, folder.Seal(context.Background(), root, nil), attest.Is(folder.CodeNil))
	_, err := folder.Verify(context.Background(), nil, v)
	require.ErrorIs(t, err, attest.Is(folder.CodeNil))
	_, err = folder.Verify(context.Background(), root, nil)
	require.ErrorIs(t, err, attest.Is(folder.CodeNil))
}

func TestAnEmptyFolderCannotBeSealed(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	require.ErrorIs(t, folder.Seal(context.Background(), root, attesttest.New("alice")), attest.Is(attest.CodeNoSubject))
}
