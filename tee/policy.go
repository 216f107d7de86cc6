package tee

import (
	"context"
	"fmt"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Policy is what an Appraiser demands of evidence beyond its being
// authentic, fresh and bound. The zero Policy requires nothing and is refused.
type Policy struct {
	// ID names the policy in results.
	ID string
	// Required are the kinds of evidence that must all be present.
	Required []Kind
	// References are the approved measurements. Every required kind needs one at
	// least, and evidence must meet all those of its kind.
	References []Reference
	// HardwareKey demands that the hardware itself holds the key in Expect.Key
	// (Claims.KeyPub). Without it a key that the evidence merely names will do.
	HardwareKey bool
	// AllowDebug accepts an environment that others can look into.
	AllowDebug bool
	// AllowMigratable accepts an environment that can move to other hardware.
	AllowMigratable bool
	// AllowThrowaway accepts the roots of fakes. Only tests set it.
	AllowThrowaway bool
	// Rules judge what the fields above do not cover. They can only worsen a
	// result.
	Rules []Rule
}

// A Reference approves the values of one register.
type Reference struct {
	Kind     Kind
	Register string // as in Measurement
	Index    int
	Allowed  []digest.Digest // any of them
}

// A Rule judges the claims of evidence that is authentic and bound: the
// replay of an event log, a floor under the firmware's version. It reports one
// Finding for each aspect that it has an opinion on; an error means that it
// could not judge, which contraindicates. It does no I/O and changes nothing.
// Implementations must be safe for concurrent use.
type Rule interface {
	Judge(ctx context.Context, ev *Evidence, c *Claims) ([]Finding, error)
}

// A Finding is an opinion on one aspect. Its Reason is mandatory unless the
// claim is affirming.
type Finding struct {
	Aspect Aspect
	Claim  TrustClaim
	Reason attest.Reason
}

func (p Policy) validate() error {
	if len(p.Required) == 0 {
		return attest.Refuse(CodeConfig, "Policy.Required", "at least one kind", "none")
	}
	for _, k := range p.Required {
		if err := k.Validate(); err != nil {
			return err
		}
		if !slices.ContainsFunc(p.References, func(r Reference) bool { return r.Kind == k }) {
			return attest.Refuse(CodeConfig, "Policy.References", "an approved measurement of "+string(k), "none")
		}
	}
	for _, r := range p.References {
		if r.Register == "" || r.Index < 0 || len(r.Allowed) == 0 {
			return attest.Refuse(CodeConfig, "Policy.References", "a register and allowed values", r.String())
		}
		for _, d := range r.Allowed {
			if err := d.Validate(); err != nil {
				return attest.Refuse(CodeConfig, "Policy.References", "well-formed digests", r.String()).Because(err)
			}
			if _, strong := d.Set().Strongest(); !strong || d.Algorithm != r.Allowed[0].Algorithm {
				return attest.Refuse(CodeConfig, "Policy.References", "digests of one collision-resistant algorithm", d.String())
			}
		}
	}
	if slices.Contains(p.Rules, nil) {
		return attest.Refuse(CodeConfig, "Policy.Rules", "rules", "nil")
	}
	return nil
}

// String returns kind, register and index.
func (r Reference) String() string {
	return fmt.Sprintf("%s %s[%d]", r.Kind, r.Register, r.Index)
}

// judge compares claims of kind k with the policy. A missing, unselected or
// unknown measurement is "unrecognized": nothing is known against it, and
// nothing for it.
func (p Policy) judge(k Kind, c *Claims) []Finding {
	var out []Finding
	add := func(a Aspect, claim TrustClaim, code attest.Code, where, want, got string) {
		out = append(out, Finding{a, claim, attest.Reason{Code: code, Where: where, Want: want, Got: got}})
	}
	if c.Debug != No && !p.AllowDebug {
		add(Configuration, ClaimContraindicated, CodeDebug, string(k), "debug no", c.Debug.String())
	}
	if c.Migratable != No && !p.AllowMigratable {
		add(Configuration, ClaimContraindicated, CodeMigratable, string(k), "migratable no", c.Migratable.String())
	}
	if c.Privilege != 0 {
		add(Configuration, ClaimContraindicated, CodePrivilege, string(k), "privilege level 0", fmt.Sprint(c.Privilege))
	}
	if claim, ok := c.TCB.claim(); !ok {
		add(Hardware, claim, CodeTCB, string(k), TCBUpToDate.String(), c.TCB.String())
	}
	for _, r := range p.References {
		if r.Kind != k {
			continue
		}
		if code, got := r.meet(c.Measurements); code != "" {
			add(Executables, ClaimUnrecognized, code, r.String(), joinDigests(r.Allowed), got)
		}
	}
	return out
}

func (s TCBStatus) claim() (c TrustClaim, ok bool) {
	switch s {
	case TCBUpToDate, TCBNotJudged:
		return ClaimAffirmed, true
	case TCBOutOfDate, TCBConfigurationNeeded:
		return ClaimUnsafe, false
	case TCBRevoked:
		return ClaimContraindicated, false
	}
	return ClaimUntrusted, false
}

// meet returns "" when a measurement that the hardware signed has an allowed
// value. Two values for one register are as bad as none.
func (r Reference) meet(all []Measurement) (code attest.Code, got string) {
	var found []Measurement
	for _, m := range all {
		if m.Register == r.Register && m.Index == r.Index && m.Value.Algorithm == r.Allowed[0].Algorithm {
			found = append(found, m)
		}
	}
	switch {
	case len(found) != 1:
		return CodeMeasurementMissing, fmt.Sprintf("%d values", len(found))
	case !found[0].Selected:
		return CodeMeasurementUnselected, "a value that is not signed"
	case !slices.Contains(r.Allowed, found[0].Value):
		return CodeMeasurementUnknown, found[0].Value.String()
	}
	return "", ""
}

func joinDigests(all []digest.Digest) string {
	const most = 4
	var s string
	for i, d := range all {
		if i == most {
			return s + " ..."
		}
		if i > 0 {
			s += " or "
		}
		s += d.String()
	}
	return s
}
