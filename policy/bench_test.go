package policy_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// facet is what BenchmarkDecide's rules read of a build.
type facet struct {
	BuildType string `json:"buildType"`
	Builder   struct {
		ID string `json:"id"`
	} `json:"builder"`
	Source struct {
		URI    string `json:"uri"`
		Commit string `json:"commit"`
	} `json:"source"`
}

// benchBuild is a build of about 1.6 KB, as provenance often is.
func benchBuild() string {
	return `{"buildType":"https://example.com/build/v1","builder":{"id":"https://example.com/hosted"},` +
		`"source":{"uri":"git+https://example.com/app","commit":"` + hexOf("c") + `"},"log":"` + strings.Repeat("x", 1300) + `"}`
}

func decodeFacet(s *attest.Statement) (*facet, error) {
	f := new(facet)
	return f, s.DecodePredicate(f, true)
}

// A comparison is a rule that compares parts of a build.
type comparison struct {
	spec  policy.Spec
	judge func(policy.Evidence) policy.Result
}

func (c *comparison) Spec() (policy.Spec, error) { return c.spec, nil }

func (c *comparison) Check(_ context.Context, f *policy.Facts) policy.Result {
	return f.Judge("build", c.judge)
}

// tenRules are rules that each compare a part of a build.
func tenRules() []policy.Rule {
	wrong := policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.build.wrong"}}}}
	facets := policy.NewDecoder(decodeFacet)
	var rules []policy.Rule
	for i := range 10 {
		judge := func(e policy.Evidence) policy.Result {
			f, err := facets.Of(e)
			if err != nil {
				return policy.Result{Outcome: policy.Undetermined}
			}
			if f.Builder.ID != "https://example.com/hosted" || f.BuildType != "https://example.com/build/v1" ||
				f.Source.URI != "git+https://example.com/app" || len(f.Source.Commit) != 64 {
				return wrong
			}
			return policy.Result{Outcome: policy.Satisfied}
		}
		spec := policy.Spec{ID: fmt.Sprintf("rule-%d", i), Needs: []policy.Need{{Name: "build", PredicateTypes: []string{buildType}, Signers: []string{"bob"}, MaxAge: time.Hour}}}
		rules = append(rules, &comparison{spec, judge})
	}
	return rules
}

func benchRequest(b testing.TB) policy.Request {
	return request(
		seal(b, statement(b, reviewType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}}),
		seal(b, statement(b, buildType, benchBuild()), policytest.Synthetic{Signers: []string{"bob"}, Times: []time.Time{now.Add(-time.Minute)}}),
	)
}

// measure runs once again and again, and reports its CPU time beside the time on the
// wall, which other programs lengthen.
func measure(b *testing.B, name string, once func(b *testing.B)) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		n, before := 0, cpuTime(b)
		for b.Loop() {
			once(b)
			n++
		}
		b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(n), "cpu-ns/op")
	})
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDecide measures ten native rules: on evidence that is prepared and decoded,
// on evidence that is verified, and from the bytes of its statement on; against the
// writing of the report.
func BenchmarkDecide(b *testing.B) {
	e := engine(b, tenRules()...)
	req := benchRequest(b)
	prepared, err := e.Prepare(b.Context(), req)
	require.NoError(b, err)
	report := decide(b, e, req).Report()
	evaluate := func(b *testing.B, req policy.Request) {
		if d, err := e.Evaluate(context.Background(), req); err != nil || d.Verdict() != policy.Allow {
			b.Fatal(err)
		}
	}
	measure(b, "prepared", func(b *testing.B) {
		if d, err := prepared.Evaluate(context.Background(), now); err != nil || d.Verdict() != policy.Allow {
			b.Fatal(err)
		}
	})
	measure(b, "verified", func(b *testing.B) { evaluate(b, req) })
	one := engine(b, tenRules()[0])
	raw, evidence := req.Evidence[1].Statement().Bytes(), req.Evidence[1].Evidence()
	measure(b, "bytes", func(b *testing.B) {
		s, err := attest.ParseStatement(raw, attest.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		v, err := attest.Seal(attest.Facts{Authority: policytest.Authority, Statement: s, Evidence: evidence, Signers: []attest.Identity{{Subject: "bob"}},
			Times: []attest.TrustedTime{{Time: now.Add(-time.Minute), Authority: "test:clock"}}})
		if err != nil {
			b.Fatal(err)
		}
		if d, err := one.Evaluate(context.Background(), request(v)); err != nil || d.Verdict() != policy.Allow {
			b.Fatal(err)
		}
	})
	measure(b, "decide-and-write", func(b *testing.B) {
		d, err := prepared.Evaluate(context.Background(), now)
		if err != nil || d.Digest().IsZero() {
			b.Fatal(err)
		}
	})
	measure(b, "seal", func(b *testing.B) {
		if _, err := policy.Seal(policy.EngineName, report); err != nil {
			b.Fatal(err)
		}
	})
	measure(b, "write-by-reflection", func(b *testing.B) {
		if _, err := report.MarshalJSON(); err != nil {
			b.Fatal(err)
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
		measure(b, fmt.Sprint(n), func(b *testing.B) {
			if d, err := e.Evaluate(context.Background(), req); err != nil || d.Verdict() != policy.Allow {
				b.Fatal(err)
			}
		})
	}
}
