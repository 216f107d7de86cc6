// Opa is a program that makes a query of OPA and asks it.
package main

import (
	"context"
	"os"

	"github.com/open-policy-agent/opa/v1/rego"
)

func main() {
	query, err := rego.New(rego.Query("data.policy.deny"), rego.Module("policy.rego", "package policy")).PrepareForEval(context.Background())
	if err != nil {
		os.Exit(2)
	}
	if _, err := query.Eval(context.Background(), rego.EvalInput(os.Args)); err != nil {
		os.Exit(1)
	}
}
