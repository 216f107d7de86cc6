package policy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// A bomb is a policy or an input made to use up time or memory. Making it is not
// counted; setting it off must not allow anything.
type bomb struct {
	name string
	make func(t testing.TB) (set func() (allowed bool, err error))
	// timed bombs end by the clock: how much they take and give back until then is a
	// matter of the machine, but not how much they hold.
	timed bool
}

// nested wraps a rule in n combinators.
func nested(n int, wrap func(policy.Node) policy.Node) policy.Node {
	node := policy.Rules(named("a"))
	for range n {
		node = wrap(node)
	}
	return node
}

func manyRules(n int, check func(context.Context, *policy.Facts) policy.Result) []policy.Rule {
	rules := make([]policy.Rule, n)
	for i := range rules {
		rules[i] = with(fmt.Sprintf("rule-%d", i), check)
	}
	return rules
}

// constructed is a bomb that New sets off.
func constructed(name string, root func() policy.Node) bomb {
	return bomb{name: name, make: func(testing.TB) func() (bool, error) {
		node := root()
		return func() (bool, error) {
			_, err := policy.New(config(node))
			return err == nil, err
		}
	}}
}

// asked is a bomb that Evaluate sets off.
func asked(name string, build func(t testing.TB) (*policy.Engine, policy.Request)) bomb {
	return bomb{name: name, make: func(t testing.TB) func() (bool, error) {
		e, req := build(t)
		return func() (bool, error) {
			d, err := e.Evaluate(context.Background(), req)
			return d.Allowed(now), errors.Join(err, d.Err())
		}
	}}
}

// ruled is a bomb inside of one rule.
func ruled(name string, check func(context.Context, *policy.Facts) policy.Result) bomb {
	b := asked(name, func(t testing.TB) (*policy.Engine, policy.Request) {
		c := config(policy.Rules(with("bomb", check)))
		c.Budget = policy.Budget{Time: 20 * time.Millisecond, Cost: 1000}
		return engineOf(t, c), request(review(t, "alice"))
	})
	b.timed = true
	return b
}

// parsed is a bomb that reading a statement sets off.
func parsed(name string, document func() string) bomb {
	return bomb{name: name, make: func(testing.TB) func() (bool, error) {
		b := []byte(document())
		return func() (bool, error) {
			_, err := attest.ParseStatement(b, attest.Limits{})
			return err == nil, err
		}
	}}
}

func withPredicate(predicate string) string {
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + hexOf("a") + `"}}],"predicateType":"` + reviewType + `","predicate":` + predicate + `}`
}

func withEvidence(name string, n int, change func(*policy.Config), one func(t testing.TB, i int) *attest.Verified) bomb {
	return asked(name, func(t testing.TB) (*policy.Engine, policy.Request) {
		req := request()
		for i := range n {
			req.Evidence = append(req.Evidence, one(t, i))
		}
		c := config(policy.Rules(goodReview(policy.Need{Name: "review", PredicateTypes: []string{reviewType}, AnySigner: true, Threshold: 2})))
		if change != nil {
			change(&c)
		}
		return engineOf(t, c), req
	})
}

func identities(n int, sharedKey bool) []attest.Identity {
	ids := make([]attest.Identity, n)
	for i := range ids {
		ids[i] = attest.Identity{Subject: fmt.Sprint("who", i)}
		if sharedKey {
			ids[i].Key = key(fmt.Sprint(i / 2))
		}
	}
	return ids
}

func explained(name string, root func() policy.Node) bomb {
	return bomb{name: name, make: func(t testing.TB) func() (bool, error) {
		e, req := engineOf(t, config(root())), request()
		return func() (bool, error) {
			x, err := e.Explain(context.Background(), req)
			if err == nil && !x.Possible {
				err = errors.New("not possible")
			}
			return false, err
		}
	}}
}

