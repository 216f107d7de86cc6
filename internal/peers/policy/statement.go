package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// now is when everything is judged.
var now = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

var (
	errRefused = errors.New("refused what is good")
	errPassed  = errors.New("let pass what is bad")
)

// statements returns provenance that every side must allow, and provenance by another
// builder, which every side must deny.
func statements() (good, bad []byte, err error) {
	s, err := slsa.Encode(provenancetest.Sample())
	if err != nil {
		return nil, nil, err
	}
	good = s.Bytes()
	return good, []byte(strings.Replace(string(good), provenancetest.BuilderID, "https://evil.example/v1", 1)), nil
}

// A facet is what the ten conditions read.
type facet struct {
	BuildDefinition struct {
		BuildType          string `json:"buildType"`
		ExternalParameters struct {
			Source string   `json:"source"`
			Target string   `json:"target"`
			Flags  []string `json:"flags"`
		} `json:"externalParameters"`
		ResolvedDependencies []struct {
			URI     string            `json:"uri"`
			Digest  map[string]string `json:"digest"`
			Content []byte            `json:"content"`
		} `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID      string            `json:"id"`
			Version map[string]string `json:"version"`
		} `json:"builder"`
		Metadata struct {
			InvocationID string `json:"invocationId"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

func decodeFacet(s *attest.Statement) (*facet, error) {
	f := new(facet)
	return f, s.DecodePredicate(f, true)
}

const source = provenancetest.SourceURI + "@" + provenancetest.SourceRef

// conditions are the ten, in Go.
var conditions = []func(f *facet) bool{
	func(f *facet) bool { return f.RunDetails.Builder.ID == provenancetest.BuilderID },
	func(f *facet) bool { return f.BuildDefinition.BuildType == provenancetest.BuildType },
	func(f *facet) bool { return f.BuildDefinition.ExternalParameters.Source == source },
	func(f *facet) bool { return f.BuildDefinition.ExternalParameters.Target == "linux/amd64" },
	func(f *facet) bool {
		return slices.Equal(f.BuildDefinition.ExternalParameters.Flags, []string{"-trimpath"})
	},
	func(f *facet) bool {
		return len(f.BuildDefinition.ResolvedDependencies) == 3 && f.BuildDefinition.ResolvedDependencies[0].URI == source
	},
	func(f *facet) bool {
		return len(f.BuildDefinition.ResolvedDependencies) == 3 && f.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"] == provenancetest.Commit
	},
	func(f *facet) bool { return f.RunDetails.Builder.Version["platform"] == "7" },
	func(f *facet) bool { return strings.HasPrefix(f.RunDetails.Metadata.InvocationID, "run/") },
	func(f *facet) bool {
		for _, d := range f.BuildDefinition.ResolvedDependencies {
			if len(d.Digest) == 0 && len(d.Content) == 0 {
				return false
			}
		}
		return len(f.BuildDefinition.ResolvedDependencies) > 0
	},
}

// The ten in CEL, of the statement s.
var expressions = []string{
	`s.predicate.runDetails.builder.id == "` + provenancetest.BuilderID + `"`,
	`s.predicate.buildDefinition.buildType == "` + provenancetest.BuildType + `"`,
	`s.predicate.buildDefinition.externalParameters.source == "` + source + `"`,
	`s.predicate.buildDefinition.externalParameters.target == "linux/amd64"`,
	`s.predicate.buildDefinition.externalParameters.flags == ["-trimpath"]`,
	`s.predicate.buildDefinition.resolvedDependencies.size() == 3 && s.predicate.buildDefinition.resolvedDependencies[0].uri == "` + source + `"`,
	`s.predicate.buildDefinition.resolvedDependencies.size() == 3 && s.predicate.buildDefinition.resolvedDependencies[0].digest.gitCommit == "` + provenancetest.Commit + `"`,
	`s.predicate.runDetails.builder.version.platform == "7"`,
	`s.predicate.runDetails.metadata.invocationId.startsWith("run/")`,
	`size(s.predicate.buildDefinition.resolvedDependencies) > 0 && s.predicate.buildDefinition.resolvedDependencies.all(d, has(d.digest) || has(d.content))`,
}

// The ten in Rego, of the statement as input. The import is for go-witness, which reads
// the language of OPA before its version 1.
const module = `package policy

import rego.v1

ok contains 0 if input.predicate.runDetails.builder.id == "` + provenancetest.BuilderID + `"
ok contains 1 if input.predicate.buildDefinition.buildType == "` + provenancetest.BuildType + `"
ok contains 2 if input.predicate.buildDefinition.externalParameters.source == "` + source + `"
ok contains 3 if input.predicate.buildDefinition.externalParameters.target == "linux/amd64"
ok contains 4 if input.predicate.buildDefinition.externalParameters.flags == ["-trimpath"]
ok contains 5 if {
	count(input.predicate.buildDefinition.resolvedDependencies) == 3
	input.predicate.buildDefinition.resolvedDependencies[0].uri == "` + source + `"
}
ok contains 6 if {
	count(input.predicate.buildDefinition.resolvedDependencies) == 3
	input.predicate.buildDefinition.resolvedDependencies[0].digest.gitCommit == "` + provenancetest.Commit + `"
}
ok contains 7 if input.predicate.runDetails.builder.version.platform == "7"
ok contains 8 if startswith(input.predicate.runDetails.metadata.invocationId, "run/")
ok contains 9 if {
	count(input.predicate.buildDefinition.resolvedDependencies) > 0
	every d in input.predicate.buildDefinition.resolvedDependencies { object.keys(d) & {"digest", "content"} != set() }
}

deny contains "not every condition holds" if count(ok) != 10
`

// facets is what all comparisons decode.
var facets = policy.NewDecoder(decodeFacet)

// A comparison is a rule of some of the conditions.
type comparison struct {
	id    string
	check func(policy.Evidence) policy.Result
}

func compare(id string, conditions ...func(*facet) bool) *comparison {
	wrong := policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "peers.build.wrong"}}}}
	return &comparison{id, func(e policy.Evidence) policy.Result {
		f, err := facets.Of(e)
		if err != nil {
			return policy.Result{Outcome: policy.Undetermined}
		}
		for _, holds := range conditions {
			if !holds(f) {
				return wrong
			}
		}
		return policy.Result{Outcome: policy.Satisfied}
	}}
}

