package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

func with(id string, check func(context.Context, *policy.Facts) policy.Result) rule {
	return rule{named(id).spec, check}
}

func TestARuleThatPanicsIsUndetermined(t *testing.T) {
	for name, c := range map[string]struct {
		check func()
		got   string
	}{
		"an error":        {func() { panic(errors.New("out of luck")) }, `"out of luck"`},
		"a text":          {func() { panic("a\nb") }, `"a\nb"`},
		"a pointer":       {func() { panic(new(int)) }, `"a *int"`},
		"a nil pointer":   {func() { (*policy.Facts)(nil).Now() }, `"runtime error: invalid memory address or nil pointer dereference"`},
		"an ended thread": {runtime.Goexit, "the rule ended its goroutine"},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine(t, named("a"), with("b", func(context.Context, *policy.Facts) policy.Result {
				c.check()
				return policy.Result{Outcome: policy.Satisfied}
			}), named("c"))
			d := decide(t, e, request(review(t, "alice")))
			requireRefused(t, d, policy.Indeterminate, policy.CodeRulePanic)
			f := d.Report().Findings
			require.Equal(t, c.got, f[1].Reasons[0].Got)
			require.Equal(t, policy.Satisfied, f[0].Outcome)
			require.Equal(t, policy.Satisfied, f[2].Outcome, "the rules after it are still judged")
		})
	}
}

func TestARuleThatIgnoresItsContextIsAbandoned(t *testing.T) {
	release := make(chan struct{})
	var running sync.WaitGroup
	running.Add(2)
	block := func(_ context.Context, f *policy.Facts) policy.Result {
		defer running.Done()
		<-release
		f.Evidence("review") // what is abandoned may still read its facts
		return policy.Result{Outcome: policy.Satisfied}
	}
	c := config(policy.Rules(named("a"), with("b", block), with("c", block), named("d")))
	c.Budget.Time = 20 * time.Millisecond
	d := decide(t, engineOf(t, c), request(review(t, "alice")))
	close(release)
	requireRefused(t, d, policy.Indeterminate, policy.CodeRuleTimeout)
	var outcomes []policy.Outcome
	for _, f := range d.Report().Findings {
		outcomes = append(outcomes, f.Outcome)
	}
	require.Equal(t, []policy.Outcome{policy.Satisfied, policy.Undetermined, policy.Undetermined, policy.Satisfied}, outcomes)
	running.Wait()
}

func TestARuleThatHonoursItsContextIsUndeterminedToo(t *testing.T) {
	c := config(policy.Rules(with("slow", func(ctx context.Context, _ *policy.Facts) policy.Result {
		<-ctx.Done()
		return policy.Result{Outcome: policy.Satisfied}
	})))
	c.Budget.Time = 10 * time.Millisecond
	requireRefused(t, decide(t, engineOf(t, c), request(review(t, "alice"))), policy.Indeterminate, policy.CodeRuleTimeout)
}

func TestAContextThatEndedBeforeTheStart(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no time"))
	var asked atomic.Bool
	e := engine(t, with("a", func(context.Context, *policy.Facts) policy.Result {
		asked.Store(true)
		return policy.Result{Outcome: policy.Satisfied}
	}))
	d, err := e.Evaluate(ctx, request(review(t, "alice")))
	require.ErrorIs(t, err, context.Canceled)
	requireRefused(t, d, policy.Indeterminate, policy.CodeRuleCancelled)
	require.Equal(t, policy.Undetermined, d.Report().Findings[0].Outcome, "not: evidence missing")
	require.False(t, asked.Load())
}

func TestAContextThatEndsDuringARule(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	c := config(policy.AnyOf(policy.Rules(named("a")), policy.Rules(with("b", func(context.Context, *policy.Facts) policy.Result {
		cancel()
		<-never
		return policy.Result{}
	})), policy.Rules(named("c"))))
	c.Budget.Time = time.Minute
	d, err := engineOf(t, c).Evaluate(ctx, request(review(t, "alice")))
	require.ErrorIs(t, err, context.Canceled)
	requireRefused(t, d, policy.Indeterminate, policy.CodeRuleCancelled)
	f := d.Report().Findings
	require.Equal(t, policy.Satisfied, f[0].Outcome, "judged before the end")
	require.Equal(t, policy.CodeRuleCancelled, f[1].Reasons[0].Code)
	require.Equal(t, policy.CodeRuleCancelled, f[2].Reasons[0].Code)
}

func TestADeadlineDuringARule(t *testing.T) { // negative case 53
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	c := config(policy.Rules(named("a"), with("b", func(ctx context.Context, _ *policy.Facts) policy.Result {
		<-ctx.Done()
		return policy.Result{Outcome: policy.Satisfied}
	}), named("c")))
	c.Budget.Time = time.Minute
	d, err := engineOf(t, c).Evaluate(ctx, request(review(t, "alice")))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireRefused(t, d, policy.Indeterminate, policy.CodeRuleCancelled)
	require.Equal(t, policy.CodeRuleCancelled, finding(t, d, "c").Reasons[0].Code, "it is not asked any more")
}

