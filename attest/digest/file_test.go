//go:build linux

package digest_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/digesttest"
)

func TestAFileIsSummed(t *testing.T) {
	dir, root := tempRoot(t)
	b := content(200_000)
	write(t, dir, "a/b", b)
	got, err := digest.SumFile(t.Context(), root, "a/b", digest.Options{Algorithms: computed})
	require.NoError(t, err)
	assert.Equal(t, int64(len(b)), got.Size)
	for _, a := range computed {
		assert.Equal(t, digesttest.Oracle(a, b), got.Digests[a], "%s", a)
	}
}

func TestWhatIsNotARegularFileIsRefused(t *testing.T) {
	dir, root := tempRoot(t)
	write(t, dir, "file", []byte("x"))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("nothing", filepath.Join(dir, "dangling")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir"), 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644))
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	defer listener.Close()
	require.NoError(t, os.Symlink("/dev", filepath.Join(dir, "dev")))

	for _, name := range []string{"link", "dangling", "dir", "fifo", "socket", "."} {
		t.Run(name, func(t *testing.T) {
			_, err := digest.SumFile(t.Context(), root, name, digest.Options{})
			refused(t, digest.CodeKind, err)
		})
	}
	for _, name := range []string{"missing", "../outside", "/etc/hostname", "dev/null", "file/x", "", "a\x00b"} {
		t.Run("cannot be opened: "+name, func(t *testing.T) {
			_, err := digest.SumFile(t.Context(), root, name, digest.Options{})
			refused(t, digest.CodeOpen, err)
		})
	}
}

func TestADeviceIsRefused(t *testing.T) {
	root, err := os.OpenRoot("/dev")
	require.NoError(t, err)
	defer root.Close()
	_, err = digest.SumFile(t.Context(), root, "zero", digest.Options{})
	refused(t, digest.CodeKind, err)
	f, err := os.Open("/dev/zero")
	require.NoError(t, err)
	defer f.Close()
	_, err = digest.FileSource(f)
	refused(t, digest.CodeKind, err)
}

func TestAFileThatHidesItsSizeIsRefused(t *testing.T) {
	root, err := os.OpenRoot("/proc/self")
	require.NoError(t, err)
	defer root.Close()
	_, err = digest.SumFile(t.Context(), root, "status", digest.Options{}) // claims to be empty
	refused(t, digest.CodeSize, err)
	for _, err := range digest.SumFiles(t.Context(), root, names("status"), digest.FilesOptions{}) {
		refused(t, digest.CodeSize, err)
	}
}

// changes are the ways in which a file can change under its reader.
var changes = map[string]func(t *testing.T, path string){
	"truncated": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 100)) },
	"grown": func(t *testing.T, path string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.Write([]byte("more"))
		require.NoError(t, err)
		require.NoError(t, f.Close())
	},
	"rewritten in place with its time restored": func(t *testing.T, path string) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte("evil"), 10)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	},
	"replaced by a copy": func(t *testing.T, path string) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path+".new", b, 0o644))
		require.NoError(t, os.Rename(path+".new", path))
	},
	"replaced by a link": func(t *testing.T, path string) {
		require.NoError(t, os.Rename(path, path+".old"))
		require.NoError(t, os.Symlink(filepath.Base(path)+".old", path))
	},
	"removed": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
	"made executable": func(t *testing.T, path string) {
		require.NoError(t, os.Chmod(path, 0o755))
	},
}

func TestAFileThatChangesMeanwhileIsRefused(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			dir, root := tempRoot(t)
			path := filepath.Join(dir, "f")
			write(t, dir, "f", content(300_000))
			settle(t, path)
			once := false
			o := digest.Options{Progress: func(int64, int64) {
				if !once {
					once = true
					change(t, path)
				}
			}}
			_, err := digest.SumFile(t.Context(), root, "f", o)
			refused(t, digest.CodeChanged, err)
			assert.True(t, once)
		})
	}
}

func TestAFileThatChangesUnderCheckpointVerificationIsRefused(t *testing.T) {
	dir, _ := tempRoot(t)
	path := filepath.Join(dir, "f")
	b := content(20*stride + 3)
	write(t, dir, "f", b)
	settle(t, path)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	s, err := digest.FileSource(f)
	require.NoError(t, err)
	require.NoError(t, digest.VerifyAt(t.Context(), s, expect(b), checkpointsOf(t, b), digest.Options{}))
	require.NoError(t, os.Chtimes(path, time.Now(), time.Now()))
	refused(t, digest.CodeChanged, digest.VerifyAt(t.Context(), s, expect(b), checkpointsOf(t, b), digest.Options{}))
}

// settle waits until the clock of the file system has moved on, so that the next
// change has another time.
func settle(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	for i := 0; ; i++ {
		probe := path + ".probe"
		require.NoError(t, os.WriteFile(probe, nil, 0o644))
		now, err := os.Stat(probe)
		require.NoError(t, err)
		require.NoError(t, os.Remove(probe))
		if now.ModTime().After(info.ModTime()) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAFileSourceKeepsTheContract(t *testing.T) {
	dir, _ := tempRoot(t)
	b := content(300_000)
	write(t, dir, "f", b)
	f, err := os.Open(filepath.Join(dir, "f"))
	require.NoError(t, err)
	defer f.Close()
	s, err := digest.FileSource(f)
	require.NoError(t, err)
	digesttest.TestSource(t, s, b)
}

func TestTheFakeSourceKeepsTheContract(t *testing.T) {
	b := content(300_000)
	digesttest.TestSource(t, &digesttest.Source{Content: b}, b)
}

func TestAChangeThatASourceReportsIsRefused(t *testing.T) {
	b := content(100)
	s := &digesttest.Source{Content: b, Changed: &digest.Error{Code: digest.CodeChanged}}
	_, err := digest.SumAt(t.Context(), s, digest.Options{})
	refused(t, digest.CodeChanged, err)
	refused(t, digest.CodeChanged, digest.VerifyAt(t.Context(), s, expect(b), nil, digest.Options{}))
}
