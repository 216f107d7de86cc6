//go:build !linux

package measure

import (
	"context"
	"io"
	"os/exec"
	"runtime"

	"github.com/sealwright/sealwright/attest"
)

func unsupported() error {
	return attest.Refuse(CodeUnsupported, "machine", "linux", runtime.GOOS)
}

// Snapshot refuses: the attributes that it compares are those of Linux.
func Snapshot(context.Context, []string, Options) (*Tree, error) { return nil, unsupported() }

// Pin refuses: the closure that it pins is that of Linux.
func Pin(context.Context, string, PinOptions) (*ToolPin, error) { return nil, unsupported() }

// Verify refuses: there is nothing to compare with.
func (p *ToolPin) Verify(context.Context) error { return unsupported() }

// Command refuses: there is no sealed file to run.
func (p *ToolPin) Command(context.Context, ...string) (*exec.Cmd, io.Closer, error) {
	return nil, nil, unsupported()
}
