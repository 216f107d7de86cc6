package oscal_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/oscal"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func sum(s string) digest.Digest { return digest.FromBytes([]byte(s)) }

// decision is one with the outcomes of rules.
func decision(t testing.TB, outcomes map[string]policy.Outcome, change func(*policy.Report)) policy.Decision {
	t.Helper()
	r := policy.Report{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "3"}, Verdict: policy.Deny, Phase: policy.PhaseDeploy,
		Subject: attest.Descriptor{Digest: sum("app").Set()}, EvaluatedAt: now,
	}
	for rule, outcome := range outcomes {
		f := policy.Finding{Rule: rule, Title: "the rule " + rule, Outcome: outcome, Evidence: []digest.Digest{sum(rule)}}
		if outcome != policy.Satisfied && outcome != policy.NotApplicable && outcome != policy.Retired {
			f.Reasons = []policy.Reason{{Reason: attest.Reason{Code: "policy.test.reason", Want: "w", Got: "g\x1b[31m\nx"}}}
		}
		if outcome == policy.Waived {
			r.Waivers = append(r.Waivers, policy.WaiverRef{Evidence: sum("w"), Authority: "a", Rule: rule, Class: policy.ClassStandard, Author: "ann", Approvers: []string{"bob"}, Expires: now.Add(time.Hour), Used: true})
		}
		r.Findings = append(r.Findings, f)
		r.Inputs = append(r.Inputs, policy.EvidenceRef{Evidence: sum(rule), PredicateType: "https://example.com/x", Authority: "a", Signers: []attest.Identity{{Subject: "s"}}, Used: true})
	}
	slices.SortFunc(r.Findings, func(a, b policy.Finding) int { return strings.Compare(a.Rule, b.Rule) })
	slices.SortFunc(r.Inputs, func(a, b policy.EvidenceRef) int { return strings.Compare(a.Evidence.Hex, b.Evidence.Hex) })
	if len(r.Findings) == 0 || !slices.ContainsFunc(r.Findings, func(f policy.Finding) bool { return f.Outcome == policy.Violated }) {
		r.Findings = append(r.Findings, policy.Finding{Rule: "zz", Outcome: policy.Violated, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "policy.test.reason"}}}})
	}
	if change != nil {
		change(&r)
	}
	d, err := policy.Seal("test", r)
	require.NoError(t, err)
	return d
}

var options = oscal.Options{Title: "Release 1", Version: "1.0"}

// read returns for each task of the first result its state, reason and assessment.
func read(t testing.TB, document []byte) map[string][3]string {
	t.Helper()
	var d struct {
		AR struct {
			Results []struct {
				Findings []struct {
					Props  []struct{ Name, Value string }
					Target struct {
						ID     string `json:"target-id"`
						Status struct{ State, Reason string }
					}
				}
			}
		} `json:"assessment-results"`
	}
	require.NoError(t, json.Unmarshal(document, &d))
	out := map[string][3]string{}
	for _, f := range d.AR.Results[0].Findings {
		out[strings.TrimPrefix(f.Target.ID, "statement_")] = [3]string{f.Target.Status.State, f.Target.Status.Reason, f.Props[0].Value}
	}
	return out
}

func TestEveryTaskIsTold(t *testing.T) {
	require.Len(t, oscal.Tasks(), 42)
	document, err := oscal.AssessmentResults([]policy.Decision{decision(t, map[string]policy.Outcome{"tests": policy.Satisfied}, nil)}, oscal.Default(), options)
	require.NoError(t, err)
	got := read(t, document)
	require.Len(t, got, 42)
	for _, task := range oscal.Tasks() {
		want := [3]string{"not-satisfied", "other", "not-assessable"}
		if task == "PW.8.2" {
			want = [3]string{"satisfied", "pass", "satisfied"}
		}
		assert.Equal(t, want, got[task], task)
	}
}

