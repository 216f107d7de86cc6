package deploy_test

import (
	"context"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func input(t *testing.T, req deploy.Request) deploy.AuthorizeInput {
	t.Helper()
	in, err := deploytest.Input(req, req.NotBefore)
	require.NoError(t, err)
	return in
}

// decision returns a decision whose report was changed.
func decision(t *testing.T, engine string, req deploy.Request, change func(*policy.Report)) policy.Decision {
	t.Helper()
	r := deploytest.Report(req, req.Subjects[0], req.NotBefore)
	change(&r)
	d, err := policy.Seal(engine, r)
	require.NoError(t, err)
	return d
}

func TestAGateAuthorizes(t *testing.T) {
	req := deploytest.Request(deploytest.At("production", "web"), 1, "app", "sidecar")
	a, err := deploytest.Gate("production").Authorize(t.Context(), req, input(t, req))
	require.NoError(t, err)
	name, err := req.Digest()
	require.NoError(t, err)
	assert.Equal(t, name, a.RequestDigest())
	assert.Equal(t, req, a.Request())
	g := a.Grant()
	assert.Len(t, g.Decisions, 2)
	assert.Len(t, g.Approvals, 2)
	assert.Equal(t, req.NotBefore, g.At)
	assert.Equal(t, req.NotAfter, g.Until)
	require.NoError(t, a.Check(req.NotBefore))
	requireCode(t, a.Check(req.NotBefore.Add(-1)), deploy.CodeAuthorizationWindow)
	requireCode(t, a.Check(req.NotAfter), deploy.CodeAuthorizationWindow)
	a.Request().Subjects[0].Digest["sha256"] = "changed"
	a.Grant().Approvals[0].Principal = "changed"
	assert.Equal(t, req, a.Request(), "an authorization cannot be changed")
	assert.Equal(t, g, a.Grant())
}

func TestTheZeroAuthorizationAllowsNothing(t *testing.T) {
	var a deploy.Authorization
	assert.True(t, a.IsZero())
	requireCode(t, a.Check(deploytest.Epoch()), deploy.CodeUnauthorized)
	assert.Zero(t, a.Request())
	assert.Zero(t, a.Grant())
	assert.True(t, a.RequestDigest().IsZero())
}

func TestAnAuthorizationEndsWithTheFirstThingThatItNeeds(t *testing.T) {
	req := request()
	soon := req.NotBefore.Add(time.Minute)
	in := input(t, req)
	in.Decisions = []policy.Decision{decision(t, deploytest.Engine, req, func(r *policy.Report) { r.ValidUntil = soon })}
	a, err := deploytest.Gate("production").Authorize(t.Context(), req, in)
	require.NoError(t, err)
	assert.Equal(t, soon, a.Grant().Until)

	in = input(t, req)
	in.Approvals[0] = ballot(t, req, deploy.Ballot{Decision: deploy.VoteApprove, Expires: soon}, deploytest.Approvals, "ann")
	a, err = deploytest.Gate("production").Authorize(t.Context(), req, in)
	require.NoError(t, err)
	assert.Equal(t, soon, a.Grant().Until)
	in.Approvals = append(in.Approvals, vote(t, req, deploy.VoteApprove, "cleo"))
	a, err = deploytest.Gate("production").Authorize(t.Context(), req, in)
	require.NoError(t, err)
	assert.Equal(t, req.NotAfter, a.Grant().Until, "the others still make the quorum")
}

func TestAGateRefuses(t *testing.T) {
	req := request()
	change := func(f func(*policy.Report)) func(*deploy.Gate, *deploy.AuthorizeInput) {
		return func(_ *deploy.Gate, in *deploy.AuthorizeInput) {
			in.Decisions = []policy.Decision{decision(t, deploytest.Engine, req, f)}
		}
	}
	denied := attest.Reason{Code: "test.rule.violated"}
	tests := []struct {
		name   string
		change func(*deploy.Gate, *deploy.AuthorizeInput)
		code   attest.Code
	}{
		{"the zero decision", func(_ *deploy.Gate, in *deploy.AuthorizeInput) { in.Decisions[0] = policy.Decision{} }, deploy.CodeDecisionRefused},
		{"no decision", func(_ *deploy.Gate, in *deploy.AuthorizeInput) { in.Decisions = nil }, deploy.CodeDecisionMissing},
		{"a denial by policy", change(func(r *policy.Report) {
			r.Verdict, r.Reasons = policy.Deny, []policy.Reason{{Reason: denied}}
		}), deploy.CodeDecisionRefused},
		{"an indeterminate decision", change(func(r *policy.Report) {
			r.Verdict, r.Reasons = policy.Indeterminate, []policy.Reason{{Reason: denied}}
		}), deploy.CodeDecisionRefused},
		{"a stale decision", change(func(r *policy.Report) {
			r.EvaluatedAt, r.ValidUntil = req.NotBefore.Add(-2*time.Hour), req.NotBefore
		}), deploy.CodeDecisionRefused},
		{"a decision from the future", change(func(r *policy.Report) { r.EvaluatedAt = req.NotBefore.Add(1) }), deploy.CodeDecisionRefused},
		{"a decision about another artifact", change(func(r *policy.Report) { r.Subject = deploytest.Artifact("other") }), deploy.CodeDecisionSubject},
		{"a decision of another phase", change(func(r *policy.Report) { r.Phase = policy.PhasePublish }), deploy.CodeDecisionPhase},
		{"a decision for another environment", change(func(r *policy.Report) { r.Target.Environment = "staging" }), deploy.CodeDecisionTarget},
		{"a decision for another target", change(func(r *policy.Report) { r.Target.Name = "api" }), deploy.CodeDecisionTarget},
		{"a decision for no target", change(func(r *policy.Report) { r.Target = policy.Target{} }), deploy.CodeDecisionTarget},
		{"a decision by another policy", change(func(r *policy.Report) { r.Policy.Digest.Hex = hexOf("d") }), deploy.CodeDecisionPolicy},
		{"a decision by a policy without digest", change(func(r *policy.Report) { r.Policy.Digest = digest.Digest{} }), deploy.CodeDecisionPolicy},
		{"a decision for another requester", change(func(r *policy.Report) { r.Actor.Subject = "mallory" }), deploy.CodeDecisionActor},
		{"a decision by an unlisted engine", func(_ *deploy.Gate, in *deploy.AuthorizeInput) {
			in.Decisions[0] = decision(t, "another", req, func(*policy.Report) {})
		}, deploy.CodeDecisionEngine},
		{"synthetic evidence in a real gate", func(g *deploy.Gate, in *deploy.AuthorizeInput) {
			g.Testing = false
			g.Quorum.Authorities = []string{"approvals"}
		}, deploy.CodeDecisionEngine},
		{"made-up approvals in a real gate", func(g *deploy.Gate, in *deploy.AuthorizeInput) { g.Testing = false }, deploy.CodeGate},
		{"a good decision with a bad one", func(_ *deploy.Gate, in *deploy.AuthorizeInput) {
			in.Decisions = append(in.Decisions, policy.Decision{})
		}, deploy.CodeDecisionRefused},
		{"too many decisions", func(_ *deploy.Gate, in *deploy.AuthorizeInput) { in.Decisions = make([]policy.Decision, 2001) }, deploy.CodeDecisionCount},
		{"an environment of another gate", func(g *deploy.Gate, _ *deploy.AuthorizeInput) { g.Environment = "staging" }, deploy.CodeGateEnvironment},
		{"a policy of another gate", func(g *deploy.Gate, _ *deploy.AuthorizeInput) { g.Policies[0].Hex = hexOf("d") }, deploy.CodeGatePolicy},
		{"a moment before the window", func(_ *deploy.Gate, in *deploy.AuthorizeInput) { in.Now = in.Now.Add(-1) }, deploy.CodeGateEarly},
		{"the end of the window", func(_ *deploy.Gate, in *deploy.AuthorizeInput) { in.Now = req.NotAfter }, deploy.CodeGateLate},
		{"one approval of two", func(_ *deploy.Gate, in *deploy.AuthorizeInput) { in.Approvals = in.Approvals[:1] }, deploy.CodeQuorumShort},
		{"a gate without engines", func(g *deploy.Gate, _ *deploy.AuthorizeInput) { g.Engines = nil }, deploy.CodeGate},
		{"a gate without policies", func(g *deploy.Gate, _ *deploy.AuthorizeInput) { g.Policies = nil }, deploy.CodeGate},
		{"a gate without environment", func(g *deploy.Gate, _ *deploy.AuthorizeInput) { g.Environment = "" }, deploy.CodeGate},
		{"a gate without quorum", func(g *deploy.Gate, _ *deploy.AuthorizeInput) { g.Quorum = deploy.Quorum{} }, deploy.CodeQuorum},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, in := deploytest.Gate("production"), input(t, req)
			tt.change(&g, &in)
			a, err := g.Authorize(t.Context(), req, in)
			requireCode(t, err, tt.code)
			assert.True(t, a.IsZero())
		})
	}
}

