package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// A refusal is a request that must not be allowed, and why.
type refusal struct {
	name    string
	engine  *policy.Engine
	req     policy.Request
	verdict policy.Verdict
	code    attest.Code
}

func (c refusal) run(t *testing.T) {
	t.Run(c.name, func(t *testing.T) {
		requireRefused(t, decide(t, c.engine, c.req), c.verdict, c.code)
		p := prepare(t, c.engine, c.req)
		d, err := p.Evaluate(t.Context(), c.req.Now)
		require.NoError(t, err)
		requireRefused(t, d, c.verdict, c.code)
		requireRefused(t, decide(t, cached(t, c.engine, 1), c.req), c.verdict, c.code)
	})
}

func signedBy(t testing.TB, statement *attest.Statement, ids ...attest.Identity) *attest.Verified {
	t.Helper()
	v, err := attest.Seal(attest.Facts{Authority: policytest.Authority, Statement: statement, Evidence: policytest.Identity("any").Key, Signers: ids})
	require.NoError(t, err)
	return v
}

func key(name string) digest.Digest { return policytest.Identity(name).Key }

// The ways in which evidence does not belong to a request or a rule.
func TestEvidenceThatIsNotWhatItShouldBe(t *testing.T) {
	threshold := reviewNeed()
	threshold.Threshold = 2
	fresh := reviewNeed()
	fresh.MaxAge = time.Hour
	at := func(when time.Time) *attest.Verified {
		return seal(t, statement(t, reviewType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}, Times: []time.Time{when}})
	}
	issued := reviewNeed()
	issued.Signers = []string{"https://issuer.example#repo:acme/app"}
	about := func(d digest.Set) *attest.Verified {
		return seal(t, statement(t, reviewType, `{"good":true}`, d), policytest.Synthetic{Signers: []string{"alice"}})
	}
	one, two, good := engine(t, needing(reviewNeed())), engine(t, needing(threshold)), engine(t, goodReview(reviewNeed()))
	real := config(policy.Rules(named("a")))
	real.Authorities, real.Testing = []string{"example.com/keys"}, false
	strong := request(about(digest.Set{digest.SHA1: strings.Repeat("a", 40)}))
	strong.Subject.Digest = digest.Set{digest.SHA256: hexOf("a"), digest.SHA1: strings.Repeat("a", 40)}
	conflicting := request(about(digest.Set{digest.SHA256: hexOf("b"), digest.SHA1: strings.Repeat("a", 40)}))
	conflicting.Subject = strong.Subject
	index := request(about(artifact()))
	index.Subject.Digest = digest.Set{digest.SHA256: hexOf("1")}
	s := statement(t, reviewType, `{"good":true}`)
	typed := func(predicateType string) policy.Request {
		return request(seal(t, statement(t, predicateType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}}))
	}
	says := func(predicate string) policy.Request { return request(reviewed(t, predicate, "alice")) }
	const deny, unknown = policy.Deny, policy.Indeterminate
	for _, c := range []refusal{
		{"03 a good signature by a signer who is not listed", one, request(review(t, "mallory")), unknown, policy.CodeNeedSigner},
		{"04 the right name by another issuer", engine(t, needing(issued)), request(review(t, "https://other.example#repo:acme/app")), unknown, policy.CodeNeedSigner},
		{"04 the right issuer, another repository", engine(t, needing(issued)), request(review(t, "https://issuer.example#repo:acme/app-evil")), unknown, policy.CodeNeedSigner},
		{"04 a name that ends like issuer and repository", engine(t, needing(issued)), request(signedBy(t, s, attest.Identity{Issuer: "https://issuer.example#repo:acme", Subject: "app"})), unknown, policy.CodeNeedSigner},
		{"05 a listed key's name on another key", two, request(signedBy(t, s, attest.Identity{Subject: "alice", Key: key("alice")}), signedBy(t, s, attest.Identity{Subject: "alice", Key: key("bob")})), unknown, policy.CodeNeedThreshold},
		{"06 signatures that nobody verified are no signers", two, request(review(t, "alice")), unknown, policy.CodeNeedThreshold},
		{"07 one principal with two keys", two, request(signedBy(t, s, attest.Identity{Subject: "alice", Key: key("k1")}, attest.Identity{Subject: "alice", Key: key("k2")})), unknown, policy.CodeNeedThreshold},
		{"07 two principals with one key", two, request(signedBy(t, s, attest.Identity{Subject: "alice", Key: key("k1")}, attest.Identity{Subject: "bob", Key: key("k1")})), unknown, policy.CodeNeedThreshold},
		{"08 one attestation twice", two, request(review(t, "alice"), review(t, "alice")), unknown, policy.CodeNeedThreshold},
		{"08 one statement signed again", two, request(review(t, "alice"), review(t, "alice", "mallory")), unknown, policy.CodeNeedThreshold},
		{"09 an authority that is not listed", one, request(seal(t, s, policytest.Synthetic{Authority: "test:elsewhere", Signers: []string{"alice"}})), unknown, policy.CodeNeedAuthority},
		{"10 synthetic evidence in production", engineOf(t, real), request(review(t, "alice")), unknown, policy.CodeNeedAuthority},
		{"11 evidence of the future", one, request(at(now.Add(1))), unknown, policy.CodeNeedFuture},
		{"11 evidence as old as it must not be", engine(t, needing(fresh)), request(at(now.Add(-time.Hour))), unknown, policy.CodeNeedStale},
		{"13 a predicate type in other case", one, typed("https://example.com/Review/v1"), unknown, policy.CodeNeedMissing},
		{"13 a predicate type with a slash", one, typed(reviewType + "/"), unknown, policy.CodeNeedMissing},
		{"13 a predicate type of another version", one, typed("https://example.com/review/v0.2"), unknown, policy.CodeNeedMissing},
		{"15 another predicate's body", good, says(`{"name":"step","attestations":[]}`), unknown, "test.review.unreadable"},
		{"17 the value under another algorithm", one, request(about(digest.Set{"sha512_256": hexOf("a")})), unknown, policy.CodeNeedSubject},
		{"17 the value of a commit", one, request(about(digest.Set{digest.GitCommit: hexOf("a")})), unknown, policy.CodeNeedSubject},
		{"19 a weak digest alone", one, strong, unknown, policy.CodeNeedSubject},
		{"19 a weak digest equal, a strong one different", one, conflicting, unknown, policy.CodeNeedSubject},
		{"21 the index's evidence for a manifest", one, request(about(digest.Set{digest.SHA256: hexOf("1")})), unknown, policy.CodeNeedSubject},
		{"21 a manifest's evidence for its index", one, index, unknown, policy.CodeNeedSubject},
		{"33 one good and one bad attestor", good, request(reviewed(t, `{"good":true}`, "alice"), reviewed(t, `{"good":false}`, "bob")), deny, "test.review.bad"},
		{"34 a bad attestation behind a good one", good, request(reviewed(t, `{"good":false}`, "alice"), reviewed(t, `{"good":true}`, "alice")), deny, "test.review.bad"},
		{"35 a missing field", good, says(`{}`), deny, "test.review.bad"},
		{"35 a field of another type", good, says(`{"good":"true"}`), unknown, "test.review.unreadable"},
		{"35 a field in other case", good, says(`{"Good":true}`), unknown, "test.review.unreadable"},
		{"35 a field that nobody knows", good, says(`{"good":true,"but":"not"}`), unknown, "test.review.unreadable"},
		{"36 a number for a truth", good, says(`{"good":1}`), unknown, "test.review.unreadable"},
		{"36 minus zero", good, says(`{"good":-0}`), unknown, "test.review.unreadable"},
	} {
		c.run(t)
	}
}