// The tasks of SP 800-218 version 1.1, counted by practice as its table has them. What
// moved to another place since version 1.0 is no task of its own.
func TestTheTasksAreThoseOfTheFramework(t *testing.T) {
	want := map[string]int{
		"PO.1": 3, "PO.2": 3, "PO.3": 3, "PO.4": 2, "PO.5": 2, "PS.1": 1, "PS.2": 1, "PS.3": 2,
		"PW.1": 3, "PW.2": 1, "PW.4": 3, "PW.5": 1, "PW.6": 2, "PW.7": 2, "PW.8": 2, "PW.9": 2, "RV.1": 3, "RV.2": 2, "RV.3": 4,
	}
	got := map[string]int{}
	for _, task := range oscal.Tasks() {
		practice := task[:strings.LastIndex(task, ".")]
		got[practice]++
		if practice != "PW.4" { // whose third was withdrawn
			require.Equal(t, fmt.Sprintf("%s.%d", practice, got[practice]), task)
		}
	}
	require.Equal(t, want, got)
	for _, moved := range []string{"PW.3.1", "PW.3.2", "PW.4.3", "PW.4.5", "PW.5.2"} {
		require.NotContains(t, oscal.Tasks(), moved)
	}
	for task := range oscal.Default() {
		require.Contains(t, oscal.Tasks(), task)
	}
	for _, people := range []string{"PO.2.2", "PO.2.3", "RV.1.3", "RV.3.1"} {
		require.NotContains(t, oscal.Default(), people, "no attestation about an artifact shows it")
	}
}

func TestWhatBecomesOfATask(t *testing.T) {
	const sat, vio, und = policy.Satisfied, policy.Violated, policy.Undetermined
	pass, fail := [3]string{"satisfied", "pass", "satisfied"}, [3]string{"not-satisfied", "fail", "not-satisfied"}
	open, none := [3]string{"not-satisfied", "other", "not-satisfied"}, [3]string{"not-satisfied", "other", "not-assessable"}
	for name, c := range map[string]struct {
		outcomes map[string]policy.Outcome
		want     [3]string // of PO.3.3: provenance, and a bill of materials
	}{
		"both groups":               {map[string]policy.Outcome{"builder": sat, "sbom": sat}, pass},
		"all of both groups":        {map[string]policy.Outcome{"builder": sat, "source": sat, "sbom": sat}, pass},
		"one group":                 {map[string]policy.Outcome{"builder": sat}, none},
		"the other group":           {map[string]policy.Outcome{"sbom": sat}, none},
		"none":                      {map[string]policy.Outcome{"other": sat}, none},
		"one of three is violated":  {map[string]policy.Outcome{"builder": sat, "source": vio, "sbom": sat}, fail},
		"half, and violated":        {map[string]policy.Outcome{"builder": vio}, fail},
		"one is undetermined":       {map[string]policy.Outcome{"builder": sat, "sbom": und}, open},
		"violated and undetermined": {map[string]policy.Outcome{"builder": vio, "sbom": und}, fail},
		"undetermined and violated": {map[string]policy.Outcome{"builder": und, "sbom": vio}, fail},
		"waived":                    {map[string]policy.Outcome{"builder": sat, "sbom": policy.Waived}, fail},
		"not applicable":            {map[string]policy.Outcome{"builder": sat, "sbom": policy.NotApplicable}, none},
		"not yet effective":         {map[string]policy.Outcome{"builder": sat, "sbom": policy.NotYetEffective}, none},
		"retired":                   {map[string]policy.Outcome{"builder": sat, "sbom": policy.Retired}, none},
	} {
		t.Run(name, func(t *testing.T) {
			document, err := oscal.AssessmentResults([]policy.Decision{decision(t, c.outcomes, nil)}, oscal.Default(), options)
			require.NoError(t, err)
			require.Equal(t, c.want, read(t, document)["PO.3.3"])
			require.Equal(t, c.outcomes["sbom"] == policy.Waived, strings.Contains(string(document), `"deadline":"2026-05-01T13:00:00Z"`))
		})
	}
}

func TestARuleMayNameItsTasks(t *testing.T) {
	d := decision(t, map[string]policy.Outcome{"mine": policy.Satisfied}, func(r *policy.Report) {
		r.Findings[0].Controls = []policy.Control{{Catalog: oscal.Catalog, ID: "PO.4.1"}, {Catalog: "another", ID: "PO.4.2"}}
	})
	document, err := oscal.AssessmentResults([]policy.Decision{d}, nil, options)
	require.NoError(t, err)
	got := read(t, document)
	require.Equal(t, "satisfied", got["PO.4.1"][2])
	require.Equal(t, "not-assessable", got["PO.4.2"][2])
}

