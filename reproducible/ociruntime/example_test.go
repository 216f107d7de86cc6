package ociruntime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/ociruntime"
	"github.com/sealwright/sealwright/reproducible/store"
)

// The runtime is pinned by digest: one that was updated is refused until the new
// digest is written down.
func Example() {
	build := func(ctx context.Context, s *store.Store, pinned digest.Digest, spec *reproducible.Spec) error {
		builder, err := ociruntime.New(ctx, ociruntime.Config{
			Runtime: "/usr/sbin/runc", Digest: pinned, Dir: "/var/lib/builds", Store: s, Now: time.Now,
		})
		if err != nil {
			return err
		}
		spec.Require = reproducible.Hermetic | reproducible.MemoryLimit
		result, err := builder.Build(ctx, spec)
		if err != nil {
			return err
		}
		fmt.Println(result.Achieved)
		return nil
	}
	_ = build // needs root, and the runtime
}
