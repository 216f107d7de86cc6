//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
)

// A door is where a command knocks that should not have run.
type door struct {
	dir      string
	listener net.Listener
}

func newDoor(t *testing.T) door {
	dir, err := os.MkdirTemp("/var/tmp", "sandbox-door-") // no build has a /tmp of the machine
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "door"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	require.NoError(t, errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Join(dir, "door"), 0o777)))
	return door{dir, l}
}

// knocks returns how often somebody knocked since it was last asked.
func (d door) knocks(t *testing.T) int {
	t.Helper()
	own, err := net.Dial("unix", d.listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(own, "the last one")
	require.NoError(t, errors.Join(err, own.Close()))
	for n := 0; ; n++ {
		c, err := d.listener.Accept()
		require.NoError(t, err)
		said, err := io.ReadAll(c)
		require.NoError(t, errors.Join(err, c.Close()))
		if len(said) > 0 {
			return n
		}
	}
}

// A damaged is a store of its own, of which a test damages what it likes.
type damaged struct {
	lab
	dir        string
	door       door
	file, tree digest.Digest
}

const dataText = "what the digest says"

func newDamaged(t *testing.T) *damaged {
	t.Helper()
	dir, err := os.MkdirTemp("", "sandbox-store-")
	require.NoError(t, err)
	t.Cleanup(func() { removeStore(dir) })
	s, err := store.Open(dir, store.Limits{})
	require.NoError(t, err)
	x := &damaged{lab: *newLab(t), dir: dir, door: newDoor(t)}
	tool, err := x.store.Open(t.Context(), x.tool)
	require.NoError(t, err)
	_, _, err = s.PutFile(t.Context(), tool)
	require.NoError(t, errors.Join(err, tool.Close()))
	x.store = s
	x.put(t)
	x.box, err = sandbox.New(sandbox.Config{Store: s, Now: time.Now})
	require.NoError(t, err)
	return x
}

// put puts the data, which repairs it.
func (x *damaged) put(t *testing.T) {
	t.Helper()
	var err error
	x.file, _, err = x.store.PutFile(t.Context(), strings.NewReader(dataText))
	require.NoError(t, err)
	top := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(top, "data"), []byte(dataText), 0o644))
	root, err := os.OpenRoot(top)
	require.NoError(t, err)
	defer root.Close()
	x.tree, _, err = x.store.PutTree(t.Context(), root)
	require.NoError(t, err)
}

// damage damages the good content of a path, in a tree that may be read-only.
func (x *damaged) damage(t *testing.T, how func(path string) error, path string) {
	t.Helper()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return // nothing was made of the blob yet
	}
	require.NoError(t, errors.Join(os.Chmod(filepath.Dir(path), 0o755), os.RemoveAll(path+".good"), os.Remove(path)))
	require.NoError(t, errors.Join(os.WriteFile(path, []byte(dataText), 0o444), how(path)))
}

// knocker returns a spec whose command knocks.
func (x *damaged) knocker(kind reproducible.Kind) *reproducible.Spec {
	spec := x.spec("knock", filepath.Join(x.door.dir, "door"))
	spec.HostPaths = []string{x.door.dir}
	d := x.file
	if kind == reproducible.Tree {
		d = x.tree
	}
	spec.Inputs = append(spec.Inputs, reproducible.Input{Path: "/in/data", Kind: kind, Digest: d})
	return spec
}

// places are where the store keeps what a kind of input is made of, the one that is
// handed out first.
func (x *damaged) places(kind reproducible.Kind) []string {
	blob := filepath.Join(x.dir, "blobs", x.file.Hex[:2], x.file.Hex)
	switch kind {
	case reproducible.Executable:
		return []string{filepath.Join(x.dir, "programs", x.file.Hex[:2], x.file.Hex), blob}
	case reproducible.Tree:
		return []string{filepath.Join(x.dir, "trees", x.tree.Hex, "data"), blob}
	}
	return []string{blob}
}

