package attest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

func goodStatement(t testing.TB) *attest.Statement {
	t.Helper()
	s, err := attest.ParseStatement([]byte(good), attest.Limits{})
	require.NoError(t, err)
	return s
}

func TestWant(t *testing.T) {
	both, err := attest.NewStatement("https://example.com/p", struct{}{},
		attest.Descriptor{Name: "a", Digest: digest.Set{"sha256": hexA, "sha1": hexA[:40]}},
		attest.Descriptor{Name: "b", Digest: digest.Set{"sha256": hexB, "sha512": hexB + hexB}})
	require.NoError(t, err)
	subjects := func(s ...digest.Set) attest.Want { return attest.Want{Subjects: s} }
	tests := []struct {
		name  string
		want  attest.Want
		codes []attest.Code
	}{
		{"a subject by its digest passes", subjects(digest.Set{"sha256": hexA}), nil},
		{"each of two subjects passes", subjects(digest.Set{"sha256": hexA}, digest.Set{"sha256": hexB}), nil},
		{"any subject passes where asked for", attest.Want{AnySubject: true}, nil},
		{"one of several predicate types passes", attest.Want{AnySubject: true, PredicateTypes: []string{"https://example.com/q", "https://example.com/p"}}, nil},
		{"the zero Want is refused", attest.Want{}, []attest.Code{attest.CodeWantEmpty}},
		{"a Want of a type alone is refused", attest.Want{PredicateTypes: []string{"https://example.com/p"}}, []attest.Code{attest.CodeWantEmpty}},
		{"a Want that contradicts itself is refused", attest.Want{Subjects: []digest.Set{{"sha256": hexA}}, AnySubject: true}, []attest.Code{attest.CodeWantEmpty}},
		{"an empty digest set is refused", subjects(digest.Set{}), []attest.Code{attest.CodeWantEmpty}},
		{"a malformed digest is refused", subjects(digest.Set{"sha256": "00"}), []attest.Code{attest.CodeWantEmpty}},
		{"a digest that no subject has is refused", subjects(digest.Set{"sha256": hexA[1:] + "0"}), []attest.Code{attest.CodeWantSubject}},
		{"one missing subject of two is refused", subjects(digest.Set{"sha256": hexA}, digest.Set{"sha256": hexA[1:] + "0"}), []attest.Code{attest.CodeWantSubject}},
		{"a weak digest alone is refused", subjects(digest.Set{"sha1": hexA[:40]}), []attest.Code{attest.CodeWantSubject}},
		{"a stronger digest than the statement has is refused", subjects(digest.Set{"sha384": hexA + hexA[:32]}), []attest.Code{attest.CodeWantSubject}},
		{"digests of two subjects are not combined", subjects(digest.Set{"sha256": hexA, "sha512": hexB + hexB}, digest.Set{"sha256": hexB, "sha1": hexA[:40], "sha512": hexA + hexA}), []attest.Code{attest.CodeWantSubject}},
		{"another predicate type is refused", attest.Want{AnySubject: true, PredicateTypes: []string{"https://example.com/P"}}, []attest.Code{attest.CodeWantPredicateType}},
		{"every unmet demand is told", attest.Want{Subjects: []digest.Set{{"sha512": hexA + hexA}}, PredicateTypes: []string{"https://example.com/q"}}, []attest.Code{attest.CodeWantPredicateType, attest.CodeWantSubject}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.want.Check(both)
			var codes []attest.Code
			for _, r := range attest.Reasons(err) {
				if r.Code != attest.Code(digest.CodeLength) && r.Code != attest.Code(digest.CodeEmpty) {
					codes = append(codes, r.Code)
				}
			}
			assert.Equal(t, test.codes, codes, "%v", err)
			assert.Equal(t, test.codes == nil, err == nil)
		})
	}
	require.ErrorIs(t, attest.Want{AnySubject: true}.Check(nil), attest.Is(attest.CodeNil))
}

func facts(t testing.TB) attest.Facts {
	return attest.Facts{
		Authority:  "test:facts",
		Statement:  goodStatement(t),
		Evidence:   digest.FromBytes([]byte("evidence")),
		Signers:    []attest.Identity{{Subject: "alice", Key: digest.FromBytes([]byte("key"))}},
		Claims:     []attest.Claim{{Principal: "alice", Name: "1.2.3", Value: "x"}},
		Times:      []attest.TrustedTime{{Time: time.Unix(1, 0), Authority: "clock"}},
		Inclusions: []attest.Inclusion{{Log: "log", Index: 1}},
	}
}

func TestSeal(t *testing.T) {
	f := facts(t)
	v, err := attest.Seal(f)
	require.NoError(t, err)
	want := facts(t)
	f.Signers[0].Subject, f.Claims[0].Value, f.Times[0].Authority, f.Inclusions[0].Index = "mallory", "y", "mallory", 7
	v.Signers()[0].Subject, v.Claims()[0].Value, v.Times()[0].Authority, v.Inclusions()[0].Index = "eve", "z", "eve", 8
	assert.False(t, v.IsZero())
	assert.Equal(t, want.Authority, v.Authority())
	assert.Equal(t, good, string(v.Statement().Bytes()))
	assert.Equal(t, want.Evidence, v.Evidence())
	assert.Equal(t, want.Signers, v.Signers())
	assert.Equal(t, want.Claims, v.Claims())
	assert.Equal(t, want.Times, v.Times())
	assert.Equal(t, want.Inclusions, v.Inclusions())
}

func TestSealRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*attest.Facts)
		code   attest.Code
	}{
		{"no authority", func(f *attest.Facts) { f.Authority = "" }, attest.CodeSealAuthority},
		{"no statement", func(f *attest.Facts) { f.Statement = nil }, attest.CodeSealStatement},
		{"the zero Statement", func(f *attest.Facts) { f.Statement = new(attest.Statement) }, attest.CodeSealStatement},
		{"no evidence", func(f *attest.Facts) { f.Evidence = digest.Digest{} }, attest.CodeSealStatement},
		{"no signer", func(f *attest.Facts) { f.Signers = nil }, attest.CodeSealSigner},
		{"a nameless signer", func(f *attest.Facts) {
			f.Signers = append(f.Signers, attest.Identity{Issuer: "https://issuer.example.com"})
		}, attest.CodeSealSigner},
		{"a claim of nobody who signed", func(f *attest.Facts) { f.Claims[0].Principal = "bob" }, attest.CodeSealClaim},
		{"a claim without a name", func(f *attest.Facts) { f.Claims[0].Name = "" }, attest.CodeSealClaim},
		{"a claim twice", func(f *attest.Facts) {
			f.Claims = append(f.Claims, attest.Claim{Principal: "alice", Name: "1.2.3", Value: "y"})
		}, attest.CodeSealClaim},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := facts(t)
			test.change(&f)
			v, err := attest.Seal(f)
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, v)
		})
	}
}

func TestTheZeroVerifiedAnswersNothing(t *testing.T) {
	for _, v := range []*attest.Verified{nil, {}} {
		assert.True(t, v.IsZero())
		assert.Empty(t, v.Authority())
		assert.Nil(t, v.Statement())
		assert.True(t, v.Evidence().IsZero())
		assert.Empty(t, v.Signers())
		assert.Empty(t, v.Claims())
		assert.Empty(t, v.Times())
		assert.Empty(t, v.Inclusions())
	}
}

func TestPrincipal(t *testing.T) {
	assert.Equal(t, "alice", attest.Identity{Subject: "alice", Key: digest.FromBytes(nil)}.Principal())
	assert.Equal(t, "https://issuer#alice", attest.Identity{Issuer: "https://issuer", Subject: "alice"}.Principal())
}

func TestDescriptor(t *testing.T) {
	for name, d := range map[string]attest.Descriptor{
		"a URI": {URI: "https://example.com"}, "content": {Content: []byte("x")}, "a digest": {Digest: digest.Set{"sha256": hexA}},
	} {
		assert.NoError(t, d.Validate(), name)
	}
	assert.ErrorIs(t, attest.Descriptor{Name: "x", MediaType: "y", DownloadLocation: "z"}.Validate(), attest.Is(attest.CodeDescriptor))
	assert.NotEmpty(t, attest.Reasons(attest.Descriptor{URI: "u", Digest: digest.Set{"sha256": "00"}}.Validate()))
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	e := attest.Refuse(attest.CodeJSON, "/a", "b", "c").Because(cause)
	assert.Equal(t, "attest.json.invalid at /a: want b, got c: cause", e.Error())
	assert.Equal(t, "attest.json.invalid", attest.Refuse(attest.CodeJSON, "", "", "").Error())
	assert.ErrorIs(t, e, cause)
	assert.ErrorIs(t, e, attest.Is(attest.CodeJSON))
	assert.NotErrorIs(t, e, attest.Is(attest.CodeLimit))
	assert.NotErrorIs(t, e, attest.Refuse(attest.CodeJSON, "/b", "", ""))

	tree := errors.Join(
		fmt.Errorf("wrapped: %w", attest.Refuse(attest.CodeNil, "x", "", "").Because(attest.Refuse(attest.CodeLimit, "y", "", ""))),
		cause, &digest.Error{Code: digest.CodeEmpty, Where: "z", Want: "w", Got: "g"})
	assert.Equal(t, []attest.Reason{
		{Code: attest.CodeNil, Where: "x"}, {Code: attest.CodeLimit, Where: "y"},
		{Code: attest.Code(digest.CodeEmpty), Where: "z", Want: "w", Got: "g"},
	}, attest.Reasons(tree))
	assert.Empty(t, attest.Reasons(nil))
	assert.Empty(t, attest.Reasons(cause))
}

func TestCodesAreCatalogued(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, code := range attest.Codes() {
		assert.Regexp(t, `^attest\.[a-z0-9-]+\.[a-z0-9-]+$`, string(code))
		assert.False(t, seen[code], code)
		seen[code] = true
	}
}
