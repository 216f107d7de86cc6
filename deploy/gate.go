package deploy

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// maxDecisions bounds the decisions that a gate looks at.
const maxDecisions = 2 * maxSubjects

// testAuthority is the prefix of authorities whose evidence is made up.
const testAuthority = "test:"

// A Gate guards one environment. What it demands is fixed here, never by a
// request or its evidence. The zero Gate lets nothing pass. A Gate is safe for
// concurrent use as long as nobody changes it.
type Gate struct {
	// Environment is the one that the gate guards.
	Environment EnvironmentID
	// Engines are the names of the policy engines whose decisions count.
	Engines []string
	// Policies are the SHA-256 digests of the policies that a request may choose. A
	// policy whose engine reports no digest cannot be chosen.
	Policies []digest.Digest
	// Quorum tells who must approve.
	Quorum Quorum
	// Testing accepts decisions that may rest on synthetic evidence, and approvals
	// of authorities whose names begin with "test:". It is for tests; records cite
	// both, so that they tell it.
	Testing bool
}

// AuthorizeInput is what a request is judged by.
type AuthorizeInput struct {
	// Decisions are the policy's, for the phase policy.PhaseDeploy: one at least
	// for each subject, none about anything else, and each must allow.
	Decisions []policy.Decision
	// Approvals are verified attestations of NewApproval's statement.
	Approvals []*attest.Verified
	// Now is the instant of judgement.
	Now time.Time
}

// Validate refuses a gate that would accept any engine or policy.
func (g Gate) Validate() error {
	errs := []error{g.Quorum.Validate()}
	if !ValidName(string(g.Environment)) {
		errs = append(errs, attest.Refuse(CodeGate, "environment", "a name", excerpt.Quote(string(g.Environment))))
	}
	if len(g.Engines) == 0 || slices.Contains(g.Engines, "") {
		errs = append(errs, attest.Refuse(CodeGate, "engines", "named engines", strconv.Itoa(len(g.Engines))+" names"))
	}
	for _, a := range g.Quorum.Authorities {
		if strings.HasPrefix(a, testAuthority) && !g.Testing {
			errs = append(errs, attest.Refuse(CodeGate, "quorum", "real authorities, unless Testing", excerpt.Quote(a)))
		}
	}
	for _, p := range g.Policies {
		if p.Algorithm != digest.SHA256 || p.Validate() != nil {
			errs = append(errs, attest.Refuse(CodeGate, "policies", "sha256 digests", excerpt.Quote(p.String())))
		}
	}
	if len(g.Policies) == 0 {
		errs = append(errs, attest.Refuse(CodeGate, "policies", "at least one", "none"))
	}
	return errors.Join(errs...)
}

// Authorize decides whether req may be carried out now. It returns an
// Authorization only when the gate and the request are valid, the request is for
// the gate's environment and one of its policies, now is in the request's
// window, every subject has a decision that allows it (of a listed engine, by the
// request's policy, for this place and phase), no decision is about anything
// else or refuses, and the quorum is met. Otherwise it returns every reason why
// not, and the zero Authorization.
func (g Gate) Authorize(ctx context.Context, req Request, in AuthorizeInput) (Authorization, error) {
	if ctx == nil {
		return Authorization{}, attest.Refuse(CodeNil, "ctx", "a context", "nil")
	}
	if err := errors.Join(ctx.Err(), g.Validate(), req.Validate()); err != nil {
		return Authorization{}, err
	}
	req = req.clone()
	name, err := req.Digest()
	refs, refused := g.decide(req, in)
	tally, short := g.Quorum.Tally(req, in.Approvals, in.Now)
	if err := errors.Join(err, g.admit(req, in.Now), refused, short); err != nil {
		return Authorization{}, err
	}
	grant := Grant{At: in.Now.UTC().Round(0), Until: req.NotAfter, Decisions: refs, Approvals: tally.Endorsements}
	for _, d := range in.Decisions {
		grant.Until = earlier(grant.Until, d.Report().ValidUntil.UTC())
	}
	grant.Until = earlier(grant.Until, lasting(tally.Endorsements, g.Quorum.Threshold))
	return Authorization{&granted{req, name, grant}}, nil
}

