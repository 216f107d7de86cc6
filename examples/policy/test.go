package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

// test tells of each case whether the policy says what the case expects.
func (c *call) test(ctx context.Context) (int, error) {
	outcomes, err := c.scenarios(ctx)
	if err != nil {
		return failed, err
	}
	wrong := 0
	for _, o := range outcomes {
		if !o.Passed {
			wrong++
		}
	}
	status := yes
	if wrong > 0 {
		status = no
	}
	if c.json {
		return status, c.printJSON(struct {
			Status int       `json:"status"`
			Passed int       `json:"passed"`
			Failed int       `json:"failed"`
			Cases  []outcome `json:"cases"`
		}{status, len(outcomes) - wrong, wrong, outcomes})
	}
	for _, o := range outcomes {
		if o.Passed {
			fmt.Fprintf(c.stdout, "ok    %-24s %-14s %s\n", o.Name, o.Got.Verdict, o.About)
			continue
		}
		fmt.Fprintf(c.stdout, "FAIL  %-24s %-14s %s\n", o.Name, o.Got.Verdict, o.About)
		if o.Got.Verdict != o.Want.Verdict {
			fmt.Fprintf(c.stdout, "        verdict: want %q, got %s\n", o.Want.Verdict, o.Got.Verdict)
		}
		for _, rule := range sorted(union(o.Want.Reasons, o.Got.Reasons)) {
			if want, got := list(o.Want.Reasons[rule]), list(o.Got.Reasons[rule]); want != got {
				fmt.Fprintf(c.stdout, "        %s: want %s, got %s\n", rule, want, got)
			}
		}
	}
	_, err = fmt.Fprintf(c.stdout, "%d cases, %d as expected, %d not\n", len(outcomes), len(outcomes)-wrong, wrong)
	return status, err
}

func union(a, b map[string][]attest.Code) map[string]bool {
	all := map[string]bool{}
	for rule := range a {
		all[rule] = true
	}
	for rule := range b {
		all[rule] = true
	}
	return all
}

func list(codes []attest.Code) string {
	if len(codes) == 0 {
		return "no reasons"
	}
	var words []string
	for _, code := range codes {
		words = append(words, string(code))
	}
	return strings.Join(words, ", ")
}

// A trial is what the cases made of one rule.
type trial struct {
	Rule  string `json:"rule"`
	Title string `json:"title"`
	// Outcomes counts the cases by what became of the rule.
	Outcomes map[string]int `json:"outcomes"`
	// Codes are those of its reasons.
	Codes []attest.Code `json:"codes"`
	// Untried tells what no case has shown of the rule: "never satisfied", "never
	// refused".
	Untried []string `json:"untried,omitempty"`
}

// coverage tells what the cases made of each rule and condition. It is not content
// while one was never satisfied or never refused: then nobody knows whether the rule
// can say so. It does not look at what the cases expect; test does.
func (c *call) coverage(ctx context.Context) (int, error) {
	outcomes, err := c.scenarios(ctx)
	if err != nil {
		return failed, err
	}
	trials, status := tally(outcomes), yes
	for _, t := range trials {
		if len(t.Untried) > 0 {
			status = no
		}
	}
	if c.json {
		return status, c.printJSON(struct {
			Status int     `json:"status"`
			Cases  int     `json:"cases"`
			Rules  []trial `json:"rules"`
		}{status, len(outcomes), trials})
	}
	var b strings.Builder
	for _, t := range trials {
		fmt.Fprintf(&b, "%-20s", t.Rule)
		for _, k := range []policy.Outcome{policy.Satisfied, policy.Violated, policy.Undetermined, policy.Waived, policy.NotApplicable} {
			if n := t.Outcomes[k.String()]; n > 0 {
				fmt.Fprintf(&b, " %d %s", n, k)
			}
		}
		if len(t.Untried) > 0 {
			fmt.Fprintf(&b, " - UNTRIED: %s", strings.Join(t.Untried, ", "))
		}
		fmt.Fprintf(&b, "\n    refused for: %s\n", list(t.Codes))
	}
	_, err = fmt.Fprintf(c.stdout, "%s%d rules, %d cases\n", b.String(), len(trials), len(outcomes))
	return status, err
}

// tally counts outcomes by rule. Every decision tells of every rule, in one order.
func tally(outcomes []outcome) []trial {
	var trials []trial
	for i, f := range outcomes[0].report.Findings {
		t := trial{Rule: f.Rule, Title: f.Title, Outcomes: map[string]int{}}
		codes := map[string]bool{}
		for _, o := range outcomes {
			finding := o.report.Findings[i]
			t.Outcomes[finding.Outcome.String()]++
			for _, r := range finding.Reasons {
				codes[string(r.Code)] = true
			}
		}
		for _, code := range sorted(codes) {
			t.Codes = append(t.Codes, attest.Code(code))
		}
		if t.Outcomes[policy.Satisfied.String()] == 0 {
			t.Untried = append(t.Untried, "never satisfied")
		}
		if len(t.Codes) == 0 {
			t.Untried = append(t.Untried, "never refused")
		}
		trials = append(trials, t)
	}
	return trials
}
