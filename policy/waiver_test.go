package policy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// lenient is a policy of one rule, that reviews are good, which carol or dave may
// waive, and of another that always holds.
func lenient() policy.Config {
	c := config(policy.Rules(goodReview(reviewNeed()), named("other")))
	c.Waivers = policy.WaiverTerms{
		Approvers: []string{"carol", "dave"},
		MaxLife:   7 * 24 * time.Hour,
		Emergency: policy.EmergencyTerms{Approvers: []string{"carol", "dave", "eve"}, Threshold: 2, Recorders: []string{"ledger"}},
	}
	c.Levels = []policy.Level{
		{Name: "EXAMPLE_REVIEWED", Rules: []string{"good-review"}},
		{Name: "EXAMPLE_OTHER", Rules: []string{"other"}},
	}
	return c
}

func badReview(t testing.TB) *attest.Verified {
	t.Helper()
	return seal(t, statement(t, reviewType, `{"good":false}`), policytest.Synthetic{Signers: []string{"alice"}})
}

func aWaiver() policy.Waiver {
	return policy.Waiver{
		Rule: "good-review", RuleVersion: 1,
		Phases: []policy.Phase{policy.PhaseDeploy}, Environments: []string{"production"},
		NotBefore: now.Add(-time.Hour), Expires: now.Add(10 * time.Minute),
		Author: "zoe", Why: "the reviewer is ill", Class: policy.ClassStandard,
	}
}

func waiver(t testing.TB, w policy.Waiver, signers ...string) *attest.Verified {
	t.Helper()
	if len(signers) == 0 {
		signers = []string{"zoe", "carol"}
	}
	s, err := policy.NewWaiver(w, attest.Descriptor{Digest: artifact()})
	require.NoError(t, err)
	return seal(t, s, policytest.Synthetic{Signers: signers})
}

func waived(t testing.TB, waivers ...*attest.Verified) policy.Request {
	req := request(badReview(t))
	req.Waivers = waivers
	return req
}

func finding(t testing.TB, d policy.Decision, rule string) policy.Finding {
	t.Helper()
	for _, f := range d.Report().Findings {
		if f.Rule == rule {
			return f
		}
	}
	require.Fail(t, "no finding on "+rule)
	return policy.Finding{}
}

func TestAWaivedRuleAllowsUntilTheWaiverEnds(t *testing.T) {
	e := engineOf(t, lenient())
	requireRefused(t, decide(t, e, waived(t)), policy.Deny, "test.review.bad")

	d := decide(t, e, waived(t, waiver(t, aWaiver())))
	require.NoError(t, d.Err())
	require.True(t, d.Allowed(now))
	r := d.Report()
	require.Equal(t, now.Add(10*time.Minute), r.ValidUntil, "the decision ends with the waiver")
	f := finding(t, d, "good-review")
	require.Equal(t, policy.Waived, f.Outcome)
	require.NotEmpty(t, f.Reasons, "what was waived stays on the record")
	require.Len(t, r.Waivers, 1)
	require.True(t, r.Waivers[0].Used)
	require.Equal(t, "zoe", r.Waivers[0].Author)
	require.Equal(t, []string{"carol"}, r.Waivers[0].Approvers)
}

func TestAWaiverCoversEvidenceThatIsMissing(t *testing.T) {
	req := request(seal(t, statement(t, reviewType, `{}`), policytest.Synthetic{Signers: []string{"stranger"}}))
	req.Evidence = append(req.Evidence, review(t, "bob"))
	c := lenient()
	c.Root = policy.Rules(goodReview(policy.Need{Name: "review", PredicateTypes: []string{buildType}, AnySigner: true}), named("other"))
	e := engineOf(t, c)
	requireRefused(t, decide(t, e, req), policy.Indeterminate, policy.CodeNeedMissing)
	req.Waivers = []*attest.Verified{waiver(t, aWaiver())}
	require.True(t, decide(t, e, req).Allowed(now))
}

func TestAWaivedRuleNeverCountsTowardsALevel(t *testing.T) { // negative case 44
	e := engineOf(t, lenient())
	d := decide(t, e, waived(t, waiver(t, aWaiver())))
	require.Equal(t, []string{"EXAMPLE_OTHER"}, d.Report().Levels)
	d = decide(t, e, request(review(t, "alice")))
	require.Equal(t, []string{"EXAMPLE_OTHER", "EXAMPLE_REVIEWED"}, d.Report().Levels)
	d = decide(t, e, request(badReview(t)))
	require.Empty(t, d.Report().Levels, "a denial carries no level")
}

