package fs_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/fs"
)

func ExampleCollector() {
	dir, err := os.MkdirTemp("", "tree")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	facts, err := fs.Collector{Name: "vendored", Role: provenance.RoleSource}.Collect(context.Background(), collect.Environment{Root: root})
	fmt.Println(err, facts.Inputs[0].Trust, facts.Inputs[0].Descriptor.Name)
	// Output: <nil> measured vendored
}
