package git_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/git"
)

func TestCollectorKeepsTheContract(t *testing.T) {
	collecttest.TestCollector(t, git.Collector{}, newRepository(t).world())
}

func TestACleanRepositoryIsMeasured(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			r := newRepository(t, "--object-format="+format)
			got := r.must()
			for key, want := range map[collect.Key]string{
				collect.Commit: r.git("rev-parse", "HEAD"), collect.Tree: r.git("rev-parse", "HEAD^{tree}"),
				collect.Dirty: "false", git.Modified: "0", git.Untracked: "0", collect.CommitSigned: "none",
			} {
				fact, ok := got.Fact(key)
				require.True(t, ok, key)
				require.Equal(t, want, fact.Value, key)
				require.Equal(t, collect.Measured, fact.Trust, key)
			}
			remote, _ := got.Fact(collect.Repository)
			require.Equal(t, "git+https://github.com/octocat/hello-world", remote.Value)
			require.Equal(t, collect.SelfAsserted, remote.Trust)
			require.Equal(t, remote.Value, got.Value(git.Remote+"origin"))
			ref, _ := got.Fact(collect.Ref)
			require.Equal(t, "refs/heads/main", ref.Value)
			require.Equal(t, collect.SelfAsserted, ref.Trust, "a step of the build can give any branch the commit")
		})
	}
}

func TestADirtyTreeIsNeverReportedClean(t *testing.T) {
	for name, change := range map[string]func(*repository){
		"a file of the same size":            func(r *repository) { r.write("main.go", "package niam\n") },
		"a file with other line ends":        func(r *repository) { r.write("main.go", "package main\r\n") },
		"a file that is missing":             func(r *repository) { require.NoError(r.t, os.Remove(r.path("a/b/c.txt"))) },
		"a file that may be executed":        func(r *repository) { require.NoError(r.t, os.Chmod(r.path("main.go"), 0o755)) },
		"a program that may not":             func(r *repository) { require.NoError(r.t, os.Chmod(r.path("run.sh"), 0o644)) },
		"a file that nobody added":           func(r *repository) { r.write("new.go", "") },
		"a file in a directory nobody added": func(r *repository) { r.write("new/x/y", "") },
		"a file that is ignored": func(r *repository) {
			r.write(".git/info/exclude", "*\n")
			r.write("ignored.go", "")
		},
		"a changed file that the index assumes unchanged": func(r *repository) {
			r.git("update-index", "--assume-unchanged", "main.go")
			r.write("main.go", "package evil\n")
		},
		"a changed file that the index skips": func(r *repository) {
			r.git("update-index", "--skip-worktree", "main.go")
			r.write("main.go", "package evil\n")
		},
		"a change that was added but not committed": func(r *repository) {
			r.write("main.go", "package evil\n")
			r.git("add", "main.go")
		},
		"a link to elsewhere": func(r *repository) {
			require.NoError(r.t, os.Remove(r.path("link")))
			require.NoError(r.t, os.Symlink("/etc/passwd", r.path("link")))
		},
		"a link in place of a file with that content": func(r *repository) {
			require.NoError(r.t, os.Rename(r.path("main.go"), r.path(".git/main.go")))
			require.NoError(r.t, os.Symlink(".git/main.go", r.path("main.go")))
		},
		"a link in place of a directory": func(r *repository) {
			require.NoError(r.t, os.Rename(r.path("a"), r.path(".git/a")))
			require.NoError(r.t, os.Symlink(".git/a", r.path("a")))
		},
		"a file in place of a link": func(r *repository) {
			require.NoError(r.t, os.Remove(r.path("link")))
			r.write("link", "a.txt")
		},
		"a pointer that a filter replaced": func(r *repository) {
			r.write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
			r.commit()
			r.write("big.bin", "abc")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			change(r)
			require.Equal(t, "true", r.must().Value(collect.Dirty))
		})
	}
}

func TestASubmoduleIsAnInputAndItsContentIsUnknown(t *testing.T) {
	r := newRepository(t)
	const at = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	r.write(".gitmodules", "[submodule \"a\"]\n\tpath = third/party\n\turl = https://u:"+collecttest.Secret+"@github.com/octocat/party.git\n"+
		"[submodule \"b\"]\n\tpath = other\n\turl = ../"+collecttest.Secret+"\n\tupdate = !touch "+collecttest.Secret+"\n")
	r.git("add", ".gitmodules")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+at+",third/party")
	r.git("commit", "-q", "-m", "submodule")
	got := r.must()
	require.Equal(t, "false", got.Value(collect.Dirty), "it is not checked out")
	require.Equal(t, "third/party", got.Inputs()[0].Descriptor.Name)
	require.Equal(t, digest.Set{digest.GitCommit: at}, got.Inputs()[0].Descriptor.Digest)
	require.Equal(t, collect.Measured, got.Inputs()[0].Trust)
	where, _ := got.Fact(git.Submodule + "third/party")
	require.Equal(t, "git+https://github.com/octocat/party", where.Value)
	require.Equal(t, collect.SelfAsserted, where.Trust)
	require.Contains(t, got.Gaps(), collect.Gap{What: "submodule", Why: "the location of a submodule is relative, or none"})
	require.NoError(t, os.MkdirAll(r.path("third/party"), 0o755))
	require.Equal(t, "false", r.must().Value(collect.Dirty))
	r.write("third/party/x.go", "")
	got = r.must()
	require.Equal(t, "unknown", got.Value(collect.Dirty))
	require.NotEmpty(t, got.Gaps())
	r.write("y.go", "")
	require.Equal(t, "true", r.must().Value(collect.Dirty))
}

