package tee

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Backend is a Verifier with the roots that it may rely on.
type Backend struct {
	Verifier Verifier
	Roots    []*x509.Certificate
}

// Config makes an Appraiser. Every field is mandatory.
type Config struct {
	// Backends are the kinds that can be appraised, at most one for each.
	Backends []Backend
	Policy   Policy
	// Nonces issued the challenges.
	Nonces NonceStore
}

// An Appraiser judges evidence (RFC 9334 section 3.1, "Verifier"). What it
// checks is fixed when it is made; evidence chooses nothing. It is safe for
// concurrent use.
type Appraiser struct {
	backends map[Kind]Backend
	policy   Policy
	nonces   NonceStore
}

// NewAppraiser makes an Appraiser. It refuses a policy that requires nothing or
// a kind without a backend, two backends for one kind, a backend without roots,
// and roots that fakes made unless the policy is for tests.
func NewAppraiser(c Config) (*Appraiser, error) {
	if c.Nonces == nil {
		return nil, attest.Refuse(attest.CodeNil, "Config.Nonces", "a nonce store", "nil")
	}
	if err := c.Policy.validate(); err != nil {
		return nil, err
	}
	a := &Appraiser{backends: map[Kind]Backend{}, policy: c.Policy, nonces: c.Nonces}
	a.policy.Required = slices.Clone(c.Policy.Required)
	a.policy.Rules = slices.Clone(c.Policy.Rules)
	a.policy.References = slices.Clone(c.Policy.References)
	for i, r := range a.policy.References {
		a.policy.References[i].Allowed = slices.Clone(r.Allowed)
	}
	for i, b := range c.Backends {
		where := "Config.Backends/" + strconv.Itoa(i)
		if b.Verifier == nil {
			return nil, attest.Refuse(attest.CodeNil, where, "a verifier", "nil")
		}
		kind := b.Verifier.Kind()
		if err := kind.Validate(); err != nil {
			return nil, err
		}
		if _, twice := a.backends[kind]; twice {
			return nil, attest.Refuse(CodeConfig, where, "one backend for each kind", "a second one for "+string(kind))
		}
		if err := validateRoots(b.Roots, c.Policy.AllowThrowaway); err != nil {
			return nil, err
		}
		a.backends[kind] = Backend{b.Verifier, slices.Clone(b.Roots)}
	}
	for _, kind := range c.Policy.Required {
		if _, ok := a.backends[kind]; !ok {
			return nil, attest.Refuse(CodeConfig, "Config.Backends", "a backend for "+string(kind), "none")
		}
	}
	return a, nil
}

// Challenge returns a nonce for evidence that is to be shown to this Appraiser
// by, or on behalf of, audience.
func (a *Appraiser) Challenge(ctx context.Context, audience string) ([]byte, error) {
	return a.nonces.Issue(ctx, audience)
}

// Appraise judges all the evidence that an attester gives for one challenge:
// one piece for each required kind, none of a kind without a backend.
//
// The error is nil only when the Result affirms. A refusal comes with a Result
// that tells it kind by kind, for reports; its status never affirms. When
// nothing could be judged (want is malformed, ctx is cancelled) the Result is
// nil.
//
// The nonce is consumed once every piece of evidence is known to be authentic
// and bound to want, whether or not the policy then approves: bytes that
// anybody can make up do not use up a challenge.
func (a *Appraiser) Appraise(ctx context.Context, want Expect, evidence ...*Evidence) (*Result, error) {
	binding, err := want.Binding()
	if err != nil {
		return nil, err
	}
	if want.At.IsZero() {
		return nil, attest.Refuse(CodeTime, "Expect.At", "a time", "none")
	}
	r := &Result{at: want.At, policy: a.policy.ID, binding: binding}
	whole := a.checkKinds(evidence)
	var each []error
	authentic := len(evidence) > 0
	for _, ev := range evidence {
		sub, err := a.appraiseOne(ctx, ev, want, binding)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.submods = append(r.submods, sub)
		authentic = authentic && sub.Claims != nil
		if err != nil {
			each = append(each, err)
		}
	}
	if authentic {
		if err := a.nonces.Consume(ctx, want.Audience, binding.Nonce); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			whole = append(whole, err)
		}
	}
	r.conclude(whole, each)
	return r, r.Err()
}

// checkKinds demands every required kind once, and no kind twice.
func (a *Appraiser) checkKinds(evidence []*Evidence) []error {
	var errs []error
	count := map[Kind]int{}
	for _, ev := range evidence {
		if ev == nil {
			continue
		}
		if count[ev.Kind]++; count[ev.Kind] == 2 {
			errs = append(errs, attest.Refuse(CodeKindTwice, "Evidence", "one piece of each kind", excerpt.Quote(string(ev.Kind))+" twice"))
		}
	}
	for _, k := range a.policy.Required {
		if count[k] == 0 {
			errs = append(errs, attest.Refuse(CodeKindMissing, "Evidence", "evidence of kind "+string(k), "none"))
		}
	}
	return errs
}

