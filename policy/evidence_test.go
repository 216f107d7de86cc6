package policy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// sharedKey returns evidence signed by the principals, who all use one key.
func sharedKey(t *testing.T, principals ...string) *attest.Verified {
	t.Helper()
	s := statement(t, reviewType, `{"good":true}`)
	facts := attest.Facts{Authority: policytest.Authority, Statement: s, Evidence: digest.Digest{Algorithm: digest.SHA256, Hex: hexOf("f")}}
	for _, p := range principals {
		id := policytest.Identity("shared")
		id.Subject = p
		facts.Signers = append(facts.Signers, id)
	}
	v, err := attest.Seal(facts)
	require.NoError(t, err)
	return v
}

// twoKeys returns evidence signed twice by one principal.
func twoKeys(t *testing.T, principal string) *attest.Verified {
	t.Helper()
	s := statement(t, reviewType, `{"good":true}`)
	first, second := policytest.Identity(principal), policytest.Identity(principal)
	second.Key = policytest.Identity("another key").Key
	v, err := attest.Seal(attest.Facts{
		Authority: policytest.Authority, Statement: s, Signers: []attest.Identity{first, second},
		Evidence: digest.Digest{Algorithm: digest.SHA256, Hex: hexOf("e")},
	})
	require.NoError(t, err)
	return v
}

