package compat

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// CollectionType is the predicate type of what Witness makes: the attestations of one
// step.
const CollectionType = "https://witness.testifysec.com/attestation-collection/v0.1"

// A Deny judges one attestation by a policy module, and returns why it is refused;
// nothing if it is not. An error leaves the rule undetermined.
type Deny = func(ctx context.Context, attestation json.RawMessage) (reasons []string, err error)

// A RegoCompiler makes a Deny of a Rego module. Each module is judged on its own. Package
// policy/rego has some, its Foreign.Witness and Foreign.ImagePolicy, which are not linked
// unless a caller asks for them.
type RegoCompiler func(name string, module []byte) (Deny, error)

// A WitnessPolicy is a loaded policy of Witness.
type WitnessPolicy struct {
	// Root demands every step, and that the policy has not expired.
	Root policy.Node
	// Expires is when that is.
	Expires time.Time
}

// Witness loads a policy of Witness, in JSON, without its envelope. Supported are steps
// by functionaries with a public key, and the types of the attestations. The collection
// of each step must be about the artifact in question. Rego modules are refused unless
// compile is given. The error joins all clauses that are not supported.
func Witness(document []byte, compile RegoCompiler) (*WitnessPolicy, error) {
	var errs []error
	root, err := parse(document, &errs)
	if err != nil {
		return nil, err
	}
	w := &WitnessPolicy{}
	keys := map[string]signer{}
	var steps clause
	root.fields(map[string]func(clause){
		"expires": func(c clause) {
			at, err := time.Parse(time.RFC3339, c.text())
			if err != nil || at.IsZero() {
				c.refuse("an instant", excerpt.Quote(c.node.Value))
			}
			w.Expires = at
		},
		"publickeys":           func(c clause) { c.publicKeys(keys) },
		"steps":                func(c clause) { steps = c },
		"roots":                func(c clause) { c.none("certificates: list public keys") },
		"timestampauthorities": func(c clause) { c.none("timestamp authorities: the caller's verifiers check times") },
	})
	var rules []policy.Rule
	if steps.node != nil {
		names, values := steps.members()
		for i, name := range names {
			step := values[name].step(name, "witness.step-"+strconv.Itoa(i), keys, compile)
			step.expires = w.Expires
			rules = append(rules, step)
		}
	}
	if w.Expires.IsZero() || len(rules) == 0 {
		errs = append(errs, attest.Refuse(CodeFormat, "", "expires and at least one step", "a part of them"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	w.Root = policy.Rules(rules...)
	return w, nil
}

// none accepts an empty object or list, or null.
func (c clause) none(what string) {
	if len(c.node.Content) > 0 || c.node.Value != "" && c.node.Tag != "!!null" {
		c.refuse("no "+what, "some")
	}
}

func (c clause) publicKeys(keys map[string]signer) {
	names, values := c.members()
	for _, name := range names {
		var id, encoded string
		k := values[name]
		k.fields(map[string]func(clause){"keyid": into(&id), "key": into(&encoded)})
		if id != name {
			k.refuse("the key id that it is listed under", excerpt.Quote(id))
		}
		pem, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			k.refuse("a key in base64", excerpt.Quote(encoded))
			continue
		}
		keys[name] = keySigner(k, pem)
	}
}

// A demand is what a step demands of one attestation.
type demand struct {
	kind string
	deny []Deny
}

func (c clause) step(key, id string, keys map[string]signer, compile RegoCompiler) signed {
	r := signed{id: id, title: "step " + excerpt.Quote(key), predicateType: CollectionType}
	var name string
	var demands []demand
	c.fields(map[string]func(clause){
		"name": into(&name),
		"functionaries": func(c clause) {
			for _, f := range c.list() {
				r.signers = append(r.signers, f.functionary(keys))
			}
		},
		"attestations": func(c clause) {
			for _, a := range c.list() {
				demands = append(demands, a.demand(compile))
			}
		},
		"artifactsFrom": func(c clause) { c.none("artifacts from other steps") },
	})
	if name != key {
		c.refuse("the name that it is listed under", excerpt.Quote(name))
	}
	if len(r.signers) == 0 || len(demands) == 0 {
		c.refuse("at least one functionary and one attestation", "a part of them")
	}
	r.check = func(ctx context.Context, s *attest.Statement) (policy.Result, error) {
		return judgeStep(ctx, s, name, demands)
	}
	return r
}

func (c clause) functionary(keys map[string]signer) signer {
	var id string
	c.fields(map[string]func(clause){
		"type":        func(c clause) { c.is("publickey") },
		"publickeyid": into(&id),
		"certConstraint": func(c clause) {
			_, values := c.members()
			for _, v := range values {
				v.none("constraints on certificates")
			}
		},
	})
	s, ok := keys[id]
	if !ok {
		c.refuse("a public key of the policy", excerpt.Quote(id))
	}
	return s
}

func (c clause) demand(compile RegoCompiler) demand {
	var d demand
	c.fields(map[string]func(clause){
		"type": into(&d.kind),
		"regopolicies": func(c clause) {
			if c.node.Tag == "!!null" {
				return
			}
			for _, m := range c.list() {
				d.deny = append(d.deny, m.module(compile))
			}
		},
	})
	if d.kind == "" {
		c.refuse("a type", "none")
	}
	return d
}

func (c clause) module(compile RegoCompiler) Deny {
	var name, encoded string
	c.fields(map[string]func(clause){"name": into(&name), "module": into(&encoded)})
	module, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(module) == 0 {
		c.refuse("a module in base64", excerpt.Quote(encoded))
		return nil
	}
	return c.compile(compile, name, module)
}

// compile makes a Deny of a module, or refuses it.
func (c clause) compile(compile RegoCompiler, name string, module []byte) Deny {
	if compile == nil {
		c.refuse("no Rego module, as no compiler is given", excerpt.Quote(name))
		return nil
	}
	deny, err := compile(name, module)
	if err != nil || deny == nil {
		*c.errs = append(*c.errs, attest.Refuse(CodeUnsupported, c.where, "a Rego module that compiles", excerpt.Quote(name)).Because(err))
	}
	return deny
}

// collection is the predicate of CollectionType.
type collection struct {
	Name         string `json:"name"`
	Attestations []struct {
		Type        string          `json:"type"`
		Attestation json.RawMessage `json:"attestation"`
		Start       string          `json:"starttime"`
		End         string          `json:"endtime"`
	} `json:"attestations"`
}

// judgeStep demands that the collection is of the step, and that it has each demanded
// attestation, none of which is denied.
func judgeStep(ctx context.Context, s *attest.Statement, step string, demands []demand) (policy.Result, error) {
	var col collection
	if err := s.DecodePredicate(&col, true); err != nil {
		return policy.Result{}, err
	}
	if col.Name != step {
		return violated(CodeStep, "/predicate/name", excerpt.Quote(step), excerpt.Quote(col.Name), "have the step recorded"), nil
	}
	for _, d := range demands {
		found := false
		for i, a := range col.Attestations {
			if a.Type != d.kind {
				continue
			}
			found = true
			for _, deny := range d.deny {
				reasons, err := deny(ctx, slices.Clone(a.Attestation))
				if err != nil {
					return policy.Result{}, err
				}
				if len(reasons) > 0 {
					return violated(CodeAttestation, "/predicate/attestations/"+strconv.Itoa(i), "an attestation that the module does not deny", excerpt.Quote(reasons[0]), "mend what the module denies"), nil
				}
			}
		}
		if !found {
			return violated(CodeAttestation, "/predicate/attestations", excerpt.Quote(d.kind), "others", "have the step attested"), nil
		}
	}
	return policy.Result{Outcome: policy.Satisfied}, nil
}
