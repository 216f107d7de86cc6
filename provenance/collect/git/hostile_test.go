package git_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/git"
)

// mark returns a command that leaves a file, and a check that it never ran.
func mark(t testing.TB) (command string, never func()) {
	t.Helper()
	at := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\ntouch "+at+"\n"), 0o755))
	return script, func() {
		t.Helper()
		_, err := os.Stat(at)
		require.ErrorIs(t, err, fs.ErrNotExist, "a command of the repository ran")
	}
}

func TestGitAsUsualRunsWhatTheRepositorySays(t *testing.T) {
	r := newRepository(t)
	at := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\ntouch "+at+"\n"), 0o755))
	r.config("[core]\n\tfsmonitor = " + script)
	r.git("status")
	require.FileExists(t, at, "the attack of the following tests is real")
}

func TestNoConfigurationRunsACommand(t *testing.T) {
	for name, config := range map[string]string{
		"core.fsmonitor":          "[core]\n\tfsmonitor = COMMAND",
		"core.pager":              "[core]\n\tpager = COMMAND\n[pager]\n\tls-tree = COMMAND\n\tfor-each-ref = COMMAND\n\tcat-file = COMMAND\n\tconfig = COMMAND",
		"core.editor":             "[core]\n\teditor = COMMAND",
		"core.sshCommand":         "[core]\n\tsshCommand = COMMAND\n\tgitProxy = COMMAND\n\taskPass = COMMAND",
		"aliases":                 "[alias]\n\tls-tree = !COMMAND\n\tcat-file = !COMMAND\n\trev-parse = !COMMAND\n\tconfig = !COMMAND\n\tfor-each-ref = !COMMAND",
		"diff drivers":            "[diff]\n\texternal = COMMAND\n[diff \"x\"]\n\ttextconv = COMMAND\n\tcommand = COMMAND",
		"signature programs":      "[gpg]\n\tprogram = COMMAND\n[gpg \"ssh\"]\n\tprogram = COMMAND\n[log]\n\tshowSignature = true",
		"credential helpers":      "[credential]\n\thelper = !COMMAND",
		"filter drivers":          "[filter \"x\"]\n\tclean = COMMAND\n\tsmudge = COMMAND\n\tprocess = COMMAND\n\trequired = true",
		"hooks":                   "[core]\n\thooksPath = hooks",
		"alternate refs":          "[core]\n\talternateRefsCommand = COMMAND",
		"a work tree elsewhere":   "[core]\n\tworktree = /",
		"an external transport":   "[protocol]\n\tallow = always\n[protocol \"ext\"]\n\tallow = always\n[remote \"evil\"]\n\turl = ext::COMMAND",
		"an include that is none": "[include]\n\tpath = /nonexistent",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			command, never := mark(t)
			r.write(".gitattributes", "* filter=x diff=x\n")
			for _, hook := range []string{"post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"} {
				r.write(".git/hooks/"+hook, "#!/bin/sh\n"+command)
				require.NoError(t, os.Chmod(r.path(".git/hooks/"+hook), 0o755))
			}
			require.NoError(t, os.CopyFS(r.path("hooks"), os.DirFS(r.path(".git/hooks"))))
			r.git("-c", "core.hooksPath=/dev/null", "add", "-A")
			r.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "x")
			r.config(strings.ReplaceAll(config, "COMMAND", command))
			got := r.must()
			require.Equal(t, "false", got.Value(collect.Dirty))
			never()
		})
	}
}

func TestAMissingObjectIsNotFetched(t *testing.T) {
	for _, url := range []string{"ext::COMMAND", "https://127.0.0.1:1/x", "file:///nonexistent", "ssh://127.0.0.1:1/x"} {
		r := newRepository(t)
		command, never := mark(t)
		r.config("[core]\n\trepositoryformatversion = 1\n\tsshCommand = " + command + "\n[extensions]\n\tpartialClone = origin\n[protocol]\n\tallow = always\n[protocol \"ext\"]\n\tallow = always\n" +
			"[remote \"origin\"]\n\tpromisor = true\n\tpartialCloneFilter = tree:0\n\tuploadpack = " + command + "\n\turl = " + strings.ReplaceAll(url, "COMMAND", command))
		tree := r.git("rev-parse", "HEAD^{tree}")
		require.NoError(t, os.Remove(r.path(".git/objects/"+tree[:2]+"/"+tree[2:])))
		_, err := r.collect()
		collecttest.RequireCode(t, err, collect.CodeRun)
		never()
	}
}