// damages change what lies at a path of the store.
func damages() map[string]func(path string) error {
	write := func(path, text string) error {
		return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte(text), 0), os.Chmod(path, 0o444))
	}
	instead := func(make func(path string) error) func(string) error {
		return func(path string) error { return errors.Join(os.Rename(path, path+".good"), make(path)) }
	}
	return map[string]func(path string) error{
		"other bytes":         func(path string) error { return write(path, strings.ToUpper(dataText)) },
		"a byte less":         func(path string) error { return write(path, dataText[1:]) },
		"a byte more":         func(path string) error { return write(path, dataText+".") },
		"nothing in it":       func(path string) error { return write(path, "") },
		"another file":        instead(func(path string) error { return os.WriteFile(path, []byte("another"), 0o444) }),
		"a pipe":              instead(func(path string) error { return unix.Mkfifo(path, 0o644) }),
		"a link to the right": instead(func(path string) error { return os.Symlink(path+".good", path) }),
		"a link out":          instead(func(path string) error { return os.Symlink("/etc/passwd", path) }),
		"a socket":            instead(func(path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o644, 0) }),
		"no file at all":      os.Remove,
	}
}

func kinds() map[string]reproducible.Kind {
	return map[string]reproducible.Kind{"file": reproducible.File, "executable": reproducible.Executable, "tree": reproducible.Tree}
}

func TestAnInputThatIsNotWhatItsDigestSaysIsRefusedBeforeTheCommandRuns(t *testing.T) {
	for name, kind := range kinds() {
		x := newDamaged(t)
		spec := x.knocker(kind)
		_, err := x.build(t, spec)
		require.NoError(t, err, "%s", logOf(err))
		require.Equal(t, 1, x.door.knocks(t), "the command knocks when it runs")
		for how, damage := range damages() {
			t.Run(name+" "+how, func(t *testing.T) {
				x.put(t)
				for _, path := range x.places(kind) {
					x.damage(t, damage, path)
				}
				before := traces(t, x.dir)
				r, err := x.build(t, spec)
				require.Nil(t, r)
				require.True(t, hasCode(err, reproducible.CodeInput), "%v", err)
				require.True(t, hasCode(err, store.CodeCorrupt) || hasCode(err, store.CodeAbsent), "%v", err)
				require.Zero(t, x.door.knocks(t))
				before.same(t)
			})
		}
	}
}

func TestACopyIsMadeOfNothingThatIsNotVerified(t *testing.T) {
	x := newDamaged(t)
	spec := x.knocker(reproducible.Tree)
	spec.HostPaths, spec.Command = nil, []string{"/bin/tool", toolArgument, "read-one", "/in/data/data"}
	spec.Require = reproducible.SortedInputs
	r, err := x.build(t, spec)
	require.NoError(t, err, "%s", logOf(err))
	require.Equal(t, dataText, x.text(t, r, "result"))
	for _, path := range x.places(reproducible.Tree) {
		x.damage(t, damages()["other bytes"], path)
	}
	_, err = x.build(t, spec)
	require.True(t, hasCode(err, store.CodeCorrupt), "%v", err)
}

// TestWhatTheStoreCanMendIsMended damages what is made of blobs, and not the blobs.
func TestWhatTheStoreCanMendIsMended(t *testing.T) {
	for _, kind := range []reproducible.Kind{reproducible.Executable, reproducible.Tree} {
		x := newDamaged(t)
		_, err := x.build(t, x.knocker(kind))
		require.NoError(t, err)
		require.Equal(t, 1, x.door.knocks(t))
		for name, damage := range damages() {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				path := x.places(kind)[0]
				x.damage(t, damage, path)
				_, err = x.build(t, x.knocker(kind))
				require.NoError(t, err, "%s", logOf(err))
				require.Equal(t, 1, x.door.knocks(t), "it runs once, over what was mended")
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, dataText, string(text))
			})
		}
	}
}

// leftovers are what a build that did not happen must leave as it was.
type leftovers struct {
	dir         string
	goroutines  int
	descriptors int
	listing     []string
}

func traces(t *testing.T, dir string) leftovers {
	return leftovers{dir, runtime.NumGoroutine(), len(descriptors(t)), listing(t, dir)}
}

