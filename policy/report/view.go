package report

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// A view is a decision in the words of a report.
type view struct {
	Verdict, Class, Summary string
	Next                    []string // what to do
	Facts                   []fact
	Reasons                 []reason // of the verdict itself
	Rules                   []rule
	Waivers                 []waiver
	Obligations             []obligation
	Levels                  []string
	Evidence                []input
}

type fact struct{ Name, Value string }

type rule struct {
	ID, Title, Outcome, Class string
	Reasons                   []reason
	Evidence                  []string
	Controls                  []string
}

type reason struct{ Code, Where, Want, Got, Remedy, Evidence string }

type waiver struct {
	Rule, Class, Author, Approvers, Expires, Evidence, State string
	Reasons                                                  []reason
}

type obligation struct{ Kind, ID, State, Who string }

type input struct{ Digest, Type, Authority, Signers, Used string }

// look brings the decision into words, as it stands at the instant.
func look(d policy.Decision, at time.Time) (*view, error) {
	if d.IsZero() {
		return nil, attest.Refuse(CodeDecision, "decision", "a decision", "the zero Decision")
	}
	r := d.Report()
	v := &view{Verdict: r.Verdict.String(), Class: r.Verdict.String(), Levels: texts(r.Levels)}
	open := 0
	for _, o := range r.Obligations {
		v.Obligations = append(v.Obligations, duty(o))
		if o.Discharged.IsZero() {
			open++
		}
	}
	v.Summary = summary(d, r, at, open)
	if r.Verdict == policy.Allow && !d.Allowed(at) {
		v.Class = policy.Indeterminate.String()
	}
	v.Reasons = reasons(r.Reasons)
	for _, f := range r.Findings {
		v.Rules = append(v.Rules, about(f))
	}
	// What stands in the way comes first.
	rank := func(s string) int {
		return slices.Index([]string{"violated", "undetermined", "waived", "not-yet-effective", "satisfied"}, s)
	}
	slices.SortStableFunc(v.Rules, func(a, b rule) int {
		i, j := uint(rank(a.Outcome)), uint(rank(b.Outcome))
		return int(min(i, 9)) - int(min(j, 9))
	})
	v.Next = next(v)
	for _, w := range r.Waivers {
		v.Waivers = append(v.Waivers, passed(w))
	}
	for _, e := range r.Inputs {
		used := "not used"
		if e.Used {
			used = "used"
		}
		v.Evidence = append(v.Evidence, input{e.Evidence.String(), text(e.PredicateType), text(e.Authority), people(e.Signers), used})
	}
	v.Facts = facts(d, r)
	return v, nil
}

func summary(d policy.Decision, r policy.Report, at time.Time, open int) string {
	switch {
	case r.Verdict == policy.Deny:
		return "The evidence breaks the policy."
	case r.Verdict != policy.Allow:
		return "The policy could not be judged, which lets nothing pass."
	case open > 0:
		return "The policy is satisfied, but nothing may pass before every obligation is discharged; open: " + strconv.Itoa(open) + "."
	case !d.Allowed(at):
		return "The policy was satisfied, but the decision does not hold at " + instant(at) + "."
	case r.Testing:
		return "The policy is satisfied, in a test: nothing real may pass."
	}
	return "The policy is satisfied."
}

func facts(d policy.Decision, r policy.Report) []fact {
	list := []fact{
		{"Subject", strings.TrimSpace(text(r.Subject.Name) + " " + r.Subject.Digest.String())},
		{"Policy", text(r.Policy.URI) + " version " + text(r.Policy.Version)},
		{"Policy digest", r.Policy.Digest.String()},
		{"Phase", string(r.Phase)},
		{"Target", target(r.Target)},
		{"Asked by", text(r.Actor.Principal())},
		{"Judged at", instant(r.EvaluatedAt)},
		{"Holds until", instant(r.ValidUntil)},
		{"Engine", text(r.Engine)},
		{"Decision", d.Digest().String()},
	}
	return slices.DeleteFunc(list, func(f fact) bool { return f.Value == "" })
}

func target(t policy.Target) string {
	var parts []string
	for _, p := range []string{t.Environment, t.Cluster, t.Namespace, t.Name} {
		if p != "" {
			parts = append(parts, text(p))
		}
	}
	return strings.Join(parts, " / ")
}

func about(f policy.Finding) rule {
	r := rule{ID: text(f.Rule), Title: text(f.Title), Outcome: f.Outcome.String(), Class: f.Outcome.String(), Reasons: reasons(f.Reasons)}
	for _, e := range f.Evidence {
		r.Evidence = append(r.Evidence, e.String())
	}
	for _, c := range f.Controls {
		r.Controls = append(r.Controls, text(c.Catalog)+" "+text(c.ID))
	}
	return r
}

func reasons(list []policy.Reason) []reason {
	var out []reason
	for _, r := range list {
		out = append(out, reason{string(r.Code), text(r.Where), text(r.Want), text(r.Got), text(r.Remedy), r.Evidence.String()})
	}
	return out
}

// next lists each remedy once, with the rules that it helps.
func next(v *view) []string {
	var remedies []string
	rules := map[string][]string{}
	for _, r := range v.Rules {
		if r.Outcome != policy.Violated.String() && r.Outcome != policy.Undetermined.String() {
			continue
		}
		for _, reason := range r.Reasons {
			if reason.Remedy == "" {
				continue
			}
			if rules[reason.Remedy] == nil {
				remedies = append(remedies, reason.Remedy)
			}
			if !slices.Contains(rules[reason.Remedy], r.ID) {
				rules[reason.Remedy] = append(rules[reason.Remedy], r.ID)
			}
		}
	}
	for i, remedy := range remedies {
		remedies[i] = remedy + " (" + strings.Join(rules[remedy], ", ") + ")"
	}
	return remedies
}

func passed(w policy.WaiverRef) waiver {
	out := waiver{
		Rule: text(w.Rule), Class: string(w.Class), Author: text(w.Author), Approvers: strings.Join(texts(w.Approvers), ", "),
		Expires: instant(w.Expires), Evidence: w.Evidence.String(), State: "not needed", Reasons: reasons(w.Reasons),
	}
	switch {
	case w.Used:
		out.State = "used"
	case len(w.Reasons) > 0:
		out.State = "refused"
	}
	return out
}

func duty(o policy.Obligation) obligation {
	out := obligation{text(o.Kind), o.ID, "open", strings.Join(texts(o.Signers), ", ")}
	if !o.Discharged.IsZero() {
		out.State = "discharged by " + o.Discharged.String()
	}
	return out
}

func people(ids []attest.Identity) string {
	var names []string
	for _, id := range ids {
		names = append(names, id.Principal())
	}
	return strings.Join(texts(names), ", ")
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// texts is text for what stands in a list: nobody whose name has a comma is two people.
func texts(list []string) []string {
	var out []string
	for _, s := range list {
		if strings.Contains(s, ",") {
			out = append(out, excerpt.Quote(s))
			continue
		}
		out = append(out, text(s))
	}
	return out
}

// text returns s as it is, or quoted if it has what a terminal or a reader would take
// for something else: control and format characters, and letters out of sight.
func text(s string) string {
	strange := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
	if strings.ContainsFunc(s, strange) || strings.TrimSpace(s) != s || len(s) > 1000 {
		return excerpt.Quote(s)
	}
	return s
}