func TestASatisfiedRuleUsesNoWaiver(t *testing.T) {
	req := request(review(t, "alice"))
	req.Waivers = []*attest.Verified{waiver(t, aWaiver())}
	d := decide(t, engineOf(t, lenient()), req)
	require.Equal(t, now.Add(time.Hour), d.Report().ValidUntil)
	require.False(t, d.Report().Waivers[0].Used)
	require.Empty(t, d.Report().Waivers[0].Reasons)
}

func TestAWaiverThatDoesNotFitIsRefused(t *testing.T) { // negative case 42
	change := func(f func(*policy.Waiver)) func(*testing.T) *attest.Verified {
		return func(t *testing.T) *attest.Verified {
			w := aWaiver()
			f(&w)
			return waiver(t, w)
		}
	}
	signed := func(signers ...string) func(*testing.T) *attest.Verified {
		return func(t *testing.T) *attest.Verified { return waiver(t, aWaiver(), signers...) }
	}
	raw := func(old, replacement string) func(*testing.T) *attest.Verified {
		return func(t *testing.T) *attest.Verified {
			b, err := json.Marshal(aWaiver())
			require.NoError(t, err)
			require.Contains(t, string(b), old)
			s := statement(t, policy.WaiverPredicateType, strings.Replace(string(b), old, replacement, 1))
			return seal(t, s, policytest.Synthetic{Signers: []string{"zoe", "carol"}})
		}
	}
	tests := []struct {
		name  string
		offer func(*testing.T) *attest.Verified
		code  attest.Code
	}{
		{"expired by nothing: the end is exclusive", change(func(w *policy.Waiver) { w.Expires = now }), policy.CodeWaiverTime},
		{"expired by 1 ns", change(func(w *policy.Waiver) { w.Expires = now.Add(-1) }), policy.CodeWaiverTime},
		{"1 ns too early", change(func(w *policy.Waiver) { w.NotBefore = now.Add(1) }), policy.CodeWaiverTime},
		{"too long a life", change(func(w *policy.Waiver) { w.Expires = w.NotBefore.Add(7*24*time.Hour + 1) }), policy.CodeWaiverTime},
		{"another phase", change(func(w *policy.Waiver) { w.Phases = []policy.Phase{policy.PhasePublish} }), policy.CodeWaiverScope},
		{"another environment", change(func(w *policy.Waiver) { w.Environments = []string{"staging", ""} }), policy.CodeWaiverScope},
		{"a rule version since changed", change(func(w *policy.Waiver) { w.RuleVersion = 2 }), policy.CodeWaiverVersion},
		{"a rule that does not exist", change(func(w *policy.Waiver) { w.Rule = "good" }), policy.CodeWaiverRule},
		{"self-approved", func(t *testing.T) *attest.Verified {
			w := aWaiver()
			w.Author = "carol"
			return waiver(t, w, "carol")
		}, policy.CodeWaiverApprover},
		{"approved in the name of an author who did not sign", signed("carol"), policy.CodeWaiverAuthor},
		{"approved by nobody", signed("zoe"), policy.CodeWaiverApprover},
		{"approved by somebody who may not", signed("zoe", "mallory"), policy.CodeWaiverApprover},
		{"emergency approved by one", func(t *testing.T) *attest.Verified {
			w := aWaiver()
			w.Class = policy.ClassEmergency
			return waiver(t, w)
		}, policy.CodeWaiverApprover},
		{"without expiry", raw(`"expires":"2026-05-01T12:10:00Z",`, ""), policy.CodeWaiverFormat},
		{"with a null expiry", raw(`"2026-05-01T12:10:00Z"`, `null`), policy.CodeWaiverFormat},
		{"with an unparsable expiry", raw(`2026-05-01T12:10:00Z`, `2026-05-01`), policy.CodeWaiverFormat},
		{"with an expiry that is no date", raw(`2026-05-01T12:10:00Z`, `never`), policy.CodeWaiverFormat},
		{"for a wildcard rule", raw(`"good-review"`, `"*"`), policy.CodeWaiverFormat},
		{"for no rule", raw(`"good-review"`, `""`), policy.CodeWaiverFormat},
		{"for a wildcard environment", raw(`"production"`, `"*"`), policy.CodeWaiverFormat},
		{"for any phase", raw(`["deploy"]`, `[]`), policy.CodeWaiverFormat},
		{"without a version", raw(`"ruleVersion":1,`, ``), policy.CodeWaiverFormat},
		{"without a justification", raw(`the reviewer is ill`, ` `), policy.CodeWaiverFormat},
		{"of no class", raw(`"standard"`, `"break-glass"`), policy.CodeWaiverFormat},
		{"with a field that nobody knows", raw(`"why"`, `"scope":"all","why"`), policy.CodeWaiverFormat},
		{"for another digest", func(t *testing.T) *attest.Verified {
			s, err := policy.NewWaiver(aWaiver(), attest.Descriptor{Digest: digest.Set{digest.SHA256: hexOf("b")}})
			require.NoError(t, err)
			return seal(t, s, policytest.Synthetic{Signers: []string{"zoe", "carol"}})
		}, policy.CodeWaiverSubject},
		{"for a wildcard subject", func(t *testing.T) *attest.Verified {
			s, err := policy.NewWaiver(aWaiver(), attest.Descriptor{Name: "*", URI: "*", Digest: digest.Set{digest.SHA256: hexOf("b")}})
			require.NoError(t, err)
			return seal(t, s, policytest.Synthetic{Signers: []string{"zoe", "carol"}})
		}, policy.CodeWaiverSubject},
		{"by an unlisted authority", func(t *testing.T) *attest.Verified {
			s, err := policy.NewWaiver(aWaiver(), attest.Descriptor{Digest: artifact()})
			require.NoError(t, err)
			return seal(t, s, policytest.Synthetic{Authority: "test:elsewhere", Signers: []string{"zoe", "carol"}})
		}, policy.CodeWaiverAuthority},
		{"signed in the future", func(t *testing.T) *attest.Verified {
			s, err := policy.NewWaiver(aWaiver(), attest.Descriptor{Digest: artifact()})
			require.NoError(t, err)
			return seal(t, s, policytest.Synthetic{Signers: []string{"zoe", "carol"}, Times: []time.Time{now.Add(1)}})
		}, policy.CodeWaiverTime},
		{"a statement of another type", func(t *testing.T) *attest.Verified { return review(t, "zoe", "carol") }, policy.CodeWaiverFormat},
	}
	e := engineOf(t, lenient())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decide(t, e, waived(t, tt.offer(t)))
			requireRefused(t, d, policy.Deny, "test.review.bad")
			refs := d.Report().Waivers
			require.Len(t, refs, 1)
			require.False(t, refs[0].Used)
			var codes []attest.Code
			for _, r := range refs[0].Reasons {
				codes = append(codes, r.Code)
			}
			require.Contains(t, codes, tt.code)
		})
	}
}

