package policy_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

func prepare(t testing.TB, e *policy.Engine, req policy.Request) *policy.Prepared {
	t.Helper()
	p, err := e.Prepare(context.Background(), req)
	require.NoError(t, err)
	return p
}

// requireSame demands equal decisions: the bytes, the digest, the report and the span.
func requireSame(t testing.TB, want, got policy.Decision, what ...any) {
	t.Helper()
	a, err := want.MarshalJSON()
	require.NoError(t, err)
	b, err := got.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, string(a), string(b), what...)
	require.Equal(t, want.Digest(), got.Digest(), what...)
	require.Equal(t, want.Report(), got.Report(), what...)
	require.Equal(t, want.Verdict(), got.Verdict(), what...)
	r := want.Report()
	for _, at := range []time.Time{r.EvaluatedAt.Add(-1), r.EvaluatedAt, r.ValidUntil.Add(-1), r.ValidUntil} {
		require.Equal(t, want.Allowed(at), got.Allowed(at), what...)
	}
}

// situations are engines and requests of every kind that decisions are made in.
func situations(t testing.TB) map[string]struct {
	engine *policy.Engine
	req    policy.Request
} {
	type situation = struct {
		engine *policy.Engine
		req    policy.Request
	}
	timed := func(age time.Duration) *attest.Verified {
		return seal(t, statement(t, reviewType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}, Times: []time.Time{now.Add(-age)}})
	}
	fresh := reviewNeed()
	fresh.MaxAge = time.Hour
	anyFresh := fresh
	anyFresh.Quantifier = policy.AnyMatching
	ends := named("ends")
	ends.check = func(_ context.Context, f *policy.Facts) policy.Result {
		return policy.Result{Outcome: policy.Satisfied, Until: now.Add(20 * time.Minute)}
	}
	levels := config(policy.AnyOf(policy.Rules(named("a")), policy.Rules(needing(policy.Need{Name: "build", PredicateTypes: []string{buildType}, AnySigner: true}))))
	levels.Levels = []policy.Level{{Name: "EXAMPLE_A", Rules: []string{"a"}}, {Name: "EXAMPLE_B", Rules: []string{"needs"}}}
	levels.Expires = now.Add(45 * time.Minute)
	unusual := request(review(t, "alice"))
	unusual.Subject.Name, unusual.Target.Name, unusual.Actor.Subject = "größer \"\\\n", "\u2028", "<b>"
	broken := request(review(t, "alice"))
	broken.Target.Cluster = "\xff"
	satisfiedAndWaived := waived(t, waiver(t, aWaiver()))
	satisfiedAndWaived.Evidence = []*attest.Verified{review(t, "alice")}
	staged := config(policy.AllOf(policy.Rules(named("a")), policy.When(policy.Condition{Environments: []string{"staging"}}, policy.Rules(named("b")))))
	return map[string]situation{
		"allowed":                 {engine(t, named("a"), named("b")), request(review(t, "alice"), review(t, "bob"))},
		"denied":                  {engine(t, goodReview(reviewNeed())), request(reviewed(t, `{"good":false}`, "alice"))},
		"indeterminate":           {engine(t, named("a")), request()},
		"evidence that ages":      {engine(t, rule{policy.Spec{ID: "a", Needs: []policy.Need{fresh}}, satisfied}), request(timed(30 * time.Minute))},
		"several ages":            {engine(t, rule{policy.Spec{ID: "a", Needs: []policy.Need{anyFresh}}, satisfied}), request(timed(50*time.Minute), timed(10*time.Minute), timed(2*time.Hour))},
		"evidence of tomorrow":    {engine(t, rule{policy.Spec{ID: "a", Needs: []policy.Need{anyFresh}}, satisfied}), request(timed(10*time.Minute), timed(-30*time.Minute))},
		"a rule that ends":        {engine(t, ends), request(review(t, "alice"))},
		"a rule that begins":      {engine(t, named("a"), bounded("b", now.Add(10*time.Minute), time.Time{}, goodReview(reviewNeed()))), request(review(t, "alice"))},
		"a rule that retires":     {engine(t, named("a"), bounded("b", time.Time{}, now.Add(10*time.Minute), goodReview(reviewNeed()))), request(review(t, "alice"))},
		"an alternative is unmet": {engineOf(t, levels), request(review(t, "alice"))},
		"a part does not apply":   {engineOf(t, staged), request(review(t, "alice"))},
		"unusual texts":           {engine(t, named("a")), unusual},
		"a waiver":                {engineOf(t, lenient()), waived(t, waiver(t, aWaiver()))},
		"an unused waiver":        {engineOf(t, lenient()), satisfiedAndWaived},
		"text that is not UTF-8":  {engine(t, named("a")), broken},
	}
}