func TestOnlyEvidenceThatMeetsTheNeedCounts(t *testing.T) {
	two := reviewNeed()
	two.Threshold = 2
	fresh := reviewNeed()
	fresh.MaxAge = time.Hour
	independent := []policy.Need{
		{Name: "author", PredicateTypes: []string{buildType}, Signers: []string{"alice"}},
		{Name: "review", PredicateTypes: []string{reviewType}, Signers: []string{"alice", "bob"}, NotSameAs: []string{"author"}},
	}
	at := func(times ...time.Time) *attest.Verified {
		return seal(t, statement(t, reviewType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}, Times: times})
	}
	typed := func(predicateType string) *attest.Verified {
		return seal(t, statement(t, predicateType, `{"good":true}`), policytest.Synthetic{Signers: []string{"alice"}})
	}
	about := func(subjects ...digest.Set) *attest.Verified {
		return seal(t, statement(t, reviewType, `{"good":true}`, subjects...), policytest.Synthetic{Signers: []string{"alice"}})
	}
	by := func(authority string) *attest.Verified {
		return seal(t, statement(t, reviewType, `{"good":true}`), policytest.Synthetic{Authority: authority, Signers: []string{"alice"}})
	}
	authored := seal(t, statement(t, buildType, `{}`), policytest.Synthetic{Signers: []string{"alice"}})
	just := func(n policy.Need) []policy.Need { return []policy.Need{n} }

	for name, c := range map[string]struct {
		needs    []policy.Need
		evidence []*attest.Verified
		code     attest.Code // empty: allowed
	}{
		"good evidence is enough":                              {just(reviewNeed()), []*attest.Verified{review(t, "alice")}, ""},
		"no evidence is refused":                               {just(reviewNeed()), nil, policy.CodeNeedMissing},
		"a signer who is not listed is refused":                {just(reviewNeed()), []*attest.Verified{review(t, "mallory")}, policy.CodeNeedSigner},
		"a listed name under another issuer is refused":        {just(reviewNeed()), []*attest.Verified{review(t, "https://evil.example#alice")}, policy.CodeNeedSigner},
		"an unlisted co-signer does not spoil":                 {just(reviewNeed()), []*attest.Verified{review(t, "alice", "mallory")}, ""},
		"an unlisted co-signer does not count":                 {just(two), []*attest.Verified{review(t, "alice", "mallory")}, policy.CodeNeedThreshold},
		"two principals make two":                              {just(two), []*attest.Verified{review(t, "alice", "bob")}, ""},
		"two principals on two attestations make two":          {just(two), []*attest.Verified{review(t, "alice"), review(t, "bob")}, ""},
		"one principal with two keys is one":                   {just(two), []*attest.Verified{twoKeys(t, "alice")}, policy.CodeNeedThreshold},
		"two principals with one key are one":                  {just(two), []*attest.Verified{sharedKey(t, "alice", "bob")}, policy.CodeNeedThreshold},
		"the same attestation twice is one":                    {just(two), []*attest.Verified{review(t, "alice"), review(t, "alice")}, policy.CodeNeedThreshold},
		"a re-signed attestation is one":                       {just(two), []*attest.Verified{review(t, "alice"), twoKeys(t, "alice")}, policy.CodeNeedThreshold},
		"an authority that is not listed is refused":           {just(reviewNeed()), []*attest.Verified{by("test:other")}, policy.CodeNeedAuthority},
		"an authority in other case is refused":                {just(reviewNeed()), []*attest.Verified{by("test:POLICYTEST")}, policy.CodeNeedAuthority},
		"an author's own review is refused":                    {independent, []*attest.Verified{authored, review(t, "alice")}, policy.CodeNeedSame},
		"another's review is enough":                           {independent, []*attest.Verified{authored, review(t, "bob")}, ""},
		"a review that both signed is another's":               {independent, []*attest.Verified{authored, review(t, "alice", "bob")}, ""},
		"evidence of now is fresh":                             {just(fresh), []*attest.Verified{at(now)}, ""},
		"evidence a moment younger than MaxAge is fresh":       {just(fresh), []*attest.Verified{at(now.Add(time.Nanosecond - time.Hour))}, ""},
		"evidence as old as MaxAge is stale":                   {just(fresh), []*attest.Verified{at(now.Add(-time.Hour))}, policy.CodeNeedStale},
		"the earliest trusted time counts":                     {just(fresh), []*attest.Verified{at(now, now.Add(-2*time.Hour))}, policy.CodeNeedStale},
		"evidence without a time has no age":                   {just(fresh), []*attest.Verified{at()}, policy.CodeNeedUntimed},
		"evidence from the future is refused":                  {just(fresh), []*attest.Verified{at(now.Add(time.Nanosecond))}, policy.CodeNeedFuture},
		"evidence from the future is refused without MaxAge":   {just(reviewNeed()), []*attest.Verified{at(now.Add(time.Nanosecond))}, policy.CodeNeedFuture},
		"one time of several in the future is enough":          {just(fresh), []*attest.Verified{at(now, now.Add(time.Second))}, policy.CodeNeedFuture},
		"evidence from the future beside good is refused":      {just(reviewNeed()), []*attest.Verified{review(t, "bob"), at(now.Add(time.Second))}, policy.CodeNeedFuture},
		"stale evidence beside fresh is left out":              {just(fresh), []*attest.Verified{at(now), at(now.Add(-2 * time.Hour))}, ""},
		"a predicate type in other case is another":            {just(reviewNeed()), []*attest.Verified{typed("https://example.com/Review/v1")}, policy.CodeNeedMissing},
		"a predicate type with a slash more is another":        {just(reviewNeed()), []*attest.Verified{typed(reviewType + "/")}, policy.CodeNeedMissing},
		"a predicate type of another version is another":       {just(reviewNeed()), []*attest.Verified{typed("https://example.com/review/v0.2")}, policy.CodeNeedMissing},
		"evidence about another digest is refused":             {just(reviewNeed()), []*attest.Verified{about(digest.Set{digest.SHA256: hexOf("b")})}, policy.CodeNeedSubject},
		"evidence about a child of the subject is refused":     {just(reviewNeed()), []*attest.Verified{about(digest.Set{digest.SHA256: hexOf("c")})}, policy.CodeNeedSubject},
		"the same value under another algorithm is refused":    {just(reviewNeed()), []*attest.Verified{about(digest.Set{digest.BLAKE3: hexOf("a")})}, policy.CodeNeedSubject},
		"the same value as a git commit is refused":            {just(reviewNeed()), []*attest.Verified{about(digest.Set{digest.GitCommit: hexOf("a")})}, policy.CodeNeedSubject},
		"a subject among others is found":                      {just(reviewNeed()), []*attest.Verified{about(digest.Set{digest.SHA256: hexOf("b")}, artifact())}, ""},
		"evidence about other digests beside good is not used": {just(reviewNeed()), []*attest.Verified{review(t, "alice"), about(digest.Set{digest.SHA256: hexOf("b")})}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, engine(t, needing(c.needs...)), request(c.evidence...))
			if c.code == "" {
				require.NoError(t, d.Err())
				return
			}
			requireRefused(t, d, policy.Indeterminate, c.code)
		})
	}
}

