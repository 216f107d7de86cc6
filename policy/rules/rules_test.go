package rules_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
)

// at matches mutations of nodes whose pointer matches the pattern.
func at(pattern string, ops ...provenancetest.Op) func(provenancetest.Mutation) bool {
	re := regexp.MustCompile("^(" + pattern + ")$")
	return func(m provenancetest.Mutation) bool {
		for _, op := range ops {
			if m.Op == op && re.MatchString(m.Pointer) {
				return true
			}
		}
		return len(ops) == 0 && re.MatchString(m.Pointer)
	}
}

const (
	definition = "/predicate/buildDefinition"
	details    = "/predicate/runDetails"
	// Names and optional parts of any statement.
	optional = `/subject/0/name`
	// Parts of provenance that a rule about something else does not look at.
	record = details + `/(metadata|byproducts|builder/(version|builderDependencies)).*|` + definition + `/internalParameters.*`
)

func fixtures() []fixture {
	extraSource := provenance.Input{Role: provenance.RoleSource, Descriptor: attest.Descriptor{URI: "git+https://example.com/acme/extra", Digest: digest.Set{digest.GitCommit: provenancetest.Commit}}}
	evilFork := func(uri string) func(*provenance.Build) {
		return func(b *provenance.Build) { b.Inputs[0].Descriptor.URI = uri }
	}
	// What a rule does not look at may change, as long as it can still be read.
	unread := func(patterns ...string) func(provenancetest.Mutation) bool {
		return at(strings.Join(append(patterns, optional, record), "|"))
	}
	inputs := definition + `/resolvedDependencies.*`
	parameters := definition + `/externalParameters.*`
	type mutation = provenancetest.Mutation
	findings := at(`/predicate/scanner/result(/\d+(/severity(/\d+)?)?)?`, provenancetest.Delete, provenancetest.Empty)
	return append(more(), []fixture{
		{name: "signer: signed", rule: rules.Signer{PredicateTypes: []string{"https://slsa.dev/provenance/v1"}, Trust: trust()},
			statements: [][]byte{build(nil)}, outcome: policy.Satisfied, neutral: at(`/predicate/.*|/predicate|` + optional)},
		{name: "signer: another type", rule: rules.Signer{PredicateTypes: []string{"https://example.com/approval/v1"}, Trust: trust()},
			statements: [][]byte{build(nil)}, outcome: policy.Undetermined, code: policy.CodeNeedMissing},
		{name: "signer: too few", rule: rules.Signer{PredicateTypes: []string{"https://slsa.dev/provenance/v1"}, Trust: rules.Trust{Signers: []string{"platform", "approver"}, Threshold: 2}},
			statements: [][]byte{build(nil)}, outcome: policy.Undetermined, code: policy.CodeNeedThreshold},

		{name: "builder: listed", rule: builderRule(), statements: [][]byte{build(nil)}, outcome: policy.Satisfied,
			neutral: unread(inputs, parameters, definition+`/buildType`)},
		{name: "builder: unlisted", rule: builderRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Builder.ID += "x" })},
			outcome: policy.Violated, code: rules.CodeBuilder},
		{name: "builder: in other case", rule: builderRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Builder.ID = "https://example.com/Builders/hosted/v1" })},
			outcome: policy.Violated, code: rules.CodeBuilder},
		{name: "builder: another's signature", rule: builderRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Builder.ID = "https://example.com/builders/2" })},
			outcome: policy.Violated, code: rules.CodeBuilderSigner},
		{name: "builder: a bad one beside a good one", rule: builderRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Builder.ID += "x" }), build(nil)},
			outcome: policy.Violated, code: rules.CodeBuilder},

		{name: "source: expected", rule: sourceRule(), statements: [][]byte{build(nil)}, outcome: policy.Satisfied,
			neutral: unread(parameters, definition+`/buildType`, details+`/builder/id`, definition+`/resolvedDependencies/([12].*|0/annotations.*)`)},
		{name: "source: a similar repository", rule: sourceRule(), statements: [][]byte{build(evilFork("git+https://example.com/acme/app-evil@refs/tags/v1.2.3"))},
			outcome: policy.Violated, code: verify.CodeSourceExtra},
		{name: "source: a similar host", rule: sourceRule(), statements: [][]byte{build(evilFork("git+https://example.com.evil.example/acme/app@refs/tags/v1.2.3"))},
			outcome: policy.Violated, code: verify.CodeSourceExtra},
		{name: "source: another ref", rule: sourceRule(), statements: [][]byte{build(evilFork(provenancetest.SourceURI + "@refs/tags/v1.2.30"))},
			outcome: policy.Violated, code: verify.CodeSourceRef},
		{name: "source: no ref", rule: sourceRule(), statements: [][]byte{build(evilFork(provenancetest.SourceURI))},
			outcome: policy.Violated, code: verify.CodeSourceRef},
		{name: "source: another commit", rule: sourceRule(), statements: [][]byte{build(func(b *provenance.Build) {
			b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: strings.Repeat("0", 64)}
		})}, outcome: policy.Violated, code: verify.CodeSourceDigest},
		{name: "source: no commit", rule: sourceRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest = nil })},
			outcome: policy.Violated, code: verify.CodeSourceDigest},
		{name: "source: missing", rule: sourceRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Inputs = b.Inputs[1:] })},
			outcome: policy.Violated, code: verify.CodeSourceMissing},
		{name: "source: one too many", rule: sourceRule(), statements: [][]byte{build(func(b *provenance.Build) { b.Inputs = append(b.Inputs, extraSource) })},
			outcome: policy.Violated, code: verify.CodeSourceExtra,
			// Without its role, or at all, the extra input is no longer a source.
			excess: at(definition + `/resolvedDependencies/\d+(/annotations.*|/uri)?`)},

		{name: "parameters: expected", rule: parametersRule(), statements: [][]byte{build(nil)}, outcome: policy.Satisfied,
			neutral: unread(inputs, details+`/builder/id`)},
		{name: "parameters: another value", rule: parametersRule(), statements: [][]byte{build(func(b *provenance.Build) {
			b.External = json.RawMessage(strings.Replace(string(b.External), "amd64", "arm64", 1))
		})}, outcome: policy.Violated, code: verify.CodeParameter},
		{name: "parameters: a number off by one", rule: parametersRule(), statements: [][]byte{build(func(b *provenance.Build) {
			b.External = json.RawMessage(strings.Replace(string(b.External), "9007199254740993", "9007199254740992", 1))
		})}, outcome: policy.Violated, code: verify.CodeParameter},
		{name: "parameters: missing", rule: parametersRule(), statements: [][]byte{build(func(b *provenance.Build) { b.External = json.RawMessage(`{}`) })},
			outcome: policy.Violated, code: verify.CodeParameter},
		{name: "parameters: one too many", rule: parametersRule(), statements: [][]byte{build(func(b *provenance.Build) {
			b.External = json.RawMessage(`{"debug":true,` + string(b.External[1:]))
		})}, outcome: policy.Violated, code: verify.CodeParameterExtra, excess: at(definition+`/externalParameters/debug`, provenancetest.Delete)},
		{name: "parameters: another build type", rule: parametersRule(), statements: [][]byte{build(func(b *provenance.Build) { b.BuildType += "/" })},
			outcome: policy.Violated, code: rules.CodeBuildType},

		{name: "reproduced: identical", rule: reproducedRule(), statements: [][]byte{comparison(nil)}, outcome: policy.Satisfied,
			neutral: at(`/predicate/[ab]/achieved(/\d+)?|/predicate/[ab]/(startedOn|finishedOn)`)},
		{name: "reproduced: different", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.Outputs[0].B.Mode = 0o700 })},
			outcome: policy.Violated, code: rules.CodeNotIdentical},
		{name: "reproduced: lost an output", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.Outputs[0].B = reproducible.Output{} })},
			outcome: policy.Violated, code: rules.CodeNotIdentical},
		{name: "reproduced: weak isolation", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.B.Achieved &^= reproducible.NoNetwork })},
			outcome: policy.Violated, code: rules.CodeGuarantees},
		{name: "reproduced: one run twice", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.B = c.A })},
			outcome: policy.Violated, code: rules.CodeBuilds},
		{name: "reproduced: runs without times", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.B.Started = time.Time{} })},
			outcome: policy.Violated, code: rules.CodeBuilds},
		{name: "reproduced: runs without an end", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.A.Finished = time.Time{} })},
			outcome: policy.Violated, code: rules.CodeBuilds},
		{name: "reproduced: a difference beside an agreement", rule: reproducedRule(), statements: [][]byte{comparison(func(c *reproducible.Comparison) { c.Outputs[0].B.Size++ }), comparison(nil)},
			outcome: policy.Violated, code: rules.CodeNotIdentical},

		{name: "vulnerabilities: only low", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(nil)}, outcome: policy.Satisfied,
			neutral: at(`/predicate/scanner/(uri|version|db/uri|db/version|result/\d+/id|result/\d+/severity/\d+/method)|/predicate/scanner/result(/\d+)?`)},
		{name: "vulnerabilities: none", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(func(v *report.Vulns) { v.Scanner.Result = []report.Result{} })}, outcome: policy.Satisfied,
			neutral: at(`/predicate/scanner/(uri|version|db/uri|db/version)`)},
		{name: "vulnerabilities: a high one", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(rated(report.Severity{Method: "nvd", Score: "HIGH"}))},
			outcome: policy.Violated, code: rules.CodeVulnerable, excess: findings},
		{name: "vulnerabilities: a high score", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(rated(report.Severity{Method: "nvd", Score: "low"}, report.Severity{Method: "CVSS_V3", Score: "7.0"}))},
			outcome: policy.Violated, code: rules.CodeVulnerable, excess: func(m mutation) bool { return findings(m) || strings.HasSuffix(m.Pointer, "/method") }},
		{name: "vulnerabilities: an unknown rating", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(rated(report.Severity{Method: "nvd", Score: "unknown"}))},
			outcome: policy.Violated, code: rules.CodeVulnerable, excess: findings},
		{name: "vulnerabilities: a rating that nobody can read", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(rated(report.Severity{Method: "epss", Score: "0.1"}))},
			outcome: policy.Violated, code: rules.CodeVulnerable, excess: findings},
		{name: "vulnerabilities: an old database", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(func(v *report.Vulns) { v.Scanner.DB.LastUpdate = now.Add(-48 * time.Hour) })},
			outcome: policy.Undetermined, code: rules.CodeDatabaseAge},
		{name: "vulnerabilities: a scan from the future", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(func(v *report.Vulns) { v.Metadata.ScanFinishedOn = now.Add(1) })},
			outcome: policy.Undetermined, code: rules.CodeScanFuture},
		{name: "vulnerabilities: a finding beside a clean scan", rule: vulnerabilitiesRule(), statements: [][]byte{vulns(rated(report.Severity{Method: "nvd", Score: "critical"})), vulns(nil)},
			outcome: policy.Violated, code: rules.CodeVulnerable, excess: findings},
	}...)
}

