package oscal

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
)

// Version is the version of OSCAL that is written.
const Version = "1.1.3"

// Namespace is that of the properties.
const Namespace = "https://github.com/sealwright/sealwright/ns/oscal"

// Assessment names the property of a finding that tells what became of the task:
// "satisfied", "not-satisfied" or "not-assessable".
const Assessment = "assessment"

// Options say what decisions do not know of themselves.
type Options struct {
	// Title and Version are those of the document. Required.
	Title, Version string
	// Testing lets decisions through that were made in testing. They are marked.
	Testing bool
}

// AssessmentResults returns the JSON document of what the decisions show: one result
// for each, ordered by their digests, with one finding for each task. The order of the
// decisions makes no difference.
func AssessmentResults(decisions []policy.Decision, m Mapping, o Options) ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if line(o.Title) == "" || line(o.Version) == "" {
		return nil, attest.Refuse(CodeOptions, "Title, Version", "a title and a version", "none")
	}
	decisions = slices.Clone(decisions)
	slices.SortFunc(decisions, func(a, b policy.Decision) int { return strings.Compare(a.Digest().Hex, b.Digest().Hex) })
	d := document{assessmentResults{Metadata: metadata{Title: line(o.Title), Version: line(o.Version), OSCALVersion: Version}}}
	names := []string{o.Title, o.Version}
	for i, decision := range decisions {
		if decision.IsZero() || i > 0 && decision.Digest() == decisions[i-1].Digest() {
			return nil, attest.Refuse(CodeDecision, "decisions", "decisions, each once", "a zero one, or one twice")
		}
		report := decision.Report()
		if report.Testing && !o.Testing {
			return nil, attest.Refuse(CodeDecision, "decisions", "decisions that may gate", "one that was made in testing")
		}
		d.add(decision.Digest(), report, m)
		names = append(names, decision.Digest().String())
	}
	if len(decisions) == 0 {
		return nil, attest.Refuse(CodeDecision, "decisions", "at least one", "none")
	}
	ar := &d.Results
	ar.UUID = id(append(append([]string{"document"}, names...), m.String())...)
	plan := resource{UUID: id("plan", ar.UUID), Title: "The policies that the decisions name", Description: "The rules of a policy are its assessment plan."}
	ar.ImportAP = href{"#" + plan.UUID}
	ar.BackMatter.Resources = append([]resource{plan, {UUID: id("catalog"), Title: "NIST SP 800-218 version 1.1 in OSCAL", RLinks: []href{{Catalog}}}}, ar.BackMatter.Resources...)
	return strictjson.Marshal(d)
}

