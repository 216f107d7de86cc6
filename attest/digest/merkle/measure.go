package merkle

import (
	"os"

	"github.com/sealwright/sealwright/attest/digest"
)

// A KernelMeasurement is the fs-verity file digest that the kernel enforces on a
// file. The kernel does not tell block size and salt, which the digest covers:
// compare it with Root.FileDigest of the Params that are expected.
type KernelMeasurement struct {
	Hash       digest.Algorithm // SHA256 or SHA512
	FileDigest []byte
}

// MeasureKernel asks the kernel for the fs-verity file digest of an open file
// (FS_IOC_MEASURE_VERITY). It takes constant time, as the kernel verified the
// digest's descriptor when the file was opened, and verifies the content on each
// read: the content that later reads return is bound to it, or they fail.
//
// A kernel or a file system without fs-verity is refused with
// CodeKernelUnsupported, a file that does not have it enabled with
// CodeKernelDisabled. The answer is as trustworthy as the running kernel.
func MeasureKernel(f *os.File) (KernelMeasurement, error) { return measure(f) }
