package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"cel.dev/cel-go/cel"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/sealwright/sealwright/provenance/slsa"
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
	return c, byProgram(filepath.Join(dir, "witness"), good, bad, module, &c)
}

// byAMPEL asks the program ampel what one judgement costs, of a statement that is parsed
// already and from its bytes.
func byAMPEL(dir string, good, bad []byte) (parsed, fromBytes cost, err error) {
	tenets := make([]map[string]string, len(expressions))
	for i, e := range expressions {
		tenets[i] = map[string]string{"code": strings.ReplaceAll(e, "s.predicate.", "predicates[0].data.")}
	}
	terms, err := json.Marshal(map[string]any{
		"id": "conditions", "meta": map[string]any{"runtime": "cel@v0", "assert_mode": "AND"},
		"predicates": map[string]any{"types": []string{slsa.PredicateType}}, "tenets": tenets,
	})
	if err != nil {
		return parsed, fromBytes, err
	}
	return parsed, fromBytes, byProgram(filepath.Join(dir, "ampel"), good, bad, string(terms), &parsed, &fromBytes)
}

// byProgram gives the statements and the policy to a program beside it, which prints a
// line for each cost.
func byProgram(program string, good, bad []byte, terms string, costs ...*cost) error {
	args := []string{program + ".good.json", program + ".bad.json", program + ".policy"}
	for i, data := range [][]byte{good, bad, []byte(terms)} {
		if err := os.WriteFile(args[i], data, 0o666); err != nil {
			return err
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	lines := bytes.NewReader(out)
	for _, c := range costs {
		if _, err := fmt.Fscan(lines, &c.cpu, &c.bytes, &c.objects); err != nil {
			return err
		}
	}
	return nil
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
