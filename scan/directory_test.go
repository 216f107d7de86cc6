package scan_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/scantest"
)

// disk writes the sample to a directory and opens it.
func disk(t *testing.T) (string, *os.Root) {
	t.Helper()
	dir := t.TempDir()
	tree := sample()
	for name, content := range tree.Files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(content), 0o644))
	}
	for name, target := range tree.Links {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	return dir, openRoot(t, dir)
}

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func TestADirectoryKeepsTheContractOfASource(t *testing.T) {
	_, root := disk(t)
	assert.NoError(t, scantest.CheckSource(t.Context(), scan.Directory(root, scan.DirectoryOptions{})))
}

func TestAFileKeepsTheContractOfASource(t *testing.T) {
	_, root := disk(t)
	assert.NoError(t, scantest.CheckSource(t.Context(), scan.File(root, "a.list", nil)))
}

func TestADirectoryGivesWhatTheSameTreeInMemoryGives(t *testing.T) {
	_, root := disk(t)
	r := run(t, scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{})
	memory := run(t, sample(), scan.Limits{})
	assert.Equal(t, memory.Packages, r.Packages)
	assert.Equal(t, memory.Coverage, r.Coverage)
	assert.Equal(t, scan.MediaTypeTree, r.Subject.MediaType)
}

func TestADirectoryHasTheDigestOfItsManifest(t *testing.T) {
	dir, root := disk(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "deep-er/x"), 0o750)) // "-" sorts before "/"
	require.NoError(t, os.Chmod(filepath.Join(dir, "deep"), 0o755|fs.ModeSticky|fs.ModeSetgid))
	m, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
	require.NoError(t, err)
	want, err := m.Digest()
	require.NoError(t, err)
	r := run(t, scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{})
	require.Empty(t, r.Coverage.Gaps)
	assert.Equal(t, want.Set(), r.Subject.Digest)
}

func TestEveryChangeOfADirectoryChangesItsDigest(t *testing.T) {
	dir, root := disk(t)
	source := scan.Directory(root, scan.DirectoryOptions{})
	seen := map[string]string{}
	note := func(what string) {
		d := run(t, source, scan.Limits{}).Subject.Digest.String()
		assert.Empty(t, seen[d], "%s does not change the digest", what)
		seen[d] = what
	}
	note("nothing")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "deep/readme.txt"), []byte("other"), 0o644))
	note("content that no scanner wants")
	require.NoError(t, os.Chmod(filepath.Join(dir, "a.list"), 0o755))
	note("a mode")
	require.NoError(t, os.Remove(filepath.Join(dir, "link")))
	note("a link")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	note("an empty directory")
	require.NoError(t, os.Rename(filepath.Join(dir, "empty"), filepath.Join(dir, "empty2")))
	note("a name")
}

func TestADirectoryThatIsNotTheDemandedOneIsRefused(t *testing.T) {
	_, root := disk(t)
	first := run(t, scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{})
	same := scan.DirectoryOptions{Subject: first.Subject}
	run(t, scan.Directory(root, same), scan.Limits{})
	wrong := same
	wrong.Subject.Digest = digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("0", 64)}.Set()
	_, err := scan.Run(t.Context(), scan.Directory(root, wrong), scan.Limits{}, scantest.Scanner{})
	assert.ErrorIs(t, err, error(attest.Is(scan.CodeDigest)), err)
}

func gapsOf(t *testing.T, root *os.Root) map[string]attest.Code {
	t.Helper()
	r := run(t, scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{Depth: 20})
	found := map[string]attest.Code{}
	for _, g := range r.Coverage.Gaps {
		found[g.Path] = g.Reason.Code
	}
	return found
}

