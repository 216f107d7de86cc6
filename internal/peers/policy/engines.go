package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"cel.dev/cel-go/cel"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// A judge allows a decoded statement with nil, and denies with errRefused.
type judge func(statement any) error

// byOPA prepares the module once.
func byOPA(module string) (byInput func(any) error, byParsed func(ast.Value) error, err error) {
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.policy.deny"), rego.Module("policy.rego", module), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, nil, err
	}
	ask := func(input rego.EvalOption) error {
		set, err := query.Eval(ctx, input)
		if err != nil {
			return err
		}
		if len(set) != 1 || len(set[0].Expressions) != 1 {
			return errRefused
		}
		if denials, ok := set[0].Expressions[0].Value.([]any); !ok || len(denials) > 0 {
			return errRefused
		}
		return nil
	}
	return func(v any) error { return ask(rego.EvalInput(v)) }, func(v ast.Value) error { return ask(rego.EvalParsedInput(v)) }, nil
}

// byCEL makes a program of each expression; bounded ones have limits of cost and look
// at their context, as who evaluates other people's expressions needs.
func byCEL(bounded bool, expressions ...string) (judge, error) {
	env, err := cel.NewEnv(cel.Variable("s", cel.DynType))
	if err != nil {
		return nil, err
	}
	var options []cel.ProgramOption
	if bounded {
		options = append(options, cel.CostLimit(10_000_000), cel.InterruptCheckFrequency(100))
	}
	var programs []cel.Program
	for _, text := range expressions {
		checked, issues := env.Compile(text)
		if issues.Err() != nil {
			return nil, issues.Err()
		}
		p, err := env.Program(checked, options...)
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
	}
	ctx := context.Background()
	return func(statement any) error {
		input := map[string]any{"s": statement}
		for _, p := range programs {
			value, _, err := p.ContextEval(ctx, input)
			if err != nil {
				return err
			}
			if value.Value() != true {
				return errRefused
			}
		}
		return nil
	}, nil
}

// byWitness asks the program witness, which the script run has built into dir, what one
// judgement costs.
func byWitness(dir string, good, bad []byte) (c cost, err error) {
	args := []string{filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json"), filepath.Join(dir, "policy.rego")}
	for i, data := range [][]byte{good, bad, []byte(module)} {
		if err := os.WriteFile(args[i], data, 0o666); err != nil {
			return c, err
		}
	}
	cmd := exec.Command(filepath.Join(dir, "witness"), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return c, fmt.Errorf("witness: %w", err)
	}
	_, err = fmt.Sscan(string(out), &c.cpu, &c.bytes, &c.objects)
	return c, err
}

// decode reads JSON as OPA's and cel-go's callers do; floats for CEL, json.Number for
// OPA, which keeps integers exact.
func decode(raw []byte, exact bool) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if exact {
		d.UseNumber()
	}
	return v, d.Decode(&v)
}
