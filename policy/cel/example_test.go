package cel_test

import (
	"fmt"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/cel"
)

// A condition that looks like a check and is none does not compile.
func ExampleCompiler() {
	clause := policy.Clause{
		ID:     "tests-passed",
		Need:   policy.Need{PredicateTypes: []string{"https://example.com/tests/v1"}, Signers: []string{"ci"}},
		Inputs: []policy.Input{{Name: "results", Pointer: "/tests/*/result", Type: "list(string)"}},
		Text:   `!results.exists(r, r == "failed")`,
	}
	_, err := cel.Compiler{}.Compile(clause)
	fmt.Println(err)

	clause.Text = `results.all(r, r == "passed")`
	_, err = cel.Compiler{}.Compile(clause)
	fmt.Println(err)
	// Output:
	// policy.cel.vacuous at Text: want x.all(v, !...), which says what every element is, got a negated exists, which says what none is
	// <nil>
}
