package rego_test

import (
	"fmt"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rego"
)

// A negation is as good as what it negates: of a rule that may have no value it would
// hold for want of an answer, so that does not compile.
func ExampleCompiler() {
	clause := policy.Clause{
		ID:     "hosted",
		Need:   policy.Need{PredicateTypes: []string{"https://example.com/build/v1"}, Signers: []string{"platform"}},
		Inputs: []policy.Input{{Name: "builder", Pointer: "/builder/id", Type: "string"}},
		Text:   "package release\n\nhost := \"example.com\" if startswith(input.builder, \"https://example.com/\")\ndeny contains \"builder\" if not host != \"\"\n",
	}
	_, err := rego.Compiler{}.Compile(clause)
	fmt.Println(err)

	clause.Text = "package release\n\nhosted if startswith(input.builder, \"https://example.com/\")\ndeny contains \"builder\" if not hosted\n"
	_, err = rego.Compiler{}.Compile(clause)
	fmt.Println(err)
	// Output:
	// policy.rego.construct at Text:clause.rego:4: want a rule with a default, where its value is needed, got "host"
	// <nil>
}
