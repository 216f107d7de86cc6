package policy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/internal/strictjson"
)

// A Simulation is what an engine would say at another instant. It is no Decision
// and cannot become one: nothing that gates or vouches takes it.
type Simulation struct {
	report Report
}

// Simulate judges the request as Evaluate would at the instant at, whatever its
// Now: to see what a rule that is not yet effective will do, or when evidence will be
// too old. An error is as Evaluate's, and comes with the zero Simulation.
func (e *Engine) Simulate(ctx context.Context, req Request, at time.Time) (Simulation, error) {
	req.Now = at
	q, err := e.inquire(ctx, &req, false)
	if err != nil {
		return Simulation{}, err
	}
	q.judge(ctx)
	report, _, cancelled := q.report(ctx)
	if cancelled != nil {
		return Simulation{}, fmt.Errorf("policy: simulation ended early: %w", cancelled)
	}
	if err := e.oblige(&report); err != nil {
		return Simulation{}, err
	}
	report.Engine = EngineName
	report.canonicalize()
	if err := errors.Join(report.validate()); err != nil {
		return Simulation{}, err
	}
	return Simulation{report}, nil
}

// Verdict returns what the verdict would be; Deny for the zero Simulation.
func (s Simulation) Verdict() Verdict { return s.report.Verdict }

// At returns the instant that is simulated.
func (s Simulation) At() time.Time { return s.report.EvaluatedAt }

// Findings returns a copy of what would become of each rule.
func (s Simulation) Findings() []Finding { return s.report.clone().Findings }

// MarshalJSON writes the report as the only member, "simulation", of an object, so
// that a document does not pass for a decision either.
func (s Simulation) MarshalJSON() ([]byte, error) {
	return strictjson.Marshal(struct {
		Simulation Report `json:"simulation"`
	}{s.report})
}
