package policy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// BenchmarkDecide measures ten native rules on evidence that is verified already,
// against the sealing of the decision alone.
func BenchmarkDecide(b *testing.B) {
	var rules []policy.Rule
	for i := range 10 {
		rules = append(rules, named(fmt.Sprintf("rule-%d", i)))
	}
	e := engine(b, rules...)
	req := request(
		seal(b, statement(b, reviewType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}}),
		seal(b, statement(b, buildType, `{}`), policytest.Synthetic{Signers: []string{"bob"}}),
	)
	report := decide(b, e, req).Report()
	b.Run("evaluate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d, err := e.Evaluate(context.Background(), req); err != nil || d.Verdict() != policy.Allow {
				b.Fatal(err)
			}
		}
	})
	b.Run("marshal-by-reflection", func(b *testing.B) { // the baseline of what seal writes
		b.ReportAllocs()
		for b.Loop() {
			if _, err := report.MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.Seal(policy.EngineName, report); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEvidence measures how the cost of a decision grows with the evidence.
func BenchmarkEvidence(b *testing.B) {
	e := engine(b, named("a"))
	for _, n := range []int{1, 10, 100, 1000} {
		var evidence []*attest.Verified
		for i := range n {
			evidence = append(evidence, seal(b, statement(b, reviewType, fmt.Sprintf(`{"n":%d}`, i)), policytest.Synthetic{Signers: []string{"alice"}}))
		}
		req := request(evidence...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d, err := e.Evaluate(context.Background(), req); err != nil || d.Verdict() != policy.Allow {
					b.Fatal(err)
				}
			}
		})
	}
}
