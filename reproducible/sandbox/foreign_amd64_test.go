//go:build linux

package sandbox_test

import (
	"unsafe"

	"golang.org/x/sys/unix"

	shared "github.com/sealwright/sealwright/reproducible/internal/attacks"
)

// foreign are attacks through other calling conventions, each of which must
// cost the process its life.
func foreign() map[string]func(args []string) error {
	return map[string]func(args []string) error{
		"call-x32":        func([]string) error { return shared.Call(0x40000000 | unix.SYS_GETPID) },
		"call-x32-socket": func([]string) error { return shared.Call(0x40000000|unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW) },
		"call-i386":       func([]string) error { return callI386() },
	}
}

// callI386 calls getpid as a 32-bit program does. It returns only if that was
// allowed.
func callI386() error {
	code := []byte{
		0xb8, 0x14, 0, 0, 0, // mov eax, 20
		0xcd, 0x80, // int 0x80
		0xc3, // ret
	}
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	copy(page, code)
	if err := unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC); err != nil {
		return err
	}
	entry := unsafe.Pointer(&page[0])
	function := unsafe.Pointer(&entry)
	(*(*func())(unsafe.Pointer(&function)))()
	return nil
}