// However a decision comes about, it is the same: at once, prepared at another instant,
// or with its report written straight away.
func TestAPreparedRequestIsDecidedAsTheEngineWould(t *testing.T) {
	for name, s := range situations(t) {
		t.Run(name, func(t *testing.T) {
			p := prepare(t, s.engine, s.req)
			for _, after := range []time.Duration{
				0, 1, time.Minute, 10*time.Minute - 1, 10 * time.Minute, 20*time.Minute - 1, 20 * time.Minute, 30*time.Minute - 1,
				30 * time.Minute, 45*time.Minute - 1, 45 * time.Minute, 50 * time.Minute, time.Hour, 100 * time.Hour, -1, -time.Hour,
			} {
				req := s.req
				req.Now = now.Add(after).In(time.FixedZone("", 3600))
				want, refused := policy.EvaluateInWriting(t.Context(), s.engine, req)
				for how, decide := range map[string]func() (policy.Decision, error){
					"prepared": func() (policy.Decision, error) { return p.Evaluate(t.Context(), req.Now) },
					"engine":   func() (policy.Decision, error) { return s.engine.Evaluate(t.Context(), req) },
				} {
					got, err := decide()
					if refused != nil {
						require.Equal(t, refused, err, how)
						require.True(t, got.IsZero())
						continue
					}
					require.NoError(t, err)
					requireSame(t, want, got, how, after)
				}
			}
		})
	}
}

func TestAnAllowIsWrittenWhenItIsRead(t *testing.T) {
	e := engine(t, named("a"))
	d := decide(t, e, request(review(t, "alice")))
	require.False(t, d.Written())
	require.True(t, d.Allowed(now))
	require.False(t, d.IsZero())
	require.NoError(t, d.Err())
	require.True(t, decide(t, cached(t, e, 1), request(review(t, "alice"))).Written(), "a cache must not hold on to evidence")
	require.True(t, decide(t, e, request()).Written())
	d.Report().Findings[0].Rule = "changed"
	d.Report().Subject.Digest["sha256"] = hexOf("0")
	require.Equal(t, "a", d.Report().Findings[0].Rule)
	require.Equal(t, artifact(), d.Report().Subject.Digest)
}

func TestAPreparedRequestKeepsNothingOfItsCallers(t *testing.T) {
	req := request(review(t, "alice"))
	req.Subject.Digest = artifact()
	p := prepare(t, engine(t, named("a")), req)
	want, err := p.Evaluate(t.Context(), now)
	require.NoError(t, err)
	before, err := want.MarshalJSON()
	require.NoError(t, err)
	req.Evidence[0] = nil
	req.Subject.Digest["sha256"] = hexOf("b")
	got, err := p.Evaluate(t.Context(), now)
	require.NoError(t, err)
	after, err := got.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestPrepareRefusesWhatEvaluateRefuses(t *testing.T) {
	_, err := engine(t, named("a")).Prepare(t.Context(), policy.Request{})
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestSubject))
	for _, p := range []*policy.Prepared{nil, {}} {
		d, err := p.Evaluate(t.Context(), now)
		require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
		require.True(t, d.IsZero())
	}
	p := prepare(t, engine(t, named("a")), request(review(t, "alice")))
	d, err := p.Evaluate(t.Context(), time.Time{})
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestNow))
	require.True(t, d.IsZero())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	d, err = p.Evaluate(ended, now)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, policy.Indeterminate, d.Verdict())
}

