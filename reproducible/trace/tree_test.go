//go:build linux && (amd64 || arm64)

package trace

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/reproducible"
)

// ground is a file tree with an input, /in, beside a directory that a build can
// change, /tmp.
func ground(t *testing.T) *tree {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"in/lib", "tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
	}
	for _, name := range []string{"in/lib/file", "tmp/file"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	for name, target := range map[string]string{
		"in/link": "lib/file", "in/absolute": "/in/link", "in/dir": "lib",
		"in/out": "../tmp/file", "in/back": "/tmp/back", "tmp/back": "/in/lib/file", "in/loop": "loop", "in/absent": "nothing",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Close(root)) })
	return &tree{root: root, inputs: []string{"/in"}, known: map[string]*place{}}
}

func TestOnlyWhatLeadsThroughInputsAloneIsRemembered(t *testing.T) {
	tree := ground(t)
	for path, stays := range map[string]bool{
		"/in/lib/file": true, "/in/link": true, "/in/absolute": true, "/in/dir/file": true, "/in/dir/../lib/./file": true,
		"/in/../in/lib/file":  true,
		"/in/../tmp/file":     false,
		"/tmp/../in/lib/file": false,
		"/in/out":             false,
		"/in/back":            false, // the way back is the build's to change
		"/tmp/back":           false,
		"/in/loop":            false,
		"/in/absent":          false,
	} {
		for _, linked := range []bool{true, false} {
			clear(tree.known)
			p := place{path: path, resolved: "/in/lib/file", outcome: reproducible.OutcomeFound, linked: linked}
			if !linked && !p.climbs() { // then the kernel found no link
				continue
			}
			tree.remember(p)
			_, known := tree.known[path]
			require.Equal(t, stays, known, path)
		}
	}
	for name, p := range map[string]place{
		"another object": {path: "/in/link", resolved: "/in/lib", outcome: reproducible.OutcomeFound, linked: true},
		"no object":      {path: "/in/link", outcome: reproducible.OutcomeAbsent, linked: true},
		"unknown":        {path: "/in/lib/file", outcome: reproducible.OutcomeUnknown},
	} {
		clear(tree.known)
		tree.remember(p)
		require.Empty(t, tree.known, name)
	}
}

func TestALinkIsNotTakenForWhatItLeadsTo(t *testing.T) {
	tree := ground(t)
	look := func(nofollow bool) string {
		p := tree.look(os.Getpid(), unix.AT_FDCWD, "/in/link", nofollow)
		defer p.close()
		require.Equal(t, reproducible.OutcomeFound, p.outcome)
		return filepath.Base(p.resolved)
	}
	require.Equal(t, "link", look(true))
	require.Empty(t, tree.known, "other calls follow it")
	require.Equal(t, "file", look(false))
	tree.known["/in/link"] = &place{path: "/in/link", resolved: "/in/lib/file", outcome: reproducible.OutcomeFound, linked: true, fd: -1}
	require.Equal(t, "link", look(true))
	require.Equal(t, "file", look(false))
	p := *tree.known["/in/link"]
	tree.hold(&p)
	defer p.close()
	var st unix.Stat_t
	require.NoError(t, unix.Fstat(p.fd, &st))
	require.EqualValues(t, unix.S_IFREG, st.Mode&unix.S_IFMT)
}
