package deploytest

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/policy"
)

// Names that the fixtures use.
const (
	Engine    = "test:engine"    // of the decisions
	Approvals = "test:approvals" // the authority of the approvals
	Requester = "rita"           // who asks
)

// Epoch is the instant at which every fixture's window begins; it lasts a day.
func Epoch() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// Artifact returns a descriptor whose SHA-256 digest follows from its name.
func Artifact(name string) attest.Descriptor {
	return attest.Descriptor{Name: name, Digest: sum([]byte("artifact " + name)).Set()}
}

// At returns the place of that environment and target name.
func At(env, name string) deploy.Place {
	return deploy.Place{Environment: deploy.EnvironmentID(env), Target: deploy.Target{Name: name}}
}

// Policy is the digest of the policy that the fixtures are judged by.
func Policy() digest.Digest { return sum([]byte("policy")) }

// Request returns a valid request to deploy the artifacts of those names.
func Request(p deploy.Place, generation uint64, artifacts ...string) deploy.Request {
	r := deploy.Request{
		Environment: p.Environment, Target: p.Target, Action: deploy.ActionDeploy,
		Config: sum([]byte("config")), Policy: Policy(), Generation: generation,
		Requester: Requester, Reason: "a fixture", Nonce: "nonce-0000000000",
		NotBefore: Epoch(), NotAfter: Epoch().Add(24 * time.Hour),
	}
	for _, a := range artifacts {
		r.Subjects = append(r.Subjects, Artifact(a))
	}
	return r
}

// Gate returns a gate of the environment that wants two of ann, bob and cleo.
func Gate(env deploy.EnvironmentID) deploy.Gate {
	return deploy.Gate{
		Environment: env, Engines: []string{Engine}, Policies: []digest.Digest{Policy()}, Testing: true,
		Quorum: deploy.Quorum{Threshold: 2, Principals: []string{"ann", "bob", "cleo"}, Authorities: []string{Approvals}},
	}
}

// Report returns the report of an engine that allows a subject of the request at
// the instant now, for a day.
func Report(req deploy.Request, subject attest.Descriptor, now time.Time) policy.Report {
	t := req.Target
	return policy.Report{
		Policy:  policy.PolicyRef{URI: "test:policy", Version: "1", Digest: req.Policy},
		Verdict: policy.Allow, Testing: true, Subject: subject, Phase: policy.PhaseDeploy,
		Target:      policy.Target{Environment: string(req.Environment), Cluster: t.Cluster, Namespace: t.Namespace, Name: t.Name},
		EvaluatedAt: now, ValidUntil: now.Add(24 * time.Hour),
		Findings: []policy.Finding{{Rule: "fixture", Outcome: policy.Satisfied}},
	}
}

// Decisions returns one decision that allows for each subject.
func Decisions(req deploy.Request, now time.Time) ([]policy.Decision, error) {
	var out []policy.Decision
	var errs []error
	for _, s := range req.Subjects {
		d, err := policy.Seal(Engine, Report(req, s, now))
		out, errs = append(out, d), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// Seal returns the statement as verified under an authority and signed by the
// principals, without any signature.
func Seal(s *attest.Statement, authority string, principals ...string) (*attest.Verified, error) {
	f := attest.Facts{Authority: authority, Statement: s}
	var names string
	for _, p := range principals {
		f.Signers = append(f.Signers, attest.Identity{Subject: p, Key: sum([]byte("key of " + p))})
		names += "\x00" + p
	}
	if s != nil {
		f.Evidence = sum(append(s.Bytes(), authority+names...))
	}
	return attest.Seal(f)
}

// Approval returns a verified approval of the request by the principals, which
// lasts until the request does.
func Approval(req deploy.Request, principals ...string) (*attest.Verified, error) {
	s, err := deploy.NewApproval(req, deploy.Ballot{Decision: deploy.VoteApprove, Expires: req.NotAfter})
	if err != nil {
		return nil, err
	}
	return Seal(s, Approvals, principals...)
}

// Input returns what Gate needs to authorize the request at the instant now: its
// decisions, and approvals by ann and bob.
func Input(req deploy.Request, now time.Time) (deploy.AuthorizeInput, error) {
	in := deploy.AuthorizeInput{Now: now}
	var errs [3]error
	in.Decisions, errs[0] = Decisions(req, now)
	ann, err := Approval(req, "ann")
	errs[1] = err
	bob, err := Approval(req, "bob")
	errs[2] = err
	in.Approvals = []*attest.Verified{ann, bob}
	return in, errors.Join(errs[:]...)
}

// Authorize returns the authorization of the request by Gate at its NotBefore.
func Authorize(ctx context.Context, req deploy.Request) (deploy.Authorization, error) {
	in, err := Input(req, req.NotBefore)
	if err != nil {
		return deploy.Authorization{}, err
	}
	return Gate(req.Environment).Authorize(ctx, req, in)
}

// Record returns the record that the request succeeded: it started a second after
// its NotBefore for each generation, and took half a second.
func Record(ctx context.Context, req deploy.Request, previous digest.Digest) (*deploy.Record, error) {
	a, err := Authorize(ctx, req)
	if err != nil {
		return nil, err
	}
	start := req.NotBefore.Add(time.Duration(req.Generation) * time.Second)
	return &deploy.Record{
		Authorization: a, Outcome: deploy.OutcomeSucceeded, Previous: previous,
		Started: start, Finished: start.Add(time.Second / 2),
		Attestations: []digest.Digest{sum([]byte("provenance"))},
	}, nil
}

// Chain returns n records of successive deployments in one place, of artifacts
// that are called "v1", "v2" and so on.
func Chain(ctx context.Context, p deploy.Place, n int) ([]*deploy.Record, error) {
	var out []*deploy.Record
	var previous digest.Digest
	for i := 1; i <= n; i++ {
		r, err := Record(ctx, Request(p, uint64(i), "v"+strconv.Itoa(i)), previous)
		if err != nil {
			return nil, err
		}
		previous = r.Authorization.RequestDigest()
		out = append(out, r)
	}
	return out, nil
}
