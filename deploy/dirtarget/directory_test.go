package dirtarget_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/dirtarget"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const placePath = "production/-/-/web"

// content is what the artifact of that name holds; deploytest.Artifact has its
// digest.
func content(name string) string { return "artifact " + name }

func source(_ context.Context, d attest.Descriptor) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(content(d.Name))), nil
}

func target(t testing.TB) (dirtarget.Directory, string) {
	t.Helper()
	path := t.TempDir()
	root, err := os.OpenRoot(path)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, root.Close()) })
	return dirtarget.Directory{Root: root}, path
}

func request(generation uint64, artifacts ...string) deploy.Request {
	return deploytest.Request(deploytest.At("production", "web"), generation, artifacts...)
}

func authorize(t testing.TB, req deploy.Request) deploy.Authorization {
	t.Helper()
	a, err := deploytest.Authorize(t.Context(), req)
	require.NoError(t, err)
	return a
}

func apply(t testing.TB, d dirtarget.Directory, req deploy.Request) (dirtarget.Release, error) {
	t.Helper()
	return d.Apply(t.Context(), authorize(t, req), deploytest.Epoch(), source)
}

func requireCode(t *testing.T, err error, code attest.Code) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

// runs returns what a file of the current release holds.
func runs(t testing.TB, path, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path, placePath, "current", name))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	require.NoError(t, err)
	return string(b)
}

