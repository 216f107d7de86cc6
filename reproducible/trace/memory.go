//go:build linux && (amd64 || arm64)

package trace

import (
	"bytes"
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// Limits of the kernel: a path with its NUL, and a socket address.
const (
	pathMax    = 4096
	addressMax = 128
)

// errLong is a path without NUL in its first pathMax bytes, for which the kernel
// answers ENAMETOOLONG.
var errLong = errors.New("a path without end")

// memory reads the memory of a process. It belongs to one goroutine.
type memory struct {
	buffer [pathMax]byte
	local  [1]unix.Iovec
	remote [1]unix.RemoteIovec
}

// read fills p from the memory of pid.
func (m *memory) read(pid int, address uint64, p []byte) error {
	n, err := m.readSome(pid, address, p)
	if err == nil && n < len(p) {
		return unix.EFAULT
	}
	return err
}

func (m *memory) readSome(pid int, address uint64, p []byte) (int, error) {
	m.local[0].Base = &p[0]
	m.local[0].SetLen(len(p))
	m.remote[0] = unix.RemoteIovec{Base: uintptr(address), Len: len(p)}
	return unix.ProcessVMReadv(pid, m.local[:], m.remote[:], 0)
}

// path reads a path that ends with NUL; the next call overwrites it. No read
// crosses a page, since the next one may not exist.
func (m *memory) path(pid int, address uint64) ([]byte, error) {
	const page = 4096
	for got := 0; got < pathMax; {
		at := address + uint64(got)
		want := min(pathMax-got, page-int(at%page))
		if got == 0 {
			want = min(want, 256) // most paths are short
		}
		n, err := m.readSome(pid, at, m.buffer[got:got+want])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, unix.EFAULT
		}
		if end := bytes.IndexByte(m.buffer[got:got+n], 0); end >= 0 {
			return m.buffer[:got+end], nil
		}
		got += n
	}
	return nil, errLong
}

// word reads a number of 64 bits.
func (m *memory) word(pid int, address uint64) (uint64, error) {
	var b [8]byte
	if err := m.read(pid, address, b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// write changes the memory of a process, as far as its own pages allow.
func (m *memory) write(pid int, address uint64, p []byte) error {
	m.local[0].Base = &p[0]
	m.local[0].SetLen(len(p))
	m.remote[0] = unix.RemoteIovec{Base: uintptr(address), Len: len(p)}
	n, err := unix.ProcessVMWritev(pid, m.local[:], m.remote[:], 0)
	if err == nil && n < len(p) {
		return unix.EFAULT
	}
	return err
}
