package policytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
)

// A Violation is one clause of the contract of policy.PolicyEngine that an engine
// breaks.
type Violation struct {
	Clause string // the clause's name, for example "cancellation"
	Detail string // what was done, wanted and got
}

// Error tells the clause and the detail.
func (v *Violation) Error() string { return "policytest: clause " + v.Clause + ": " + v.Detail }

// A clause is one sentence of the contract. It returns what is wrong, or "".
type clause struct {
	name  string
	check func(ctx context.Context, e policy.PolicyEngine, req policy.Request) string
}

func clauses() []clause {
	return []clause{
		{"answer", checkAnswer},
		{"description", checkDescription},
		{"inputs", checkInputs},
		{"determinism", checkDeterminism},
		{"order", checkOrder},
		{"concurrency", checkConcurrency},
		{"request-unchanged", checkUnchanged},
		{"time", checkTime},
		{"cancellation", checkCancellation},
		{"subject-required", refuses(func(r *policy.Request) { r.Subject.Digest = nil })},
		{"subject-strong", refuses(func(r *policy.Request) {
			r.Subject.Digest = digest.Set{digest.SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}
		})},
		{"subject-well-formed", refuses(func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: "E3B0"} })},
		{"phase-required", refuses(func(r *policy.Request) { r.Phase = "" })},
		{"phase-known", refuses(func(r *policy.Request) { r.Phase = "Deploy" })},
		{"now-required", refuses(func(r *policy.Request) { r.Now = time.Time{} })},
		{"evidence-not-nil", refuses(func(r *policy.Request) { r.Evidence = append(slices.Clone(r.Evidence), nil) })},
		{"evidence-not-zero", refuses(func(r *policy.Request) {
			r.Evidence = append(slices.Clone(r.Evidence), new(attest.Verified))
		})},
	}
}

// CheckEngine checks e against the contract of policy.PolicyEngine with each of the
// valid requests, of which there must be one, and returns every Violation, joined.
// Whether e decides well is not its business; that it decides as the contract says
// is.
func CheckEngine(ctx context.Context, e policy.PolicyEngine, requests ...policy.Request) error {
	if e == nil || len(requests) == 0 {
		return &Violation{"arguments", "want an engine and at least one valid request"}
	}
	var errs []error
	for i, req := range requests {
		if err := req.Validate(); err != nil {
			errs = append(errs, &Violation{"arguments", fmt.Sprintf("request %d is invalid: %v", i, err)})
			continue
		}
		for _, c := range clauses() {
			if detail := c.check(ctx, e, private(req)); detail != "" {
				errs = append(errs, &Violation{c.name, fmt.Sprintf("request %d: %s", i, detail)})
			}
		}
	}
	return errors.Join(errs...)
}

// private returns a copy of the request, so that an engine that changes its request
// spoils nothing but the clause that looks for it.
func private(req policy.Request) policy.Request {
	req.Subject = policy.NewReport(req).Subject
	req.Evidence = slices.Clone(req.Evidence)
	return req
}

// TestEngine runs CheckEngine and reports every violation to t.
func TestEngine(t *testing.T, e policy.PolicyEngine, requests ...policy.Request) {
	t.Helper()
	if err := CheckEngine(t.Context(), e, requests...); err != nil {
		t.Error(err)
	}
}

// moments are instants at which an Allow that should not be might show.
func moments(req policy.Request) []time.Time {
	return []time.Time{req.Now, req.Now.Add(-time.Hour), req.Now.Add(time.Nanosecond), req.Now.Add(time.Minute), {}}
}

func allowedEver(d policy.Decision, req policy.Request) bool {
	return d.Verdict() == policy.Allow || slices.ContainsFunc(moments(req), d.Allowed)
}

func checkAnswer(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	d, err := e.Evaluate(ctx, req)
	switch {
	case err != nil && allowedEver(d, req):
		return "want no decision that allows beside an error, got one"
	case err != nil:
		return "want a decision on a valid request, got " + err.Error()
	case d.IsZero():
		return "want a decision, got the zero Decision and no error"
	}
	return ""
}

func checkDescription(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	d, _ := e.Evaluate(ctx, req)
	r := d.Report()
	switch {
	case d.IsZero():
		return ""
	case !reflect.DeepEqual(r.Subject, req.Subject):
		return fmt.Sprintf("want subject %v, got %v", req.Subject, r.Subject)
	case r.Phase != req.Phase || r.Target != req.Target || r.Actor != req.Actor:
		return fmt.Sprintf("want %v %v %v, got %v %v %v", req.Phase, req.Target, req.Actor, r.Phase, r.Target, r.Actor)
	}
	return ""
}

