package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/git"
)

// A repository is one in a temporary directory.
type repository struct {
	t       testing.TB
	program string
	dir     string
}

// newRepository makes a repository with a few files in one commit on main.
func newRepository(t testing.TB, flags ...string) *repository {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs the Debian package git")
	}
	program, err = filepath.Abs(program)
	require.NoError(t, err)
	r := &repository{t, program, filepath.Join(t.TempDir(), "repo")}
	require.NoError(t, os.Mkdir(r.dir, 0o755))
	r.git(append([]string{"init", "-q", "-b", "main"}, flags...)...)
	r.write("main.go", "package main\n")
	r.write("a/b/c.txt", "c")
	r.write("a.txt", "sorts between a and a/")
	r.write("run.sh", "#!/bin/sh\n")
	require.NoError(t, os.Chmod(r.path("run.sh"), 0o755))
	require.NoError(t, os.Symlink("a.txt", r.path("link")))
	r.commit()
	r.git("remote", "add", "origin", "https://x-token:"+collecttest.Secret+"@github.com/octocat/hello-world.git")
	return r
}

func (r *repository) path(name string) string { return filepath.Join(r.dir, name) }

func (r *repository) write(name, body string) {
	r.t.Helper()
	require.NoError(r.t, os.MkdirAll(filepath.Dir(r.path(name)), 0o755))
	require.NoError(r.t, os.WriteFile(r.path(name), []byte(body), 0o644))
}

// git runs Git as a user of the repository would, with a fixed identity.
func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command(r.program, args...)
	cmd.Dir = r.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=c", "GIT_COMMITTER_EMAIL=c@example.com", "GIT_AUTHOR_DATE=2026-11-23T12:00:00Z", "GIT_COMMITTER_DATE=2026-11-23T12:00:00Z",
	}
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "git %v: %s", args, out)
	return strings.TrimSpace(string(out))
}

func (r *repository) commit() string {
	r.t.Helper()
	r.git("add", "-A", "-f")
	r.git("commit", "-q", "-m", "message "+collecttest.Secret)
	return r.git("rev-parse", "HEAD")
}

func (r *repository) config(lines string) {
	r.t.Helper()
	f, err := os.OpenFile(r.path(".git/config"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(r.t, err)
	_, err = f.WriteString("\n" + lines + "\n")
	require.NoError(r.t, err)
	require.NoError(r.t, f.Close())
}

func (r *repository) world() collecttest.World {
	r.t.Helper()
	root, err := os.OpenRoot(r.dir)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { root.Close() })
	return collecttest.World{Root: root, Run: git.Exec(r.program, r.dir)}
}

// collect returns the record of the repository.
func (r *repository) collect() (*collect.Record, error) {
	r.t.Helper()
	f, err := git.Collector{}.Collect(r.t.Context(), r.world().Environment())
	if err != nil {
		require.Nil(r.t, f)
		collecttest.RequireNoSecret(r.t, err)
		return nil, err
	}
	collecttest.RequireNoSecret(r.t, f)
	return collect.Resolve(f)
}

func (r *repository) must() *collect.Record {
	r.t.Helper()
	record, err := r.collect()
	require.NoError(r.t, err)
	return record
}