func TestAGateRefusesWhenOnlyTheFirstSubjectIsDecided(t *testing.T) {
	req := deploytest.Request(deploytest.At("production", "web"), 1, "app", "sidecar")
	in := input(t, req)
	in.Decisions = in.Decisions[:1]
	_, err := deploytest.Gate("production").Authorize(t.Context(), req, in)
	requireCode(t, err, deploy.CodeDecisionMissing)
}

func TestAGateTellsEveryReason(t *testing.T) {
	req := request()
	g, in := deploytest.Gate("staging"), input(t, req)
	in.Now, in.Approvals = req.NotAfter, nil
	_, err := g.Authorize(t.Context(), req, in)
	for _, code := range []attest.Code{deploy.CodeGateEnvironment, deploy.CodeGateLate, deploy.CodeDecisionRefused, deploy.CodeQuorumShort} {
		assert.ErrorIs(t, err, attest.Is(code))
	}
	for _, r := range attest.Reasons(err) {
		assert.NotEmpty(t, r.Code)
	}
}

func TestAGateHonoursTheEndOfItsContext(t *testing.T) {
	req := request()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := deploytest.Gate("production").Authorize(ctx, req, input(t, req))
	require.ErrorIs(t, err, context.Canceled)
	_, err = deploy.Gate{}.Authorize(t.Context(), req, input(t, req))
	requireCode(t, err, deploy.CodeGate)
}