func TestRules(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, f := range fixtures() {
		t.Run(f.name, func(t *testing.T) {
			d, ok := f.decide(t, engine(t, f.rule), f.statements...)
			require.True(t, ok)
			finding := d.Report().Findings[0]
			require.Equal(t, f.outcome, finding.Outcome, "%v", d.Err())
			require.Equal(t, f.outcome == policy.Satisfied, d.Allowed(now))
			if !f.until.IsZero() {
				require.Equal(t, f.until, d.Report().ValidUntil)
			}
			if f.outcome != policy.Satisfied {
				require.Equal(t, f.code, finding.Reasons[0].Code)
				require.Contains(t, finding.Reasons[0].Got, f.got)
				require.NotEmpty(t, finding.Reasons[0].Want)
				require.NotEmpty(t, finding.Reasons[0].Got)
				require.NotEmpty(t, finding.Reasons[0].Remedy)
				seen[f.code] = true
			}
		})
	}
	for _, code := range rules.Codes() {
		switch code {
		case rules.CodeConfig, rules.CodeUnreadable, rules.CodeBill, rules.CodeVEX: // causes of others
		default:
			assert.True(t, seen[code], "no fixture gives %s", code)
		}
	}
}

// mutations is how many random mutations the property test makes of all fixtures.
func mutations() int {
	switch {
	case os.Getenv("SEALWRIGHT_LONG") == "1":
		return 1_000_000
	case testing.Short() || underRace:
		return 5_000
	}
	return 100_000
}

