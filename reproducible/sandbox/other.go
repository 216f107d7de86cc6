//go:build !linux || (!amd64 && !arm64)

package sandbox

import (
	"context"
	"runtime"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
)

func supported() error {
	return attest.Refuse(CodeUnsupported, "machine", "linux on amd64 or arm64", runtime.GOOS+" on "+runtime.GOARCH)
}

type (
	order     struct{}
	assembled struct{}
)

func newThread(uint32, uint32) process.Confiner { return nil }

// Probe refuses: there is nothing to try.
func (s *Sandbox) Probe(context.Context) (Capabilities, error) {
	return Capabilities{}, supported()
}

// Build refuses: there is no sandbox.
func (s *Sandbox) Build(ctx context.Context, _ *reproducible.Spec) (*reproducible.Result, error) {
	_, err := s.capabilities(ctx)
	return nil, err
}
