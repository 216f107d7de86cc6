package merkle

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
)

func TestAFileWithoutVerityIsRefusedWithTheReason(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "plain"))
	require.NoError(t, err)
	_, err = MeasureKernel(f)
	var e *digest.Error
	require.ErrorAs(t, err, &e)
	assert.Contains(t, []digest.Code{CodeKernelUnsupported, CodeKernelDisabled}, e.Code, "which of them depends on the kernel and the file system")

	require.NoError(t, f.Close())
	_, err = MeasureKernel(f)
	require.ErrorAs(t, err, &e)
	assert.Equal(t, CodeKernel, e.Code)

	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	_, err = MeasureKernel(null)
	require.ErrorAs(t, err, &e)
	assert.Equal(t, CodeKernelUnsupported, e.Code)
	assert.ErrorContains(t, err, "/dev/null")
	assert.ErrorContains(t, err, "fs-verity")
}

func TestTheKernelsErrorsAreToldApart(t *testing.T) {
	for errno, want := range map[syscall.Errno]digest.Code{
		syscall.ENOTTY:     CodeKernelUnsupported,
		syscall.EOPNOTSUPP: CodeKernelUnsupported,
		syscall.ENODATA:    CodeKernelDisabled,
		syscall.EOVERFLOW:  CodeKernel,
		syscall.EIO:        CodeKernel,
		syscall.EPERM:      CodeKernel,
	} {
		err := kernelError("f", errno)
		var e *digest.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, want, e.Code, "%v", errno)
		assert.True(t, errors.Is(err, errno))
	}
}

func TestTheKernelsAnswerIsReadStrictly(t *testing.T) {
	answer := func(algorithm, size uint16) []byte {
		b := make([]byte, 68)
		binary.NativeEndian.PutUint16(b, algorithm)
		binary.NativeEndian.PutUint16(b[2:], size)
		for i := range b[4:] {
			b[4+i] = byte(i)
		}
		return b
	}
	m, err := parseMeasurement("f", answer(1, 32))
	require.NoError(t, err)
	assert.Equal(t, KernelMeasurement{digest.SHA256, answer(1, 32)[4:36]}, m)
	m, err = parseMeasurement("f", answer(2, 64))
	require.NoError(t, err)
	assert.Equal(t, KernelMeasurement{digest.SHA512, answer(2, 64)[4:]}, m)
	for _, b := range [][]byte{answer(0, 0), answer(3, 32), answer(1, 31), answer(1, 64), answer(2, 32), answer(2, 65)} {
		_, err := parseMeasurement("f", b)
		var e *digest.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, CodeKernel, e.Code)
	}
}
