//go:build linux

package measure_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/reproducible/measure"
)

func TestASnapshotSeesWhatAnIndependentWalkSees(t *testing.T) {
	dir := ground(t)
	for _, name := range []string{"a-b/c", "a/b", "a.d/e", "deep/1/2/3/4/5/f"} {
		write(t, dir, name, name)
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	want, err := treehash.Walk(t.Context(), root, treehash.WalkOptions{})
	require.NoError(t, err)
	byPath := map[string]treehash.Entry{}
	for _, e := range want.Entries {
		byPath[e.Path] = e
	}
	tree := snapshot(t, measure.Options{}, dir)
	require.Len(t, tree.Entries, len(want.Entries)+1)
	for i, e := range tree.Entries[1:] {
		w := byPath[strings.TrimPrefix(e.Path, dir+"/")]
		assert.Equal(t, string(w.Kind), string(e.Kind), e.Path)
		assert.Equal(t, w.Digest, e.Digest, e.Path)
		assert.Equal(t, w.Target, e.Target, e.Path)
		if i > 0 && filepath.Dir(e.Path) == filepath.Dir(tree.Entries[i].Path) {
			assert.Less(t, tree.Entries[i].Path, e.Path)
		}
	}
}

func TestTheMerkleDigestFollowsFromWhatMattersAlone(t *testing.T) {
	base := func() *measure.Tree {
		return &measure.Tree{Roots: []string{"/r", "/s"}, Entries: []measure.Entry{
			{Path: "/r", Kind: measure.Dir, Mode: 0o755},
			{Path: "/r/a", Kind: measure.File, Mode: 0o644, Size: 1, Digest: digest.FromBytes([]byte("a"))},
			{Path: "/r/b", Kind: measure.Dir, Mode: 0o755},
			{Path: "/r/b/c", Kind: measure.Link, Target: "d", Xattrs: []measure.Xattr{{Name: "user.x", Value: []byte("y")}}},
		}}
	}
	want, err := base().Digest()
	require.NoError(t, err)
	for name, change := range map[string]func(*measure.Tree){
		"times":         func(m *measure.Tree) { m.Entries[1].Modified, m.Entries[1].Changed = 5, 6 },
		"inode":         func(m *measure.Tree) { m.Entries[1].Inode, m.Entries[1].Device = 5, 6 },
		"links":         func(m *measure.Tree) { m.Entries[1].Links = 9 },
		"size of a dir": func(m *measure.Tree) { m.Entries[0].Size = 9 },
	} {
		tree := base()
		change(tree)
		got, err := tree.Digest()
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	seen := map[digest.Digest]string{want: "base"}
	for name, change := range map[string]func(*measure.Tree){
		"mode":       func(m *measure.Tree) { m.Entries[1].Mode = 0o4755 },
		"user":       func(m *measure.Tree) { m.Entries[1].UID = 1 },
		"group":      func(m *measure.Tree) { m.Entries[1].GID = 1 },
		"content":    func(m *measure.Tree) { m.Entries[1].Digest = digest.FromBytes([]byte("b")) },
		"target":     func(m *measure.Tree) { m.Entries[3].Target = "e" },
		"attribute":  func(m *measure.Tree) { m.Entries[3].Xattrs[0].Value = []byte("z") },
		"name":       func(m *measure.Tree) { m.Entries[1].Path = "/r/aa" },
		"kind":       func(m *measure.Tree) { m.Entries[2].Kind = measure.FIFO; m.Entries = m.Entries[:3] },
		"fewer":      func(m *measure.Tree) { m.Entries = m.Entries[:3] },
		"other root": func(m *measure.Tree) { m.Roots[1] = "/t" },
		"skip":       func(m *measure.Tree) { m.Skip = []string{"/r/x"} },
		"moved out":  func(m *measure.Tree) { m.Entries[3].Path = "/r/c" },
	} {
		tree := base()
		change(tree)
		got, err := tree.Digest()
		require.NoError(t, err)
		assert.Empty(t, seen[got], name)
		seen[got] = name
	}
}

func TestASnapshotIsRefusedWhen(t *testing.T) {
	dir := ground(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		roots []string
		o     measure.Options
		code  attest.Code
	}{
		"there is no root":           {t.Context(), nil, measure.Options{}, measure.CodeConfig},
		"a root is relative":         {t.Context(), []string{"etc"}, measure.Options{}, measure.CodeConfig},
		"a root is not clean":        {t.Context(), []string{dir + "/../x"}, measure.Options{}, measure.CodeConfig},
		"roots overlap":              {t.Context(), []string{dir, dir + "/etc"}, measure.Options{}, measure.CodeConfig},
		"a skipped path is relative": {t.Context(), []string{dir}, measure.Options{Skip: []string{"x"}}, measure.CodeConfig},
		"there are too many entries": {t.Context(), []string{dir}, measure.Options{Limits: measure.Limits{Entries: 3}}, measure.CodeLimit},
		"there is too much content":  {t.Context(), []string{dir}, measure.Options{Limits: measure.Limits{Bytes: 10}}, measure.CodeLimit},
		"the context has ended":      {ended, []string{dir}, measure.Options{}, measure.CodeCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			tree, err := measure.Snapshot(c.ctx, c.roots, c.o)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, tree)
		})
	}
}

