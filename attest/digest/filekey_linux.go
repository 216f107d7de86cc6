package digest

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags never wait for the other end of a FIFO and never make a terminal the
// controlling one.
const openFlags = os.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY

func (k *FileKey) addSystem(info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		k.Device, k.Inode, k.Changed = uint64(s.Dev), s.Ino, s.Ctim.Nano()
	}
}
