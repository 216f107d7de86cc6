//go:build linux && (amd64 || arm64)

package sandbox

import (
	"context"
	"errors"
	"runtime"

	"github.com/sealwright/sealwright/internal/cgroup"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
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
	inOrder, err := s.order(ctx)
	if err != nil {
		return Capabilities{}, err
	}
	achieved, refused, err := s.try(ctx, require, inOrder)
	if err != nil || achieved == 0 {
		return Capabilities{Missing: refused}, err
	}
	if !achieved.Has(reproducible.SortedInputs) {
		refused = errors.Join(refused, errUnsorted)
	}
	return Capabilities{Granted: achieved, Missing: refused}, nil
}

// order finds out in which order a tmpfs has to be filled, by trying both. Where
// neither will do it returns any; the build that needs one finds out too.
func (s *Sandbox) order(ctx context.Context) (order, error) {
	s.ordering.Lock()
	defer s.ordering.Unlock()
	if s.ordered != nil {
		return *s.ordered, nil
	}
	for _, o := range []order{{descending: true}, {}} {
		achieved, _, err := s.try(ctx, 0, o)
		if err != nil {
			return order{}, err
		}
		if achieved.Has(reproducible.SortedInputs) {
			s.ordered = &o
			return o, nil
		}
	}
	return order{}, nil
}

// try sets up one child and stops it before it runs anything. It tells apart
// what the machine refuses and what ended the attempt.
func (s *Sandbox) try(ctx context.Context, require reproducible.Guarantees, o order) (achieved reproducible.Guarantees, refused, err error) {
	spec := &reproducible.Spec{Command: []string{"/"}, Require: require}
	r := &run{sandbox: s, spec: spec.WithDefaults(), result: &reproducible.Result{}}
	var ungrouped error
	r.group, ungrouped = cgroup.Create(cgroup.Host{}, cgroup.Limits{Memory: r.spec.Limits.Memory, PIDs: r.spec.Limits.PIDs})
	r.plan = s.newPlan(r.spec, nil)
	r.plan.Sorted, r.plan.Order = true, o // tried, and not required
	if r.child, refused = compose(r.plan); refused == nil {
		refused = r.attempt(ctx)
	}
	if err := errors.Join(stop.Reason(ctx), r.clean()); err != nil {
		return 0, nil, err
	}
	if refused != nil {
		return 0, refused, nil
	}
	return r.result.Achieved, ungrouped, nil
}

// attempt sets up a child and ends it.
func (r *run) attempt(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer r.release()
	if err := r.start(ctx); err != nil {
		return err
	}
	defer r.jail.stopWhen(ctx)()
	return r.admit()
}