func TestAWaiverIsNotApprovedByThoseWithAPartInTheMatter(t *testing.T) {
	c := lenient()
	c.Waivers.Approvers = []string{"alice", "https://login.example.com#alice", "carol"}
	e := engineOf(t, c)
	for name, signers := range map[string][]string{
		"who signed the evidence": {"zoe", "alice"},
		"who asks":                {"zoe", "https://login.example.com#alice"},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, e, waived(t, waiver(t, aWaiver(), signers...)))
			requireRefused(t, d, policy.Deny, "test.review.bad")
			require.Equal(t, policy.CodeWaiverApprover, d.Report().Waivers[0].Reasons[0].Code)
		})
	}
	t.Run("who shares a key with the author", func(t *testing.T) {
		s := waiver(t, aWaiver()).Statement()
		zoe, carol := policytest.Identity("zoe"), policytest.Identity("carol")
		carol.Key = zoe.Key
		v, err := attest.Seal(attest.Facts{Authority: policytest.Authority, Statement: s, Evidence: zoe.Key, Signers: []attest.Identity{zoe, carol}})
		require.NoError(t, err)
		d := decide(t, e, waived(t, v))
		requireRefused(t, d, policy.Deny, "test.review.bad")
		require.Equal(t, policy.CodeWaiverApprover, d.Report().Waivers[0].Reasons[0].Code)
	})
}

