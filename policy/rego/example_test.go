package rego_test

import (
	"context"
	"encoding/json"
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

// A module of a Witness policy, as compat.Witness(document, rego.Foreign{}.Witness) has it
// compiled. Where Witness takes an attestation without an exit code for a good one, this
// is no answer.
func ExampleForeign() {
	deny, err := rego.Foreign{}.Witness("exit code", []byte("package commandrun\n\ndeny[msg] {\n\tinput.exitcode != 0\n\tmsg := \"the command failed\"\n}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, attestation := range []string{`{"exitcode":0}`, `{"exitcode":1}`, `{"exitcode":"0"}`, `{}`} {
		fmt.Println(deny(context.Background(), json.RawMessage(attestation)))
	}

	_, err = rego.Foreign{}.ImagePolicy("latest", []byte("package sigstore\n\nisCompliant { time.now_ns() > 0 }\n"))
	fmt.Println(err)
	// Output:
	// [] <nil>
	// [the command failed] <nil>
	// [] policy.input.type at /exitcode: want a number, got a string
	// [] policy.input.missing at /exitcode: want a number, got nothing
	// policy.rego.builtin at Text:module.rego:3: want a function on the list, got "time.now_ns"
}