func TestWhatADirectoryCannotDeliverIsAGap(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string)
		at   string
		want attest.Code
	}{
		"a FIFO": {func(t *testing.T, dir string) {
			require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo.list"), 0o644))
		}, "fifo.list", scan.CodeSpecial},
		"a socket": {func(t *testing.T, dir string) {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			require.NoError(t, err)
			t.Cleanup(func() { syscall.Close(fd) })
			require.NoError(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: filepath.Join(dir, "s")}))
		}, "s", scan.CodeSpecial},
		"a link out of the tree": {func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("../outside", filepath.Join(dir, "out")))
		}, "out", scan.CodeLinkEscapes},
		"an absolute link": {func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "passwd")))
		}, "passwd", scan.CodeLinkEscapes},
		"a link in place of a wanted file": {func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink("a.list", filepath.Join(dir, "b.list")))
		}, "b.list", scan.CodeLinkWanted},
		"names that differ by case": {func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "A.LIST"), nil, 0o644))
		}, "a.list", scan.CodeCaseClash},
		"a name with a newline": {func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "x\ny"), nil, 0o644))
		}, `"x\ny"`, scan.CodeEntryName},
		"a name that is not UTF-8": {func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "x\xff"), nil, 0o644))
		}, `"x\xff"`, scan.CodeEntryName},
		"a directory too deep": {func(t *testing.T, dir string) {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, strings.Repeat("d/", 40)), 0o755))
		}, strings.TrimSuffix(strings.Repeat("d/", 21), "/"), scan.CodeDepth},
	} {
		t.Run(name, func(t *testing.T) {
			dir, root := disk(t)
			c.make(t, dir)
			assert.Equal(t, c.want, gapsOf(t, root)[c.at])
		})
	}
}

func TestAPseudoFileSystemWhoseSizesMeanNothingNeverPasses(t *testing.T) {
	root := openRoot(t, "/proc/self")
	r, err := scan.Run(t.Context(), scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{Depth: 2}, scantest.Scanner{})
	if err == nil {
		assert.False(t, r.Coverage.Complete())
	}
}

func TestAnotherFileSystemIsAGap(t *testing.T) {
	root := openRoot(t, "/")
	for _, at := range []string{"proc", "sys"} {
		info, err := os.Stat("/" + at)
		require.NoError(t, err)
		require.True(t, info.IsDir())
	}
	sink := &mountSink{}
	_, err := scan.Directory(root, scan.DirectoryOptions{}).Walk(t.Context(), scan.Limits{Depth: 1}, sink)
	require.NoError(t, err)
	assert.Subset(t, sink.mounts, []string{"proc", "sys"})
}

// A mountSink collects the mounts that were not entered.
type mountSink struct{ mounts []string }

func (s *mountSink) Entry(scan.Header, io.Reader) error { return nil }

func (s *mountSink) Gap(g scan.Gap) {
	if g.Reason.Code == scan.CodeMount {
		s.mounts = append(s.mounts, g.Path)
	}
}

// A meddler changes the tree while it is walked.
type meddler struct {
	scan.Sink
	at   string
	then func()
}

func (m *meddler) Entry(h scan.Header, content io.Reader) error {
	if h.Path == m.at {
		m.then()
	}
	return m.Sink.Entry(h, content)
}

type meddled struct {
	scan.Source
	at   string
	then func()
}

func (m meddled) Walk(ctx context.Context, l scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	return m.Source.Walk(ctx, l, &meddler{sink, m.at, m.then})
}