// No structural change of the evidence, single or repeated, turns a refusal into an
// Allow: what is missing, empty, repeated or of another type never counts as good.
func TestNoMutationTurnsARefusalIntoAnAllow(t *testing.T) {
	t.Parallel()
	var refused []fixture
	for _, f := range fixtures() {
		if f.outcome != policy.Satisfied {
			refused = append(refused, f)
		}
	}
	ops := provenancetest.Structural()
	for i, f := range refused {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			e := engine(t, f.rule)
			r := rand.New(rand.NewPCG(uint64(i), 1))
			first, err := provenancetest.ParseDocument(f.statements[0])
			require.NoError(t, err)
			judged := 0
			for range max(40, mutations()/len(refused)) {
				statement, history, excused := mutate(t, r, f, first, ops)
				d, ok := f.decide(t, e, append([][]byte{statement}, f.statements[1:]...)...)
				if ok {
					judged++
				}
				if ok && d.Verdict() == policy.Allow && !excused {
					t.Fatalf("allowed after %s: %s", history, statement)
				}
			}
			require.NotZero(t, judged)
		})
	}
}

// mutate spoils the first statement of f once to three times. A fixture whose other
// statements are good is not spoilt in what ties the first to them.
func mutate(t *testing.T, r *rand.Rand, f fixture, doc *provenancetest.Document, ops []provenancetest.Op) (statement []byte, history string, excused bool) {
	for range 1 + r.IntN(3) {
		if statement != nil {
			var err error
			doc, err = provenancetest.ParseDocument(statement)
			require.NoError(t, err)
		}
		m := doc.Random(r, ops...)
		statement, history = m.Document, history+m.String()+"; "
		excused = excused || f.excess != nil && f.excess(m) || len(f.statements) > 1 && !strings.HasPrefix(m.Pointer, "/predicate/")
	}
	return statement, history, excused
}