func TestDigestsThatContradictDoNotBind(t *testing.T) {
	md5 := func(digit string) string { return strings.Repeat(digit, 32) }
	sha512 := func(digit string) string { return strings.Repeat(digit, 128) }
	for name, c := range map[string]struct {
		want  digest.Set
		got   []digest.Set
		bound bool
	}{
		"equal weak, different strong": {
			digest.Set{digest.SHA256: hexOf("a"), digest.MD5: md5("1")},
			[]digest.Set{{digest.SHA256: hexOf("b"), digest.MD5: md5("1")}}, false},
		"equal weak, strong absent": {
			digest.Set{digest.SHA256: hexOf("a"), digest.MD5: md5("1")},
			[]digest.Set{{digest.MD5: md5("1")}}, false},
		"equal strong, different stronger": {
			digest.Set{digest.SHA256: hexOf("a"), digest.SHA512: sha512("a")},
			[]digest.Set{{digest.SHA256: hexOf("a"), digest.SHA512: sha512("b")}}, false},
		"equal strong, different weak": {
			digest.Set{digest.SHA256: hexOf("a"), digest.MD5: md5("1")},
			[]digest.Set{{digest.SHA256: hexOf("a"), digest.MD5: md5("2")}}, false},
		"each half contradicted by one of two subjects": {
			digest.Set{digest.SHA256: hexOf("a"), digest.SHA512: sha512("a")},
			[]digest.Set{{digest.SHA256: hexOf("a"), digest.SHA512: sha512("b")}, {digest.SHA256: hexOf("b"), digest.SHA512: sha512("a")}}, false},
		"one strong digest in common": {
			digest.Set{digest.SHA256: hexOf("a"), digest.SHA512: sha512("a")},
			[]digest.Set{{digest.SHA256: hexOf("a")}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := seal(t, statement(t, reviewType, `{}`, c.got...), policytest.Synthetic{Signers: []string{"alice"}})
			req := request(v)
			req.Subject.Digest = c.want
			require.Equal(t, c.bound, decide(t, engine(t, needing(reviewNeed())), req).Allowed(now))
		})
	}
}

func TestAnInvalidRequestIsRefused(t *testing.T) {
	e := engine(t, needing(reviewNeed()))
	for name, c := range map[string]struct {
		spoil func(*policy.Request)
		code  attest.Code
	}{
		"a subject by tag only":             {func(r *policy.Request) { r.Subject = attest.Descriptor{URI: "registry.example.com/app:latest"} }, policy.CodeRequestSubject},
		"a subject by weak digest only":     {func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA1: strings.Repeat("a", 40)} }, policy.CodeRequestSubject},
		"a commit of a SHA-1 repository":    {func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.GitCommit: strings.Repeat("a", 40)} }, policy.CodeRequestSubject},
		"a SHA-1 value under sha256":        {func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: strings.Repeat("a", 40)} }, policy.CodeRequestSubject},
		"a truncated digest":                {func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: hexOf("a")[1:]} }, policy.CodeRequestSubject},
		"an upper-case digest":              {func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: hexOf("A")} }, policy.CodeRequestSubject},
		"a digest with white space":         {func(r *policy.Request) { r.Subject.Digest = digest.Set{digest.SHA256: " " + hexOf("a")[1:]} }, policy.CodeRequestSubject},
		"an algorithm that nobody knows":    {func(r *policy.Request) { r.Subject.Digest = digest.Set{"sha257": hexOf("a")} }, policy.CodeRequestSubject},
		"a good digest beside a bad one":    {func(r *policy.Request) { r.Subject.Digest[digest.SHA512] = "00" }, policy.CodeRequestSubject},
		"no subject":                        {func(r *policy.Request) { r.Subject = attest.Descriptor{} }, policy.CodeRequestSubject},
		"no phase":                          {func(r *policy.Request) { r.Phase = "" }, policy.CodeRequestPhase},
		"a phase in other case":             {func(r *policy.Request) { r.Phase = "DEPLOY" }, policy.CodeRequestPhase},
		"a clock that reads zero":           {func(r *policy.Request) { r.Now = time.Time{} }, policy.CodeRequestNow},
		"an instant that cannot be written": {func(r *policy.Request) { r.Now = now.AddDate(9000, 0, 0) }, policy.CodeRequestNow},
		"nil evidence":                      {func(r *policy.Request) { r.Evidence = []*attest.Verified{nil} }, policy.CodeRequestEvidence},
		"zero evidence":                     {func(r *policy.Request) { r.Evidence = append(r.Evidence, &attest.Verified{}) }, policy.CodeRequestEvidence},
	} {
		t.Run(name, func(t *testing.T) {
			req := request(review(t, "alice"))
			c.spoil(&req)
			d, err := e.Evaluate(t.Context(), req)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.True(t, d.IsZero())
		})
	}
}