func TestADeadlineThatIsOver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	d, err := engine(t, named("a")).Evaluate(ctx, request(review(t, "alice")))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, d.Allowed(now))
}

func TestARuleCannotChangeWhatOthersSee(t *testing.T) {
	vandal := func(_ context.Context, f *policy.Facts) policy.Result {
		f.Subject().Digest[digest.SHA256] = hexOf("0")
		list := f.Evidence("review")
		list[0].Signers()[0].Subject = "mallory"
		s := list[0].Statement()
		s.Subjects()[0].Digest[digest.SHA256] = hexOf("0")
		copy(s.Predicate(), "XXXX")
		list[0] = policy.Evidence{}
		return policy.Result{Outcome: policy.Satisfied}
	}
	witness := func(_ context.Context, f *policy.Facts) policy.Result {
		e := f.Evidence("review")[0]
		s := e.Statement()
		if f.Subject().Digest[digest.SHA256] != hexOf("a") || e.Signers()[0].Subject != "alice" ||
			s.Subjects()[0].Digest[digest.SHA256] != hexOf("a") || string(s.Predicate()) != `{"good":true}` {
			return policy.Result{}
		}
		return policy.Result{Outcome: policy.Satisfied}
	}
	v := review(t, "alice")
	req := request(v)
	e := engine(t, with("a", vandal), with("b", witness), with("c", vandal), with("d", witness))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			d, err := e.Evaluate(t.Context(), req)
			if err != nil || !d.Allowed(now) {
				t.Error(err, d.Err())
			}
		})
	}
	wg.Wait()
	require.Equal(t, hexOf("a"), v.Statement().Subjects()[0].Digest[digest.SHA256])
	require.Equal(t, hexOf("a"), req.Subject.Digest[digest.SHA256])
}

func TestLimits(t *testing.T) {
	many := make([]*attest.Verified, 1025)
	for i := range many {
		many[i] = review(t, "alice")
	}
	_, err := engine(t, named("a")).Evaluate(t.Context(), request(many...))
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestLimit))
	require.True(t, decide(t, engine(t, named("a")), request(many[1:]...)).Allowed(now))

	c := config(policy.Rules(named("a")))
	c.Limits.PredicateBytes = 40
	big := reviewed(t, `{"pad":"`+strings.Repeat("x", 31)+`"}`, "alice")
	_, err = engineOf(t, c).Evaluate(t.Context(), request(big))
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestLimit))
	require.True(t, decide(t, engineOf(t, c), request(reviewed(t, `{"pad":"`+strings.Repeat("x", 30)+`"}`, "alice"))).Allowed(now))
}

// Statements about many things are judged by the one that matters.
func TestAStatementWithManySubjects(t *testing.T) {
	subjects := make([]digest.Set, 20_000)
	for i := range subjects {
		subjects[i] = digest.Set{digest.SHA256: hexOf("b")}
	}
	v := seal(t, statement(t, reviewType, `{}`, subjects...), policytest.Synthetic{Signers: []string{"alice"}})
	requireRefused(t, decide(t, engine(t, named("a")), request(v)), policy.Indeterminate, policy.CodeNeedSubject)
	subjects[19_999] = artifact()
	v = seal(t, statement(t, reviewType, `{}`, subjects...), policytest.Synthetic{Signers: []string{"alice"}})
	require.True(t, decide(t, engine(t, named("a")), request(v)).Allowed(now))
}

// A caller who swaps engines while others evaluate gets the old or the new policy,
// never a mixture.
func TestPolicyReload(t *testing.T) {
	first, second := config(policy.Rules(named("a"), named("b"))), config(policy.Rules(named("c")))
	second.Policy.Version = "8"
	var current atomic.Pointer[policy.Engine]
	current.Store(engineOf(t, first))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				d, err := current.Load().Evaluate(t.Context(), request(review(t, "alice")))
				r := d.Report()
				if err != nil || len(r.Findings) != map[string]int{"7": 2, "8": 1}[r.Policy.Version] {
					t.Errorf("version %s with %d findings, %v", r.Policy.Version, len(r.Findings), err)
					return
				}
			}
		})
	}
	for i := range 200 {
		current.Store(engineOf(t, []policy.Config{first, second}[i%2]))
	}
	close(stop)
	wg.Wait()
}

func TestTheEngineIsPoliteToManyCallers(t *testing.T) {
	e := engine(t, goodReview(reviewNeed()), needing(reviewNeed()))
	req := request(review(t, "alice"), review(t, "bob"))
	want, err := json.Marshal(decide(t, e, req))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				d, err := e.Evaluate(t.Context(), req)
				got, _ := d.MarshalJSON()
				if err != nil || string(got) != string(want) {
					t.Error("another decision", err)
					return
				}
			}
		})
	}
	wg.Wait()
}
