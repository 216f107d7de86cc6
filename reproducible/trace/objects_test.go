//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestTheKernelIsSilentAboutWhatWasSeenTwice(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_UNLIMITED_QUEUE|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		require.ErrorIs(t, err, unix.EPERM, "others than root have no cross-check")
		return
	}
	defer func() { require.NoError(t, unix.Close(fd)) }()
	o := &objects{fd: fd, opened: map[string]struct{}{}, seen: map[program]bool{}}
	buffer := make([]byte, 64<<10)
	told := func(name string) bool { // by an event, when it is opened
		clear(o.opened)
		f, err := os.Open(name)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		for {
			n, err := unix.Read(fd, buffer)
			if errors.Is(err, unix.EAGAIN) {
				break
			}
			require.NoError(t, err)
			o.take(buffer[:n], &tree{}, -1)
		}
		require.False(t, o.lost)
		_, found := o.opened[name]
		return found
	}
	for _, name := range []string{path, dir} {
		var st unix.Stat_t
		require.NoError(t, unix.Stat(name, &st))
		key := program{st.Dev, st.Ino}
		object := fdOf(t, name) // the kernel does not forget what is open
		err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_EVICTABLE, unix.FAN_OPEN|unix.FAN_ONDIR, unix.AT_FDCWD, name)
		if errors.Is(err, unix.EINVAL) {
			return // before Linux 5.19
		}
		require.NoError(t, err)
		require.True(t, told(name))
		require.False(t, told(name), "it is known")
		require.True(t, o.seen[key])
		delete(o.seen, key)
		if err := silence(fd, object, &st); errors.Is(err, unix.EINVAL) {
			return // before Linux 6.0
		}
		require.False(t, told(name), "the kernel told of it again")
	}
}

// What the kernel could not queue is lost, and what is lost is told.
func TestAQueueThatRanOverIsNoCrossCheck(t *testing.T) {
	event := func(size uint32, fd int32) []byte {
		b := binary.LittleEndian.AppendUint32(nil, size)
		b = append(b, 3, 0)                         // version, reserved
		b = binary.LittleEndian.AppendUint16(b, 24) // metadata length
		b = binary.LittleEndian.AppendUint64(b, unix.FAN_Q_OVERFLOW)
		b = binary.LittleEndian.AppendUint32(b, uint32(fd))
		return binary.LittleEndian.AppendUint32(b, 0)
	}
	for name, events := range map[string][]byte{
		"the queue ran over":              event(sizeMetadata, -1),
		"an event that is longer than it": event(sizeMetadata+1, -1),
		"an event that is shorter":        event(sizeMetadata-1, -1),
		"an event of nothing":             event(0, -1),
	} {
		o := &objects{opened: map[string]struct{}{}, seen: map[program]bool{}, stop: make(chan struct{}), done: make(chan struct{})}
		o.take(events, &tree{}, -1)
		require.True(t, o.lost, name)
		close(o.done)
		l := newLog(1)
		checked, lost := o.finish(&l)
		require.False(t, checked, name)
		require.True(t, lost, name)
	}
}

func fdOf(t *testing.T, name string) int {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return int(f.Fd())
}
