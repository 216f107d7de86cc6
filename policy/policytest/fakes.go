package policytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sealwright/sealwright/policy"
)

// ruleID is the rule that the fakes report.
const ruleID = "scripted"

// AllowAll returns an engine that allows every valid request for an hour.
func AllowAll() *Scripted { return &Scripted{Then: Step{Verdict: policy.Allow}} }

// DenyAll returns an engine that denies every valid request.
func DenyAll() *Scripted { return &Scripted{Then: Step{Verdict: policy.Deny}} }

// A Step is one answer of a Scripted engine.
type Step struct {
	// Verdict of the decision. Err, if not nil, is returned instead of one.
	Verdict policy.Verdict
	Err     error
	// Validity of an Allow; 0 means one hour.
	Validity time.Duration
	// Reason of a verdict that is not Allow; zero means CodeScripted.
	Reason policy.Reason
}

// A Scripted is a PolicyEngine that answers as it is told, and judges no evidence.
// It refuses invalid requests and ended contexts as every engine does, without
// using up a step. Its decisions are marked as made in testing. The zero Scripted
// denies everything. It must not be copied after first use.
type Scripted struct {
	// Steps are the answers to the first requests, in the order of their arrival.
	Steps []Step
	// Then answers all later ones.
	Then Step

	mu       sync.Mutex
	requests []policy.Request
}

// Requests returns the valid requests so far, in the order of their arrival.
func (s *Scripted) Requests() []policy.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]policy.Request(nil), s.requests...)
}

// Evaluate implements policy.PolicyEngine.
func (s *Scripted) Evaluate(ctx context.Context, req policy.Request) (policy.Decision, error) {
	if err := req.Validate(); err != nil {
		return policy.Decision{}, err
	}
	if err := ctx.Err(); err != nil {
		return policy.Decision{}, fmt.Errorf("policytest: evaluation ended early: %w", err)
	}
	step := s.next(req)
	if step.Err != nil {
		return policy.Decision{}, step.Err
	}
	report := policy.NewReport(req)
	report.Testing = true
	report.Policy = policy.PolicyRef{URI: "test:scripted", Version: "1"}
	report.Verdict = step.Verdict
	finding := policy.Finding{Rule: ruleID, Outcome: policy.Satisfied}
	if step.Verdict == policy.Allow {
		validity := step.Validity
		if validity == 0 {
			validity = time.Hour
		}
		report.ValidUntil = req.Now.Add(validity)
	} else {
		finding.Outcome = policy.Violated
		if step.Verdict == policy.Indeterminate {
			finding.Outcome = policy.Undetermined
		}
		if step.Reason.Code == "" {
			step.Reason.Code = CodeScripted
		}
		finding.Reasons = []policy.Reason{step.Reason}
	}
	report.Findings = []policy.Finding{finding}
	return policy.Seal("test:scripted", report)
}

func (s *Scripted) next(req policy.Request) Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	if n := len(s.requests) - 1; n < len(s.Steps) {
		return s.Steps[n]
	}
	return s.Then
}

// ErrScripted is an error for Step.Err that nothing else returns.
var ErrScripted = errors.New("policytest: scripted failure")
