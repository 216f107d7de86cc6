package policy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

func budgeted(b policy.Budget, check func(context.Context, *policy.Facts) policy.Result) rule {
	r := with("b", check)
	r.spec.Budget = b
	return r
}

func TestARuleBeyondItsBudgetIsUndetermined(t *testing.T) {
	spend := func(costs ...int64) func(context.Context, *policy.Facts) policy.Result {
		return func(_ context.Context, f *policy.Facts) policy.Result {
			for _, c := range costs {
				f.Spend(c)
			}
			return policy.Result{Outcome: policy.Satisfied}
		}
	}
	stubborn := func(_ context.Context, f *policy.Facts) policy.Result {
		for range 300 {
			func() {
				defer func() { _ = recover() }()
				f.Spend(1 << 62)
			}()
		}
		return policy.Result{Outcome: policy.Satisfied}
	}
	block := func(ctx context.Context, _ *policy.Facts) policy.Result {
		<-ctx.Done()
		return policy.Result{Outcome: policy.Satisfied}
	}
	for name, c := range map[string]struct {
		budget policy.Budget
		check  func(context.Context, *policy.Facts) policy.Result
		code   attest.Code // "" if the rule is satisfied
	}{
		"cost: all of it":                    {policy.Budget{Cost: 10}, spend(4, 6), ""},
		"cost: one more":                     {policy.Budget{Cost: 10}, spend(4, 7), policy.CodeRuleCost},
		"cost: a refund":                     {policy.Budget{Cost: 10}, spend(10, -5, 1), policy.CodeRuleCost},
		"cost: recovered from":               {policy.Budget{Cost: 10}, stubborn, policy.CodeRuleCost},
		"cost: recovered from, no budget":    {policy.Budget{}, stubborn, policy.CodeRuleCost},
		"cost: beyond the engine's":          {policy.Budget{Cost: 1 << 40}, spend(1001), policy.CodeRuleCost},
		"input: all of it":                   {policy.Budget{Bytes: 24}, satisfied, ""},
		"input: one byte less":               {policy.Budget{Bytes: 23}, satisfied, policy.CodeRuleInput},
		"time: it ends":                      {policy.Budget{Time: 5 * time.Millisecond}, block, policy.CodeRuleTimeout},
		"time: the engine's, if it has more": {policy.Budget{Time: time.Hour}, block, policy.CodeRuleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(policy.Rules(named("a"), budgeted(c.budget, c.check), named("c")))
			cfg.Budget = policy.Budget{Time: 20 * time.Millisecond, Cost: 1000}
			v := reviewed(t, `{"pad":"`+strings.Repeat("x", 14)+`"}`, "alice")
			d := decide(t, engineOf(t, cfg), request(v))
			if c.code == "" {
				require.True(t, d.Allowed(now), d.Err())
				return
			}
			requireRefused(t, d, policy.Indeterminate, c.code)
			f := d.Report().Findings
			require.Equal(t, c.code, f[1].Reasons[0].Code)
			require.Equal(t, policy.Satisfied, f[0].Outcome)
			require.Equal(t, policy.Satisfied, f[2].Outcome, "the rules after it are still judged")
		})
	}
}

func TestARuleKnowsWhatItMaySpend(t *testing.T) {
	var left []int64
	r := budgeted(policy.Budget{Cost: 10}, func(_ context.Context, f *policy.Facts) policy.Result {
		left = append(left, f.Remaining())
		f.Spend(7)
		left = append(left, f.Remaining())
		defer func() { _ = recover(); left = append(left, f.Remaining()) }()
		f.Spend(7)
		return policy.Result{}
	})
	decide(t, engine(t, r), request(review(t, "alice")))
	require.Equal(t, []int64{10, 3, 0}, left)
}

func TestOversizedEvidenceIsNoMissingFact(t *testing.T) {
	r := budgeted(policy.Budget{Bytes: 1}, satisfied)
	x, err := engine(t, r).Explain(t.Context(), request(review(t, "alice")))
	require.NoError(t, err)
	require.False(t, x.Possible)
	require.Equal(t, []string{"b"}, x.Blocking)
}

func TestABudgetIsChecked(t *testing.T) {
	for _, b := range []policy.Budget{{Time: -1}, {Cost: -1}, {Cost: 1<<48 + 1}, {Bytes: -1}} {
		c := config(policy.Rules(named("a")))
		c.Budget = b
		_, err := policy.New(c)
		require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
		_, err = policy.New(config(policy.Rules(budgeted(b, satisfied))))
		require.ErrorIs(t, err, attest.Is(policy.CodeConfigRule))
	}
}

// What a rule started with its context may outlive it, and ends.
func TestTheContextOfARuleEndsWithIt(t *testing.T) {
	type key struct{}
	ended := make(chan error, 2)
	r := with("b", func(ctx context.Context, _ *policy.Facts) policy.Result {
		if ctx.Value(key{}) != "v" {
			return policy.Result{}
		}
		inner, cancel := context.WithTimeout(ctx, time.Hour)
		go func() {
			defer cancel()
			<-inner.Done()
			ended <- ctx.Err()
		}()
		return policy.Result{Outcome: policy.Satisfied}
	})
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "v"), time.Minute)
	defer cancel()
	e := engine(t, r)
	for range 2 {
		d, err := e.Evaluate(ctx, request(review(t, "alice")))
		require.NoError(t, err)
		require.True(t, d.Allowed(now))
		require.ErrorIs(t, <-ended, context.Canceled)
	}
	_, has := ctx.Deadline()
	require.True(t, has)
}
