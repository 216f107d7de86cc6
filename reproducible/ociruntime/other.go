//go:build !linux || (!amd64 && !arm64)

package ociruntime

import (
	"context"
	"runtime"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

func supported() error {
	return attest.Refuse(CodeUnsupported, "machine", "linux on amd64 or arm64", runtime.GOOS+" on "+runtime.GOARCH)
}

func (b *Builder) probe(context.Context) (grant, error) { return grant{}, supported() }

// Build refuses: there are no containers.
func (b *Builder) Build(ctx context.Context, _ *reproducible.Spec) (*reproducible.Result, error) {
	_, err := b.granted(ctx)
	return nil, err
}