func TestWaiverTermsAreStrict(t *testing.T) {
	t.Run("a policy without terms accepts no waiver", func(t *testing.T) {
		c := lenient()
		c.Waivers = policy.WaiverTerms{}
		d := decide(t, engineOf(t, c), waived(t, waiver(t, aWaiver())))
		requireRefused(t, d, policy.Deny, "test.review.bad")
		require.Equal(t, policy.CodeWaiverTerms, d.Report().Waivers[0].Reasons[0].Code)
	})
	t.Run("a rule that is never waived", func(t *testing.T) {
		c := lenient()
		c.Waivers.Never = []string{"good-review"}
		d := decide(t, engineOf(t, c), waived(t, waiver(t, aWaiver())))
		requireRefused(t, d, policy.Deny, "test.review.bad")
	})
	for name, change := range map[string]func(*policy.WaiverTerms){
		"no longest life":            func(w *policy.WaiverTerms) { w.MaxLife = 0 },
		"a threshold out of reach":   func(w *policy.WaiverTerms) { w.Threshold = 3 },
		"an emergency out of reach":  func(w *policy.WaiverTerms) { w.Emergency.Threshold = 4 },
		"nobody to record":           func(w *policy.WaiverTerms) { w.Emergency.Recorders = nil },
		"an approver without a name": func(w *policy.WaiverTerms) { w.Approvers = []string{""} },
		"never an unknown rule":      func(w *policy.WaiverTerms) { w.Never = []string{"gone"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := lenient()
			change(&c.Waivers)
			_, err := policy.New(c)
			require.ErrorIs(t, err, attest.Is(policy.CodeConfigWaivers))
		})
	}
	_, err := policy.NewWaiver(policy.Waiver{}, attest.Descriptor{Digest: artifact()})
	require.ErrorIs(t, err, attest.Is(policy.CodeWaiverFormat))
	_, err = policy.NewWaiver(aWaiver(), attest.Descriptor{Name: "*"})
	require.Error(t, err, "a waiver is for a digest")
	w := aWaiver()
	w.Class, w.Expires = policy.ClassEmergency, w.NotBefore.Add(policy.EmergencyLife+1)
	require.ErrorIs(t, w.Validate(), attest.Is(policy.CodeWaiverFormat), "an emergency ends within a day")
	_, err = engineOf(t, lenient()).Evaluate(context.Background(), waived(t, nil))
	require.ErrorIs(t, err, attest.Is(policy.CodeRequestWaiver))
}

func TestLevelsNameRulesThatExist(t *testing.T) {
	for name, levels := range map[string][]policy.Level{
		"no name":         {{Rules: []string{"other"}}},
		"the word FAILED": {{Name: "FAILED", Rules: []string{"other"}}},
		"no rule":         {{Name: "L"}},
		"an unknown rule": {{Name: "L", Rules: []string{"gone"}}},
		"a name twice":    {{Name: "L", Rules: []string{"other"}}, {Name: "L", Rules: []string{"other"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := lenient()
			c.Levels = levels
			_, err := policy.New(c)
			require.ErrorIs(t, err, attest.Is(policy.CodeConfigLevel))
		})
	}
}

// emergency is the decision that an emergency waiver brings about.
func emergency(t testing.TB) policy.Decision {
	w := aWaiver()
	w.Class = policy.ClassEmergency
	return decide(t, engineOf(t, lenient()), waived(t, waiver(t, w, "zoe", "carol", "eve")))
}

func TestAnEmergencyAllowsNothingUntilItIsRecorded(t *testing.T) {
	d := emergency(t)
	require.Equal(t, policy.Allow, d.Verdict())
	require.False(t, d.Allowed(now))
	require.ErrorIs(t, d.Err(), attest.Is(policy.CodeObligation))
	o := d.Report().Obligations
	require.Len(t, o, 1)
	require.Equal(t, policy.KindRecord, o[0].Kind)

	s, err := policy.NewRecord(o[0], d.Report().Subject)
	require.NoError(t, err)
	record := seal(t, s, policytest.Synthetic{Signers: []string{"ledger"}})
	done, err := d.Discharge(o[0].ID, record)
	require.NoError(t, err)
	require.True(t, done.Allowed(now))
	require.NoError(t, done.Err())
	require.False(t, d.Allowed(now), "the first decision stays as it was")
	require.NotEqual(t, d.Digest(), done.Digest())
	_, err = done.Discharge(o[0].ID, record)
	require.ErrorIs(t, err, attest.Is(policy.CodeObligation), "once is enough")
}

func TestAnObligationIsDischargedOnlyByItsRecord(t *testing.T) {
	d := emergency(t)
	o := d.Report().Obligations[0]
	by := policytest.Synthetic{Signers: []string{"ledger"}}
	body := `{"obligation":"` + o.ID + `"}`
	for name, v := range map[string]*attest.Verified{
		"nothing":               nil,
		"another signer":        seal(t, statement(t, policy.RecordPredicateType, body), policytest.Synthetic{Signers: []string{"zoe"}}),
		"another authority":     seal(t, statement(t, policy.RecordPredicateType, body), policytest.Synthetic{Authority: "test:x", Signers: []string{"ledger"}}),
		"another type":          seal(t, statement(t, reviewType, body), by),
		"another artifact":      seal(t, statement(t, policy.RecordPredicateType, body, digest.Set{digest.SHA256: hexOf("b")}), by),
		"another obligation":    seal(t, statement(t, policy.RecordPredicateType, `{"obligation":"`+hexOf("0")+`"}`), by),
		"a record of nothing":   seal(t, statement(t, policy.RecordPredicateType, `{}`), by),
		"a record of much more": seal(t, statement(t, policy.RecordPredicateType, `{"obligation":"`+o.ID+`","all":true}`), by),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := d.Discharge(o.ID, v)
			require.ErrorIs(t, err, attest.Is(policy.CodeObligation))
			require.True(t, got.IsZero())
		})
	}
	_, err := d.Discharge(hexOf("0"), seal(t, statement(t, policy.RecordPredicateType, body), by))
	require.ErrorIs(t, err, attest.Is(policy.CodeObligation))
	_, err = policy.Decision{}.Discharge(o.ID, nil)
	require.ErrorIs(t, err, attest.Is(policy.CodeZero))
}