func TestTheEnvironmentOfTheProgramIsNotPassedOn(t *testing.T) {
	r := newRepository(t)
	command, never := mark(t)
	other := newRepository(t)
	other.write("main.go", "package other\n")
	other.commit()
	for name, value := range map[string]string{
		"GIT_DIR": other.path(".git"), "GIT_WORK_TREE": other.dir, "GIT_INDEX_FILE": other.path(".git/index"), "GIT_OBJECT_DIRECTORY": other.path(".git/objects"),
		"GIT_ALTERNATE_OBJECT_DIRECTORIES": other.path(".git/objects"), "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": command,
		"GIT_EXTERNAL_DIFF": command, "GIT_PAGER": command, "GIT_EXEC_PATH": other.dir, "GIT_NAMESPACE": "x", "GIT_REPLACE_REF_BASE": "refs/heads/",
	} {
		t.Setenv(name, value)
	}
	head := must(os.ReadFile(r.path(".git/refs/heads/main")))
	require.Equal(t, strings.TrimSpace(string(head)), r.must().Value(collect.Commit))
	never()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestARepositoryThatLivesElsewhereIsRefused(t *testing.T) {
	for name, change := range map[string]func(r, other *repository){
		".git as a file": func(r, other *repository) {
			require.NoError(r.t, os.RemoveAll(r.path(".git")))
			r.write(".git", "gitdir: "+other.path(".git")+"\n")
		},
		".git as a link": func(r, other *repository) {
			require.NoError(r.t, os.RemoveAll(r.path(".git")))
			require.NoError(r.t, os.Symlink(other.path(".git"), r.path(".git")))
		},
		".git as a link within the root": func(r, _ *repository) {
			require.NoError(r.t, os.Rename(r.path(".git"), r.path("real")))
			require.NoError(r.t, os.Symlink("real", r.path(".git")))
		},
		"no .git, in a repository": func(r, _ *repository) {
			require.NoError(r.t, os.Mkdir(r.path("sub"), 0o755))
			r.dir = r.path("sub")
		},
		"objects as a link": func(r, other *repository) {
			require.NoError(r.t, os.RemoveAll(r.path(".git/objects")))
			require.NoError(r.t, os.Symlink(other.path(".git/objects"), r.path(".git/objects")))
		},
		"alternates":   func(r, other *repository) { r.write(".git/objects/info/alternates", other.path(".git/objects")+"\n") },
		"a common dir": func(r, other *repository) { r.write(".git/commondir", other.path(".git")) },
		"grafts":       func(r, _ *repository) { r.write(".git/info/grafts", "") },
		"HEAD as a link": func(r, _ *repository) {
			require.NoError(r.t, os.Rename(r.path(".git/HEAD"), r.path(".git/H")))
			require.NoError(r.t, os.Symlink("H", r.path(".git/HEAD")))
		},
		"config as a link": func(r, _ *repository) {
			require.NoError(r.t, os.Rename(r.path(".git/config"), r.path(".git/c")))
			require.NoError(r.t, os.Symlink("c", r.path(".git/config")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			change(r, newRepository(t))
			_, err := r.collect()
			collecttest.RequireCode(t, err, git.CodeLayout)
		})
	}
}

func TestObjectsUnderFalseNamesAreRefused(t *testing.T) {
	r := newRepository(t)
	old, oldTree := r.git("rev-parse", "HEAD"), r.git("rev-parse", "HEAD^{tree}")
	r.write("main.go", "package evil\n")
	head := r.commit()
	tree := r.git("rev-parse", "HEAD^{tree}")
	object := func(id string) string { return r.path(".git/objects/" + id[:2] + "/" + id[2:]) }
	swap := func(id, with string) func() {
		was := must(os.ReadFile(object(id)))
		require.NoError(t, os.Remove(object(id)))
		require.NoError(t, os.WriteFile(object(id), must(os.ReadFile(object(with))), 0o600))
		return func() { require.NoError(t, os.WriteFile(object(id), was, 0o600)) }
	}
	restore := swap(head, old)
	_, err := r.collect()
	require.Error(t, err, "another commit under the head's id")
	restore()
	restore = swap(tree, oldTree)
	_, err = r.collect()
	require.Error(t, err, "another tree under the tree's id")
	restore()
	require.Equal(t, head, r.must().Value(collect.Commit))

	r.git("replace", head, old)
	got := r.must()
	require.Equal(t, head, got.Value(collect.Commit))
	require.Equal(t, tree, got.Value(collect.Tree), "replacements are not followed")
	require.Equal(t, "false", got.Value(collect.Dirty))
}
