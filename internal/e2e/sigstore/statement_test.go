package sigstore_test

import (
	"encoding/json"
	"testing"

	upstream "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// TestAPublishedStatementV01IsReadAlike reads a bundle of 2022, whose statement is
// of version 0.1, by its own way only.
func TestAPublishedStatementV01IsReadAlike(t *testing.T) {
	dir := upstreamDir(t)
	body := read(t, dir, "bundles", "dsse.sigstore.json")
	r, err := sigstore.ParseTrustedRoot(read(t, dir, "trusted-roots", "public-good.json"))
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:e2e", Root: r, Identities: ourIdentity("https://github.com/login/oauth", "brian@dehamer.com")})
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), attestation(body), attest.Want{AnySubject: true})
	require.ErrorIs(t, err, attest.Is(attest.CodeStatementType))
	ours, err := v.VerifyStatementV01(t.Context(), attestation(body), attest.Want{AnySubject: true})
	require.NoError(t, err)

	var b upstream.Bundle
	require.NoError(t, b.UnmarshalJSON(body))
	envelope, err := b.Envelope()
	require.NoError(t, err)
	theirs, err := envelope.Statement()
	require.NoError(t, err)
	assert.Equal(t, sigstore.StatementTypeV01, theirs.GetType())
	assert.Equal(t, theirs.GetPredicateType(), ours.PredicateType())
	require.Len(t, ours.Subjects(), len(theirs.GetSubject()))
	for i, s := range theirs.GetSubject() {
		assert.Equal(t, s.GetName(), ours.Subjects()[i].Name)
		for algorithm, value := range s.GetDigest() {
			assert.Contains(t, ours.Subjects()[i].Digest.String(), algorithm+":"+value)
		}
	}
	predicate, err := json.Marshal(theirs.GetPredicate())
	require.NoError(t, err)
	assert.JSONEq(t, string(predicate), string(ours.Predicate()))
}
