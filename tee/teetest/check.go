package teetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

// A Backend is what Check tests: the two halves for one kind, and what they
// need.
type Backend struct {
	Quoter   tee.TEEQuoter
	Verifier tee.Verifier
	// Params are those under which the quoter's evidence verifies.
	Params tee.Params
	// Foreign is another platform of the same kind, whose Params share no root
	// with the first.
	Foreign Foreign
	// SPKI is what bindings must name, for a quoter that certifies a key; else
	// nil.
	SPKI []byte
	// Stride, if above 1, flips only every Stride-th bit, where time is short.
	Stride int
	// Forgeries are evidence with valid signatures that must still be refused.
	Forgeries []Forgery
}

// Foreign is a platform that Backend.Params does not trust.
type Foreign struct {
	Quoter tee.TEEQuoter
	Params tee.Params
}

// A Forgery is evidence that a backend must refuse.
type Forgery struct {
	// Name reads as a sentence: "an unrestricted attestation key is refused".
	Name string
	// Make makes it for a binding.
	Make func(ctx context.Context, b tee.Binding) (*tee.Evidence, error)
	// Code, unless empty, is a reason that the refusal must carry.
	Code attest.Code
}

// A Violation is one clause of the contract that a backend breaks.
type Violation struct {
	Clause string
	Err    error
}

// Error tells the clause and how it is broken.
func (v *Violation) Error() string { return v.Clause + ": " + v.Err.Error() }

// Unwrap returns how the clause is broken.
func (v *Violation) Unwrap() error { return v.Err }

// Check tests the contracts of tee.TEEQuoter and tee.Verifier. It returns nil
// or, joined, one *Violation for each clause that the backend breaks, each
// with the first case that shows it. It reads no clock and makes no network
// access. The cost is one verification for each bit of the evidence and its
// endorsements, or each Backend.Stride-th.
func Check(ctx context.Context, b Backend) error {
	if b.Quoter == nil || b.Verifier == nil || b.Foreign.Quoter == nil {
		return &Violation{"backend", errors.New("quoter, verifier or foreign quoter is nil")}
	}
	r := &run{Backend: b, ctx: ctx}
	if err := guard(r.begin); err != nil {
		return &Violation{"valid evidence is accepted", err}
	}
	var all []error
	for _, c := range clauses() {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(all, err)...)
		}
		if err := guard(func() error { return c.check(r) }); err != nil {
			all = append(all, &Violation{c.name, err})
		}
	}
	return errors.Join(all...)
}

// guard turns a panic into a violation.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// run is one Check: a valid piece of evidence, what it claims, and a foreign
// one for the same binding.
type run struct {
	Backend
	ctx     context.Context
	binding tee.Binding
	valid   *tee.Evidence
	claims  *tee.Claims
	foreign *tee.Evidence
}

// bind returns the n-th of many different bindings.
func (r *run) bind(n int) tee.Binding {
	return tee.Binding{
		Purpose: "conformance", Nonce: fmt.Appendf(nil, "nonce %026d", n), SPKI: r.SPKI,
		Audience: "teetest", BuildID: fmt.Sprint(n),
	}
}

func (r *run) begin() (err error) {
	r.binding = r.bind(0)
	if r.valid, err = r.Quoter.Quote(r.ctx, r.binding); err != nil {
		return fmt.Errorf("the quoter fails: %w", err)
	}
	if r.claims, err = r.Verifier.Verify(r.ctx, r.valid.Clone(), r.Params); err != nil {
		return err
	}
	if r.claims == nil {
		return errors.New("neither claims nor an error")
	}
	r.claims = r.claims.Clone()
	foreign := r.bind(0)
	foreign.SPKI = nil
	if r.foreign, err = r.Foreign.Quoter.Quote(r.ctx, foreign); err != nil {
		return fmt.Errorf("the foreign quoter fails: %w", err)
	}
	return nil
}

// refuse demands that ev is refused under p: no claims, and an error that
// carries a reason, and this one if code is not empty.
func (r *run) refuse(what string, ev *tee.Evidence, p tee.Params, code attest.Code) error {
	var c *tee.Claims
	err := guard(func() (err error) {
		c, err = r.Verifier.Verify(r.ctx, ev, p)
		if err == nil {
			return errAccepted
		}
		return err
	})
	switch {
	case errors.Is(err, errAccepted):
		return fmt.Errorf("%s: accepted", what)
	case c != nil:
		return fmt.Errorf("%s: claims beside the error %w", what, err)
	case len(attest.Reasons(err)) == 0:
		return fmt.Errorf("%s: the refusal carries no reason: %w", what, err)
	case code != "" && !errors.Is(err, attest.Is(code)):
		return fmt.Errorf("%s: want the reason %s, got: %w", what, code, err)
	}
	return nil
}

var errAccepted = errors.New("accepted")

// harmless demands that ev is refused, or says exactly what the valid evidence
// says.
func (r *run) harmless(what string, ev *tee.Evidence) error {
	c, err := r.Verifier.Verify(r.ctx, ev, r.Params)
	if err != nil {
		if c != nil {
			return fmt.Errorf("%s: claims beside the error %w", what, err)
		}
		return nil
	}
	if !reflect.DeepEqual(c, r.claims) {
		return fmt.Errorf("%s: accepted with other claims", what)
	}
	return nil
}
