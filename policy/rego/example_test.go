package rego_test

import (
	"fmt"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rego"
)

// A negation holds also of what is undefined, so it does not compile.
func ExampleCompiler() {
	clause := policy.Clause{
		ID:     "hosted",
		Need:   policy.Need{PredicateTypes: []string{"https://example.com/build/v1"}, Signers: []string{"platform"}},
		Inputs: []policy.Input{{Name: "builder", Pointer: "/builder/id", Type: "string"}},
		Text:   "package release\n\ndeny contains \"builder\" if not input.builder == \"https://example.com/hosted\"\n",
	}
	_, err := rego.Compiler{}.Compile(clause)
	fmt.Println(err)

	clause.Text = "package release\n\ndeny contains \"builder\" if input.builder != \"https://example.com/hosted\"\n"
	_, err = rego.Compiler{}.Compile(clause)
	fmt.Println(err)
	// Output:
	// policy.rego.construct at Text:clause.rego:3: want !=, == false, or a condition that holds, for not, got "not equal(input.builder, \"https://example.com/hosted\")"
	// <nil>
}