// A rule that turns, panics, blocks or runs out of budget after preparation is
// reported as always.
func TestAPreparedRuleThatMisbehaves(t *testing.T) {
	for name, c := range map[string]struct {
		check func(context.Context, *policy.Facts) policy.Result
		code  attest.Code
	}{
		"violated": {violated, "test.rule.violated"},
		"panics":   {func(context.Context, *policy.Facts) policy.Result { panic("no") }, policy.CodeRulePanic},
		"blocks": {func(ctx context.Context, _ *policy.Facts) policy.Result {
			<-ctx.Done()
			return policy.Result{Outcome: policy.Satisfied}
		}, policy.CodeRuleTimeout},
		"spends": {func(_ context.Context, f *policy.Facts) policy.Result {
			f.Spend(1 << 40)
			return policy.Result{Outcome: policy.Satisfied}
		}, policy.CodeRuleCost},
		"ended": {func(_ context.Context, f *policy.Facts) policy.Result {
			return policy.Result{Outcome: policy.Satisfied, Until: f.Now()}
		}, policy.CodeRuleResult},
	} {
		t.Run(name, func(t *testing.T) {
			var bad atomic.Bool
			turning := with("b", func(ctx context.Context, f *policy.Facts) policy.Result {
				if bad.Load() {
					return c.check(ctx, f)
				}
				return policy.Result{Outcome: policy.Satisfied}
			})
			cfg := config(policy.Rules(named("a"), turning, named("c")))
			cfg.Budget.Time = 10 * time.Millisecond
			p := prepare(t, engineOf(t, cfg), request(review(t, "alice")))
			for _, turn := range []bool{false, true, false, true} {
				bad.Store(turn)
				d, err := p.Evaluate(t.Context(), now)
				require.NoError(t, err)
				require.Equal(t, !turn, d.Allowed(now))
				if turn {
					require.ErrorIs(t, d.Err(), attest.Is(c.code))
				}
			}
		})
	}
}

// reading is a rule that is satisfied if decode says so.
func reading(id string, decoder *policy.Decoder[bool]) rule {
	return with(id, func(_ context.Context, f *policy.Facts) policy.Result {
		return f.Judge("review", func(e policy.Evidence) policy.Result {
			if good, err := decoder.Of(e); err != nil || !good {
				return policy.Result{}
			}
			return policy.Result{Outcome: policy.Satisfied}
		})
	})
}

func TestRulesShareWhatTheyDecode(t *testing.T) {
	var calls atomic.Int64
	decoder := policy.NewDecoder(func(s *attest.Statement) (bool, error) {
		calls.Add(1)
		var m map[string]bool
		err := s.DecodePredicate(&m, true)
		return m["good"], err
	})
	e := engine(t, reading("a", decoder), reading("b", decoder))
	for range 3 {
		calls.Store(0)
		require.True(t, decide(t, e, request(review(t, "alice"))).Allowed(now))
		require.EqualValues(t, 1, calls.Load(), "once for a request")
		require.True(t, decide(t, e, request(review(t, "alice"), review(t, "bob"))).Allowed(now))
		require.EqualValues(t, 3, calls.Load(), "once for each piece of evidence")
	}
	p := prepare(t, e, request(review(t, "alice")))
	calls.Store(0)
	for range 5 {
		d, err := p.Evaluate(t.Context(), now)
		require.NoError(t, err)
		require.True(t, d.Allowed(now))
	}
	require.EqualValues(t, 1, calls.Load(), "once while it is prepared")
}

