package merkle

import (
	"encoding/binary"
	"errors"
	"os"
	"syscall"
	"unsafe"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// measureVerity is FS_IOC_MEASURE_VERITY, _IOWR('f', 134, struct fsverity_digest).
// Read-and-write is encoded alike on every architecture that Go runs on.
const measureVerity = 3<<30 | 4<<16 | 'f'<<8 | 134

// measure calls the ioctl with a struct fsverity_digest: algorithm and size of 16
// bits each, then room for the digest.
func measure(f *os.File) (KernelMeasurement, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return KernelMeasurement{}, because(refuse(CodeKernel, excerpt.Quote(f.Name()), "an open file", ""), err)
	}
	var answer [4 + maxHash]byte
	binary.NativeEndian.PutUint16(answer[2:], maxHash)
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, measureVerity, uintptr(unsafe.Pointer(&answer)))
	})
	if err != nil {
		return KernelMeasurement{}, because(refuse(CodeKernel, excerpt.Quote(f.Name()), "an open file", ""), err)
	}
	if errno != 0 {
		return KernelMeasurement{}, kernelError(f.Name(), errno)
	}
	return parseMeasurement(f.Name(), answer[:])
}

// kernelError tells apart what a caller would act on differently.
func kernelError(name string, errno syscall.Errno) error {
	switch {
	case errors.Is(errno, syscall.ENOTTY), errors.Is(errno, syscall.EOPNOTSUPP):
		return because(refuse(CodeKernelUnsupported, excerpt.Quote(name), "a kernel and a file system with fs-verity", ""), errno)
	case errors.Is(errno, syscall.ENODATA):
		return because(refuse(CodeKernelDisabled, excerpt.Quote(name), "a file with fs-verity enabled", ""), errno)
	}
	return because(refuse(CodeKernel, excerpt.Quote(name), "an fs-verity file digest", ""), errno)
}

func parseMeasurement(name string, answer []byte) (KernelMeasurement, error) {
	algorithm, size := binary.NativeEndian.Uint16(answer), int(binary.NativeEndian.Uint16(answer[2:]))
	m := KernelMeasurement{Hash: digest.SHA256}
	want := 32
	switch algorithm {
	case 1: // FS_VERITY_HASH_ALG_SHA256
	case 2: // FS_VERITY_HASH_ALG_SHA512
		m.Hash, want = digest.SHA512, 64
	default:
		return KernelMeasurement{}, refuse(CodeKernel, excerpt.Quote(name), "hash algorithm 1 or 2", decimal(int(algorithm)))
	}
	if size != want {
		return KernelMeasurement{}, refuse(CodeKernel, excerpt.Quote(name), "a digest of "+decimal(want)+" bytes", decimal(size))
	}
	m.FileDigest = append(m.FileDigest, answer[4:4+size]...)
	return m, nil
}
