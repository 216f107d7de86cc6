package doc

import (
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// Languages are what the conditions of documents may be written in, by name: "cel",
// for example, with package cel's Compiler.
type Languages map[string]policy.Compiler

// Config returns the policy that the document describes, with rules of the
// catalogue and conditions in the languages, or everything that is wrong with it,
// joined. policy.New checks the rest. Without languages, a document with conditions is
// refused. The policy's digest, which Load knows, is left to the caller.
func (d *Document) Config(rules Catalogue, languages Languages) (policy.Config, error) {
	c := composer{rules: rules, languages: languages}
	root := c.node(&d.Policy, "/policy")
	if err := errors.Join(c.errs...); err != nil {
		return policy.Config{}, err
	}
	config := policy.Config{
		Policy:      policy.PolicyRef{URI: d.ID, Version: strconv.FormatUint(d.Version, 10)},
		Root:        root,
		Authorities: d.Authorities,
		Validity:    time.Duration(d.Validity),
		Expires:     d.Expires,
		Budget:      d.Budget.budget(),
	}
	config.Redact = d.Redact
	for _, l := range d.Levels {
		config.Levels = append(config.Levels, policy.Level(l))
	}
	if w := d.Waivers; w != nil {
		config.Waivers = policy.WaiverTerms{Approvers: w.Approvers, Threshold: w.Threshold, MaxLife: time.Duration(w.MaxLife), Never: w.Never}
		if w.Emergency != nil {
			config.Waivers.Emergency = policy.EmergencyTerms(*w.Emergency)
		}
	}
	return config, nil
}

// A composer makes policies of nodes.
type composer struct {
	rules     Catalogue
	languages Languages
	errs      []error
}

// node returns the node, which stands at the JSON pointer where.
func (c *composer) node(n *Node, where string) policy.Node {
	forms := 0
	for _, set := range []bool{n.Rule != nil, n.Condition != nil, n.All != nil, n.Any != nil, n.AtLeast != nil, n.When != nil} {
		if set {
			forms++
		}
	}
	if forms != 1 {
		c.errs = append(c.errs, attest.Refuse(CodeNode, where, "one of rule, condition, all, any, atLeast, when", strconv.Itoa(forms)+" of them"))
		return policy.Node{}
	}
	switch {
	case n.All != nil:
		return policy.AllOf(c.list(n.All, where+"/all")...)
	case n.Any != nil:
		return policy.AnyOf(c.list(n.Any, where+"/any")...)
	case n.AtLeast != nil:
		return policy.AtLeast(n.AtLeast.Count, c.list(n.AtLeast.Of, where+"/atLeast/of")...)
	case n.When != nil:
		then := c.node(&n.When.Then, where+"/when/then")
		return policy.When(policy.Condition{Phases: n.When.Phases, Environments: n.When.Environments}, then)
	}
	var rule policy.Rule
	var err error
	if n.Rule != nil {
		rule, err = n.Rule.build(where+"/rule", c.rules)
	} else {
		rule, err = n.Condition.build(where+"/condition", c.languages)
	}
	if err != nil {
		c.errs = append(c.errs, err)
		return policy.Node{}
	}
	return policy.Rules(rule)
}

func (c *composer) list(nodes []Node, where string) []policy.Node {
	out := make([]policy.Node, len(nodes))
	for i := range nodes {
		out[i] = c.node(&nodes[i], where+"/"+strconv.Itoa(i))
	}
	return out
}

// A described is a rule as the document describes it.
type described struct {
	policy.Rule
	entry Rule
}

// Spec implements policy.Rule. What the rule calls itself gives way to the document.
func (r described) Spec() (policy.Spec, error) {
	spec, err := r.Rule.Spec()
	if err != nil {
		return policy.Spec{}, err
	}
	spec.ID = r.entry.ID
	if r.entry.Version != 0 {
		spec.Version = r.entry.Version
	}
	if r.entry.Controls != nil {
		spec.Controls = r.entry.Controls
	}
	if !r.entry.EffectiveOn.IsZero() {
		spec.EffectiveOn = r.entry.EffectiveOn
	}
	if !r.entry.RetiredOn.IsZero() {
		spec.RetiredOn = r.entry.RetiredOn
	}
	if r.entry.Budget != nil {
		spec.Budget = r.entry.Budget.budget()
	}
	return spec, nil
}

func (r *Rule) build(where string, c Catalogue) (policy.Rule, error) {
	factory, ok := c[r.Use]
	if !ok || factory == nil {
		return nil, attest.Refuse(CodeRule, where+"/use", "a rule of the catalogue", excerpt.Quote(r.Use))
	}
	if r.ID == "" {
		return nil, attest.Refuse(CodeFormat, where+"/id", "an id", "none")
	}
	rule, err := factory(r.With)
	if err != nil {
		return nil, attest.Refuse(CodeParameters, where+"/with", "the parameters of "+excerpt.Quote(r.Use), "").Because(err)
	}
	if rule == nil {
		return nil, attest.Refuse(CodeRule, where+"/use", "a rule", "nil")
	}
	return described{rule, *r}, nil
}

func (k *Condition) build(where string, languages Languages) (policy.Rule, error) {
	compiler, ok := languages[k.Language]
	if !ok || compiler == nil {
		return nil, attest.Refuse(CodeLanguage, where+"/language", "a language that the reader has", excerpt.Quote(k.Language))
	}
	if k.ID == "" {
		return nil, attest.Refuse(CodeFormat, where+"/id", "an id", "none")
	}
	clause := policy.Clause{
		ID: k.ID, Version: k.Version, Title: k.Title, Controls: k.Controls, Remedy: k.Remedy, Need: k.Need.need(), Text: k.Text,
	}
	for _, in := range k.Inputs {
		clause.Inputs = append(clause.Inputs, policy.Input(in))
	}
	rule, err := compiler.Compile(clause)
	if err != nil {
		return nil, attest.Refuse(CodeCondition, where, "a condition in "+excerpt.Quote(k.Language), "").Because(err)
	}
	if rule == nil {
		return nil, attest.Refuse(CodeCondition, where, "a rule", "nil")
	}
	return described{rule, Rule{
		ID: k.ID, Version: k.Version, Controls: k.Controls, EffectiveOn: k.EffectiveOn, RetiredOn: k.RetiredOn, Budget: k.Budget,
	}}, nil
}
