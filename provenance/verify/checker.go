package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Checker judges any number of artifacts by the same roots and expectations, which
// it has brought into the form by which it compares. It is immutable and safe for
// concurrent use. New makes one.
type Checker struct {
	roots      Roots
	want       Expectations
	sources    preparedSources
	parameters preparedParameters
}

// New returns a Checker, or every fault of its arguments. It keeps copies of them.
func New(roots Roots, want Expectations) (*Checker, error) {
	if err := errors.Join(roots.Validate(), want.Validate()); err != nil {
		return nil, err
	}
	roots.Authorities, roots.Grants = slices.Clone(roots.Authorities), slices.Clone(roots.Grants)
	roots.Environments = slices.Clone(roots.Environments)
	for i := range roots.Grants {
		roots.Grants[i].Refs = roots.Grants[i].Refs.clone()
	}
	c := &Checker{roots: roots, want: want, sources: want.Sources.prepare(), parameters: want.Parameters.prepare()}
	c.want.Sources, c.want.Refs = slices.Clone(want.Sources), want.Refs.clone()
	c.want.Parameters = Parameters{Equal: maps.Clone(want.Parameters.Equal), Ignore: slices.Clone(want.Parameters.Ignore)}
	c.want.Rebuilders, c.want.Profiles, c.want.Triggers = slices.Clone(want.Rebuilders), slices.Clone(want.Profiles), slices.Clone(want.Triggers)
	return c, nil
}

// Verify judges the evidence about the artifact; see the function Verify.
func (c *Checker) Verify(ctx context.Context, artifact digest.Set, evidence []*attest.Verified) (Verdict, error) {
	return c.Judge(ctx, Case{Artifact: artifact, Evidence: evidence})
}

// Judge is Verify with all that may be known of a case.
func (c *Checker) Judge(ctx context.Context, k Case) (Verdict, error) {
	if err := k.validate(); err != nil {
		return Verdict{}, err
	}
	v := &verdict{Checker: c, artifact: k.Artifact.Clone(), findings: make([]Finding, 0, 20*len(k.Evidence))}
	for _, e := range inOrder(k.Evidence) {
		if err := ctx.Err(); err != nil {
			return Verdict{}, fmt.Errorf("provenance: verification ended early: %w", err)
		}
		if r, ok := v.read(e); ok {
			v.judge(r)
			v.accepted = append(v.accepted, r)
		}
	}
	v.conclude()
	if v.passed {
		v.reproduced()
		v.environment(k)
		if err := v.follow(ctx, k); err != nil {
			return Verdict{}, fmt.Errorf("provenance: verification ended early: %w", err)
		}
		v.summaries = slices.Clone(k.Summaries)
	}
	return Verdict{v}, Verdict{v}.err()
}

// inOrder sorts evidence by its digests, so that its order does not matter.
func inOrder(evidence []*attest.Verified) []*attest.Verified {
	if len(evidence) < 2 {
		return evidence
	}
	ordered := slices.Clone(evidence)
	slices.SortStableFunc(ordered, func(a, b *attest.Verified) int {
		return slices.Compare([]string{a.Evidence().String(), a.Authority()}, []string{b.Evidence().String(), b.Authority()})
	})
	return ordered
}

// Verify judges whether the evidence shows that the artifact was built as want says.
// Evidence that is no provenance, that is about other artifacts, or whose authority
// is not accepted, is skipped and told of; every other statement must pass every
// check, at least one must be left, and all must agree.
//
// The error is nil exactly when the verdict passed. Otherwise it carries all reasons
// (attest.Reasons) and the verdict tells all findings, except that arguments which
// cannot be used, and an ended ctx, give the zero Verdict. Verify performs no I/O,
// reads no clock and changes nothing; it is safe for concurrent use.
func Verify(ctx context.Context, artifact digest.Set, evidence []*attest.Verified, roots Roots, want Expectations) (Verdict, error) {
	return Judge(ctx, Case{Artifact: artifact, Evidence: evidence}, roots, want)
}

// Judge is Verify with all that may be known of a case. Who has many cases makes a
// Checker once.
func Judge(ctx context.Context, c Case, roots Roots, want Expectations) (Verdict, error) {
	checker, err := New(roots, want)
	if err := errors.Join(c.validate(), err); err != nil {
		return Verdict{}, err
	}
	return checker.Judge(ctx, c)
}