func TestSyntheticEvidenceIsRefusedInProduction(t *testing.T) {
	c := config(policy.Rules(needing(reviewNeed())))
	c.Testing = false
	_, err := policy.New(c)
	require.ErrorIs(t, err, attest.Is(policy.CodeConfigAuthority))

	c.Authorities = []string{"example.com/release-keys"}
	e, err := policy.New(c)
	require.NoError(t, err)
	requireRefused(t, decide(t, e, request(review(t, "alice"))), policy.Indeterminate, policy.CodeNeedAuthority)

	c.Authorities, c.Testing = []string{policytest.Authority}, true
	require.True(t, decide(t, engineOf(t, c), request(review(t, "alice"))).Report().Testing)
}

func TestEvidenceOutsideOfTheNeedNeverReachesTheRule(t *testing.T) {
	good := review(t, "alice", "mallory")
	var seen []policy.Evidence
	spy := rule{policy.Spec{ID: "spy", Needs: []policy.Need{reviewNeed()}}, func(_ context.Context, f *policy.Facts) policy.Result {
		seen = f.Evidence("review")
		return policy.Result{Outcome: policy.Satisfied}
	}}
	decide(t, engine(t, spy), request(
		good,
		review(t, "mallory"),
		seal(t, statement(t, buildType, `{}`), policytest.Synthetic{Signers: []string{"alice"}}),
		seal(t, statement(t, reviewType, `{}`), policytest.Synthetic{Authority: "test:other", Signers: []string{"alice"}}),
		seal(t, statement(t, reviewType, `{}`, digest.Set{digest.SHA256: hexOf("b")}), policytest.Synthetic{Signers: []string{"alice"}}),
	))
	require.Len(t, seen, 1)
	require.Equal(t, good.Evidence(), seen[0].Digest())
	require.Equal(t, []attest.Identity{policytest.Identity("alice")}, seen[0].Signers(), "unlisted co-signers are left out")
}

func TestAPredicateTimeIsTheAgeWhereTheNeedSaysSo(t *testing.T) {
	need := reviewNeed()
	need.MaxAge, need.TimeAt = time.Hour, "/metadata/scan~1finished"
	made := func(predicate string) *attest.Verified {
		return seal(t, statement(t, reviewType, predicate), policytest.Synthetic{Signers: []string{"alice"}})
	}
	for name, c := range map[string]struct {
		predicate string
		code      attest.Code
	}{
		"a fresh time":                {`{"metadata":{"scan/finished":"2026-05-01T11:30:00Z"}}`, ""},
		"an old time":                 {`{"metadata":{"scan/finished":"2026-05-01T11:00:00Z"}}`, policy.CodeNeedStale},
		"a time in the future":        {`{"metadata":{"scan/finished":"2026-05-01T12:00:01Z"}}`, policy.CodeNeedFuture},
		"a time in another place":     {`{"scan/finished":"2026-05-01T11:30:00Z"}`, policy.CodeNeedUntimed},
		"a time under another case":   {`{"metadata":{"Scan/Finished":"2026-05-01T11:30:00Z"}}`, policy.CodeNeedUntimed},
		"a number of seconds":         {`{"metadata":{"scan/finished":1777635000}}`, policy.CodeNeedUntimed},
		"null":                        {`{"metadata":{"scan/finished":null}}`, policy.CodeNeedUntimed},
		"an empty text":               {`{"metadata":{"scan/finished":""}}`, policy.CodeNeedUntimed},
		"no object where one must be": {`{"metadata":[]}`, policy.CodeNeedUntimed},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, engine(t, needing(need)), request(made(c.predicate)))
			if c.code != "" {
				requireRefused(t, d, policy.Indeterminate, c.code)
				return
			}
			require.NoError(t, d.Err())
			require.Equal(t, now.Add(30*time.Minute), d.Report().ValidUntil)
		})
	}
}

