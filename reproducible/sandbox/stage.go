//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A stage is a program that consists of system calls alone: a hundred bytes of
// code (testdata/stage), the steps that it goes through, and the data that they
// point to. The monitor composes it for one build. It needs no stack, no memory of
// its own, no library and no relocation, so that it starts at once and does
// nothing but what its steps say.

// Where the parts of a stage lie in memory. In its file they begin at multiples of
// the largest page that a machine has.
const (
	codeAddress  = 0x10000000
	stepsAddress = 0x20000000
	dataAddress  = 0x30000000
	largestPage  = 0x10000
)

// A step is one system call. The stage ends with the first whose result is not
// within the bounds: it writes that step to controlFD.
type step struct {
	index    uint64
	call     uint64
	argument [6]uint64
	least    int64 // results that are right: negative ones are error numbers
	greatest int64
	result   int64
}

const stepSize = int(unsafe.Sizeof(step{}))

// write writes the stage as an ELF executable (the System V ABI, chapters 4 and
// 5): its code, its steps and its data, each from a page of its own on.
func write(f io.WriterAt, steps []step, data []byte) error {
	code, err := hex.DecodeString(stageCode)
	if err != nil {
		return err
	}
	list := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(steps))), len(steps)*stepSize)
	if len(list) > dataAddress-stepsAddress {
		return errors.New("too many steps")
	}
	const headers = 64 + 4*56
	atData := (largestPage + uint64(len(list)) + largestPage - 1) / largestPage * largestPage
	load := func(flags elf.ProgFlag, offset, address uint64, size int) elf.Prog64 {
		return elf.Prog64{
			Type: uint32(elf.PT_LOAD), Flags: uint32(flags), Off: offset, Vaddr: address,
			Filesz: uint64(size), Memsz: uint64(size), Align: largestPage,
		}
	}
	var head bytes.Buffer
	err = errors.Join(
		binary.Write(&head, binary.LittleEndian, elf.Header64{
			Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
			Type:  uint16(elf.ET_EXEC), Machine: uint16(stageMachine), Version: uint32(elf.EV_CURRENT),
			Entry: codeAddress + headers, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 4,
		}),
		binary.Write(&head, binary.LittleEndian, []elf.Prog64{
			load(elf.PF_R|elf.PF_X, 0, codeAddress, headers+len(code)),
			load(elf.PF_R|elf.PF_W, largestPage, stepsAddress, len(list)),
			load(elf.PF_R|elf.PF_W, atData, dataAddress, len(data)),
			{Type: uint32(elf.PT_GNU_STACK), Flags: uint32(elf.PF_R | elf.PF_W)},
		}))
	head.Write(code)
	_, e1 := f.WriteAt(head.Bytes(), 0)
	_, e2 := f.WriteAt(list, largestPage)
	_, e3 := f.WriteAt(data, int64(atData))
	return errors.Join(err, e1, e2, e3)
}

// allSeals make a memfd immutable, its seals included.
const allSeals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// file returns the stage as an executable in memory that nothing can change.
func (s *script) file() (*os.File, error) {
	for i := range s.steps {
		s.steps[i].index = uint64(i)
	}
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("stage", flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("stage", flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "stage")
	if err := write(f, s.steps, s.data); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, allSeals); err != nil {
		return nil, errors.Join(os.NewSyscallError("fcntl", err), f.Close())
	}
	return f, nil
}
