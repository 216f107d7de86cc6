package rule_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/rule"
)

const issuer = "https://issuer.example"

func id(subject string, key ...string) attest.Identity {
	return attest.Identity{Issuer: issuer, Subject: subject, Key: digest.FromBytes([]byte(fmt.Sprint(subject, key)))}
}

func ids(subjects ...string) []attest.Identity {
	var all []attest.Identity
	for _, s := range subjects {
		all = append(all, id(s))
	}
	return all
}

func is(subject string) rule.Rule { return rule.Is(issuer, subject) }

func TestRulesAreMetByThoseWhomTheyName(t *testing.T) {
	k1, k2 := id("release", "classical"), id("release", "post-quantum")
	hybrid := rule.Hybrid(k1.Key, k2.Key)
	like := func(p string) rule.Rule { return rule.Matching(issuer, p) }
	for name, c := range map[string]struct {
		rule rule.Rule
		by   []attest.Identity
		met  bool
	}{
		"an identity":      {is("a"), ids("b", "a"), true},
		"another identity": {is("a"), ids("b"), false},
		"nobody":           {is("a"), nil, false},
		"another issuer":   {rule.Is("https://other.example", "a"), ids("a"), false},
		"no issuer":        {rule.Name("a"), ids("a"), false},
		"an issuer and subject that join to the same name": {rule.Is("", issuer+"#a"), ids("a"), false},
		"a longer subject":                           {is("a"), ids("aa"), false},
		"a subject in another case":                  {is("a"), ids("A"), false},
		"a pattern in an exact rule":                 {is(".*"), ids("a"), false},
		"a pattern":                                  {like(`[a-z]+@example\.com`), ids("alice@example.com"), true},
		"a pattern is anchored at its end":           {like(`[a-z]+@example\.com`), ids("alice@example.com.evil"), false},
		"a pattern is anchored at its start":         {like(`alice@example\.com`), ids("malice@example.com"), false},
		"every alternative of a pattern is anchored": {like(`alice|bob`), ids("bobby"), false},
		"a pattern that turns on lines is anchored":  {like(`(?m)alice`), ids("alice\nevil"), false},
		"all":                                    {rule.AllOf(is("a"), is("b")), ids("a", "b"), true},
		"all but one":                            {rule.AllOf(is("a"), is("b")), ids("a", "c"), false},
		"any":                                    {rule.AnyOf(is("a"), is("b")), ids("b"), true},
		"any of none":                            {rule.AnyOf(is("a"), is("b")), ids("c"), false},
		"two of three":                           {rule.Threshold(2, is("a"), is("b"), is("c")), ids("c", "a"), true},
		"one of two wanted":                      {rule.Threshold(2, is("a"), is("b"), is("c")), ids("a"), false},
		"one principal twice":                    {rule.Threshold(2, is("a"), is("b"), is("c")), ids("a", "a"), false},
		"two keys of one principal":              {rule.Threshold(2, is("release"), rule.Key(k2.Key)), []attest.Identity{k1, k2}, false},
		"one principal whom two members match":   {rule.Threshold(2, is("a"), like("[a-c]")), ids("a"), false},
		"two principals whom both members match": {rule.Threshold(2, is("a"), like("[a-c]")), ids("a", "b"), true},
		"the assignment is searched":             {rule.Threshold(3, like("[a-c]"), like("[ab]"), is("a")), ids("a", "b", "c"), true},
		"three members, two principals":          {rule.Threshold(3, like("[a-c]"), like("[ab]"), is("a")), ids("a", "b"), false},
		"groups that one principal meets both":   {rule.Threshold(2, rule.AnyOf(is("a"), is("b")), rule.AnyOf(like("a"), is("c"))), ids("a"), false},
		"groups that two principals meet":        {rule.Threshold(2, rule.AnyOf(is("a"), is("b")), rule.AnyOf(is("d"), is("c"))), ids("a", "c"), true},
		"the hybrid of one principal's keys":     {hybrid, []attest.Identity{k1, k2}, true},
		"the classical half":                     {hybrid, []attest.Identity{k1}, false},
		"the post-quantum half":                  {hybrid, []attest.Identity{k2}, false},
		"an identity without subject":            {rule.Key(digest.FromBytes(nil)), []attest.Identity{{Key: digest.FromBytes(nil)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.rule.Err())
			err := c.rule.Eval(c.by)
			require.Equal(t, c.met, err == nil, "%v", err)
			if !c.met {
				require.NotEmpty(t, attest.Reasons(err))
			}
		})
	}
}