func TestDifferentDecodersShareNothing(t *testing.T) {
	answer := func(good bool) *policy.Decoder[bool] {
		return policy.NewDecoder(func(*attest.Statement) (bool, error) { return good, nil })
	}
	e := engine(t, reading("a", answer(true)), reading("b", answer(false)), reading("c", answer(true)))
	anew := with("d", func(_ context.Context, f *policy.Facts) policy.Result {
		ev := f.Evidence("review")[0]
		for i := range 100 {
			if got, err := policy.NewDecoder(func(*attest.Statement) (int, error) { return i, nil }).Of(ev); err != nil || got != i {
				return policy.Result{}
			}
			if got, err := policy.NewDecoder(func(*attest.Statement) (string, error) { return strconv.Itoa(i), nil }).Of(ev); err != nil || got != strconv.Itoa(i) {
				return policy.Result{}
			}
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
	req := request(review(t, "alice"))
	require.True(t, decide(t, engine(t, anew, named("a")), req).Allowed(now), "more decoders than are kept")
	again, err := prepare(t, engine(t, anew), req).Evaluate(t.Context(), now)
	require.NoError(t, err)
	require.True(t, again.Allowed(now), "more decoders than are kept, prepared")
	for range 3 {
		d := decide(t, e, req)
		require.Equal(t, policy.Deny, d.Verdict())
		var outcomes []policy.Outcome
		for _, f := range d.Report().Findings {
			outcomes = append(outcomes, f.Outcome)
		}
		require.Equal(t, []policy.Outcome{policy.Satisfied, policy.Violated, policy.Satisfied}, outcomes)
	}
}

// A decision keeps the evidence, but not what was decoded of it.
func TestADecisionKeepsNothingDecoded(t *testing.T) {
	type large struct{ _ [1 << 16]byte }
	var kept weak.Pointer[large]
	decoder := policy.NewDecoder(func(*attest.Statement) (*large, error) {
		l := new(large)
		kept = weak.Make(l)
		return l, nil
	})
	using := with("a", func(_ context.Context, f *policy.Facts) policy.Result {
		_, err := decoder.Of(f.Evidence("review")[0])
		if err != nil {
			return policy.Result{}
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
	d := decide(t, engine(t, using, named("b")), request(review(t, "alice")))
	require.False(t, d.Written())
	for range 100 { // a goroutine may still have it on its stack
		if runtime.GC(); kept.Value() == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	require.Nil(t, kept.Value())
	require.True(t, d.Allowed(now))
}

func TestWhatCannotBeDecodedIsKeptToo(t *testing.T) {
	unreadable := policy.NewDecoder(func(*attest.Statement) (int, error) { return 0, fmt.Errorf("unreadable") })
	broken := with("a", func(_ context.Context, f *policy.Facts) policy.Result {
		return f.Judge("review", func(e policy.Evidence) policy.Result {
			if _, err := unreadable.Of(e); err == nil {
				return policy.Result{Outcome: policy.Satisfied}
			}
			return policy.Result{}
		})
	})
	p := prepare(t, engine(t, broken), request(review(t, "alice")))
	for range 2 {
		d, err := p.Evaluate(t.Context(), now)
		require.NoError(t, err)
		require.Equal(t, policy.Deny, d.Verdict())
	}
}

func TestAPreparedRequestServesManyCallers(t *testing.T) {
	p := prepare(t, engine(t, goodReview(reviewNeed()), named("b")), request(review(t, "alice"), review(t, "bob")))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 100 {
				at := now.Add(time.Duration(i*100+n) * time.Millisecond)
				d, err := p.Evaluate(context.Background(), at)
				if err != nil || !d.Report().EvaluatedAt.Equal(at) || !d.Allowed(at) {
					t.Error(at, err, d.Err())
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestAPreparedAllowAllocatesNothing(t *testing.T) {
	if underRace {
		return // pools forget under the race detector
	}
	p := prepare(t, engine(t, tenRules()...), benchRequest(t))
	require.Zero(t, testing.AllocsPerRun(200, func() {
		if d, err := p.Evaluate(context.Background(), now); err != nil || !d.Allowed(now) {
			t.Error("refused", err)
		}
	}))
	c := cached(t, engine(t, named("a")), 10)
	req := request(review(t, "alice"))
	require.Zero(t, testing.AllocsPerRun(200, func() {
		if d, err := c.Evaluate(context.Background(), req); err != nil || !d.Allowed(now) {
			t.Error("refused", err)
		}
	}))
}