// What is no statement, or no request, does not get as far as a rule.
func TestWhatIsRefusedBeforeAnyRule(t *testing.T) {
	body := func(subject string) string {
		return `{"_type":"https://in-toto.io/Statement/v1","subject":` + subject + `,"predicateType":"` + reviewType + `","predicate":{}}`
	}
	for name, document := range map[string]string{
		"16 no subject":                     body(`[]`),
		"16 a subject without digest":       body(`[{"name":"app"}]`),
		"18 a truncated digest":             body(`[{"digest":{"sha256":"` + hexOf("a")[1:] + `"}}]`),
		"18 a digest in capitals":           body(`[{"digest":{"sha256":"` + hexOf("A") + `"}}]`),
		"18 a digest with space":            body(`[{"digest":{"sha256":"` + hexOf("a")[1:] + ` "}}]`),
		"17 a commit's value as sha256":     body(`[{"digest":{"sha256":"` + hexOf("a")[:40] + `"}}]`),
		"35 a field twice":                  body(`[{"digest":{"sha256":"` + hexOf("a") + `"}}],"subject":[]`),
		"35 a field in two spellings":       body(`[{"digest":{"sha256":"` + hexOf("a") + `"}}],"Subject":[]`),
		"36 a number that is none":          strings.Replace(body(`[{"digest":{"sha256":"`+hexOf("a")+`"}}]`), `{}`, `{"n":NaN}`, 1),
		"14 a payload that is no statement": `{"good":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := attest.ParseStatement([]byte(document), attest.Limits{})
			require.Error(t, err)
		})
	}
	for name, spoil := range map[string]func(*policy.Request){
		"22 a subject by tag only":      func(r *policy.Request) { r.Subject.Digest = nil },
		"18 a request's digest cut off": func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: hexOf("a")[1:]} },
		"40 no clock":                   func(r *policy.Request) { r.Now = time.Time{} },
		"01 evidence of nobody":         func(r *policy.Request) { r.Evidence = []*attest.Verified{{}} },
		"02 evidence that is nil":       func(r *policy.Request) { r.Evidence = []*attest.Verified{nil} },
	} {
		t.Run(name, func(t *testing.T) {
			req := request(review(t, "alice"))
			spoil(&req)
			d, err := engine(t, named("a")).Evaluate(t.Context(), req)
			require.Error(t, err)
			require.True(t, d.IsZero())
			require.False(t, d.Allowed(now))
		})
	}
}

// The ways in which engines are known to let things through, each denied here. Those
// of particular languages and documents are tested in packages cel, rego and vsa too.
func TestTheWaysToFailOpen(t *testing.T) {
	bad := goodReview(reviewNeed())
	silent := with("silent", func(context.Context, *policy.Facts) policy.Result { return policy.Result{} })
	warning := with("warning", func(context.Context, *policy.Facts) policy.Result {
		return policy.Result{Outcome: policy.Satisfied, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.soft.warning"}}}}
	})
	fails := with("fails", func(context.Context, *policy.Facts) policy.Result { panic(errors.New("no such key")) })
	third := with("third", func(context.Context, *policy.Facts) policy.Result { return policy.Result{Outcome: policy.Waived} })
	two := reviewNeed()
	two.Threshold = 2
	build := policy.Need{Name: "build", PredicateTypes: []string{buildType}, Signers: []string{"builder"}}
	expired := aWaiver()
	expired.Expires = now
	badReviewed, fine := request(reviewed(t, `{"good":false}`, "alice")), request(review(t, "alice"))
	const deny, unknown = policy.Deny, policy.Indeterminate
	for _, c := range []refusal{
		{"F1 a second rule without a denial", engine(t, bad, named("other")), badReviewed, deny, "test.review.bad"},
		{"F2 a rule that forgot to say anything", engine(t, silent, named("other")), fine, deny, policy.CodeRuleSilent},
		{"F2 an answer that does not exist", engine(t, third), fine, unknown, policy.CodeRuleResult},
		{"F3 a condition on what is missing", engine(t, bad), request(), unknown, policy.CodeNeedMissing},
		{"F4 a rule that fails inside", engine(t, fails), fine, unknown, policy.CodeRulePanic},
		{"F5 a prohibition that fails beside a permission", engineOf(t, config(policy.AllOf(policy.Rules(fails), policy.AnyOf(policy.Rules(named("other")))))), fine, unknown, policy.CodeRulePanic},
		{"F6 every one of none", engine(t, bad), request(), unknown, policy.CodeNeedMissing},
		{"F7 evidence by whomever", engine(t, needing(build)), request(seal(t, statement(t, buildType, `{}`), policytest.Synthetic{Signers: []string{"anybody"}})), unknown, policy.CodeNeedSigner},
		{"F7 one of two conditions", engine(t, bad, named("other")), badReviewed, deny, "test.review.bad"},
		{"F8 a soft failure", engine(t, warning), fine, unknown, "test.soft.warning"},
		{"F10 a result of unknown origin", engine(t, with("odd", func(context.Context, *policy.Facts) policy.Result {
			return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{}}}}
		})), fine, deny, policy.CodeRuleSilent},
		{"F10 a failure beside a warning", engine(t, bounded("later", now.Add(time.Hour), time.Time{}, bad), goodReview(reviewNeed())), badReviewed, deny, "test.review.bad"},
		{"F11 the wrong predicate type by the right signer", engine(t, needing(build)), request(review(t, "builder")), unknown, policy.CodeNeedMissing},
		{"F12 a waiver that has expired", engineOf(t, lenient()), waived(t, waiver(t, expired)), deny, "test.review.bad"},
		{"F13 one attestation where two are required", engine(t, needing(two)), fine, unknown, policy.CodeNeedThreshold},
		{"F13 one of two kinds", engine(t, needing(reviewNeed(), build)), fine, unknown, policy.CodeNeedMissing},
	} {
		c.run(t)
	}
	t.Run("F7 no conditions at all", func(t *testing.T) {
		_, err := policy.New(config(policy.AllOf()))
		require.ErrorIs(t, err, attest.Is(policy.CodeConfigNode))
	})
	t.Run("F9 a decision from a document", func(t *testing.T) {
		b, err := decide(t, engine(t, named("a")), fine).MarshalJSON()
		require.NoError(t, err)
		var d policy.Decision
		require.ErrorIs(t, json.Unmarshal(b, &d), attest.Is(policy.CodeUnmarshal))
		require.False(t, d.Allowed(now))
	})
	t.Run("F12 a denial that the cache skips", func(t *testing.T) {
		c := cached(t, engine(t, bad), 10)
		require.True(t, decide(t, c, fine).Allowed(now))
		requireRefused(t, decide(t, c, badReviewed), policy.Deny, "test.review.bad")
	})
	t.Run("F12 a waiver that has expired on every path", func(t *testing.T) {
		e, req := engineOf(t, lenient()), waived(t, waiver(t, aWaiver()))
		c, p := cached(t, e, 10), prepare(t, e, req)
		require.True(t, decide(t, c, req).Allowed(now))
		req.Now = aWaiver().Expires
		special, err := e.Specialize(req.Phase, req.Target)
		require.NoError(t, err)
		simulated, err := e.Simulate(t.Context(), req, req.Now)
		require.NoError(t, err)
		require.Equal(t, policy.Deny, simulated.Verdict())
		late, err := p.Evaluate(t.Context(), req.Now)
		require.NoError(t, err)
		for _, d := range []policy.Decision{decide(t, e, req), decide(t, c, req), decide(t, special, req), late} {
			require.Equal(t, policy.Deny, d.Verdict())
			require.False(t, d.Allowed(req.Now))
		}
	})
	// F14, a policy that executes what a layout names, is in package compat; F1 to F4
	// in Rego in package rego, F6 in package cel, and F9 for summaries in package vsa.
}

// What is left of the numbered cases that concern the engine itself.
func TestTheEngineStaysShut(t *testing.T) {
	fine := request(review(t, "alice"))
	t.Run("30 an error in one branch is not outvoted by AllOf", func(t *testing.T) {
		e := engine(t, named("a"), with("b", func(context.Context, *policy.Facts) policy.Result { panic("x") }))
		requireRefused(t, decide(t, e, fine), policy.Indeterminate, policy.CodeRulePanic)
	})
	t.Run("38 a reason beside Satisfied", func(t *testing.T) {
		e := engine(t, with("a", func(context.Context, *policy.Facts) policy.Result {
			return policy.Result{Outcome: policy.Satisfied, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.review.bad"}}}}
		}))
		requireRefused(t, decide(t, e, fine), policy.Indeterminate, "test.review.bad")
	})
	t.Run("39 a waived rule does not lift another", func(t *testing.T) {
		c := lenient()
		c.Root = policy.Rules(goodReview(reviewNeed()), rule{policy.Spec{ID: "other", Needs: []policy.Need{reviewNeed()}}, violated})
		requireRefused(t, decide(t, engineOf(t, c), waived(t, waiver(t, aWaiver()))), policy.Deny, "test.rule.violated")
	})
	t.Run("41 a simulation has nothing that a gate asks for", func(t *testing.T) {
		s, err := engine(t, named("a")).Simulate(t.Context(), fine, now)
		require.NoError(t, err)
		_, gates := any(s).(interface{ Allowed(time.Time) bool })
		require.False(t, gates)
	})
	t.Run("56 who asks is known to the rule", func(t *testing.T) {
		e := engine(t, with("separate", func(_ context.Context, f *policy.Facts) policy.Result {
			for _, s := range f.Evidence("review")[0].Signers() {
				if s.Subject == f.Actor().Subject {
					return policy.Result{}
				}
			}
			return policy.Result{Outcome: policy.Satisfied}
		}))
		require.Equal(t, policy.Deny, decide(t, e, fine).Verdict(), "alice asks and has approved")
	})
	t.Run("56 a robot is no person", func(t *testing.T) {
		need := reviewNeed()
		need.Threshold = 2
		robot := review(t, "https://ci.example.com#repo:acme/app:workflow:approve")
		requireRefused(t, decide(t, engine(t, needing(need)), request(review(t, "alice"), robot)), policy.Indeterminate, policy.CodeNeedThreshold)
	})
	t.Run("57 a threshold met by a rotated key", func(t *testing.T) {
		need := reviewNeed()
		need.Threshold = 2
		s := statement(t, reviewType, `{}`)
		rotated := request(signedBy(t, s, attest.Identity{Subject: "alice", Key: key("old")}), signedBy(t, statement(t, reviewType, `{"n":2}`), attest.Identity{Subject: "alice", Key: key("new")}))
		requireRefused(t, decide(t, engine(t, needing(need)), rotated), policy.Indeterminate, policy.CodeNeedThreshold)
	})
	t.Run("58 an approval for another digest", func(t *testing.T) {
		v := seal(t, statement(t, reviewType, `{"good":true}`, digest.Set{digest.SHA256: hexOf("b")}), policytest.Synthetic{Signers: []string{"alice"}})
		requireRefused(t, decide(t, engine(t, named("a")), request(v)), policy.Indeterminate, policy.CodeNeedSubject)
	})
	t.Run("59 a report that cannot be written", func(t *testing.T) {
		req := request(review(t, "alice"))
		req.Target.Cluster = "\xff"
		d, err := engine(t, named("a")).Evaluate(t.Context(), req)
		require.ErrorIs(t, err, attest.Is(policy.CodeReportEncoding))
		require.False(t, d.Allowed(now))
		req.Target.Cluster, req.Now = "", time.Date(9999, 12, 31, 23, 59, 0, 0, time.UTC)
		d, err = engine(t, named("a")).Evaluate(t.Context(), req)
		require.ErrorIs(t, err, attest.Is(policy.CodeReportEncoding))
		require.False(t, d.Allowed(req.Now))
	})
	t.Run("60 a secret in a reason", aSecretIsInNoOutput)
	t.Run("61 escapes in a reason", func(t *testing.T) {
		e := engine(t, with("a", func(context.Context, *policy.Facts) policy.Result {
			return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "test.some.code", Where: "\x1b[2J", Want: "\u202e", Got: "a\nb"}, Remedy: "\x00"}}}
		}))
		r := decide(t, e, fine).Report().Findings[0].Reasons[0]
		for _, text := range []string{r.Where, r.Want, r.Got, r.Remedy} {
			require.NotContains(t, text, "\x1b")
			require.NotContains(t, text, "\u202e")
			require.NotContains(t, text, "\n")
			require.NotContains(t, text, "\x00")
		}
	})
}