func TestValidUntilIsTheFirstEdge(t *testing.T) {
	need := reviewNeed()
	need.MaxAge = time.Hour
	old := seal(t, statement(t, reviewType, `{}`), policytest.Synthetic{Signers: []string{"alice"}, Times: []time.Time{now.Add(-50 * time.Minute)}})
	recent := seal(t, statement(t, reviewType, `{"x":1}`), policytest.Synthetic{Signers: []string{"bob"}, Times: []time.Time{now.Add(-time.Minute)}})
	short := rule{policy.Spec{ID: "short", Needs: []policy.Need{need}}, func(_ context.Context, f *policy.Facts) policy.Result {
		return policy.Result{Outcome: policy.Satisfied, Until: f.Now().Add(time.Minute)}
	}}
	require.Equal(t, now.Add(10*time.Minute), decide(t, engine(t, needing(need)), request(old, recent)).Report().ValidUntil)
	require.Equal(t, now.Add(59*time.Minute), decide(t, engine(t, needing(need)), request(recent)).Report().ValidUntil)
	require.Equal(t, now.Add(time.Minute), decide(t, engine(t, needing(need), short), request(recent)).Report().ValidUntil)
}

// No decision outlives what a new evaluation of the same evidence would say.
func TestAnAllowEndsBeforeItsEvidenceDoes(t *testing.T) {
	need := reviewNeed()
	need.MaxAge = 10 * time.Minute
	v := seal(t, statement(t, reviewType, `{}`), policytest.Synthetic{Signers: []string{"alice"}, Times: []time.Time{now}})
	e := engine(t, needing(need))
	d := decide(t, e, request(v))
	for _, after := range []time.Duration{0, time.Minute, 10*time.Minute - 1, 10 * time.Minute, 10*time.Minute + 1, time.Hour} {
		req := request(v)
		req.Now = now.Add(after)
		require.Equal(t, decide(t, e, req).Allowed(req.Now), d.Allowed(req.Now), after)
	}
}

func TestReasonsTellWhatIsMissing(t *testing.T) {
	r := decide(t, engine(t, needing(reviewNeed())), request(review(t, "mallory"))).Report()
	b, err := json.Marshal(r.Findings)
	require.NoError(t, err)
	require.JSONEq(t, `[{"rule":"needs","version":1,"outcome":"undetermined","reasons":[{"code":"policy.need.signer","where":"review",
		"want":"https://example.com/review/v1 signed by 1 of alice, bob",
		"got":"0 principals on 0 attestations; turned away: 0 of other subjects, 0 of other authorities, 1 of other signers, 0 for their time",
		"remedy":"have a listed principal sign the evidence"}]}]`, string(b))
}

func TestARuleSeesTheClaimsOfListedSignersOnly(t *testing.T) {
	alice, eve := policytest.Identity("alice"), policytest.Identity("eve")
	claim := func(id attest.Identity) attest.Claim {
		return attest.Claim{Principal: id.Principal(), Name: "1.2.3", Value: "of " + id.Subject}
	}
	v, err := attest.Seal(attest.Facts{
		Authority: policytest.Authority, Statement: statement(t, reviewType, `{"good":true}`), Evidence: digest.Digest{Algorithm: digest.SHA256, Hex: hexOf("d")},
		Signers: []attest.Identity{alice, eve}, Claims: []attest.Claim{claim(eve), claim(alice)},
	})
	require.NoError(t, err)
	need := reviewNeed()
	need.Signers = []string{"alice"}
	r := needing(need)
	seen := false
	r.check = func(_ context.Context, f *policy.Facts) policy.Result {
		for range 2 { // what a rule does to its copy is its own
			claims := f.Evidence(need.Name)[0].Claims()
			require.Equal(t, []attest.Claim{claim(alice)}, claims)
			claims[0].Value = "forged"
		}
		seen = true
		return policy.Result{Outcome: policy.Satisfied}
	}
	require.True(t, decide(t, engine(t, r), request(v)).Allowed(now))
	require.True(t, seen)
}
