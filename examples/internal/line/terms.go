package line

import (
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/tee"
)

// BuilderID is the builder.id under which the pipeline's machine builds.
const BuilderID = "https://github.com/sealwright/sealwright/examples/pipeline"

// The principals of the line, each with a key of its own.
const (
	Builder  = "builder"  // builds, compares, scans; its key is held by the TPM
	Approver = "approver" // approves deployments
	Operator = "operator" // records them, and seals the folder
)

// Authority is the name of the trust under which the folder's keys are believed.
const Authority = "sealwright.example/line"

// Origin is the name of the deployment log.
const Origin = "sealwright.example/line/deployments"

// Purpose and Audience are what the hardware is asked to vouch for.
const (
	Purpose  = "build"
	Audience = "sealwright.example/line"
)

// Terms are what the deployment was judged by. They are the policy's document:
// its digest is the policy's.
type Terms struct {
	// Source is the tree that may be built.
	Source Source `json:"source"`
	// Require are the guarantees that both builds must have had.
	Require reproducible.Guarantees `json:"require"`
	// Vulnerabilities tells what is demanded of the scan; null if nothing is, because
	// there was no advisory database.
	Vulnerabilities *Vulnerabilities `json:"vulnerabilities"`
	// Hardware approves the state of the machine.
	Hardware Hardware `json:"hardware"`
	// Place is where the artifact goes.
	Place deploy.Place `json:"place"`
	// At is the instant of the decision.
	At time.Time `json:"at"`
}

// A Source names a source tree.
type Source struct {
	URI    string     `json:"uri"`
	Digest digest.Set `json:"digest"`
}

// Vulnerabilities say which known vulnerabilities are not tolerated.
type Vulnerabilities struct {
	At             scan.Severity `json:"at"`
	MaxDatabaseAge time.Duration `json:"maxDatabaseAge"`
}

// Hardware says which machine is believed.
type Hardware struct {
	References []tee.Reference `json:"references"`
	// Throwaway accepts the fake TPM.
	Throwaway bool `json:"throwaway"`
	// Nonce is the challenge that the quote must answer.
	Nonce []byte `json:"nonce"`
}

// ParseTerms reads terms strictly.
func ParseTerms(b []byte) (*Terms, error) {
	var t Terms
	if err := strictjson.Unmarshal(b, &t, strictjson.Options{}); err != nil {
		return nil, err
	}
	return &t, nil
}

// Engine is the policy engine that the terms make: who built it, from what, twice
// with equal bits, with a bill of materials, on known hardware.
func (t *Terms) Engine(document []byte) (*policy.Engine, error) {
	builder := rules.Trust{Signers: []string{Builder}}
	list := []policy.Rule{
		rules.Builder{Builders: map[string][]string{BuilderID: {Builder}}},
		rules.Source{Trust: builder, Sources: verify.Sources{{URI: t.Source.URI, Digest: t.Source.Digest}}},
		rules.Reproduced{Trust: builder, Builds: 2, Require: t.Require},
		rules.Signer{ID: "bill-of-materials", PredicateTypes: []string{report.CycloneDXType}, Trust: builder},
		rules.Signer{ID: "hardware", PredicateTypes: []string{tee.AssertionPredicateType}, Trust: builder},
	}
	if v := t.Vulnerabilities; v != nil {
		list = append(list, rules.NoVulnerabilities{Trust: builder, At: v.At, MaxDatabaseAge: v.MaxDatabaseAge})
	}
	return policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: BuilderID + "/terms", Version: "1", Digest: digest.FromBytes(document)},
		Root:        policy.Rules(list...),
		Authorities: []string{Authority},
		Validity:    time.Hour,
	})
}

// Gate is the gate of the terms' environment: the policy's leave and one approval.
func (t *Terms) Gate(document []byte) deploy.Gate {
	return deploy.Gate{
		Environment: t.Place.Environment,
		Engines:     []string{policy.EngineName},
		Policies:    []digest.Digest{digest.FromBytes(document)},
		Quorum: deploy.Quorum{
			Threshold: 1, Principals: []string{Approver}, Authorities: []string{Authority}, Exclude: []string{Builder},
		},
	}
}

// Request asks whether the artifact may be deployed.
func (t *Terms) Request(artifact attest.Descriptor, evidence []*attest.Verified) policy.Request {
	return policy.Request{
		Subject: artifact, Phase: policy.PhaseDeploy, Now: t.At, Evidence: evidence,
		Target: policy.Target{
			Environment: string(t.Place.Environment), Cluster: t.Place.Target.Cluster,
			Namespace: t.Place.Target.Namespace, Name: t.Place.Target.Name,
		},
	}
}