func TestARuleThatDemandsNothingCannotBeMade(t *testing.T) {
	deep := is("a")
	for range rule.MaxDepth {
		deep = rule.AllOf(deep)
	}
	var many []rule.Rule
	for i := range rule.MaxMembers + 1 {
		many = append(many, is(fmt.Sprint(i)))
	}
	for name, c := range map[string]struct {
		rule rule.Rule
		code attest.Code
	}{
		"the zero rule":              {rule.Rule{}, rule.CodeZero},
		"a zero member":              {rule.AnyOf(is("a"), rule.Rule{}), rule.CodeZero},
		"all of nothing":             {rule.AllOf(), rule.CodeEmpty},
		"any of nothing":             {rule.AnyOf(), rule.CodeEmpty},
		"a threshold of nothing":     {rule.Threshold(0), rule.CodeEmpty},
		"a threshold of zero":        {rule.Threshold(0, is("a")), rule.CodeThreshold},
		"a negative threshold":       {rule.Threshold(-1, is("a")), rule.CodeThreshold},
		"a threshold above":          {rule.Threshold(2, is("a")), rule.CodeThreshold},
		"an authority twice":         {rule.Threshold(2, is("a"), is("a")), rule.CodeDuplicate},
		"an authority in two groups": {rule.Threshold(2, rule.AnyOf(is("a"), is("b")), rule.AnyOf(is("a"), is("c"))), rule.CodeDuplicate},
		"an empty subject":           {rule.Is(issuer, ""), rule.CodeMatch},
		"an empty name":              {rule.Name(""), rule.CodeMatch},
		"an empty key":               {rule.Key(digest.Digest{}), rule.CodeMatch},
		"a hybrid of one key":        {rule.Hybrid(digest.FromBytes(nil), digest.FromBytes(nil)), rule.CodeDuplicate},
		"a hybrid of half a key":     {rule.Hybrid(digest.FromBytes(nil), digest.Digest{}), rule.CodeMatch},
		"an empty pattern":           {rule.Matching(issuer, ""), rule.CodeMatch},
		"a pattern of anything":      {rule.Matching(issuer, ".*"), rule.CodeMatch},
		"a pattern that escapes":     {rule.Matching(issuer, `a)|(?:.+`), rule.CodeMatch},
		"no regular expression":      {rule.Matching(issuer, "("), rule.CodeMatch},
		"a fault inside":             {rule.AllOf(is("a"), rule.AnyOf()), rule.CodeEmpty},
		"too deep":                   {deep, rule.CodeSize},
		"too many":                   {rule.AnyOf(many...), rule.CodeSize},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, c.rule.Err(), attest.Is(c.code))
			require.ErrorIs(t, c.rule.Eval(ids("a", "b", "c")), attest.Is(c.code))
		})
	}
}

func TestEveryReasonIsTold(t *testing.T) {
	r := rule.AllOf(is("a"), rule.Threshold(2, is("b"), is("c"), is("d")), rule.AnyOf(is("e"), is("f")))
	counts := map[attest.Code]int{}
	for _, reason := range attest.Reasons(r.Eval(ids("b"))) {
		counts[reason.Code]++
	}
	assert.Equal(t, map[attest.Code]int{rule.CodeNotMet: 3, rule.CodeAbsent: 5}, counts)
	assert.NoError(t, rule.Threshold(2, rule.Name("log1"), rule.Name("log2")).EvalNames([]string{"log2", "log1"}))
	assert.Error(t, rule.Threshold(2, rule.Name("log1"), rule.Name("log2")).EvalNames([]string{"log1", "log1"}), "two entries of one log")
}

// Threshold agrees with trying every assignment, and more identities never unmeet a
// rule.
func TestThresholdAgreesWithTryingEveryAssignment(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []string{"a", "b", "c", "d", "e"}
	for range 3000 {
		var members []rule.Rule
		var sets []string
		seen := map[string]bool{}
		for range 1 + rng.IntN(5) {
			set := ""
			for _, l := range letters {
				if rng.IntN(2) == 0 {
					set += l
				}
			}
			if set == "" || seen[set] {
				continue
			}
			seen[set] = true
			sets = append(sets, set)
			members = append(members, rule.Matching(issuer, "["+set+"]"))
		}
		if len(members) == 0 {
			continue
		}
		k := 1 + rng.IntN(len(members))
		var by []attest.Identity
		present := map[rune]bool{}
		for _, l := range letters {
			if rng.IntN(2) == 0 {
				by = append(by, id(l))
				present[rune(l[0])] = true
			}
		}
		r := rule.Threshold(k, members...)
		require.NoError(t, r.Err())
		met := r.Eval(by) == nil
		require.Equal(t, best(sets, present) >= k, met, "%d of %v by %v", k, sets, present)
		if met {
			require.NoError(t, r.Eval(append(by, id("z"))))
		}
	}
}

