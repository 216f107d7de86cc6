package measure

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// dirent is a record of getdents64(2).
func dirent(name string, size int) []byte {
	b := make([]byte, max(size, 19+len(name)))
	binary.NativeEndian.PutUint16(b[16:], uint16(size))
	copy(b[19:], name)
	return b
}

func TestAListOfNamesIsReadWhole(t *testing.T) {
	r := &reader{walker: &walker{}}
	list := bytes.Join([][]byte{dirent(".", 24), dirent("b\n", 24), dirent("..", 24), dirent("\xff", 32)}, nil)
	require.NoError(t, r.keep(list, "/top"))
	assert.Equal(t, "/top/b\n/top/\xff", string(r.names))
	assert.Equal(t, []int{7, 13}, r.ends)
}

func TestAMalformedListOfNamesIsRefused(t *testing.T) {
	for name, list := range map[string][]byte{
		"a record that is cut":          dirent("name", 24)[:10],
		"a record longer than the list": dirent("name", 24)[:20],
		"a record without a length":     dirent("name", 0),
		"a record too short":            dirent("name", 18),
		"a name without an end":         dirent("12345", 24),
		"an empty name":                 dirent("", 24),
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, (&reader{walker: &walker{}}).keep(list, "/top"), errDirent)
		})
	}
}

func FuzzDirents(f *testing.F) {
	f.Add(dirent("name", 24))
	f.Add(append(dirent(".", 24), dirent("x", 24)...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, list []byte) {
		r := &reader{walker: &walker{}}
		if r.keep(list, "/top") != nil {
			return
		}
		start := 0
		for _, end := range r.ends {
			require.Greater(t, end-start, len("/top/"))
			start = end
		}
		require.Equal(t, len(r.names), start)
	})
}

func TestAnEntryWithAttributesIsNotTakenForOneWithout(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"with", "without"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	if err := unix.Setxattr(filepath.Join(dir, "with"), "user.x", []byte("y"), 0); err != nil {
		return // this file system has no attributes
	}
	require.NoError(t, os.Symlink("with", filepath.Join(dir, "link")))
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	require.False(t, noXattrs(fd, "with"))
	require.False(t, noXattrs(fd, "absent"))
	if noXattrs(fd, "without") { // Linux 6.13 and newer
		require.True(t, noXattrs(fd, "link"), "the link, not what it points to")
	}
}