func TestADeploymentIsCurrentUntilTheNext(t *testing.T) {
	d, path := target(t)
	release, err := apply(t, d, request(1, "v1", "sidecar"))
	require.NoError(t, err)
	assert.Equal(t, placePath, release.Place)
	assert.Equal(t, content("v1"), runs(t, path, "v1"))
	assert.Equal(t, content("sidecar"), runs(t, path, "sidecar"))
	info, err := os.Stat(filepath.Join(path, release.Place, release.Path, "v1"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode())

	_, err = apply(t, d, request(2, "v2"))
	require.NoError(t, err)
	assert.Equal(t, content("v2"), runs(t, path, "v2"))
	assert.Empty(t, runs(t, path, "v1"))

	back := request(3, "v1")
	back.Action = deploy.ActionRollback
	_, err = apply(t, d, back)
	require.NoError(t, err)
	assert.Equal(t, content("v1"), runs(t, path, "v1"))

	gone := request(4, "v1")
	gone.Action = deploy.ActionRemove
	_, err = d.Apply(t.Context(), authorize(t, gone), deploytest.Epoch(), nil)
	require.NoError(t, err)
	assert.Empty(t, runs(t, path, "v1"))
	_, err = apply(t, d, request(4, "v3"))
	requireCode(t, err, dirtarget.CodeStale)
	_, err = os.Stat(filepath.Join(path, placePath, "staging"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAGenerationThatIsNotNewIsFencedOff(t *testing.T) {
	d, path := target(t)
	_, err := apply(t, d, request(5, "v5"))
	require.NoError(t, err)
	for _, late := range []deploy.Request{request(4, "v4"), request(5, "other")} {
		_, err := apply(t, d, late)
		requireCode(t, err, dirtarget.CodeStale)
		assert.Equal(t, content("v5"), runs(t, path, "v5"))
	}
	_, err = apply(t, d, request(5, "v5"))
	require.NoError(t, err, "the same request again")
}

func TestOneOfManyRacingDeployersWins(t *testing.T) {
	d, path := target(t)
	const racers = 8
	var wg sync.WaitGroup
	won := make([]bool, racers)
	for i := range racers {
		a := authorize(t, request(1, fmt.Sprintf("racer%d", i)))
		wg.Go(func() {
			_, err := d.Apply(t.Context(), a, deploytest.Epoch(), source)
			won[i] = err == nil
			if err != nil && !errors.Is(err, attest.Is(dirtarget.CodeStale)) {
				assert.ErrorIs(t, err, attest.Is(dirtarget.CodeLocked))
			}
		})
	}
	wg.Wait()
	winners := 0
	for i, w := range won {
		if w {
			winners++
			assert.NotEmpty(t, runs(t, path, fmt.Sprintf("racer%d", i)))
		}
	}
	assert.Equal(t, 1, winners)
}

func TestWhatWasNotAuthorizedIsNotDeployed(t *testing.T) {
	broken := errors.New("link is down")
	sources := map[string]dirtarget.Source{
		"another artifact": func(context.Context, attest.Descriptor) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("evil")), nil
		},
		"a longer artifact": func(_ context.Context, d attest.Descriptor) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content(d.Name) + "!")), nil
		},
		"a shorter artifact": func(_ context.Context, d attest.Descriptor) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content(d.Name)[1:])), nil
		},
		"nothing": func(context.Context, attest.Descriptor) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(nil)), nil
		},
		"a source that fails": func(context.Context, attest.Descriptor) (io.ReadCloser, error) { return nil, broken },
		"a source that breaks off": func(context.Context, attest.Descriptor) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("arti"), failing{broken})), nil
		},
	}
	for name, open := range sources {
		t.Run(name, func(t *testing.T) {
			d, path := target(t)
			_, err := apply(t, d, request(1, "v1"))
			require.NoError(t, err)
			_, err = d.Apply(t.Context(), authorize(t, request(2, "v2")), deploytest.Epoch(), open)
			requireCode(t, err, dirtarget.CodeArtifact)
			assert.Equal(t, content("v1"), runs(t, path, "v1"), "what ran before still does")
			_, err = apply(t, d, request(2, "v2"))
			require.NoError(t, err, "the same request with the right artifact")
			assert.Equal(t, content("v2"), runs(t, path, "v2"))
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnAuthorizationIsNeededInItsWindow(t *testing.T) {
	d, path := target(t)
	_, err := d.Apply(t.Context(), deploy.Authorization{}, deploytest.Epoch(), source)
	requireCode(t, err, deploy.CodeUnauthorized)
	a := authorize(t, request(1, "v1"))
	_, err = d.Apply(t.Context(), a, request(1).NotAfter, source)
	requireCode(t, err, deploy.CodeAuthorizationWindow)
	_, err = d.Apply(t.Context(), a, deploytest.Epoch(), nil)
	requireCode(t, err, dirtarget.CodeConfig)
	_, err = dirtarget.Directory{}.Apply(t.Context(), a, deploytest.Epoch(), source)
	requireCode(t, err, dirtarget.CodeConfig)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.Apply(ctx, a, deploytest.Epoch(), source)
	require.ErrorIs(t, err, context.Canceled)
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestANameThatLeadsElsewhereIsRefused(t *testing.T) {
	d, path := target(t)
	for _, name := range []string{"", ".", "..", "../evil", "a/b", "/etc/passwd", "a\\b", "c:evil", ".hidden", strings.Repeat("x", 256)} {
		req := request(1, "v1")
		req.Subjects[0].Name = name
		_, err := apply(t, d, req)
		requireCode(t, err, dirtarget.CodeName)
	}
	two := request(1, "v1", "v2")
	two.Subjects[1].Name = "V1"
	_, err := apply(t, d, two)
	requireCode(t, err, dirtarget.CodeName)
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestALinkInTheTargetDoesNotLeadOut(t *testing.T) {
	d, path := target(t)
	outside := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(path, "production")))
	_, err := apply(t, d, request(1, "v1"))
	requireCode(t, err, dirtarget.CodeStorage)
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestAnInterruptedDeploymentIsFinished(t *testing.T) {
	d, path := target(t)
	release, err := apply(t, d, request(1, "v1"))
	require.NoError(t, err)
	// A crash before the switch leaves the release without the link.
	require.NoError(t, os.Remove(filepath.Join(path, placePath, "current")))
	require.NoError(t, os.Mkdir(filepath.Join(path, placePath, "staging"), 0o755))
	_, err = apply(t, d, request(1, "v1"))
	require.NoError(t, err)
	assert.Equal(t, content("v1"), runs(t, path, "v1"))
	// Somebody changed the release meanwhile.
	file := filepath.Join(path, placePath, release.Path, "v1")
	require.NoError(t, os.WriteFile(file, []byte("evil"), 0o755))
	_, err = apply(t, d, request(1, "v1"))
	requireCode(t, err, dirtarget.CodeArtifact)
}

func TestAnArtifactThatIsTooLargeIsRefused(t *testing.T) {
	d, path := target(t)
	d.MaxBytes = int64(len(content("v1")))
	_, err := apply(t, d, request(1, "v1"))
	require.NoError(t, err)
	_, err = apply(t, d, request(2, "v22"))
	requireCode(t, err, dirtarget.CodeArtifact)
	assert.Equal(t, content("v1"), runs(t, path, "v1"))
	big := request(2, "v1")
	big.Subjects[0].Digest = digest.FromBytes(bytes.Repeat([]byte("x"), 1<<20)).Set()
	_, err = d.Apply(t.Context(), authorize(t, big), deploytest.Epoch(), func(context.Context, attest.Descriptor) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(bytes.Repeat([]byte("x"), 1<<20))), nil
	})
	requireCode(t, err, dirtarget.CodeArtifact)
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range dirtarget.Codes() {
		assert.False(t, seen[c], c)
		assert.True(t, strings.HasPrefix(string(c), "deploy.dirtarget."), c)
		seen[c] = true
	}
}