// best tries every assignment of principals to members.
func best(sets []string, free map[rune]bool) int {
	if len(sets) == 0 {
		return 0
	}
	most := best(sets[1:], free)
	for _, l := range sets[0] {
		if free[l] {
			free[l] = false
			most = max(most, 1+best(sets[1:], free))
			free[l] = true
		}
	}
	return most
}

func verified(t testing.TB, content string, principals ...string) (*attest.Verified, digest.Set) {
	t.Helper()
	d := digest.FromBytes([]byte(content))
	set := digest.Set{d.Algorithm: d.Hex}
	s, err := attest.NewStatement("https://example.com/review/v1", map[string]string{}, attest.Descriptor{Name: content, Digest: set})
	require.NoError(t, err)
	return attesttest.Seal(t, s, principals...), set
}

func TestAQuorumCountsPrincipalsAcrossAttestations(t *testing.T) {
	alice, subject := verified(t, "artifact", "alice")
	bob, _ := verified(t, "artifact", "bob")
	elsewhere, _ := verified(t, "other artifact", "bob")
	q := rule.Quorum{Rule: rule.Threshold(2, rule.Name("alice"), rule.Name("bob"), rule.Name("carol")), Authorities: []string{attesttest.SealAuthority}}
	want := attest.Want{Subjects: []digest.Set{subject}}
	require.NoError(t, q.Check(want, []*attest.Verified{alice, bob}))
	for name, c := range map[string]struct {
		q    rule.Quorum
		want attest.Want
		by   []*attest.Verified
		code attest.Code
	}{
		"none":                         {q, want, nil, rule.CodeNotMet},
		"one attestation twice":        {q, want, []*attest.Verified{alice, alice}, rule.CodeNotMet},
		"one about something else":     {q, want, []*attest.Verified{alice, elsewhere}, attest.CodeWantSubject},
		"a zero one among enough":      {q, want, []*attest.Verified{alice, bob, nil}, attest.CodeUnverified},
		"by another authority":         {rule.Quorum{Rule: q.Rule, Authorities: []string{"x"}}, want, []*attest.Verified{alice, bob}, rule.CodeAuthority},
		"of another predicate type":    {q, attest.Want{AnySubject: true, PredicateTypes: []string{"x:y"}}, []*attest.Verified{alice, bob}, attest.CodeWantPredicateType},
		"the zero quorum":              {rule.Quorum{}, want, []*attest.Verified{alice, bob}, rule.CodeZero},
		"a quorum without authorities": {rule.Quorum{Rule: q.Rule}, want, []*attest.Verified{alice, bob}, rule.CodeQuorum},
		"a want of nothing":            {q, attest.Want{}, []*attest.Verified{alice, bob}, attest.CodeWantEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, c.q.Check(c.want, c.by), attest.Is(c.code))
		})
	}
}

func FuzzMatching(f *testing.F) {
	f.Add("alice|bob", "bobby")
	f.Add("(?m)^a$", "a\nb")
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		r := rule.Matching(issuer, pattern)
		if r.Err() != nil || subject == "" {
			return
		}
		if r.Eval(ids(subject)) == nil {
			require.NotEmpty(t, pattern)
		}
		require.Error(t, r.Eval([]attest.Identity{{Issuer: "other", Subject: subject}}))
	})
}

func ExampleThreshold() {
	const issuer = "https://issuer.example"
	release := rule.Threshold(2,
		rule.Is(issuer, "alice@example.com"),
		rule.Is(issuer, "bob@example.com"),
		rule.Name("release-key"))
	alice := attest.Identity{Issuer: issuer, Subject: "alice@example.com"}
	fmt.Println(release.Eval([]attest.Identity{alice, alice}) == nil)
	fmt.Println(release.Eval([]attest.Identity{alice, {Subject: "release-key"}}) == nil)
	// Output:
	// false
	// true
}
