package sigstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

func TestAStatementV01IsATypeOfItsOwn(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	old := strings.Replace(string(aStatement(t).Bytes()), attest.StatementType, sigstore.StatementTypeV01, 1)
	a := bundle(t, i, virtual.Recipe{Payload: []byte(old)})
	want := attest.Want{Subjects: []digest.Set{digest.FromBytes([]byte("app")).Set()}}

	got, err := v.VerifyStatementV01(t.Context(), a, want)
	require.NoError(t, err)
	assert.False(t, got.IsZero())
	assert.Equal(t, "app", got.Subjects()[0].Name)
	assert.Equal(t, "https://example.com/p", got.PredicateType())
	assert.JSONEq(t, `{"n":1}`, string(got.Predicate()))
	assert.Equal(t, old, string(got.Payload()))
	assert.Equal(t, virtual.Subject, got.Signer().Subject)

	_, err = v.Verify(t.Context(), a, want)
	require.ErrorIs(t, err, attest.Is(attest.CodeStatementType), "Verify takes Statement v1 alone")
	_, err = v.VerifyStatementV01(t.Context(), bundle(t, i, virtual.Recipe{}), want)
	require.ErrorIs(t, err, attest.Is(attest.CodeStatementType), "and this one v0.1 alone")
	_, err = v.VerifyStatementV01(t.Context(), a, attest.Want{Subjects: []digest.Set{digest.FromBytes([]byte("other")).Set()}})
	require.ErrorIs(t, err, attest.Is(attest.CodeWantSubject))
	_, err = v.VerifyStatementV01(t.Context(), a, attest.Want{})
	require.ErrorIs(t, err, attest.Is(attest.CodeWantEmpty))
	_, err = v.VerifyStatementV01(t.Context(), bundle(t, i, virtual.Recipe{Payload: []byte(old), Signature: flip}), want)
	require.ErrorIs(t, err, attest.Is(sigstore.CodeSignature))
	zero := &sigstore.StatementV01{}
	assert.True(t, zero.IsZero())
	assert.Nil(t, zero.Subjects())
	assert.Nil(t, zero.Predicate())
	assert.Empty(t, zero.PredicateType())
}

func TestAStatementV01IsReadNoMoreLaxlyThanV1(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	digests := `"digest":{"sha256":"` + hexOf([]byte("app")) + `"}`
	for name, test := range map[string]struct {
		payload string
		code    attest.Code
	}{
		"a key twice":                {`{"_type":"T","predicateType":"https://a.example/p","predicateType":"https://b.example/p","predicate":{},"subject":[{"name":"a",` + digests + `}]}`, attest.CodeJSON},
		"a key in another case":      {`{"_type":"T","PredicateType":"https://b.example/p","predicate":{},"subject":[{"name":"a",` + digests + `}]}`, attest.CodeJSON},
		"trailing bytes":             {`{"_type":"T","predicateType":"https://a.example/p","predicate":{},"subject":[{"name":"a",` + digests + `}]} x`, attest.CodeJSON},
		"no subject":                 {`{"_type":"T","predicateType":"https://a.example/p","predicate":{},"subject":[]}`, attest.CodeNoSubject},
		"a predicate that is a list": {`{"_type":"T","predicateType":"https://a.example/p","predicate":[],"subject":[{"name":"a",` + digests + `}]}`, attest.CodePredicate},
		"no predicate type":          {`{"_type":"T","predicate":{},"subject":[{"name":"a",` + digests + `}]}`, attest.CodePredicateType},
		"a subject without digest":   {`{"_type":"T","predicateType":"https://a.example/p","predicate":{},"subject":[{"name":"a"}]}`, attest.CodeSubjectDigest},
		"a subject without name":     {`{"_type":"T","predicateType":"https://a.example/p","predicate":{},"subject":[{` + digests + `}]}`, sigstore.CodeStatementV01},
		"two subjects of one name":   {`{"_type":"T","predicateType":"https://a.example/p","predicate":{},"subject":[{"name":"a",` + digests + `},{"name":"a",` + digests + `}]}`, sigstore.CodeStatementV01},
		"a type of the future":       {`{"_type":"https://in-toto.io/Statement/v2","predicateType":"https://a.example/p","predicate":{},"subject":[{"name":"a",` + digests + `}]}`, attest.CodeStatementType},
		"no type":                    {`{"predicateType":"https://a.example/p","predicate":{},"subject":[{"name":"a",` + digests + `}]}`, attest.CodeStatementType},
		"something that is no JSON":  {`x`, attest.CodeJSON},
		"a list":                     {`[]`, attest.CodeJSON},
	} {
		t.Run(name, func(t *testing.T) {
			payload := strings.Replace(test.payload, `"T"`, `"`+sigstore.StatementTypeV01+`"`, 1)
			got, err := v.VerifyStatementV01(t.Context(), bundle(t, i, virtual.Recipe{Payload: []byte(payload)}), anything())
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, got)
		})
	}
}
