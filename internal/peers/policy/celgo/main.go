// Celgo is a program that makes a program of cel-go and asks it.
package main

import (
	"os"

	"cel.dev/cel-go/cel"
)

func main() {
	env, err := cel.NewEnv(cel.Variable("s", cel.DynType))
	if err != nil {
		os.Exit(2)
	}
	ast, issues := env.Compile("s.x == 1")
	if issues.Err() != nil {
		os.Exit(2)
	}
	program, err := env.Program(ast)
	if err != nil {
		os.Exit(2)
	}
	if _, _, err := program.Eval(map[string]any{"s": os.Args}); err != nil {
		os.Exit(1)
	}
}
