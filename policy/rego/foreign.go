package rego

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A Foreign compiles modules that were written for other tools, in Rego v0 or v1, for
// package policy/compat. Their input is the attestation as those tools show it; see
// "Modules of other tools" in the package's comment for what it must have. The zero
// Foreign has the default limits.
type Foreign struct {
	// Compiler bounds modules, attestations (Bytes) and each evaluation (Steps).
	Compiler
	// Types tell what a module's text leaves open of what it reads, by pointers into
	// attestations. Only what a module reads is looked at, and names tell nothing.
	Types []policy.Input
	// Omitted are JSON pointers of objects and arrays that the tool which made an
	// attestation leaves out if they are empty, such as /status of a git attestation by
	// Witness. What is not there is then empty; otherwise it is undetermined. Only
	// modules that deny look at it: to policy-controller nothing missing complies.
	Omitted []string
}

// Witness compiles a module of a Witness policy, which denies: its set deny has the
// reasons. It is a compat.RegoCompiler. Each module is judged on its own, so that none
// can see another's rules.
func (f Foreign) Witness(_ string, module []byte) (func(context.Context, json.RawMessage) ([]string, error), error) {
	return f.compile(module, "", entryDeny, f.Omitted)
}

// ImagePolicy compiles a module of a ClusterImagePolicy: isCompliant, true or false, in
// package sigstore. It is a compat.RegoCompiler.
func (f Foreign) ImagePolicy(_ string, module []byte) (func(context.Context, json.RawMessage) ([]string, error), error) {
	return f.compile(module, entryCompliant, "", nil)
}

// entryCompliant is the entry point of policy-controller, in its package.
const (
	entryCompliant   = "isCompliant"
	packageCompliant = "data.sigstore"
)

func (f Foreign) compile(text []byte, allow, deny string, omitted []string) (func(context.Context, json.RawMessage) ([]string, error), error) {
	if err := f.check(string(text)); err != nil {
		return nil, err
	}
	told, err := f.told()
	if err != nil {
		return nil, err
	}
	module, err := parse("module.rego", string(text), ast.RegoV0)
	if err != nil {
		return nil, err
	}
	if path := module.Package.Path.String(); allow != "" && path != packageCompliant {
		return nil, attest.Refuse(CodeEntrypoint, "Text:"+module.Package.Location.String(), "package sigstore", excerpt.Quote(path))
	}
	needs, open := derive(module, told, omitted)
	entry, err := lint(module, needs.vocabulary(), allow, deny)
	if err := errors.Join(open, err); err != nil {
		return nil, err
	}
	query, err := prepare(module, ast.RegoV0, entry, allow != "")
	if err != nil {
		return nil, err
	}
	return judge{needs, query, f.steps(), int(f.bytes())}.deny, nil
}

// told returns the types that the caller tells, by pointer.
func (f Foreign) told() (map[string]inputs.Type, error) {
	if len(f.Types) == 0 {
		return nil, nil
	}
	fields, err := inputs.Compile(f.Types)
	if err != nil {
		return nil, err
	}
	told := map[string]inputs.Type{}
	for i, t := range f.Types {
		told[t.Pointer] = fields[i].Type
	}
	return told, nil
}

// A judge asks a module about attestations.
type judge struct {
	needs demands
	query query
	steps int64
	bytes int
}

// deny returns why the module denies the attestation, or nothing.
func (j judge) deny(ctx context.Context, attestation json.RawMessage) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var document any
	if err := strictjson.Unmarshal(attestation, &document, strictjson.Options{Bytes: j.bytes}); err != nil {
		return nil, attest.Refuse(CodeFailed, "", "an attestation in JSON", "something else").Because(err)
	}
	if err := j.needs.check(document); err != nil {
		return nil, err
	}
	value, _, undetermined := j.query.run(ctx, document, j.steps, time.Time{})
	if undetermined != nil {
		return nil, undetermined
	}
	denials, undetermined := j.query.denials(value)
	if undetermined != nil {
		return nil, undetermined
	}
	return denials, nil
}