func checkInputs(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	d, _ := e.Evaluate(ctx, req)
	if d.IsZero() {
		return ""
	}
	listed := map[digest.Digest]bool{}
	for _, in := range d.Report().Inputs {
		listed[in.Evidence] = true
	}
	given := map[digest.Digest]bool{}
	for _, v := range req.Evidence {
		given[v.Evidence()] = true
		if !listed[v.Evidence()] {
			return "want all evidence in the report, got none of " + v.Evidence().String()
		}
	}
	if len(listed) != len(given) {
		return fmt.Sprintf("want %d pieces of evidence in the report, got %d", len(given), len(listed))
	}
	return ""
}

// sameDecision compares the JSON of the decision on req with want.
func sameDecision(ctx context.Context, e policy.PolicyEngine, req policy.Request, want []byte) string {
	d, err := e.Evaluate(ctx, req)
	if err != nil {
		return "want the same decision, got " + err.Error()
	}
	got, err := d.MarshalJSON()
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Sprintf("want the same bytes, got %s after %s", got, want)
	}
	return ""
}

// baseline returns the decision's JSON, or nil where checkAnswer already complains.
func baseline(ctx context.Context, e policy.PolicyEngine, req policy.Request) []byte {
	d, err := e.Evaluate(ctx, req)
	if err != nil || d.IsZero() {
		return nil
	}
	b, _ := d.MarshalJSON()
	return b
}

func checkDeterminism(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	want := baseline(ctx, e, req)
	for range 20 {
		if want == nil {
			return ""
		}
		if detail := sameDecision(ctx, e, req, want); detail != "" {
			return detail
		}
	}
	return ""
}

func checkOrder(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	want := baseline(ctx, e, req)
	if want == nil {
		return ""
	}
	reversed := req
	reversed.Evidence = slices.Clone(req.Evidence)
	slices.Reverse(reversed.Evidence)
	if detail := sameDecision(ctx, e, reversed, want); detail != "" {
		return "evidence reversed: " + detail
	}
	repeated := req
	repeated.Evidence = slices.Concat(req.Evidence, req.Evidence)
	if detail := sameDecision(ctx, e, repeated, want); detail != "" {
		return "evidence repeated: " + detail
	}
	return ""
}

func checkConcurrency(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	want := baseline(ctx, e, req)
	if want == nil {
		return ""
	}
	details := make([]string, 16)
	var wg sync.WaitGroup
	for i := range details {
		own := private(req)
		wg.Go(func() { details[i] = sameDecision(ctx, e, own, want) })
	}
	wg.Wait()
	for _, d := range details {
		if d != "" {
			return d
		}
	}
	return ""
}

func checkUnchanged(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	before := policy.NewReport(req).Subject // a deep copy
	evidence := slices.Clone(req.Evidence)
	if _, err := e.Evaluate(ctx, req); err != nil {
		return ""
	}
	if !reflect.DeepEqual(before, req.Subject) || !slices.Equal(evidence, req.Evidence) {
		return "want the request as it was, got it changed"
	}
	return ""
}

func checkTime(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	for _, shift := range []time.Duration{0, -24 * time.Hour, 24 * time.Hour} {
		moved := req
		moved.Now = req.Now.Add(shift)
		d, err := e.Evaluate(ctx, moved)
		if err != nil || d.IsZero() {
			continue
		}
		if at := d.Report().EvaluatedAt; !at.Equal(moved.Now) {
			return fmt.Sprintf("want evaluatedAt %v, got %v", moved.Now, at)
		}
	}
	return ""
}

func checkCancellation(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	d, err := e.Evaluate(ended, req)
	switch {
	case allowedEver(d, req):
		return "want no allow after ctx ended, got one"
	case !errors.Is(err, context.Canceled):
		return fmt.Sprintf("want an error that wraps context.Canceled, got %v", err)
	}
	return ""
}

func refuses(spoil func(*policy.Request)) func(context.Context, policy.PolicyEngine, policy.Request) string {
	return func(ctx context.Context, e policy.PolicyEngine, req policy.Request) string {
		spoil(&req)
		d, err := e.Evaluate(ctx, req)
		switch {
		case allowedEver(d, req):
			return "want the request refused, got it allowed"
		case err == nil:
			return "want an error, got " + d.Verdict().String()
		}
		return ""
	}
}

// ClauseNames returns the names of the clauses that CheckEngine checks.
func ClauseNames() []string {
	var names []string
	for _, c := range clauses() {
		names = append(names, c.name)
	}
	return names
}