func constructedBombs() []bomb {
	return []bomb{
		constructed("100,000 nested AllOf", func() policy.Node { return nested(100_000, func(n policy.Node) policy.Node { return policy.AllOf(n) }) }),
		constructed("30,000 nested AnyOf", func() policy.Node { return nested(30_000, func(n policy.Node) policy.Node { return policy.AnyOf(n) }) }),
		constructed("30,000 nested When", func() policy.Node {
			return nested(30_000, func(n policy.Node) policy.Node {
				return policy.When(policy.Condition{Phases: []policy.Phase{policy.PhaseDeploy}}, n)
			})
		}),
		constructed("a tree that doubles 60 times", func() policy.Node { return nested(60, func(n policy.Node) policy.Node { return policy.AllOf(n, n) }) }),
		constructed("an AtLeast of a million", func() policy.Node { return policy.AtLeast(1_000_000, policy.Rules(named("a"))) }),
		constructed("100,000 rules of one id", func() policy.Node { return policy.Rules(make([]policy.Rule, 100_000)...) }),
		constructed("a rule with 100,000 needs", func() policy.Node { return policy.Rules(needing(make([]policy.Need, 100_000)...)) }),
		explained("a search over 40 alternatives", func() policy.Node {
			var nodes []policy.Node
			for i := range 40 {
				nodes = append(nodes, policy.Rules(rule{policy.Spec{ID: fmt.Sprintf("r-%d", i), Needs: []policy.Need{{Name: "n", PredicateTypes: []string{fmt.Sprintf("https://example.com/t%d", i)}, AnySigner: true}}}, satisfied}))
			}
			return policy.AtLeast(20, nodes...)
		}),
		explained("a threshold of 200", func() policy.Node {
			return policy.Rules(needing(policy.Need{Name: "n", PredicateTypes: []string{reviewType}, AnySigner: true, Threshold: 200}))
		}),
	}
}