func TestADirectoryThatCannotBeReadIsAnErrorNotAGap(t *testing.T) {
	if os.Getuid() == 0 {
		asNobody(t) // permissions do not bind root
		return
	}
	dir := ground(t)
	require.NoError(t, os.Chmod(filepath.Join(dir, "etc"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "etc"), 0o755) })
	_, err := measure.Snapshot(t.Context(), []string{dir}, measure.Options{StatOnly: true})
	require.ErrorIs(t, err, attest.Is(measure.CodeRead))
}

// TestEverythingAgainAsAnotherUser runs the tests of this package as uid 65534, who owns
// nothing and has no privilege, when this run is root's. What needs privilege is skipped
// there, by name.
func TestEverythingAgainAsAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		return // this run is without privilege already
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.skip=StaticProgram") // which compiles
	cmd.Dir = os.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range []string{"TestEachAttackOnATreeIsFound", "TestEachAttackOnAToolIsFound", "TestACommandRunsTheBytesThatWereVerified"} {
		require.Contains(t, string(out), "--- PASS: "+name)
	}
	t.Logf("%d tests passed as uid 65534", strings.Count(string(out), "--- PASS"))
}

// asNobody runs the test again, in a process of an unprivileged user.
func asNobody(t *testing.T) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir = os.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: "+t.Name())
}

func TestATreeThatChangesWhileItIsMeasuredGivesNoWrongSnapshot(t *testing.T) {
	dir := ground(t)
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_ = os.WriteFile(filepath.Join(dir, "etc/config"), []byte(strings.Repeat("x", i%5000)), 0o644)
				_ = os.Remove(filepath.Join(dir, "etc/config"))
			}
		}
	})
	for range 50 {
		_, err := measure.Snapshot(t.Context(), []string{dir}, measure.Options{})
		if err != nil {
			assert.NotEmpty(t, attest.Reasons(err), "%v", err)
		}
	}
	close(stop)
	writer.Wait()
}

func TestSpecialFilesAreMeasuredAndNotOpened(t *testing.T) {
	dir := ground(t)
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600)) // opening it would wait for a writer
	tree := snapshot(t, measure.Options{}, dir)
	kinds := map[string]measure.Kind{}
	for _, e := range tree.Entries {
		kinds[e.Path] = e.Kind
	}
	assert.Equal(t, measure.FIFO, kinds[filepath.Join(dir, "pipe")])
}

func TestWhatIsSkippedIsPartOfTheSnapshot(t *testing.T) {
	dir := ground(t)
	o := measure.Options{Skip: []string{filepath.Join(dir, "etc")}}
	a := snapshot(t, o, dir)
	for _, e := range a.Entries {
		assert.NotContains(t, e.Path, "/etc")
	}
	_, err := measure.Diff(a, snapshot(t, measure.Options{}, dir), nil)
	require.ErrorIs(t, err, attest.Is(measure.CodeIncomparable))
}

func TestSnapshotsOfOtherScopeAreIncomparable(t *testing.T) {
	dir := ground(t)
	full := snapshot(t, measure.Options{}, dir)
	for name, other := range map[string]*measure.Tree{
		"none": nil, "zero": {}, "other root": snapshot(t, measure.Options{}, dir+"/etc"),
		"stat only": snapshot(t, measure.Options{StatOnly: true}, dir),
	} {
		_, err := measure.Diff(full, other, nil)
		require.ErrorIs(t, err, attest.Is(measure.CodeIncomparable), name)
	}
	_, err := snapshot(t, measure.Options{StatOnly: true}, dir).Digest()
	require.ErrorIs(t, err, attest.Is(measure.CodeNoDigests))
}
