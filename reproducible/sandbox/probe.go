//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	"errors"

	"github.com/sealwright/sealwright/internal/cgroup"
	"github.com/sealwright/sealwright/reproducible"
)

// Probe finds out what the machine grants by trying: a child sets up everything
// that a build gets, reports, and is killed instead of running a command; a
// control group is made and removed. What the machine refuses is told in
// Capabilities.Missing; the error is for the monitor's own failures, and for ctx.
//
// The isolation is one whole: where a step of it is refused, nothing is granted.
// Only the control groups, the fixed clock and the order of names can be missing
// alone.
func (s *Sandbox) Probe(ctx context.Context) (Capabilities, error) {
	c, err := s.probe(ctx, reproducible.FixedClock)
	if err != nil || c.Granted != 0 || !errors.Is(c.Missing, errUntraceable) {
		return c, err
	}
	without, err := s.probe(ctx, 0)
	without.Missing = errors.Join(without.Missing, c.Missing)
	return without, err
}

func (s *Sandbox) probe(ctx context.Context, require reproducible.Guarantees) (Capabilities, error) {
	spec := &reproducible.Spec{Command: []string{"/"}, Require: require}
	r := &run{sandbox: s, spec: spec.WithDefaults(), result: &reproducible.Result{}}
	var missing error
	r.group, missing = cgroup.Create(cgroup.Host{}, cgroup.Limits{Memory: r.spec.Limits.Memory, PIDs: r.spec.Limits.PIDs})
	refused, err := r.try(ctx)
	if err := errors.Join(err, r.clean()); err != nil {
		return Capabilities{}, err
	}
	if refused != nil {
		return Capabilities{Missing: refused}, nil
	}
	if !r.result.Achieved.Has(reproducible.SortedInputs) {
		missing = errors.Join(missing, errUnsorted)
	}
	return Capabilities{Granted: r.result.Achieved, Missing: missing}, nil
}

// try sets up one child and stops it before it runs anything. It tells apart
// what the machine refuses and what ended the attempt.
func (r *run) try(ctx context.Context) (refused, err error) {
	if r.plan, err = newPlan(r.spec, nil, r.sandbox.config.Trace != nil); err != nil {
		return nil, err
	}
	r.plan.Sorted = true // tried, and not required
	if err := r.start(ctx); err != nil {
		if stopped := stopReason(ctx); stopped != nil {
			return nil, stopped
		}
		return err, nil
	}
	defer r.jail.stopWhen(ctx)()
	err = r.admit()
	if stopped := stopReason(ctx); stopped != nil {
		return nil, stopped
	}
	return err, nil
}
