package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

func reviewed(t testing.TB, predicate string, principals ...string) *attest.Verified {
	t.Helper()
	return seal(t, statement(t, reviewType, predicate), policytest.Synthetic{Signers: principals})
}

func TestQuantifiers(t *testing.T) {
	all, anyOne, anyTwo := reviewNeed(), reviewNeed(), reviewNeed()
	anyOne.Quantifier, anyTwo.Quantifier = policy.AnyMatching, policy.AnyMatching
	anyTwo.Threshold = 2
	good, bad, unreadable := `{"good":true}`, `{"good":false}`, `{"good":"true"}`
	for name, c := range map[string]struct {
		need     policy.Need
		evidence []*attest.Verified
		verdict  policy.Verdict
	}{
		"all: one good":                        {all, []*attest.Verified{reviewed(t, good, "alice")}, policy.Allow},
		"all: a bad one beside a good one":     {all, []*attest.Verified{reviewed(t, good, "alice"), reviewed(t, bad, "bob")}, policy.Deny},
		"all: a bad one by the same signer":    {all, []*attest.Verified{reviewed(t, bad, "alice"), reviewed(t, good, "alice")}, policy.Deny},
		"all: an unreadable one beside good":   {all, []*attest.Verified{reviewed(t, good, "alice"), reviewed(t, unreadable, "bob")}, policy.Indeterminate},
		"all: an unreadable one beside bad":    {all, []*attest.Verified{reviewed(t, bad, "alice"), reviewed(t, unreadable, "bob")}, policy.Deny},
		"any: a bad one beside a good one":     {anyOne, []*attest.Verified{reviewed(t, good, "alice"), reviewed(t, bad, "bob")}, policy.Allow},
		"any: only bad ones":                   {anyOne, []*attest.Verified{reviewed(t, bad, "alice"), reviewed(t, bad, "bob")}, policy.Deny},
		"any: bad and unreadable":              {anyOne, []*attest.Verified{reviewed(t, bad, "alice"), reviewed(t, unreadable, "bob")}, policy.Indeterminate},
		"any two: both good":                   {anyTwo, []*attest.Verified{reviewed(t, good, "alice"), reviewed(t, good, "bob")}, policy.Allow},
		"any two: a bad one does not count":    {anyTwo, []*attest.Verified{reviewed(t, good, "alice"), reviewed(t, bad, "bob")}, policy.Deny},
		"any two: one principal on two":        {anyTwo, []*attest.Verified{reviewed(t, good, "alice"), twoKeys(t, "alice"), reviewed(t, bad, "bob")}, policy.Deny},
		"any two: one good one that both sign": {anyTwo, []*attest.Verified{reviewed(t, good, "alice", "bob"), reviewed(t, bad, "bob")}, policy.Allow},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, engine(t, goodReview(c.need)), request(c.evidence...))
			require.Equal(t, c.verdict, d.Verdict(), "%v", d.Err())
		})
	}
}

func TestReasonsCiteTheEvidence(t *testing.T) {
	good, bad := reviewed(t, `{"good":true}`, "alice"), reviewed(t, `{"good":false}`, "bob")
	f := decide(t, engine(t, goodReview(reviewNeed())), request(good, bad)).Report().Findings[0]
	require.Len(t, f.Reasons, 1)
	require.Equal(t, bad.Evidence(), f.Reasons[0].Evidence)
	require.Equal(t, "/predicate/good", f.Reasons[0].Where)
	require.ElementsMatch(t, []digest.Digest{good.Evidence(), bad.Evidence()}, f.Evidence)
}

func TestEvidenceThatIsNotAsItShouldBeNeverAllows(t *testing.T) {
	e := engine(t, goodReview(reviewNeed()))
	for name, predicate := range map[string]string{
		"a missing field":           `{}`,
		"the string true":           `{"good":"true"}`,
		"the number 1":              `{"good":1}`,
		"null":                      `{"good":null}`,
		"a list":                    `{"good":[true]}`,
		"another spelling":          `{"Good":true}`,
		"another spelling beside":   `{"good":false,"extra":true}`,
		"a field that nobody knows": `{"good":true,"but":"not really"}`,
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, policy.Allow, decide(t, e, request(reviewed(t, predicate, "alice"))).Verdict())
		})
	}
	for name, predicate := range map[string]string{
		"a duplicate key":      `{"good":false,"good":true}`,
		"a key in other case":  `{"good":false,"GOOD":true}`,
		"trailing data":        `{"good":true}{"good":false}`,
		"a byte order mark":    "\ufeff{}",
		"no number":            `{"good":true,"n":NaN}`,
		"invalid UTF-8":        "{\"good\":true,\"x\":\"\xff\"}",
		"an unfinished object": `{"good":true`,
	} {
		t.Run(name+" makes no statement", func(t *testing.T) {
			_, err := attest.NewStatement(reviewType, json.RawMessage(predicate), attest.Descriptor{Digest: artifact()})
			require.Error(t, err)
		})
	}
}

