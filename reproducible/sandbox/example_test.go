//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
)

// A spec that requires more than the machine grants is refused by name.
func Example() {
	build := func(s *store.Store, spec *reproducible.Spec) error {
		box, err := sandbox.New(sandbox.Config{Store: s, Now: time.Now})
		if err != nil {
			return err
		}
		result, err := box.Build(context.Background(), spec)
		if err != nil {
			return err
		}
		fmt.Println(result.Achieved)
		return nil
	}
	fmt.Println(build(nil, nil))
	// Output:
	// reproducible.sandbox.config at Config: want Store and Now, got nil
}
