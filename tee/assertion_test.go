package tee_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

func Test_assertionSurvivesParsing(t *testing.T) {
	for name, target := range map[string]attest.Descriptor{
		"with a target":    {URI: "oci://example.com/runner"},
		"without a target": {},
	} {
		t.Run(name, func(t *testing.T) {
			ev := exampleEvidence()
			ev.Binding.SPKI = spki(t, "signer")
			subject := attest.Descriptor{Name: "app", Digest: sha256Of("app").Set()}
			s, err := tee.Assertion([]attest.Descriptor{subject}, ev, target)
			require.NoError(t, err)
			again, err := tee.Assertion([]attest.Descriptor{subject}, ev, target)
			require.NoError(t, err)
			require.Equal(t, s.Bytes(), again.Bytes())

			a, err := tee.ParseAssertion(s)
			require.NoError(t, err)
			require.Equal(t, tee.ConditionsOf(ev), a.Conditions)
			require.Equal(t, []attest.Descriptor{subject}, a.Subjects)
			require.Equal(t, target.URI == "", a.Target == nil)
			require.NoError(t, a.Cites(ev))

			other := exampleEvidence()
			require.ErrorIs(t, a.Cites(other), attest.Is(tee.CodeAssertionEvidence))
			a.Conditions.BuildID = "another"
			require.ErrorIs(t, a.Cites(ev), attest.Is(tee.CodeAssertionEvidence))
		})
	}
	_, err := tee.Assertion(nil, exampleEvidence(), attest.Descriptor{})
	require.ErrorIs(t, err, attest.Is(attest.CodeNoSubject))
	_, err = tee.Assertion(nil, &tee.Evidence{}, attest.Descriptor{})
	require.Error(t, err)
	_, err = tee.Assertion(nil, exampleEvidence(), attest.Descriptor{Name: "only a name"})
	require.ErrorIs(t, err, attest.Is(tee.CodeAssertion))
}

// Test_malformedAssertionsAreRefused edits the predicate of a valid assertion.
func Test_malformedAssertionsAreRefused(t *testing.T) {
	subject := attest.Descriptor{Name: "app", Digest: sha256Of("app").Set()}
	valid, err := tee.Assertion([]attest.Descriptor{subject}, exampleEvidence(), attest.Descriptor{URI: "oci://example.com/runner"})
	require.NoError(t, err)
	type object = map[string]any
	cond := func(key string, v any) func(p, a object) {
		return func(_, a object) { a["conditions"].(object)[key] = v }
	}
	for name, c := range map[string]struct {
		code attest.Code
		edit func(predicate, attribute object)
	}{
		"another attribute":               {tee.CodeAssertion, func(_, a object) { a["attribute"] = "REPRODUCIBLE" }},
		"no attribute":                    {tee.CodeAssertion, func(p, _ object) { p["attributes"] = []any{} }},
		"two attributes":                  {tee.CodeAssertion, func(p, a object) { p["attributes"] = []any{a, a} }},
		"an unknown field":                {attest.CodePredicate, func(p, _ object) { p["producer"] = object{} }},
		"an unknown condition":            {attest.CodePredicate, cond("debug", true)},
		"no evidence":                     {tee.CodeAssertion, func(_, a object) { delete(a, "evidence") }},
		"evidence without SHA-256":        {tee.CodeAssertion, func(_, a object) { a["evidence"].(object)["digest"] = object{"sha512": "00"} }},
		"evidence of another media type":  {tee.CodeAssertion, func(_, a object) { a["evidence"].(object)["mediaType"] = "text/plain" }},
		"a target that names nothing":     {tee.CodeAssertion, func(_, a object) { a["target"] = object{"name": "x"} }},
		"a malformed kind":                {tee.CodeKind, cond("kind", "TPM")},
		"a nonce that is not hexadecimal": {tee.CodeAssertion, cond("nonce", "zz")},
		"a nonce in upper case":           {tee.CodeAssertion, cond("nonce", "AA0102030405060708090A0B0C0D0E0F10")},
		"a short nonce":                   {tee.CodeNonceSize, cond("nonce", "00")},
		"no purpose":                      {tee.CodePurpose, cond("purpose", "")},
		"a malformed statement":           {tee.CodeAssertion, cond("statement", "sha256:00")},
		"a malformed key":                 {tee.CodeAssertion, cond("key", "md5:d41d8cd98f00b204e9800998ecf8427e")},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			var p object
			require.NoError(t, json.Unmarshal(valid.Predicate(), &p))
			c.edit(p, p["attributes"].([]any)[0].(object))
			s, err := attest.NewStatement(tee.AssertionPredicateType, p, subject)
			require.NoError(t, err)
			a, err := tee.ParseAssertion(s)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, a)
		})
	}
	other, err := attest.NewStatement("https://in-toto.io/attestation/scai/v0.2", valid.Predicate(), subject)
	require.NoError(t, err)
	_, err = tee.ParseAssertion(other)
	require.ErrorIs(t, err, attest.Is(tee.CodeAssertion))
	_, err = tee.ParseAssertion(nil)
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
}