// listing are the temporary names in a store and the control groups of this process.
func listing(t *testing.T, dir string) []string {
	var all []string
	patterns := []string{dir + "/tmp/*", dir + "/trees/.*"}
	own, err := os.ReadFile("/proc/self/cgroup")
	require.NoError(t, err)
	for line := range strings.Lines(string(own)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		patterns = append(patterns, filepath.Join("/sys/fs/cgroup/*", parts[2], "sealwright-"+strconv.Itoa(os.Getpid())+"-*"))
	}
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all = append(all, names...)
	}
	return all
}

// same checks that no process, mount, descriptor, goroutine, control group or
// temporary file is left.
func (l leftovers) same(t *testing.T) {
	t.Helper()
	require.Empty(t, children(t))
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	require.NotContains(t, string(mounts), l.dir)
	require.Equal(t, l.listing, listing(t, l.dir))
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && runtime.NumGoroutine() > l.goroutines; {
		time.Sleep(time.Millisecond) // the last may have told its result, and not have ended
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), l.goroutines)
	require.LessOrEqual(t, len(descriptors(t)), l.descriptors+1)
}

// children are the processes that this one has started and that are still there.
func children(t *testing.T) []string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	require.NotEmpty(t, tasks)
	var all []string
	for _, task := range tasks {
		list, err := os.ReadFile(task)
		if err == nil { // threads come and go
			all = append(all, strings.Fields(string(list))...)
		}
	}
	return all
}

// slow makes the data of a spec take long to verify, which in the end fails.
func (x *damaged) slow(t *testing.T, size int64) {
	path := x.places(reproducible.File)[0]
	require.NoError(t, errors.Join(os.Chmod(path, 0o644), os.Truncate(path, size)))
}

// whenReady calls do once a child of this process has mounted the data of a spec, and
// waits, and tells whether it came to that.
func whenReady(ctx context.Context, t *testing.T, do func()) (came func() bool) {
	result := make(chan bool, 1)
	go func() {
		for ctx.Err() == nil {
			for _, pid := range children(t) {
				info, err := os.Stat("/proc/" + pid + "/root/in/data")
				status, _ := os.ReadFile("/proc/" + pid + "/status")
				if err == nil && info.Size() > int64(len(dataText)) && strings.Contains(string(status), "Seccomp:\t2") {
					do()
					result <- true
					return
				}
			}
			time.Sleep(time.Millisecond)
		}
		result <- false
	}()
	return func() bool { return <-result }
}

func TestVerificationThatFailsLateKillsTheChild(t *testing.T) {
	x := newDamaged(t)
	x.slow(t, 1<<29)
	before := traces(t, x.dir)
	ctx, cancel := context.WithCancel(t.Context())
	came := whenReady(ctx, t, func() {})
	r, err := x.box.Build(ctx, x.knocker(reproducible.File))
	cancel()
	require.Nil(t, r)
	require.True(t, hasCode(err, store.CodeCorrupt), "%v", err)
	require.True(t, came(), "the child waited for the permission that it did not get")
	require.Zero(t, x.door.knocks(t))
	before.same(t)
}

func TestCancellationWhileInputsAreVerifiedLeavesNothing(t *testing.T) {
	x := newDamaged(t)
	x.slow(t, 1<<36) // longer than the test
	before := traces(t, x.dir)
	ctx, cancel := context.WithCancel(t.Context())
	came := whenReady(ctx, t, cancel)
	r, err := x.box.Build(ctx, x.knocker(reproducible.File))
	require.Nil(t, r)
	require.True(t, hasCode(err, reproducible.CodeCancelled), "%v", err)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, came())
	require.Zero(t, x.door.knocks(t))
	before.same(t)
}

func TestTheInputThatIsWrongIsToldBeforeWhatElseIs(t *testing.T) {
	x := newDamaged(t)
	require.NoError(t, os.Remove(x.places(reproducible.File)[0]))
	spec := x.knocker(reproducible.File)
	spec.Dir, spec.HostPaths = "/nowhere", []string{"/no/such/directory"}
	_, err := x.build(t, spec)
	require.True(t, hasCode(err, store.CodeAbsent), "%v", err)
	require.NotContains(t, err.Error(), "nowhere")
}
