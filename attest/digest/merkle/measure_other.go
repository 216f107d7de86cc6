//go:build !linux

package merkle

import (
	"os"

	"github.com/sealwright/sealwright/internal/excerpt"
)

func measure(f *os.File) (KernelMeasurement, error) {
	return KernelMeasurement{}, refuse(CodeKernelUnsupported, excerpt.Quote(f.Name()), "Linux", "another system")
}
