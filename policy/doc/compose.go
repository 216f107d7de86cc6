package doc

import (
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// Config returns the policy that the document describes, with rules of the
// catalogue, or everything that is wrong with it, joined. policy.New checks the rest.
// The policy's digest, which Load knows, is left to the caller.
func (d *Document) Config(c Catalogue) (policy.Config, error) {
	var errs []error
	root := d.Policy.compose("/policy", c, &errs)
	if err := errors.Join(errs...); err != nil {
		return policy.Config{}, err
	}
	config := policy.Config{
		Policy:      policy.PolicyRef{URI: d.ID, Version: strconv.FormatUint(d.Version, 10)},
		Root:        root,
		Authorities: d.Authorities,
		Validity:    time.Duration(d.Validity),
		Expires:     d.Expires,
	}
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

// compose returns the node, which stands at the JSON pointer where.
func (n *Node) compose(where string, c Catalogue, errs *[]error) policy.Node {
	forms := 0
	for _, set := range []bool{n.Rule != nil, n.All != nil, n.Any != nil, n.AtLeast != nil, n.When != nil} {
		if set {
			forms++
		}
	}
	if forms != 1 {
		*errs = append(*errs, attest.Refuse(CodeNode, where, "one of rule, all, any, atLeast, when", strconv.Itoa(forms)+" of them"))
		return policy.Node{}
	}
	list := func(name string, nodes []Node) []policy.Node {
		out := make([]policy.Node, len(nodes))
		for i := range nodes {
			out[i] = nodes[i].compose(where+"/"+name+"/"+strconv.Itoa(i), c, errs)
		}
		return out
	}
	switch {
	case n.All != nil:
		return policy.AllOf(list("all", n.All)...)
	case n.Any != nil:
		return policy.AnyOf(list("any", n.Any)...)
	case n.AtLeast != nil:
		return policy.AtLeast(n.AtLeast.Count, list("atLeast/of", n.AtLeast.Of)...)
	case n.When != nil:
		then := n.When.Then.compose(where+"/when/then", c, errs)
		return policy.When(policy.Condition{Phases: n.When.Phases, Environments: n.When.Environments}, then)
	}
	rule, err := n.Rule.build(where+"/rule", c)
	if err != nil {
		*errs = append(*errs, err)
		return policy.Node{}
	}
	return policy.Rules(rule)
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