// String returns the mapping in one form, whatever the order of its tasks.
func (m Mapping) String() string {
	var b strings.Builder
	for _, task := range Tasks() {
		if groups, ok := m[task]; ok {
			b.WriteString(task + ":")
			for _, group := range groups {
				b.WriteString(" " + strings.Join(group, "|"))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// add tells of one decision.
func (d *document) add(decision digest.Digest, report policy.Report, m Mapping) {
	ar := &d.Results
	if at := report.EvaluatedAt.UTC(); at.After(ar.Metadata.LastModified) {
		ar.Metadata.LastModified = at
	}
	key := decision.String()
	r := result{
		UUID: id("result", key, m.String()), Title: "Decision " + key,
		Description: markup("Policy " + report.Policy.URI + " version " + report.Policy.Version + " on " + report.Subject.Digest.String() + " for phase " + string(report.Phase)),
		Start:       report.EvaluatedAt.UTC(), End: report.EvaluatedAt.UTC(),
		Props: []prop{property("decision", key), property("verdict", report.Verdict.String()), property("subject", report.Subject.Digest.String())},
	}
	if report.Testing {
		r.Props = append(r.Props, property("testing", "true"))
	}
	observed, risks := map[string]string{}, map[string]string{}
	for _, f := range report.Findings {
		if !counts(f.Outcome) {
			continue
		}
		o := observe(key, f, report.EvaluatedAt)
		r.Observations, observed[f.Rule] = append(r.Observations, o), o.UUID
		if f.Outcome == policy.Waived {
			accepted := accept(key, f, report)
			r.Risks, risks[f.Rule] = append(r.Risks, accepted), accepted.UUID
		}
	}
	for _, task := range Tasks() {
		r.ReviewedControls.include(task)
		r.Findings = append(r.Findings, judge(key, task, m.assess(task, report.Findings), observed, risks))
	}
	ar.Results = append(ar.Results, r)
}

func (r *reviewed) include(task string) {
	if len(r.Selections) == 0 {
		r.Selections = []selection{{}}
	}
	r.Selections[0].Controls = append(r.Selections[0].Controls, controlID{task})
}

// observe tells what became of one rule, and by which evidence.
func observe(decision string, f policy.Finding, at time.Time) observation {
	o := observation{
		UUID: id("observation", decision, f.Rule), Title: "Rule " + f.Rule, Description: markup(f.Title), Methods: []string{"TEST"},
		Collected: at.UTC(), Props: []prop{property("rule", f.Rule), property("outcome", f.Outcome.String())},
	}
	if o.Description == "" {
		o.Description = o.Title
	}
	var remarks []string
	for _, reason := range f.Reasons {
		remarks = append(remarks, markup(reason.String()))
	}
	o.Remarks = strings.Join(remarks, "; ")
	for _, e := range f.Evidence {
		o.Evidence = append(o.Evidence, evidence{Href: e.String(), Description: "attestation with the digest " + e.String()})
	}
	return o
}

// accept tells of a rule that was waived.
func accept(decision string, f policy.Finding, report policy.Report) risk {
	r := risk{
		UUID: id("risk", decision, f.Rule), Title: "Waiver of rule " + f.Rule, Status: "deviation-approved",
		Description: "The rule is not satisfied, and was waived.", Deadline: report.EvaluatedAt.UTC(),
	}
	for _, w := range report.Waivers {
		if w.Used && w.Rule == f.Rule {
			r.Statement = markup("Waiver " + w.Evidence.String() + " by " + excerpt.Quote(w.Author) + ", approved by " + excerpt.Quote(strings.Join(w.Approvers, ", ")))
			r.Deadline = w.Expires.UTC()
		}
	}
	if r.Statement == "" {
		r.Statement = r.Description
	}
	return r
}

// judge tells what became of one task.
func judge(decision, task string, a assessment, observed, risks map[string]string) finding {
	f := finding{
		UUID: id("finding", decision, task), Title: "Task " + task, Description: markup(a.remarks),
		Target: target{Type: "statement-id", ID: "statement_" + task, Status: status{State: "not-satisfied", Remarks: markup(a.remarks)}},
	}
	word := "not-satisfied"
	switch a.state {
	case satisfied:
		word, f.Target.Status.State, f.Target.Status.Reason = "satisfied", "satisfied", "pass"
	case notSatisfied:
		f.Target.Status.Reason = "fail"
	case undecided:
		f.Target.Status.Reason = "other"
	default:
		word, f.Target.Status.Reason = "not-assessable", "other"
	}
	f.Props = []prop{property(Assessment, word), property("task", task)}
	for _, rule := range a.rules {
		f.Observations = append(f.Observations, observedRef{observed[rule.Rule]})
		if uuid, ok := risks[rule.Rule]; ok {
			f.Risks = append(f.Risks, riskRef{uuid})
		}
	}
	return f
}

func property(name, value string) prop { return prop{name, Namespace, line(value)} }

// markup is the line for a field that OSCAL reads as Markdown: whatever somebody else
// wrote stays text, and becomes no link, image, emphasis, HTML or insertion.
func markup(s string) string {
	var b strings.Builder
	for _, r := range line(s) {
		if strings.ContainsRune("\\`*_~^[]{}<>!#|&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// line brings text to one line without control characters, as OSCAL demands.
func line(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)), " ")
}
