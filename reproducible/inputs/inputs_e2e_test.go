//go:build linux && (amd64 || arm64)

package inputs_test

import (
	"archive/tar"
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/inputs"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// text is a regular file of an archive.
func text(name, content string) tar.Header {
	return tar.Header{Name: name, PAXRecords: map[string]string{"content": content}}
}

// distribution is a root file system in which a shell runs.
func distribution(t *testing.T) []tar.Header {
	t.Helper()
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Skip("needs the Debian package busybox-static")
	}
	program := text("usr/bin/busybox", string(busybox))
	program.Mode = 0o755
	return []tar.Header{
		dir("./"), dir("usr"), dir("usr/bin"), link("bin", "usr/bin"), dir("etc"), text("etc/motd", "hello\n"), dir("var"), dir("proc"), dir("dev"),
		program, link("usr/bin/sh", "busybox"), link("usr/bin/cat", "busybox"),
		link("usr/bin/ls", "busybox"), link("usr/bin/find", "busybox"), link("usr/bin/sort", "busybox"),
	}
}

// runTwice runs a script of the shell hermetically, and returns what it wrote to
// /out/result both times.
func runTwice(t *testing.T, c inputs.Config, from []reproducible.Input, script string) string {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{Store: c.Store, Now: time.Now})
	require.NoError(t, err)
	spec := &reproducible.Spec{
		Inputs: from, Command: []string{"/bin/sh", "-c", script}, Outputs: []string{"result"},
		Require: reproducible.Hermetic, Limits: reproducible.Limits{Wall: time.Minute},
	}
	var results []*reproducible.Result
	for range 2 {
		r, err := box.Build(t.Context(), spec)
		require.NoError(t, err)
		require.True(t, r.Achieved.Has(reproducible.InputsPinned|reproducible.NoNetwork|reproducible.MinimalRoot))
		results = append(results, r)
	}
	compared, err := reproducible.Compare(results[0], results[1])
	require.NoError(t, err)
	require.Equal(t, reproducible.Identical, compared.Verdict())
	artifact, ok := results[0].Artifact("result")
	require.True(t, ok)
	d, _ := artifact.Digest.Strongest()
	out, err := c.Store.ReadFile(t.Context(), d, 1<<20)
	require.NoError(t, err)
	return string(out)
}

func TestAShellRunsInAPinnedDistribution(t *testing.T) {
	c := config(t)
	b := archive(t, distribution(t)...)
	s, err := c.Root(t.Context(), bytes.NewReader(zipped(t, b)), digest.FromBytes(zipped(t, b)))
	require.NoError(t, err)
	require.Equal(t, "hello\n/bin /dev /etc /out /proc /tmp /usr\n",
		runTwice(t, c, s.Inputs, "{ cat /etc/motd; echo /*; } >/out/result"))
}

func TestAShellRunsInAPinnedImageOfTwoLayers(t *testing.T) {
	c := config(t)
	l := newLayout(t)
	m, _ := l.image(archive(t, distribution(t)...), archive(t, dir("etc"), file("etc/.wh.motd"), text("etc/issue", "second layer\n")))
	d, err := digest.Parse(l.json(m)["digest"].(string))
	require.NoError(t, err)
	root, err := os.OpenRoot(l.dir)
	require.NoError(t, err)
	defer root.Close()
	s, err := c.Image(t.Context(), root, d)
	require.NoError(t, err)
	require.Equal(t, "second layer\n/etc/issue\n", runTwice(t, c, s.Inputs, "{ cat /etc/issue; echo /etc/*; } >/out/result"))
}

func TestAShellReadsAPinnedCommit(t *testing.T) {
	c := config(t)
	b := archive(t, distribution(t)...)
	s, err := c.Root(t.Context(), bytes.NewReader(b), digest.FromBytes(b))
	require.NoError(t, err)
	at, commit := repository(t, "sha1", func(dir string) {
		write(t, dir, "run.sh", "#!/bin/sh\ncat /src/sub/data\n", 0o755)
		write(t, dir, "sub/data", "committed\n", 0o644)
	})
	write(t, at, "sub/data", "not committed\n", 0o644)
	tree, err := c.Commit(t.Context(), git(at), commit)
	require.NoError(t, err)
	source := reproducible.Input{Path: "/src", Kind: reproducible.Tree, Digest: tree.Digest, Role: provenance.RoleSource}
	require.Equal(t, "committed\n./run.sh\n./sub/data\n",
		runTwice(t, c, append(s.Inputs, source), "cd /src && { ./run.sh; find . -type f | sort; } >/out/result"))
}