// Every node that a rule should look at is looked at: spoiling any one of them turns
// an Allow into a refusal.
func TestEveryNodeThatMattersMatters(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures() {
		if f.outcome != policy.Satisfied {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			e := engine(t, f.rule)
			doc, err := provenancetest.ParseDocument(f.statements[0])
			require.NoError(t, err)
			tried := 0
			for m := range doc.Mutations(provenancetest.AllOps()...) {
				if f.matters == nil && (m.Op == provenancetest.Extra || f.neutral(m) || harmless(m)) || f.matters != nil && !f.matters(m) {
					continue
				}
				tried++
				d, ok := f.decide(t, e, append([][]byte{m.Document}, f.statements[1:]...)...)
				assert.False(t, ok && d.Verdict() == policy.Allow, "%v", m)
			}
			require.Greater(t, tried, 4)
		})
	}
}

// harmless tells what no reader of a statement needs to notice: the same subject,
// input or rating twice.
var harmless = at(`/subject/0|`+definition+`/resolvedDependencies/0|/predicate/scanner/result/0/severity/0`, provenancetest.Duplicate)

func TestUnreadableEvidenceIsUndetermined(t *testing.T) {
	for _, f := range unreadable() {
		t.Run(f.name, func(t *testing.T) {
			d, ok := f.decide(t, engine(t, f.rule), f.statements...)
			require.True(t, ok)
			require.Equal(t, policy.Indeterminate, d.Verdict())
			require.ErrorIs(t, d.Err(), attest.Is(rules.CodeUnreadable))
			require.Greater(t, len(d.Report().Findings[0].Reasons), 1, "the cause is told too")
		})
	}
}

