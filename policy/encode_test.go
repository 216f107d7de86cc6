package policy_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
)

// randomText is often plain, and otherwise what an encoder might get wrong.
func randomText(r *rand.Rand) string {
	odd := []string{"", `"`, `\`, "<&>", "\u2028", "\u2029", "\x7f", "\x00", "\n\t", "é", "\U0001f980", "\ufffd", "a/b", "'"}
	text := ""
	for range r.IntN(3) {
		text += "plain " + odd[r.IntN(len(odd))]
	}
	return text
}

func randomReport(r *rand.Rand) policy.Report {
	hash := digest.Digest{Algorithm: digest.SHA256, Hex: hexOf("c")}
	maybe := func() bool { return r.IntN(2) == 0 }
	reasons := func() []policy.Reason {
		reason := policy.Reason{Reason: attest.Reason{Code: "x.y", Where: randomText(r), Want: randomText(r), Got: randomText(r)}, Remedy: randomText(r)}
		if maybe() {
			reason.Evidence = hash
		}
		return []policy.Reason{reason}
	}
	p := policy.Report{
		Policy: policy.PolicyRef{URI: "u" + randomText(r), Version: randomText(r)}, Verdict: policy.Allow, Testing: maybe(),
		Subject: attest.Descriptor{Name: randomText(r), URI: randomText(r), Digest: artifact(), MediaType: randomText(r), DownloadLocation: randomText(r)},
		Phase:   policy.PhaseBuild, Target: policy.Target{Environment: randomText(r), Cluster: randomText(r), Namespace: randomText(r), Name: randomText(r)},
		Actor: attest.Identity{Issuer: randomText(r), Subject: randomText(r)}, EvaluatedAt: now.Add(time.Duration(r.IntN(1000))), ValidUntil: now.Add(time.Hour),
		Findings: []policy.Finding{{Rule: "z", Title: randomText(r), Outcome: policy.Satisfied, Version: r.IntN(3)}},
	}
	if maybe() {
		p.Subject.Digest[digest.SHA512] = hexOf("d") + hexOf("e")
		p.Policy.Digest = hash
		p.Levels = []string{"a" + randomText(r), "b"}
		p.Findings[0].Evidence = []digest.Digest{hash}
		p.Findings[0].Controls = []policy.Control{{Catalog: randomText(r), ID: randomText(r)}}
		p.Inputs = append(p.Inputs, policy.EvidenceRef{Evidence: hash, PredicateType: randomText(r), Authority: randomText(r), Used: maybe()})
	}
	if maybe() {
		p.Subject.Annotations = map[string]json.RawMessage{"k" + randomText(r): json.RawMessage(` {"a" : [1]} `)}
		p.Subject.Content = []byte(randomText(r))
		p.Inputs = append(p.Inputs, policy.EvidenceRef{Evidence: hash, Signers: []attest.Identity{{Subject: randomText(r), Key: hash}, {Issuer: "i"}}})
		p.Obligations = []policy.Obligation{{Kind: "k" + randomText(r), ID: "i", Signers: []string{"s"}, Authorities: []string{"a"}, Discharged: hash}}
	}
	if maybe() {
		p.Verdict, p.ValidUntil, p.Levels = policy.Deny, time.Time{}, nil
		p.Reasons = reasons()
		p.Findings = append(p.Findings, policy.Finding{Rule: "a", Outcome: policy.Violated, Reasons: reasons()})
		p.Waivers = []policy.WaiverRef{{Evidence: hash, Authority: randomText(r), Author: randomText(r), Reasons: reasons()}}
	}
	return p
}

// The encoder of decisions has strictjson as its oracle.
func TestADecisionIsWrittenAsItsReportMarshals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		d, err := policy.Seal("e"+randomText(r), randomReport(r))
		require.NoError(t, err)
		want, err := d.Report().MarshalJSON()
		require.NoError(t, err)
		got, err := d.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

// What cannot be recorded is no decision, wherever in the report it stands.
func TestAReportThatDoesNotEncodeIsNoDecision(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	hash := digest.Digest{Algorithm: digest.SHA256, Hex: hexOf("c")}
	const bad = "\xff"
	for name, spoil := range map[string]func(*policy.Report){
		"policy":      func(p *policy.Report) { p.Policy.Version = bad },
		"name":        func(p *policy.Report) { p.Subject.Name = bad },
		"annotations": func(p *policy.Report) { p.Subject.Annotations = map[string]json.RawMessage{"a": json.RawMessage(`{`)} },
		"repetition": func(p *policy.Report) {
			p.Subject.Annotations = map[string]json.RawMessage{"a": json.RawMessage(`{"b":1,"b":2}`)}
		},
		"target":    func(p *policy.Report) { p.Target.Name = bad },
		"actor":     func(p *policy.Report) { p.Actor.Subject = bad },
		"title":     func(p *policy.Report) { p.Findings[0].Title = bad },
		"control":   func(p *policy.Report) { p.Findings[0].Controls = []policy.Control{{Catalog: bad}} },
		"authority": func(p *policy.Report) { p.Inputs = []policy.EvidenceRef{{Evidence: hash, Authority: bad}} },
		"signer": func(p *policy.Report) {
			p.Inputs = []policy.EvidenceRef{{Evidence: hash, Signers: []attest.Identity{{Subject: bad}}}}
		},
		"waiver": func(p *policy.Report) { p.Waivers = []policy.WaiverRef{{Evidence: hash, Author: bad}} },
		"year":   func(p *policy.Report) { p.Verdict = policy.Allow; p.ValidUntil = now.AddDate(9000, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			p := randomReport(r)
			p.Verdict, p.ValidUntil, p.Reasons, p.Levels = policy.Allow, now.Add(time.Hour), nil, nil
			p.Findings = p.Findings[:1]
			spoil(&p)
			d, err := policy.Seal("e", p)
			require.ErrorIs(t, err, attest.Is(policy.CodeReportEncoding))
			require.True(t, d.IsZero())
		})
	}
}