func TestTheRecordOfOneDecisionDoesNotServeAnother(t *testing.T) {
	first := emergency(t)
	w := aWaiver()
	w.Class = policy.ClassEmergency
	req := waived(t, waiver(t, w, "zoe", "carol", "eve"))
	req.Now = now.Add(time.Second)
	second := decide(t, engineOf(t, lenient()), req)
	require.NotEqual(t, first.Report().Obligations[0].ID, second.Report().Obligations[0].ID)
}

func TestAReportCannotWaiveWithoutAWaiver(t *testing.T) {
	d := decide(t, engineOf(t, lenient()), waived(t, waiver(t, aWaiver())))
	for name, change := range map[string]func(*policy.Report){
		"no waiver":               func(r *policy.Report) { r.Waivers = nil },
		"an unused waiver":        func(r *policy.Report) { r.Waivers[0].Used = false },
		"an unapproved waiver":    func(r *policy.Report) { r.Waivers[0].Approvers = nil },
		"a waiver that has ended": func(r *policy.Report) { r.Waivers[0].Expires = now },
		"an allow beyond it":      func(r *policy.Report) { r.ValidUntil = r.ValidUntil.Add(1) },
		"no obligation":           func(r *policy.Report) { r.Waivers[0].Class = policy.ClassEmergency },
		"a waiver of another":     func(r *policy.Report) { r.Waivers[0].Rule = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			r := d.Report()
			change(&r)
			_, err := policy.Seal("test", r)
			require.ErrorIs(t, err, attest.Is(policy.CodeReportWaiver))
		})
	}
	r := d.Report()
	r.Testing = false
	_, err := policy.Seal("test", r)
	assert.ErrorIs(t, err, attest.Is(policy.CodeReportTesting))
	r = decide(t, engineOf(t, lenient()), request(badReview(t))).Report()
	r.Levels = []string{"EXAMPLE_OTHER"}
	_, err = policy.Seal("test", r)
	assert.ErrorIs(t, err, attest.Is(policy.CodeReportLevel))
}

func TestAnEngineWithWaiversKeepsTheContract(t *testing.T) {
	w := aWaiver()
	w.Class = policy.ClassEmergency
	policytest.TestEngine(t, engineOf(t, lenient()), waived(t, waiver(t, aWaiver()), waiver(t, w, "zoe", "carol", "eve")), waived(t, waiver(t, w, "zoe", "carol", "eve")))
}
