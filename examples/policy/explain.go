package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/policy"
)

// An explanation is a policy.Explanation with advice.
type explanation struct {
	Status int `json:"status"`
	policy.Explanation
	// Remedies are what would help, by rule: the rules that missing facts serve, and
	// those that block.
	Remedies map[string][]string `json:"remedies,omitempty"`
	Refused  []refusal           `json:"refused,omitempty"`
}

// explain tells the smallest set of facts that are missing. The exit status is that of
// check.
func (c *call) explain(ctx context.Context) (int, error) {
	engine, req, refused, err := c.inquiry(ctx)
	if err != nil {
		return failed, err
	}
	d, err := engine.Evaluate(ctx, req)
	if err != nil {
		return failed, err
	}
	found, err := engine.Explain(ctx, req)
	if err != nil {
		return failed, err
	}
	x := explanation{standing(d, req.Now, refused), found, map[string][]string{}, refused}
	concerned := slices.Clone(x.Blocking)
	for _, fact := range x.Missing {
		for _, need := range fact.Needs {
			rule, _, _ := strings.Cut(need, "/")
			concerned = append(concerned, rule)
		}
	}
	for _, f := range d.Report().Findings {
		for _, r := range f.Reasons {
			if slices.Contains(concerned, f.Rule) && r.Remedy != "" && !slices.Contains(x.Remedies[f.Rule], r.Remedy) {
				x.Remedies[f.Rule] = append(x.Remedies[f.Rule], r.Remedy)
			}
		}
	}
	if c.json {
		return x.Status, c.printJSON(x)
	}
	c.printRefused(refused)
	return x.Status, c.printExplanation(&x)
}

func (c *call) printExplanation(x *explanation) error {
	var b strings.Builder
	switch {
	case x.Verdict == policy.Allow:
		b.WriteString("ALLOW: no evidence is missing\n")
	case x.Possible:
		fmt.Fprintf(&b, "%s: to be allowed, the artifact lacks\n", strings.ToUpper(x.Verdict.String()))
	default:
		fmt.Fprintf(&b, "%s: no further evidence helps while these rules object\n", strings.ToUpper(x.Verdict.String()))
	}
	for _, fact := range x.Missing {
		by := "anybody whom an accepted authority vouches for"
		if fact.Signer != "" {
			by = fact.Signer
		}
		fmt.Fprintf(&b, "  - %s\n      by %s, for %s\n", fact.PredicateType, by, strings.Join(fact.Needs, ", "))
	}
	for _, rule := range x.Blocking {
		fmt.Fprintf(&b, "  - %s\n", rule)
	}
	if len(x.Missing) > 0 && !x.Minimal {
		b.WriteString("Perhaps less would do: the policy is too large to try everything.\n")
	}
	if len(x.Remedies) > 0 {
		b.WriteString("\nWhat would help\n")
	}
	for _, rule := range sorted(x.Remedies) {
		fmt.Fprintf(&b, "  - %s: %s\n", rule, strings.Join(x.Remedies[rule], "; "))
	}
	_, err := fmt.Fprint(c.stdout, b.String())
	return err
}