// admit checks what does not depend on the evidence.
func (g Gate) admit(req Request, now time.Time) error {
	var errs []error
	if req.Environment != g.Environment {
		errs = append(errs, attest.Refuse(CodeGateEnvironment, "environment", string(g.Environment), string(req.Environment)))
	}
	if !slices.Contains(g.Policies, req.Policy) {
		errs = append(errs, attest.Refuse(CodeGatePolicy, "policy", "a policy of this gate", req.Policy.String()))
	}
	if now.Before(req.NotBefore) {
		errs = append(errs, attest.Refuse(CodeGateEarly, "now", "not before "+instant(req.NotBefore), instant(now)))
	}
	if !now.Before(req.NotAfter) {
		errs = append(errs, attest.Refuse(CodeGateLate, "now", "before "+instant(req.NotAfter), instant(now)))
	}
	return errors.Join(errs...)
}

// decide matches the decisions to the subjects.
func (g Gate) decide(req Request, in AuthorizeInput) ([]DecisionRef, error) {
	if len(in.Decisions) > maxDecisions {
		return nil, attest.Refuse(CodeDecisionCount, "decisions", "at most "+strconv.Itoa(maxDecisions), strconv.Itoa(len(in.Decisions)))
	}
	var refs []DecisionRef
	var errs []error
	covered := make(map[string]bool)
	for i, d := range in.Decisions {
		where := "decisions/" + strconv.Itoa(i)
		r := d.Report()
		subject, err := subjectOf(req, r)
		if err := errors.Join(err, g.checkDecision(where, req, d, r, in.Now)); err != nil {
			errs = append(errs, err)
			continue
		}
		covered[subject.Hex] = true
		refs = append(refs, DecisionRef{subject, d.Digest(), r.Engine, r.Policy.Digest, r.Testing})
	}
	for i, s := range req.Subjects {
		if !covered[s.Digest[digest.SHA256]] {
			errs = append(errs, attest.Refuse(CodeDecisionMissing, "subjects/"+strconv.Itoa(i), "a decision that allows it", "none"))
		}
	}
	return refs, errors.Join(errs...)
}

// subjectOf returns the request's subject that the report is about.
func subjectOf(req Request, r policy.Report) (digest.Digest, error) {
	var last error
	for _, s := range req.Subjects {
		if s.Digest[digest.SHA256] != r.Subject.Digest[digest.SHA256] {
			continue
		}
		if last = r.Subject.Digest.Match(s.Digest); last == nil {
			return digest.Digest{Algorithm: digest.SHA256, Hex: s.Digest[digest.SHA256]}, nil
		}
	}
	return digest.Digest{}, attest.Refuse(CodeDecisionSubject, "subject", "an artifact of the request", excerpt.Quote(r.Subject.Digest.String())).Because(last)
}

func (g Gate) checkDecision(where string, req Request, d policy.Decision, r policy.Report, now time.Time) error {
	var errs []error
	refuse := func(code attest.Code, want, got string) {
		errs = append(errs, attest.Refuse(code, where, want, got))
	}
	if !d.Allowed(now) {
		errs = append(errs, attest.Refuse(CodeDecisionRefused, where, "allow at "+instant(now),
			d.Verdict().String()+" until "+instant(r.ValidUntil)).Because(d.Err()))
	}
	if r.Testing && !g.Testing {
		refuse(CodeDecisionEngine, "an engine that refuses synthetic evidence", excerpt.Quote(r.Engine))
	}
	if !slices.Contains(g.Engines, r.Engine) {
		refuse(CodeDecisionEngine, "an engine of this gate", excerpt.Quote(r.Engine))
	}
	if r.Phase != policy.PhaseDeploy {
		refuse(CodeDecisionPhase, string(policy.PhaseDeploy), excerpt.Quote(string(r.Phase)))
	}
	t := req.Target
	if want := (policy.Target{Environment: string(req.Environment), Cluster: t.Cluster, Namespace: t.Namespace, Name: t.Name}); r.Target != want {
		got := Place{EnvironmentID(r.Target.Environment), Target{r.Target.Cluster, r.Target.Namespace, r.Target.Name}}
		refuse(CodeDecisionTarget, req.Place().String(), excerpt.Quote(got.String()))
	}
	if r.Policy.Digest != req.Policy {
		refuse(CodeDecisionPolicy, req.Policy.String(), excerpt.Quote(r.Policy.Digest.String()))
	}
	if (r.Actor != attest.Identity{}) && r.Actor.Principal() != req.Requester {
		refuse(CodeDecisionActor, excerpt.Quote(req.Requester), excerpt.Quote(r.Actor.Principal()))
	}
	return errors.Join(errs...)
}

// lasting returns when the quorum falls below its threshold for want of time.
func lasting(endorsements []Endorsement, threshold int) time.Time {
	ends := make([]time.Time, 0, len(endorsements))
	for _, e := range endorsements {
		ends = append(ends, e.Expires)
	}
	slices.SortFunc(ends, time.Time.Compare)
	return ends[len(ends)-threshold]
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
