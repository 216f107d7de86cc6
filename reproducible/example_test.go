package reproducible_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

// A build is described once, run twice, compared, and told as provenance. The
// Builder here is the fake; sandbox.New returns one that isolates.
func Example() {
	fake := reproducibletest.NewFake()
	compiler := fake.PutProgram("compiler", func(m reproducibletest.Machine, args []string) int {
		fmt.Fprintln(m.Log(), "compiling", args[0])
		if err := m.WriteFile("app", []byte("code of "+args[0])); err != nil {
			return 1
		}
		return 0
	})
	spec := &reproducible.Spec{
		Inputs: []reproducible.Input{
			{Path: "/bin/cc", Kind: reproducible.Executable, Digest: compiler, Role: provenance.RoleTool},
		},
		Command: []string{"/bin/cc", "main.c"},
		Outputs: []string{"app"},
		Require: reproducible.Hermetic,
	}
	ctx := context.Background()
	first, err := fake.Build(ctx, spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := fake.Build(ctx, spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	comparison, err := reproducible.Compare(first, second)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(comparison.Verdict(), comparison.Outputs[0].Path)

	build, err := reproducible.Describe(spec, first, reproducible.DescribeOptions{
		Builder: provenance.Builder{ID: "https://example.com/builder/v1"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(build.Inputs[0].Role, build.Inputs[0].Descriptor.Name, build.Outputs[0].Name)
	// Output:
	// identical app
	// tool /bin/cc app
}

// A builder that cannot give what a spec requires runs nothing and says what is
// missing.
func ExampleRequireMet() {
	err := reproducible.RequireMet(reproducible.NoNetwork|reproducible.Seccomp, reproducible.NoNetwork, nil)
	fmt.Println(err)
	// Output:
	// reproducible.require.unmet at Spec.Require: want no-network,seccomp, got no-network: missing seccomp
}