// Spec implements policy.Rule.
func (c *comparison) Spec() (policy.Spec, error) {
	return policy.Spec{ID: c.id, Needs: []policy.Need{{
		Name: "build", PredicateTypes: []string{slsa.PredicateType}, Signers: []string{"platform"}, MaxAge: time.Hour,
	}}}, nil
}

// Check implements policy.Rule.
func (c *comparison) Check(_ context.Context, f *policy.Facts) policy.Result {
	return f.Judge("build", c.check)
}

// engine applies rules to synthetic evidence.
func engine(rules ...policy.Rule) (*policy.Engine, error) {
	return policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/peers", Version: "1"}, Root: policy.Rules(rules...),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
	})
}

// What a verifier knows once it has verified the signature: who signed, and the digest of
// the envelope. It is no cost of the decision.
var (
	platform = policytest.Identity("platform")
	envelope = digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("5e", 32)}
)

// request asks about the artifact with the statement's evidence, signed a minute ago.
func request(raw []byte) (policy.Request, error) {
	s, err := attest.ParseStatement(raw, attest.Limits{})
	if err != nil {
		return policy.Request{}, err
	}
	v, err := attest.Seal(attest.Facts{
		Authority: policytest.Authority, Statement: s, Evidence: envelope, Signers: []attest.Identity{platform},
		Times: []attest.TrustedTime{{Time: now.Add(-time.Minute), Authority: "test:clock"}},
	})
	if err != nil {
		return policy.Request{}, err
	}
	return policy.Request{
		Subject: attest.Descriptor{Digest: provenancetest.Artifact()}, Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v},
	}, nil
}

// allowed is nil if the decision allows.
func allowed(d policy.Decision, err error) error {
	if err == nil && d.Verdict() != policy.Allow {
		return errRefused
	}
	return err
}

// ten are the conditions as ten rules.
func ten() (rules []policy.Rule) {
	for i, c := range conditions {
		rules = append(rules, compare("condition-"+string(rune('0'+i)), c))
	}
	return rules
}
