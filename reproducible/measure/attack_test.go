//go:build linux

package measure_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible/measure"
)

// ground makes a small tree whose entries are older than a tick of the clock.
func ground(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "bin/tool", "the tool")
	write(t, dir, "etc/config", "setting = 1")
	require.NoError(t, os.Symlink("tool", filepath.Join(dir, "bin/alias")))
	require.NoError(t, os.Chmod(filepath.Join(dir, "bin/tool"), 0o755))
	tick()
	return dir
}

// tick lets the clock of the file system pass on.
func tick() { time.Sleep(20 * time.Millisecond) }

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	at := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
}

func snapshot(t testing.TB, o measure.Options, roots ...string) *measure.Tree {
	t.Helper()
	tree, err := measure.Snapshot(t.Context(), roots, o)
	require.NoError(t, err)
	return tree
}

// found tells the codes of the report for one path.
func found(r *measure.Report, at string) []attest.Code {
	codes := []attest.Code{}
	for _, f := range r.Findings {
		if f.Path == at {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

// after returns what a full and a stat-only measurement find in an attack.
func after(t *testing.T, dir string, attack func()) (full, stat *measure.Report) {
	t.Helper()
	a, b := snapshot(t, measure.Options{}, dir), snapshot(t, measure.Options{StatOnly: true}, dir)
	attack()
	full, err := measure.Diff(a, snapshot(t, measure.Options{}, dir), nil)
	require.NoError(t, err)
	stat, err = measure.Diff(b, snapshot(t, measure.Options{StatOnly: true}, dir), nil)
	require.NoError(t, err)
	return full, stat
}

func TestAnUntouchedTreeHasNoFindings(t *testing.T) {
	full, stat := after(t, ground(t), func() {})
	for _, r := range []*measure.Report{full, stat} {
		assert.Equal(t, measure.Untouched, r.Verdict())
		require.NoError(t, r.Err())
	}
	assert.Equal(t, full.Before, full.After)
}

func TestEachAttackOnATreeIsFound(t *testing.T) {
	at := func(dir, name string) string { return filepath.Join(dir, name) }
	for name, c := range map[string]struct {
		attack     func(t *testing.T, dir string)
		path       string
		full, stat []attest.Code
	}{
		"a file that is edited and gets its old modification time back": {func(t *testing.T, dir string) {
			info, err := os.Stat(at(dir, "bin/tool"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(at(dir, "bin/tool"), []byte("the fool"), 0o755))
			require.NoError(t, os.Chtimes(at(dir, "bin/tool"), info.ModTime(), info.ModTime()))
		}, "bin/tool", []attest.Code{measure.CodeContent, measure.CodeForgedTime}, []attest.Code{measure.CodeTouched}},
		"a file that is changed and changed back, with its old time": {func(t *testing.T, dir string) {
			info, err := os.Stat(at(dir, "etc/config"))
			require.NoError(t, err)
			for _, text := range []string{"setting = 2", "setting = 1"} {
				require.NoError(t, os.WriteFile(at(dir, "etc/config"), []byte(text), 0o644))
			}
			require.NoError(t, os.Chtimes(at(dir, "etc/config"), info.ModTime(), info.ModTime()))
		}, "etc/config", []attest.Code{measure.CodeUndone}, []attest.Code{measure.CodeTouched}},
		"a file that was moved away for a while": {func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(at(dir, "bin/tool"), at(dir, "bin/kept")))
			write(t, dir, "bin/tool", "a trojan")
			require.NoError(t, os.Rename(at(dir, "bin/kept"), at(dir, "bin/tool")))
		}, "bin", []attest.Code{measure.CodeUndone}, []attest.Code{measure.CodeTouched}},
		"a name that was there for a while": {func(t *testing.T, dir string) {
			write(t, dir, "etc/ld.so.preload", "/tmp/evil.so")
			require.NoError(t, os.Remove(at(dir, "etc/ld.so.preload")))
		}, "etc", []attest.Code{measure.CodeUndone}, []attest.Code{measure.CodeTouched}},
		"a file replaced by a copy of itself": {func(t *testing.T, dir string) {
			write(t, dir, "new", "setting = 1")
			require.NoError(t, os.Rename(at(dir, "new"), at(dir, "etc/config")))
		}, "etc/config", []attest.Code{measure.CodeReplaced}, []attest.Code{measure.CodeReplaced}},
		"a link that points elsewhere": {func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(at(dir, "bin/alias")))
			tick()
			require.NoError(t, os.Symlink("/tmp/evil", at(dir, "bin/other")))
			require.NoError(t, os.Symlink("/tmp/evil", at(dir, "bin/alias")))
		}, "bin/other", []attest.Code{measure.CodeAdded}, []attest.Code{measure.CodeAdded}},
		"a file swapped for a link to another": {func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(at(dir, "etc/config")))
			require.NoError(t, os.Symlink("/etc/passwd", at(dir, "etc/config")))
		}, "etc/config", []attest.Code{measure.CodeKind}, []attest.Code{measure.CodeKind}},
		"an added preload list": {func(t *testing.T, dir string) { write(t, dir, "etc/ld.so.preload", "/tmp/evil.so") },
			"etc/ld.so.preload", []attest.Code{measure.CodeAdded}, []attest.Code{measure.CodeAdded}},
		"an added git hook": {func(t *testing.T, dir string) { write(t, dir, ".git/hooks/post-checkout", "#!/bin/sh") },
			".git/hooks/post-checkout", []attest.Code{measure.CodeAdded}, []attest.Code{measure.CodeAdded}},
		"an added configuration of a package manager": {func(t *testing.T, dir string) { write(t, dir, ".npmrc", "ignore-scripts=false") },
			".npmrc", []attest.Code{measure.CodeAdded}, []attest.Code{measure.CodeAdded}},
		"a removed file": {func(t *testing.T, dir string) { require.NoError(t, os.Remove(at(dir, "etc/config"))) },
			"etc/config", []attest.Code{measure.CodeRemoved}, []attest.Code{measure.CodeRemoved}},
		"a setuid bit": {func(t *testing.T, dir string) {
			require.NoError(t, os.Chmod(at(dir, "bin/tool"), 0o755|os.ModeSetuid))
		}, "bin/tool", []attest.Code{measure.CodeMode}, []attest.Code{measure.CodeMode}},
		"a hard link from elsewhere": {func(t *testing.T, dir string) {
			require.NoError(t, os.Link(at(dir, "bin/tool"), at(dir, "etc/tool")))
		}, "bin/tool", []attest.Code{measure.CodeLinked}, []attest.Code{measure.CodeLinked}},
		"an extended attribute": {func(t *testing.T, dir string) {
			if err := unix.Setxattr(at(dir, "bin/tool"), "user.note", []byte("x"), 0); err != nil {
				t.Skipf("the file system of the temporary directory has no user attributes: %v", err)
			}
		}, "bin/tool", []attest.Code{measure.CodeXattr}, []attest.Code{measure.CodeTouched}},
		"a name that is no UTF-8": {func(t *testing.T, dir string) { write(t, dir, "etc/\xff%\n", "") },
			"etc/%FF%25%0A", []attest.Code{measure.CodeAdded}, []attest.Code{measure.CodeAdded}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := ground(t)
			full, stat := after(t, dir, func() { c.attack(t, dir); tick() })
			// A file system may give the inode of a removed file to the next one.
			assert.Equal(t, c.full, withoutReplaced(found(full, at(dir, c.path)), c.full))
			assert.Equal(t, c.stat, withoutReplaced(found(stat, at(dir, c.path)), c.stat))
			for _, r := range []*measure.Report{full, stat} {
				assert.Equal(t, measure.Tampered, r.Verdict())
				require.ErrorIs(t, r.Err(), attest.Is(found(r, at(dir, c.path))[0]))
			}
		})
	}
}