func TestATreeThatChangesWhileItIsReadIsIncomplete(t *testing.T) {
	for name, c := range map[string]struct {
		at   string
		then func(dir string) error
		want attest.Code
	}{
		"the file grows": {"a.list", func(dir string) error {
			f, err := os.OpenFile(filepath.Join(dir, "a.list"), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("Go example.com/evil v1.0.0\n")
				f.Close()
			}
			return err
		}, scan.CodeChanged},
		"the file shrinks": {"a.list", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "a.list"), 5)
		}, scan.CodeChanged},
		"the file is rewritten and its time set back": {"a.list", func(dir string) error {
			at := filepath.Join(dir, "a.list")
			info, err := os.Stat(at)
			if err == nil {
				err = os.WriteFile(at, []byte(strings.Repeat("x", int(info.Size()))), 0o644)
			}
			if err == nil {
				err = os.Chtimes(at, info.ModTime(), info.ModTime())
			}
			return err
		}, scan.CodeChanged},
		"a file disappears": {"a.list", func(dir string) error {
			return os.Remove(filepath.Join(dir, "deep", "b.list"))
		}, ""},
		"a later file becomes a FIFO": {"deep/b.list", func(dir string) error {
			at := filepath.Join(dir, "deep", "readme.txt")
			return first(os.Remove(at), syscall.Mkfifo(at, 0o644))
		}, scan.CodeSpecial},
		"a later file becomes a link": {"deep/b.list", func(dir string) error {
			at := filepath.Join(dir, "deep", "readme.txt")
			return first(os.Remove(at), os.Symlink("/etc/passwd", at))
		}, scan.CodeLinkEscapes},
		"a file is added to a directory that was listed": {"deep/b.list", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "deep", "new.list"), nil, 0o644)
		}, scan.CodeChanged},
	} {
		t.Run(name, func(t *testing.T) {
			dir, root := disk(t)
			source := meddled{scan.Directory(root, scan.DirectoryOptions{}), c.at, func() { require.NoError(t, c.then(dir)) }}
			r := run(t, source, scan.Limits{})
			if c.want == "" {
				assert.Len(t, r.Packages, 2)
				return
			}
			assert.Contains(t, codes(r.Coverage.Gaps), c.want)
			assert.False(t, r.Coverage.Complete())
		})
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestASingleFileThatCannotBeTrustedIsRefused(t *testing.T) {
	dir, root := disk(t)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644))
	zero := digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("0", 64)}.Set()
	for name, c := range map[string]struct {
		source scan.Source
		want   attest.Code
	}{
		"an absent file":          {scan.File(root, "absent", nil), scan.CodeUnreadable},
		"a link":                  {scan.File(root, "link", nil), scan.CodeSpecial},
		"a FIFO":                  {scan.File(root, "fifo", nil), scan.CodeSpecial},
		"a directory":             {scan.File(root, "deep", nil), scan.CodeSpecial},
		"a file out of the root":  {scan.File(root, "../x", nil), scan.CodeUnreadable},
		"no root":                 {scan.File(nil, "a.list", nil), scan.CodeNil},
		"a digest of other bytes": {scan.File(root, "a.list", zero), scan.CodeDigest},
		"a file that changes": {meddled{scan.File(root, "a.list", nil), "a.list", func() {
			require.NoError(t, os.Truncate(filepath.Join(dir, "a.list"), 3))
		}}, scan.CodeChanged},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scan.Run(t.Context(), c.source, scan.Limits{}, scantest.Scanner{})
			require.NotEmpty(t, attest.Reasons(err), err)
			assert.Equal(t, c.want, attest.Reasons(err)[0].Code)
		})
	}
}

func TestIgnoreFilesOfTheScannedProjectDoNotReduceCoverage(t *testing.T) {
	dir, root := disk(t)
	before := run(t, scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{})
	for _, name := range []string{".gitignore", ".dockerignore", ".trivyignore", ".grype.yaml", ".osv-scanner.toml", ".ignore"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("*\n**/*.list\na.list # nosec\n"), 0o644))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".git/hooks"), 0o755))
	canary := filepath.Join(dir, "canary")
	config := "[core]\n\tfsmonitor = touch " + canary + "\n\tworktree = /nowhere\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".git/config"), []byte(config), 0o644))
	after := run(t, scan.Directory(root, scan.DirectoryOptions{}), scan.Limits{})
	assert.Equal(t, before.Packages, after.Packages)
	assert.Equal(t, before.Coverage.Claimed, after.Coverage.Claimed)
	assert.NoFileExists(t, canary)
}

const unreadableDir = "SEALWRIGHT_TEST_UNREADABLE"

// Root reads everything, so this test runs itself again as nobody.
func TestWhatMayNotBeReadIsAGap(t *testing.T) {
	if dir := os.Getenv(unreadableDir); dir != "" {
		found := gapsOf(t, openRoot(t, dir))
		assert.Equal(t, map[string]attest.Code{"a.list": scan.CodeUnreadable, "deep": scan.CodeUnreadable}, withoutRest(found))
		return
	}
	dir, _ := disk(t)
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		require.NoError(t, os.Chmod(at, 0o755))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "a.list"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "deep"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "deep"), 0o755) })
	self := copyOfSelf(t)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestWhatMayNotBeReadIsAGap$", "-test.v")
	cmd.Env = append(os.Environ(), unreadableDir+"="+dir)
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "--- PASS: TestWhatMayNotBeReadIsAGap")
}

func withoutRest(found map[string]attest.Code) map[string]attest.Code {
	delete(found, "") // nothing was claimed
	return found
}

// copyOfSelf puts the test binary where anybody may execute it.
func copyOfSelf(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "scan-test-*")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	at := filepath.Join(dir, "scan.test")
	require.NoError(t, os.WriteFile(at, data, fs.FileMode(0o755)))
	return at
}
