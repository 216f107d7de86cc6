package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

func bounded(id string, from, to time.Time, check rule) rule {
	check.spec.ID, check.spec.EffectiveOn, check.spec.RetiredOn = id, from, to
	return check
}

func TestARuleCountsFromEffectiveOnToRetiredOn(t *testing.T) {
	bad := rule{policy.Spec{Needs: []policy.Need{reviewNeed()}}, violated}
	tests := []struct {
		name     string
		from, to time.Time
		outcome  policy.Outcome
		verdict  policy.Verdict
		until    time.Duration
	}{
		{"one nanosecond before", now.Add(1), time.Time{}, policy.NotYetEffective, policy.Allow, 1},
		{"at once", now, time.Time{}, policy.Violated, policy.Deny, 0},
		{"until soon", time.Time{}, now.Add(1), policy.Violated, policy.Deny, 0},
		{"until now", time.Time{}, now, policy.Retired, policy.Allow, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decide(t, engine(t, named("a"), bounded("bounded", tt.from, tt.to, bad)), request(review(t, "alice")))
			require.Equal(t, tt.outcome, finding(t, d, "bounded").Outcome)
			require.Equal(t, tt.verdict, d.Verdict())
			if tt.verdict == policy.Allow {
				require.Equal(t, now.Add(tt.until), d.Report().ValidUntil)
			}
		})
	}
	d := decide(t, engine(t, named("a"), bounded("bounded", now.Add(1), time.Time{}, bad)), request(review(t, "alice")))
	require.NotEmpty(t, finding(t, d, "bounded").Reasons, "what will be is foretold")
}

func TestARuleThatDoesNotCountCannotAllow(t *testing.T) {
	good := needing(reviewNeed())
	for name, r := range map[string]rule{
		"not yet effective": bounded("bounded", now.Add(time.Second), time.Time{}, good),
		"retired":           bounded("bounded", time.Time{}, now, good),
	} {
		t.Run(name, func(t *testing.T) {
			requireRefused(t, decide(t, engine(t, r), request(review(t, "alice"))), policy.Indeterminate, policy.CodeNoneApplicable)
			bad := rule{policy.Spec{ID: "bad", Needs: []policy.Need{reviewNeed()}}, violated}
			c := config(policy.AnyOf(policy.Rules(r), policy.Rules(bad)))
			requireRefused(t, decide(t, engineOf(t, c), request(review(t, "alice"))), policy.Deny, "test.rule.violated")
			c = config(policy.Rules(named("a"), r))
			c.Levels = []policy.Level{{Name: "L", Rules: []string{"bounded"}}}
			require.Empty(t, decide(t, engineOf(t, c), request(review(t, "alice"))).Report().Levels)
		})
	}
}

func TestASatisfiedRuleEndsTheDecisionWhenItRetires(t *testing.T) {
	d := decide(t, engine(t, bounded("bounded", time.Time{}, now.Add(time.Minute), needing(reviewNeed()))), request(review(t, "alice")))
	require.Equal(t, now.Add(time.Minute), d.Report().ValidUntil)
}

func TestControlsAreReported(t *testing.T) {
	r := needing(reviewNeed())
	r.spec.Controls = []policy.Control{{Catalog: "NIST SP 800-218", ID: "PW.7.2"}}
	d := decide(t, engine(t, r), request(review(t, "alice")))
	require.Equal(t, r.spec.Controls, finding(t, d, "needs").Controls)
}

func TestASpecIsChecked(t *testing.T) {
	for name, change := range map[string]func(*policy.Spec){
		"a negative version":     func(s *policy.Spec) { s.Version = -1 },
		"a control without id":   func(s *policy.Spec) { s.Controls = []policy.Control{{Catalog: "x"}} },
		"retired when effective": func(s *policy.Spec) { s.EffectiveOn, s.RetiredOn = now, now },
	} {
		t.Run(name, func(t *testing.T) {
			r := needing(reviewNeed())
			change(&r.spec)
			_, err := policy.New(config(policy.Rules(r)))
			require.ErrorIs(t, err, attest.Is(policy.CodeConfigRule))
		})
	}
}

func TestAPolicyDecidesOnlyWhileItIsInForce(t *testing.T) { // negative case 40
	c := config(policy.Rules(named("a")))
	c.NotBefore, c.Expires = now, now.Add(time.Minute)
	e := engineOf(t, c)
	d := decide(t, e, request(review(t, "alice")))
	require.Equal(t, c.Expires, d.Report().ValidUntil)
	for _, at := range []time.Time{now.Add(-1), c.Expires, c.Expires.Add(time.Hour)} {
		req := request(review(t, "alice"))
		req.Now = at
		requireRefused(t, decide(t, e, req), policy.Indeterminate, policy.CodeExpired)
	}
	c.Expires = now
	_, err := policy.New(c)
	require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
}