// withoutReplaced drops CodeReplaced from codes, unless it is wanted.
func withoutReplaced(codes, want []attest.Code) []attest.Code {
	if slices.Contains(want, measure.CodeReplaced) {
		return codes
	}
	return slices.DeleteFunc(codes, func(c attest.Code) bool { return c == measure.CodeReplaced })
}

func TestALinkThatPointsElsewhereIsFoundThoughItsInodeIsReused(t *testing.T) {
	a := &measure.Tree{Roots: []string{"/a"}, Entries: []measure.Entry{{Path: "/a", Kind: measure.Link, Target: "b", Inode: 1}}}
	b := &measure.Tree{Roots: []string{"/a"}, Entries: []measure.Entry{{Path: "/a", Kind: measure.Link, Target: "c", Inode: 1}}}
	r, err := measure.Diff(a, b, nil)
	require.NoError(t, err)
	assert.Equal(t, []attest.Code{measure.CodeTarget}, found(r, "/a"))
}

func TestAFileCapabilityIsFound(t *testing.T) {
	dir := ground(t)
	// cap_net_raw+ep in the form of VFS_CAP_REVISION_2.
	value := []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	full, _ := after(t, dir, func() {
		if err := unix.Setxattr(filepath.Join(dir, "bin/tool"), "security.capability", value, 0); err != nil {
			t.Skipf("needs CAP_SETFCAP: %v", err)
		}
	})
	assert.Equal(t, []attest.Code{measure.CodeCapability}, found(full, filepath.Join(dir, "bin/tool")))
	assert.NotEqual(t, full.Before, full.After)
}

func TestAnotherOwnerIsFound(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	dir := ground(t)
	full, _ := after(t, dir, func() { require.NoError(t, os.Lchown(filepath.Join(dir, "bin/tool"), 1, 2)) })
	assert.Equal(t, []attest.Code{measure.CodeOwner}, found(full, filepath.Join(dir, "bin/tool")))
}

func TestAMountOverAToolIsFound(t *testing.T) {
	dir := ground(t)
	write(t, dir, "elsewhere/tool", "the fool")
	tool := filepath.Join(dir, "bin/tool")
	before := snapshot(t, measure.Options{StatOnly: true}, tool)
	if err := unix.Mount(filepath.Join(dir, "elsewhere/tool"), tool, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("needs CAP_SYS_ADMIN: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(tool, unix.MNT_DETACH)) })
	r, err := measure.Diff(before, snapshot(t, measure.Options{StatOnly: true}, tool), nil)
	require.NoError(t, err)
	assert.Contains(t, found(r, tool), measure.CodeReplaced)
}

func TestContentThatChangedUnderAnUnchangedClockIsForged(t *testing.T) {
	entry := func(text string) measure.Entry {
		return measure.Entry{Path: "/a", Kind: measure.File, Modified: 1, Changed: 1, Digest: digest.FromBytes([]byte(text))}
	}
	r, err := measure.Diff(&measure.Tree{Roots: []string{"/a"}, Entries: []measure.Entry{entry("x")}},
		&measure.Tree{Roots: []string{"/a"}, Entries: []measure.Entry{entry("y")}}, nil)
	require.NoError(t, err)
	assert.Equal(t, []attest.Code{measure.CodeContent, measure.CodeForgedTime}, found(r, "/a"))
}

func TestARootThatAppearsIsFound(t *testing.T) {
	dir := ground(t)
	preload := filepath.Join(dir, "etc/ld.so.preload")
	full, _ := after(t, preload, func() { write(t, dir, "etc/ld.so.preload", "/tmp/evil.so") })
	assert.Equal(t, []attest.Code{measure.CodeAdded}, found(full, preload))
}