// appraiseOne judges one piece of evidence. Its error holds every reason why
// the submodule does not affirm.
func (a *Appraiser) appraiseOne(ctx context.Context, ev *Evidence, want Expect, binding Binding) (Submod, error) {
	if err := ev.Validate(); err != nil {
		return failed(Submod{}, ClaimCryptoFailed, err)
	}
	s := Submod{Kind: ev.Kind}
	d, err := ev.Digest()
	if err != nil {
		return failed(s, ClaimCryptoFailed, err)
	}
	s.Evidence = d
	backend, ok := a.backends[ev.Kind]
	if !ok {
		return failed(s, ClaimUntrusted, attest.Refuse(CodeKindUnknown, "Evidence.Kind", "a kind with a backend", string(ev.Kind)))
	}
	params := Params{Time: want.At, Roots: backend.Roots, AllowThrowaway: a.policy.AllowThrowaway}
	claims, err := backend.Verifier.Verify(ctx, ev.Clone(), params)
	if err == nil {
		err = checkClaims(claims)
	}
	if err != nil {
		claim := ClaimCryptoFailed
		if errors.Is(err, attest.Is(CodeChain)) {
			claim = ClaimUntrusted
		}
		return failed(s, claim, attest.Refuse(CodeBackend, string(ev.Kind), "evidence that verifies", "").Because(err))
	}
	claims = claims.Clone()
	if err := a.checkBound(ev, claims, want, binding); err != nil {
		return failed(s, ClaimCryptoFailed, err)
	}
	s.Claims = claims
	return a.judge(ctx, s, ev)
}

// failed contraindicates evidence of which nothing may be believed.
func failed(s Submod, claim TrustClaim, err error) (Submod, error) {
	s.Vector.merge(InstanceIdentity, claim)
	s.Vector.merge(Hardware, claim)
	s.Status = s.Vector.Status()
	s.Reasons = attest.Reasons(err)
	return s, err
}

// checkClaims holds a backend to its contract.
func checkClaims(c *Claims) error {
	switch {
	case c == nil:
		return attest.Refuse(CodeBackendContract, "Claims", "claims or an error", "neither")
	case c.NotBefore.IsZero() || c.NotAfter.IsZero():
		return attest.Refuse(CodeBackendContract, "Claims.NotAfter", "a time of validity", "none")
	}
	return nil
}

// checkBound proves that the hardware signed exactly what want asks for, at a
// time when its endorsements were valid.
func (a *Appraiser) checkBound(ev *Evidence, c *Claims, want Expect, binding Binding) error {
	if errs := binding.match(ev.Binding); len(errs) > 0 {
		return errors.Join(errs...)
	}
	sum, err := binding.Digest(ev.Kind, len(c.ReportData))
	if err != nil {
		return err
	}
	if !bytes.Equal(sum, c.ReportData) {
		return attest.Refuse(CodeReportData, "Claims.ReportData", "the digest of the binding", "another value")
	}
	if want.At.Before(c.NotBefore) || want.At.After(c.NotAfter) {
		return attest.Refuse(CodeWindow, "Claims.NotAfter", "endorsements that are valid at "+want.At.UTC().Format(timeFormat), c.NotBefore.UTC().Format(timeFormat)+" to "+c.NotAfter.UTC().Format(timeFormat))
	}
	return a.checkKey(c, binding)
}

const timeFormat = "2006-01-02T15:04:05Z07:00"

// checkKey demands that a key which the hardware certified is the key that the
// evidence speaks for, and that there is one where the policy says so.
func (a *Appraiser) checkKey(c *Claims, binding Binding) error {
	if c.KeyPub == nil {
		if a.policy.HardwareKey {
			return attest.Refuse(CodeKeyNotHeld, "Claims.KeyPub", "a key that the hardware holds", "none")
		}
		return nil
	}
	der, err := x509.MarshalPKIXPublicKey(c.KeyPub)
	if err != nil {
		return attest.Refuse(CodeBackendContract, "Claims.KeyPub", "a public key that has an SPKI", "").Because(err)
	}
	if !bytes.Equal(der, binding.SPKI) {
		return attest.Refuse(CodeKeyNotHeld, "Claims.KeyPub", "the key that the evidence speaks for", "another key")
	}
	return nil
}

// judge fills the vector of authentic evidence.
func (a *Appraiser) judge(ctx context.Context, s Submod, ev *Evidence) (Submod, error) {
	s.Vector[Hardware] = ClaimAffirmed
	s.Vector[Configuration] = ClaimAffirmed
	if len(s.Claims.HardwareID) > 0 {
		s.Vector[InstanceIdentity] = ClaimAffirmed
	}
	if s.Claims.MemoryEncrypted == Yes {
		s.Vector[RuntimeOpaque] = ClaimAffirmed
	}
	findings := a.policy.judge(ev.Kind, s.Claims)
	if slices.ContainsFunc(a.policy.References, func(r Reference) bool { return r.Kind == ev.Kind }) {
		s.Vector[Executables] = ClaimApprovedBoot
	}
	for _, rule := range a.policy.Rules {
		more, err := rule.Judge(ctx, ev.Clone(), s.Claims.Clone())
		if err != nil {
			return failed(s, ClaimContraindicated, attest.Refuse(CodeRule, string(ev.Kind), "a rule that can judge", "").Because(err))
		}
		findings = append(findings, more...)
	}
	var errs []error
	for _, f := range findings {
		if f.Aspect >= aspects {
			return failed(s, ClaimContraindicated, attest.Refuse(CodeRule, string(ev.Kind), "an aspect of the vector", strconv.Itoa(int(f.Aspect))))
		}
		s.Vector.merge(f.Aspect, f.Claim)
		if f.Claim.Tier() != StatusAffirming {
			errs = append(errs, &attest.Error{Reason: f.Reason})
		}
	}
	s.Status = s.Vector.Status()
	if s.Status == StatusAffirming && len(errs) > 0 {
		s.Status = StatusNone
	}
	if s.Status != StatusAffirming && len(errs) == 0 {
		errs = append(errs, attest.Refuse(CodeSilent, string(ev.Kind), "hardware, configuration and executables affirmed", s.Status.String()))
	}
	err := errors.Join(errs...)
	s.Reasons = attest.Reasons(err)
	return s, err
}