func TestRulesRefuseToDemandNothing(t *testing.T) {
	for name, r := range refused() {
		t.Run(name, func(t *testing.T) {
			_, err := policy.New(policy.Config{
				Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
				Authorities: []string{"example.com/keys"}, Validity: time.Hour,
			})
			require.Error(t, err)
			require.NotEmpty(t, attest.Reasons(err))
		})
	}
}

// scores are severities, as a scanner may write them, on either side of each edge.
func scores() []fixture {
	var out []fixture
	for _, c := range []struct {
		at      scan.Severity
		method  string
		allowed string
		refused string
	}{
		{scan.None, "cvss_score", "", "0 0.0 none low"},
		{scan.Low, "cvss_score", "0 0.0 none NONE", "0.1 3.9 low 10"},
		{scan.Medium, "cvss_score", "0 0.1 3.9 low", "4 4.0 6.9 medium MEDIUM"},
		{scan.High, "CVSS_V4", "0 0.1 3.9 6.9 none Low MEDIUM", "7 7.0 8.9 9.0 10 10.0 10.1 11 1.1.1 -1 NaN Inf 0x1p1 1e0 high critical moderate"},
		{scan.Critical, "cvss_score", "0 8.9 high", "9 9.0 10 critical 10.1 unknown"},
		{scan.High, "score", "", "1 0 9"},
	} {
		rule := vulnerabilitiesRule()
		rule.At = c.at
		for outcome, list := range map[policy.Outcome]string{sat: c.allowed, vio: c.refused} {
			for _, score := range strings.Fields(list) {
				f := fixture{name: "score: " + c.at.String() + " by " + c.method + ": " + score, rule: rule, statements: one(vulns(rated(report.Severity{Method: c.method, Score: score}))), outcome: outcome}
				if outcome == vio {
					f.code = rules.CodeVulnerable
				}
				out = append(out, f)
			}
		}
	}
	for _, second := range []string{"7", "9.5", "10.1"} {
		out = append(out, fixture{name: "score: low and " + second, rule: vulnerabilitiesRule(), outcome: vio, code: rules.CodeVulnerable,
			statements: one(vulns(rated(report.Severity{Method: "rating", Score: "low"}, report.Severity{Method: "cvss", Score: second})))})
	}
	return out
}

func TestSeverities(t *testing.T) {
	for _, f := range scores() {
		d, ok := f.decide(t, engine(t, f.rule), f.statements...)
		require.True(t, ok)
		assert.Equal(t, f.outcome == sat, d.Allowed(now), f.name)
	}
}

func TestAnAllowEndsWithTheDatabase(t *testing.T) {
	d, _ := evaluate(t, engine(t, vulnerabilitiesRule()), vulns(nil))
	require.Equal(t, now.Add(24*time.Hour), d.Report().ValidUntil)
}

func TestRunsAreCountedOverAllComparisons(t *testing.T) {
	three := reproducedRule()
	three.Builds = 3
	later := comparison(func(c *reproducible.Comparison) {
		c.B.Started, c.B.Finished = c.B.Started.Add(time.Hour), c.B.Finished.Add(time.Hour)
	})
	d, _ := evaluate(t, engine(t, three), comparison(nil), later)
	require.True(t, d.Allowed(now))
	d, _ = evaluate(t, engine(t, three), comparison(nil))
	require.ErrorIs(t, d.Err(), attest.Is(rules.CodeBuilds))
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range rules.Codes() {
		assert.Regexp(t, `^policy\.[a-z0-9-]+\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
