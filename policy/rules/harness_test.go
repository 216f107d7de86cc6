package rules_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A fixture is a rule, the statements that it is shown, and what becomes of it.
type fixture struct {
	name       string
	rule       policy.Rule
	statements [][]byte // each signed by "platform"
	outcome    policy.Outcome
	code       attest.Code // of the first reason
	// excess tells that the fixture's only fault is that something is there, so
	// that leaving out a node may mend it honestly.
	excess func(provenancetest.Mutation) bool
	// neutral tells that an allowed fixture stays allowed under a mutation, because
	// the rule does not look there.
	neutral func(provenancetest.Mutation) bool
	// matters, if it is there, tells instead which mutations must spoil an allowed
	// fixture.
	matters func(provenancetest.Mutation) bool
	// by tells who signed each statement, separated by ','; "platform" if missing. With
	// '~', the name after it is whose key it was; '-' is no key.
	by     []string
	id     string // of the rule, if it matters
	got    string // what the first reason tells among what was got, if it matters
	actor  string
	target policy.Target
	until  time.Time // when the Allow ends, where a rule measures time
}

func trust() rules.Trust { return rules.Trust{Signers: []string{"platform"}} }

func engine(t testing.TB, r policy.Rule) *policy.Engine {
	t.Helper()
	e, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policy", Version: "1"},
		Root:        policy.Rules(r),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: 1000 * time.Hour,
		Budget: policy.Budget{Time: 10 * time.Second}, // a busy machine is no fault of the rule
	})
	require.NoError(t, err)
	return e
}

// evaluate returns the decision on the statements, all by "platform", or false if one
// of them is none.
func evaluate(t testing.TB, e *policy.Engine, statements ...[]byte) (policy.Decision, bool) {
	t.Helper()
	return fixture{}.decide(t, e, statements...)
}

// decide returns the decision on the statements as f has them signed, or false if one
// of them is none.
func (f fixture) decide(t testing.TB, e *policy.Engine, statements ...[]byte) (policy.Decision, bool) {
	t.Helper()
	req := policy.Request{Subject: attest.Descriptor{Digest: provenancetest.Artifact()}, Phase: policy.PhaseDeploy, Now: now, Target: f.target}
	if f.actor != "" {
		req.Actor = policytest.Identity(f.actor)
	}
	for i, b := range statements {
		s, err := attest.ParseStatement(b, attest.Limits{})
		if err != nil {
			return policy.Decision{}, false
		}
		signers := "platform"
		if i < len(f.by) {
			signers = f.by[i]
		}
		v, err := seal(s, strings.Split(signers, ","))
		require.NoError(t, err)
		req.Evidence = append(req.Evidence, v)
	}
	d, err := e.Evaluate(context.Background(), req)
	require.NoError(t, err)
	return d, true
}

// seal makes synthetic evidence, also by one party with two names.
func seal(s *attest.Statement, signers []string) (*attest.Verified, error) {
	facts := attest.Facts{Authority: policytest.Authority, Statement: s, Times: []attest.TrustedTime{{Time: now.Add(-time.Hour), Authority: "test:clock"}}}
	for _, signer := range signers {
		name, key, _ := strings.Cut(signer, "~")
		id := policytest.Identity(name)
		if key == "-" {
			id.Key = digest.Digest{}
		} else if key != "" {
			id.Key = policytest.Identity(key).Key
		}
		facts.Signers = append(facts.Signers, id)
	}
	facts.Evidence = digest.FromBytes(append([]byte(strings.Join(signers, ",")+"\x00"), s.Bytes()...))
	return attest.Seal(facts)
}

// build returns a provenance statement about the sample build, changed.
func build(change func(*provenance.Build)) []byte {
	b := provenancetest.Sample()
	if change != nil {
		change(b)
	}
	return bytesOf(slsa.Encode(b))
}

func bytesOf(s *attest.Statement, err error) []byte {
	if err != nil {
		panic(err)
	}
	return s.Bytes()
}

// comparison states that two runs of the sample's artifact were compared.
func comparison(change func(*reproducible.Comparison)) []byte {
	out := reproducible.Output{SHA256: digest.Digest{Algorithm: digest.SHA256, Hex: provenancetest.Artifact()[digest.SHA256]}, Size: 10, Mode: 0o755}
	run := func(hour int) reproducible.Invocation {
		start := time.Date(2026, 4, 1, hour, 0, 0, 0, time.UTC)
		return reproducible.Invocation{
			Spec:     digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("5", 64)},
			Achieved: reproducible.Hermetic, Started: start, Finished: start.Add(time.Minute),
		}
	}
	c := reproducible.Comparison{A: run(1), B: run(2), Outputs: []reproducible.OutputPair{{Path: "app", A: out, B: out}}}
	if change != nil {
		change(&c)
	}
	return bytesOf(reproducible.ComparisonStatement(c))
}

// vulns states that the sample's artifact was scanned.
func vulns(change func(*report.Vulns)) []byte {
	v := &report.Vulns{
		Scanner: report.Scanner{
			URI: "https://example.com/scanner", Version: "1",
			DB:     report.Database{URI: "https://example.com/db", LastUpdate: now.Add(-24 * time.Hour)},
			Result: []report.Result{{ID: "CVE-2026-1", Severity: []report.Severity{{Method: "nvd", Score: "low"}}}},
		},
		Metadata: report.Metadata{ScanStartedOn: now.Add(-2 * time.Hour), ScanFinishedOn: now.Add(-time.Hour)},
	}
	if change != nil {
		change(v)
	}
	return bytesOf(attest.NewStatement(report.VulnsType, v, attest.Descriptor{Digest: provenancetest.Artifact()}))
}

func rated(ratings ...report.Severity) func(*report.Vulns) {
	return func(v *report.Vulns) { v.Scanner.Result[0].Severity = ratings }
}

func builderRule() rules.Builder {
	return rules.Builder{Builders: map[string][]string{
		provenancetest.BuilderID:         {"platform"},
		"https://example.com/builders/2": {"another"},
	}}
}

func sourceRule() rules.Source {
	return rules.Source{Trust: trust(), Sources: verify.Sources{{
		URI: provenancetest.SourceURI + "@" + provenancetest.SourceRef, Digest: digest.Set{digest.GitCommit: provenancetest.Commit},
	}}}
}

func parametersRule() rules.Parameters {
	return rules.Parameters{Trust: trust(), BuildType: provenancetest.BuildType, Parameters: verify.Parameters{
		Equal: map[string]json.RawMessage{
			"source": json.RawMessage(`"` + provenancetest.SourceURI + "@" + provenancetest.SourceRef + `"`),
			"target": json.RawMessage(`"linux/amd64"`),
			"flags":  json.RawMessage(`[ "-trimpath" ]`),
			"serial": json.RawMessage(`9007199254740993`),
		},
	}}
}

func reproducedRule() rules.Reproduced {
	return rules.Reproduced{Trust: trust(), Builds: 2, Require: reproducible.InputsPinned | reproducible.NoNetwork}
}

func vulnerabilitiesRule() rules.NoVulnerabilities {
	return rules.NoVulnerabilities{Trust: trust(), At: scan.High, MaxDatabaseAge: 48 * time.Hour}
}