func TestAResultThatContradictsItselfIsUndetermined(t *testing.T) {
	why := []policy.Reason{{Reason: attest.Reason{Code: "test.some.reason"}}}
	for name, c := range map[string]struct {
		result  policy.Result
		verdict policy.Verdict
		code    attest.Code
	}{
		"satisfied with a reason":    {policy.Result{Outcome: policy.Satisfied, Reasons: why}, policy.Indeterminate, "test.some.reason"},
		"not applicable":             {policy.Result{Outcome: policy.NotApplicable}, policy.Indeterminate, policy.CodeRuleResult},
		"an unknown outcome":         {policy.Result{Outcome: 9, Reasons: why}, policy.Indeterminate, policy.CodeRuleResult},
		"satisfied until now":        {policy.Result{Outcome: policy.Satisfied, Until: now}, policy.Indeterminate, policy.CodeRuleResult},
		"the zero Result":            {policy.Result{}, policy.Deny, policy.CodeRuleSilent},
		"undetermined without cause": {policy.Result{Outcome: policy.Undetermined}, policy.Indeterminate, policy.CodeRuleSilent},
		"a reason without a code":    {policy.Result{Reasons: []policy.Reason{{}}}, policy.Deny, policy.CodeRuleSilent},
	} {
		t.Run(name, func(t *testing.T) {
			answer := rule{named("r").spec, func(context.Context, *policy.Facts) policy.Result { return c.result }}
			requireRefused(t, decide(t, engine(t, answer), request(review(t, "alice"))), c.verdict, c.code)

			judged := rule{named("r").spec, func(_ context.Context, f *policy.Facts) policy.Result {
				return f.Judge("review", func(policy.Evidence) policy.Result { return c.result })
			}}
			require.NotEqual(t, policy.Allow, decide(t, engine(t, judged), request(review(t, "alice"))).Verdict())
		})
	}
}

func TestAnUnknownNeedIsNoEmptyList(t *testing.T) {
	typo := rule{named("typo").spec, func(_ context.Context, f *policy.Facts) policy.Result {
		for range f.Evidence("reveiw") {
			return policy.Result{}
		}
		return policy.Result{Outcome: policy.Satisfied}
	}}
	requireRefused(t, decide(t, engine(t, typo), request(review(t, "alice"))), policy.Indeterminate, policy.CodeRulePanic)
}

// The same request gives the same bytes, however its evidence was collected.
func TestDecisionsAreDeterministic(t *testing.T) {
	c := config(policy.AnyOf(policy.Rules(goodReview(reviewNeed()), needing(reviewNeed())), policy.Rules(rule{named("no").spec, violated})))
	e := engineOf(t, c)
	var evidence []*attest.Verified
	for i := range 12 {
		evidence = append(evidence, reviewed(t, fmt.Sprintf(`{"good":%t,"x":%d}`, i%3 > 0, i), []string{"alice", "bob", "mallory"}[i%3]))
	}
	want, err := json.Marshal(decide(t, e, request(evidence...)))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		shuffled := append([]*attest.Verified{evidence[r.IntN(len(evidence))]}, evidence...)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		req := request(shuffled...)
		req.Now = now.In(time.FixedZone("X", 3600))
		got, err := json.Marshal(decide(t, e, req))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

func TestReasonTextsCannotReachATerminal(t *testing.T) {
	loud := rule{named("loud").spec, func(context.Context, *policy.Facts) policy.Result {
		return policy.Result{Reasons: []policy.Reason{{
			Reason: attest.Reason{Code: "test.some.reason", Where: "a\nb", Want: "\x1b[2J", Got: strings.Repeat("x", 1<<20)},
			Remedy: "\u202egnp.exe",
		}}}
	}}
	f := decide(t, engine(t, loud), request(review(t, "alice"))).Report().Findings[0].Reasons[0]
	require.Equal(t, `"a\nb"`, f.Where)
	require.Equal(t, `"\x1b[2J"`, f.Want)
	require.Less(t, len(f.Got), 400)
	require.Equal(t, `"\u202egnp.exe"`, f.Remedy)
}

func TestReasonsAreBounded(t *testing.T) {
	chatty := rule{named("chatty").spec, func(context.Context, *policy.Facts) policy.Result {
		return policy.Result{Reasons: make([]policy.Reason, 100_000)}
	}}
	f := decide(t, engine(t, chatty), request(review(t, "alice"))).Report().Findings[0]
	require.Len(t, f.Reasons, 65)
	require.Equal(t, policy.CodeRuleReasons, f.Reasons[64].Code)
}