func TestAnExportIsRepeatable(t *testing.T) {
	a := decision(t, map[string]policy.Outcome{"builder": policy.Satisfied, "sbom": policy.Waived}, nil)
	b := decision(t, map[string]policy.Outcome{"risk": policy.Violated}, nil)
	first, err := oscal.AssessmentResults([]policy.Decision{a, b}, oscal.Default(), options)
	require.NoError(t, err)
	for range 20 {
		again, err := oscal.AssessmentResults([]policy.Decision{b, a}, oscal.Default(), options)
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
	}
	other, err := oscal.AssessmentResults([]policy.Decision{a}, oscal.Default(), options)
	require.NoError(t, err)
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	require.NotEqual(t, uuid.FindString(string(first)), uuid.FindString(string(other)))
	require.Contains(t, string(first), sum("builder").String(), "evidence by its digest")
	require.NotContains(t, string(first), `\u001b`, "no escape of a terminal")
	require.NotContains(t, string(first), `\n`)
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`"uuid":"([^"]+)"`).FindAllStringSubmatch(string(first), -1) {
		require.False(t, defined[m[1]], "a UUID twice")
		require.Regexp(t, uuid, m[1])
		defined[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`"(?:observation|risk)-uuid":"([^"]+)"|"href":"#([^"]+)"`).FindAllStringSubmatch(string(first), -1) {
		require.True(t, defined[m[1]+m[2]], "%v", m)
	}
}

// Descriptions, remarks and statements are Markdown: what an attestation says is quoted
// there, and must not be rendered. Negative case 61.
func TestNobodyElseWritesMarkup(t *testing.T) {
	const hostile = "![x](https://evil.example/?) [y](javascript:z) <script>a</script> `b` **c** _d_ ~e~ ^f^ {{ insert: param, g }} &lt; # h | i"
	d := decision(t, map[string]policy.Outcome{"builder": policy.Violated, "sbom": policy.Waived}, func(r *policy.Report) {
		for i := range r.Findings {
			r.Findings[i].Title = hostile
			for j := range r.Findings[i].Reasons {
				r.Findings[i].Reasons[j].Got, r.Findings[i].Reasons[j].Where = hostile, hostile
			}
		}
		r.Waivers[0].Author, r.Waivers[0].Approvers, r.Policy.URI = hostile, []string{"bob", hostile}, "https://example.com/"+hostile
	})
	document, err := oscal.AssessmentResults([]policy.Decision{d}, oscal.Default(), options)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(document, &tree))
	bare, seen := regexp.MustCompile("(^|[^\\\\])(\\\\\\\\)*[`*_~^\\[\\]{}<>!#|&]"), 0
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				walk(k, child)
			}
		case []any:
			for _, child := range v {
				walk(name, child)
			}
		case string:
			if slices.Contains([]string{"description", "remarks", "statement", "title"}, name) {
				seen += strings.Count(v, "evil")
				assert.NotRegexp(t, bare, v, name)
			}
		}
	}
	walk("", tree)
	require.Greater(t, seen, 5)
}

func TestWhatCannotBeToldIsRefused(t *testing.T) {
	good := decision(t, nil, nil)
	testing := decision(t, nil, func(r *policy.Report) { r.Testing = true })
	for name, c := range map[string]struct {
		decisions []policy.Decision
		mapping   oscal.Mapping
		options   oscal.Options
		code      attest.Code
	}{
		"no decision":             {nil, nil, options, oscal.CodeDecision},
		"a zero decision":         {[]policy.Decision{{}}, nil, options, oscal.CodeDecision},
		"a decision twice":        {[]policy.Decision{good, good}, nil, options, oscal.CodeDecision},
		"a decision of a test":    {[]policy.Decision{testing}, nil, options, oscal.CodeDecision},
		"no title":                {[]policy.Decision{good}, nil, oscal.Options{Version: "1"}, oscal.CodeOptions},
		"a blank version":         {[]policy.Decision{good}, nil, oscal.Options{Title: "x", Version: " \n"}, oscal.CodeOptions},
		"a task that moved":       {[]policy.Decision{good}, oscal.Mapping{"PW.4.3": {{"x"}}}, options, oscal.CodeMapping},
		"a group of nothing":      {[]policy.Decision{good}, oscal.Mapping{"PW.4.4": {{}}}, options, oscal.CodeMapping},
		"a group of the nameless": {[]policy.Decision{good}, oscal.Mapping{"PW.4.4": {{""}}}, options, oscal.CodeMapping},
	} {
		document, err := oscal.AssessmentResults(c.decisions, c.mapping, c.options)
		require.ErrorIs(t, err, attest.Is(c.code), name)
		require.Nil(t, document, name)
	}
	marked := options
	marked.Testing = true
	document, err := oscal.AssessmentResults([]policy.Decision{testing}, nil, marked)
	require.NoError(t, err)
	require.Contains(t, string(document), `{"name":"testing","ns":"`+oscal.Namespace+`","value":"true"}`)
	require.NoError(t, oscal.Default().Validate())
	require.Len(t, oscal.Codes(), 3)
}

func ExampleTasks() {
	tasks := oscal.Tasks()
	fmt.Println(len(tasks), tasks[0], tasks[41])
	// Output: 42 PO.1.1 RV.3.4
}
