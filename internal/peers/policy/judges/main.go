// Judges is a program that makes an engine and asks it.
package main

import (
	"context"
	"os"

	"github.com/sealwright/sealwright/policy"
)

func main() {
	engine, err := policy.New(policy.Config{})
	if err != nil {
		os.Exit(2)
	}
	if d, err := engine.Evaluate(context.Background(), policy.Request{}); err != nil || d.Verdict() != policy.Allow {
		os.Exit(1)
	}
}
