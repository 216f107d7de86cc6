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

// A program that builds in sandboxes calls Init before anything else. A spec
// that requires more than the machine grants is refused by name.
func Example() {
	main := func(hook sandbox.Hook, s *store.Store, spec *reproducible.Spec) error {
		box, err := sandbox.New(sandbox.Config{Hook: hook, Store: s, Now: time.Now})
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
	// hook := sandbox.Init() is the first statement of func main. Without it:
	fmt.Println(main(sandbox.Hook{}, nil, nil))
	// Output:
	// reproducible.sandbox.hook at Config.Hook: want the Hook that Init returned, got the zero Hook
}