func TestTagsAreToldApart(t *testing.T) {
	r := newRepository(t)
	head := r.git("rev-parse", "HEAD")
	r.git("tag", "light")
	r.git("tag", "-a", "-m", "annotated", "v1.0")
	signed := "object " + head + "\ntype commit\ntag v2.0\ntagger t <t@example.com> 0 +0000\n\nx\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
	r.write("tag", signed)
	r.git("update-ref", "refs/tags/v2.0", r.git("hash-object", "-w", "-t", "tag", "tag"))
	require.NoError(t, os.Remove(r.path("tag")))
	r.git("tag", "-a", "-m", "of a tag", "nested", "v1.0")
	r.write("x", "x")
	r.commit()
	r.git("tag", "later")
	r.git("checkout", "-q", head)
	got := r.must()
	require.Equal(t, "lightweight", got.Value(git.Tag+"light"))
	require.Equal(t, "unsigned", got.Value(git.Tag+"v1.0"))
	require.Equal(t, "ssh", got.Value(git.Tag+"v2.0"))
	for _, absent := range []collect.Key{git.Tag + "later", git.Tag + "nested", collect.Ref} {
		_, ok := got.Fact(absent)
		require.False(t, ok, absent)
	}
}

func TestASignatureOfACommitIsNoticedByItsKind(t *testing.T) {
	for kind, armour := range map[string]string{"openpgp": "PGP SIGNATURE", "ssh": "SSH SIGNATURE", "x509": "SIGNED MESSAGE"} {
		r := newRepository(t)
		r.write("c", "tree "+r.git("rev-parse", "HEAD^{tree}")+"\nauthor a <a@example.com> 0 +0000\ncommitter a <a@example.com> 0 +0000\ngpgsig -----BEGIN "+armour+"-----\n \n AAAA\n -----END "+armour+"-----\n\nx\n")
		r.git("reset", "-q", "--hard", r.git("hash-object", "-w", "-t", "commit", "c"))
		require.NoError(t, os.Remove(r.path("c")))
		require.Equal(t, kind, r.must().Value(collect.CommitSigned))
	}
	r := newRepository(t)
	r.git("commit", "-q", "--allow-empty", "-m", "x\n\ngpgsig -----BEGIN PGP SIGNATURE-----")
	require.Equal(t, "none", r.must().Value(collect.CommitSigned), "a message is no signature")
}

func TestRemotesThatAreNoLocationsAreGaps(t *testing.T) {
	r := newRepository(t)
	r.git("remote", "set-url", "origin", "/srv/"+collecttest.Secret)
	r.git("remote", "add", "up", "git@github.com:octocat/up.git")
	r.config("[http]\n\textraheader = AUTHORIZATION: " + collecttest.Secret)
	f, err := git.Collector{Remote: "up"}.Collect(t.Context(), r.world().Environment())
	require.NoError(t, err)
	collecttest.RequireNoSecret(t, f)
	got, err := collect.Resolve(f)
	require.NoError(t, err)
	require.Equal(t, "git+ssh://github.com/octocat/up", got.Value(collect.Repository))
	require.NotEmpty(t, got.Gaps())
}

func TestARepositoryWithoutACommitIsRefused(t *testing.T) {
	r := newRepository(t)
	r.git("update-ref", "-d", "HEAD")
	_, err := r.collect()
	collecttest.RequireCode(t, err, collect.CodeRun)
}

func TestTheProgramIsBounded(t *testing.T) {
	run := git.Exec("/bin/sh", t.TempDir())
	_, err := run(t.Context(), collect.Command{Args: []string{"-c", "yes"}, Most: 1000})
	require.Error(t, err)
	out, err := run(t.Context(), collect.Command{Args: []string{"-c", "env"}, Env: nil, Most: 1000})
	require.NoError(t, err)
	require.NotContains(t, string(out), "HOME=")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = run(ctx, collect.Command{Args: []string{"-c", "sleep 60"}, Most: 1})
	require.ErrorIs(t, err, context.Canceled)
}

func ExampleCollector() {
	facts, err := git.Collector{}.Collect(context.Background(), collect.Environment{Run: git.Exec("/usr/bin/git", ".")})
	fmt.Println(facts == nil, attest.Reasons(err)[0].Code)
	// Output: true provenance.collect.capability
}