func inputBombs() []bomb {
	same := func() func(t testing.TB, i int) *attest.Verified {
		var s *attest.Statement
		return func(t testing.TB, i int) *attest.Verified {
			if s == nil {
				s = statement(t, reviewType, `{"pad":"`+strings.Repeat("x", 60_000)+`"}`)
			}
			return signedBy(t, s, attest.Identity{Subject: fmt.Sprint(i)})
		}
	}
	small := func(t testing.TB, i int) *attest.Verified {
		return signedBy(t, statement(t, reviewType, `{}`), attest.Identity{Subject: fmt.Sprint(i)})
	}
	big := func(t testing.TB, i int) *attest.Verified {
		return signedBy(t, statement(t, reviewType, `{"pad":"`+strings.Repeat("x", 300_000)+`"}`), attest.Identity{Subject: fmt.Sprint(i)})
	}
	return []bomb{
		{name: "a predicate of 100 MB", make: func(testing.TB) func() (bool, error) {
			b := append(bytes.Repeat([]byte(" "), 100_000_000), withPredicate(`{"x":1}`)...)
			return func() (bool, error) {
				_, err := attest.ParseStatement(b, attest.Limits{})
				return err == nil, err
			}
		}},
		parsed("a predicate of 20 MB", func() string { return withPredicate(`{"x":"` + strings.Repeat("x", 20_000_000) + `"}`) }),
		parsed("a predicate 100,000 deep", func() string {
			return withPredicate(`{"x":` + strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}`)
		}),
		parsed("objects 100,000 deep", func() string {
			return withPredicate(strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat(`}`, 100_000))
		}),
		parsed("200,000 subjects", func() string {
			return strings.Replace(withPredicate(`{}`), `"subject":[`, `"subject":[`+strings.Repeat(`{"digest":{"sha256":"`+hexOf("b")+`"}},`, 200_000), 1)
		}),
		parsed("300,000 duplicate keys", func() string { return withPredicate(`{` + strings.Repeat(`"a":1,`, 300_000) + `"a":1}`) }),
		withEvidence("100,000 attestations", 100_000, nil, func() func(testing.TB, int) *attest.Verified {
			var v *attest.Verified
			return func(t testing.TB, i int) *attest.Verified {
				if v == nil {
					v = small(t, i)
				}
				return v
			}
		}()),
		withEvidence("1,024 attestations of one digest that differ", 1024, nil, same()),
		withEvidence("predicates beyond the limit", 8, func(c *policy.Config) { c.Limits.PredicateBytes = 2 << 20 }, big),
		withEvidence("a predicate of 300 kB for a rule that may read less", 2, func(c *policy.Config) { c.Budget.Bytes = 1 << 18 }, big),
		withEvidence("10,000 signers", 1, nil, func(t testing.TB, _ int) *attest.Verified {
			return signedBy(t, statement(t, reviewType, `{}`), identities(10_000, false)...)
		}),
		withEvidence("10,000 signers in pairs", 1, nil, func(t testing.TB, _ int) *attest.Verified {
			return signedBy(t, statement(t, reviewType, `{}`), identities(10_000, true)...)
		}),
		withEvidence("100,000 trusted times", 1, nil, func(t testing.TB, _ int) *attest.Verified {
			times := make([]time.Time, 100_000)
			for i := range times {
				times[i] = now.Add(time.Duration(i))
			}
			return seal(t, statement(t, reviewType, `{}`), policytest.Synthetic{Times: times})
		}),
		asked("a time at a pointer 30,000 deep", func(t testing.TB) (*policy.Engine, policy.Request) {
			need := reviewNeed()
			need.MaxAge, need.TimeAt = time.Hour, strings.Repeat("/a", 30_000)
			return engine(t, needing(need)), request(reviewed(t, `{"a":{"a":{"a":"`+strings.Repeat("x", 1<<20)+`"}}}`, "alice"))
		}),
		asked("a statement about 5,000 others", func(t testing.TB) (*policy.Engine, policy.Request) {
			subjects := make([]digest.Set, 5_000)
			for i := range subjects {
				subjects[i] = digest.Set{digest.SHA256: hexOf("b")}
			}
			return engine(t, named("a")), request(seal(t, statement(t, reviewType, `{}`, subjects...), policytest.Synthetic{Signers: []string{"alice"}}))
		}),
		asked("a name of 10 MB", func(t testing.TB) (*policy.Engine, policy.Request) {
			req := request()
			req.Target.Name = strings.Repeat("x", 10<<20)
			return engine(t, named("a")), req
		}),
	}
}

func ruleBombs() []bomb {
	const size = 8 << 20
	reasons := func(n int, got string) policy.Result {
		r := policy.Result{Reasons: make([]policy.Reason, n)}
		for i := range r.Reasons {
			r.Reasons[i].Got = got
		}
		return r
	}
	long := strings.Repeat("\x00", size)
	return []bomb{
		ruled("a rule that never ends", func(ctx context.Context, _ *policy.Facts) policy.Result {
			for ctx.Err() == nil {
				runtime.Gosched()
			}
			return policy.Result{Outcome: policy.Satisfied}
		}),
		ruled("a rule that sleeps", func(context.Context, *policy.Facts) policy.Result {
			time.Sleep(200 * time.Millisecond)
			return policy.Result{Outcome: policy.Satisfied}
		}),
		ruled("a rule that spends", func(_ context.Context, f *policy.Facts) policy.Result {
			for {
				f.Spend(1)
			}
		}),
		ruled("a rule that panics with 8 MB", func(context.Context, *policy.Facts) policy.Result { panic(long) }),
		ruled("a rule with 100,000 reasons", func(context.Context, *policy.Facts) policy.Result { return reasons(100_000, "x") }),
		ruled("a rule with reasons of 8 MB", func(context.Context, *policy.Facts) policy.Result { return reasons(64, long) }),
		ruled("a rule that starts 1,000 goroutines", func(ctx context.Context, _ *policy.Facts) policy.Result {
			for range 1000 {
				go func() { <-ctx.Done() }()
			}
			return policy.Result{Outcome: policy.Undetermined}
		}),
		ruled("a rule that ends its goroutine", func(context.Context, *policy.Facts) policy.Result {
			runtime.Goexit()
			return policy.Result{}
		}),
		ruled("a rule that reads its evidence forever", func(ctx context.Context, f *policy.Facts) policy.Result {
			for ctx.Err() == nil {
				var m map[string]json.RawMessage
				_ = f.Evidence("review")[0].Statement().DecodePredicate(&m, true)
			}
			return policy.Result{Outcome: policy.Satisfied}
		}),
		asked("100 rules that panic", func(t testing.TB) (*policy.Engine, policy.Request) {
			return engine(t, manyRules(100, func(context.Context, *policy.Facts) policy.Result { panic("x") })...), request(review(t, "alice"))
		}),
	}
}

// resident is what of the heap the machine has given memory to.
func resident(m runtime.MemStats) uint64 { return m.HeapSys - m.HeapReleased }

// Every bomb ends soon and small. The bounds are those of the limits; the time is
// generous, because the machine may be busy.
func TestBombs(t *testing.T) {
	bombs := append(append(constructedBombs(), inputBombs()...), ruleBombs()...)
	require.GreaterOrEqual(t, len(bombs), 30)
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			set := b.make(t)
			var before, after runtime.MemStats
			debug.FreeOSMemory()
			runtime.ReadMemStats(&before)
			start := time.Now()
			allowed, err := set()
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			require.False(t, allowed)
			if !strings.HasPrefix(b.name, "a search") && !strings.HasPrefix(b.name, "a threshold") {
				require.Error(t, err)
			}
			require.Less(t, took, 20*250*time.Millisecond)
			require.Less(t, int64(resident(after)-resident(before)), int64(64<<20))
			if !b.timed && !underRace { // under the detector pools forget, and texts that stood on the stack are allocated
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
			}
			t.Logf("%v, %d KiB", took.Round(time.Millisecond/10), (after.TotalAlloc-before.TotalAlloc)>>10)
		})
	}
}
