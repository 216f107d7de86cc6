package mldsa_test

import (
	"testing"

	impl "filippo.io/mldsa"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/key/mldsa"
	"github.com/sealwright/sealwright/attest/rule"
)

var _ dsse.PublicKey = mldsa.PublicKey{}

func attestor(t testing.TB, signers ...attest.Signer) attest.Attestor {
	t.Helper()
	a, err := dsse.NewAttestor(signers...)
	require.NoError(t, err)
	return a
}

func verifierOf(t testing.TB, trust dsse.Trust) attest.Verifier {
	t.Helper()
	v, err := dsse.NewVerifier(trust)
	require.NoError(t, err)
	return v
}

func TestEnvelopesByMLDSAAloneKeepTheContracts(t *testing.T) {
	for _, p := range []impl.Parameters{impl.MLDSA44(), impl.MLDSA65(), impl.MLDSA87()} {
		t.Run(p.String(), func(t *testing.T) {
			s := signer(t, p, "alice")
			v := verifierOf(t, dsse.Trust{Authority: "test:pq", Keys: []dsse.Key{{Principal: "alice", Public: s.Public()}}, Threshold: 1})
			attesttest.TestAttestor(t, attestor(t, s), v)
			attesttest.TestVerifier(t, v, attestor(t, s), attestor(t, signer(t, p, "stranger")))
		})
	}
}

func TestTheHybridRuleInOneEnvelope(t *testing.T) {
	classical, pq := attesttest.Signer("alice"), signer(t, impl.MLDSA65(), "alice")
	trust := dsse.Trust{Authority: "test:hybrid", Threshold: 1, EveryKey: true,
		Keys: []dsse.Key{{Principal: "alice", Public: classical.Public()}, {Principal: "alice", Public: pq.Public()}}}
	v := verifierOf(t, trust)
	want := attest.Want{AnySubject: true}
	for name, test := range map[string]struct {
		signers []attest.Signer
		ok      bool
	}{
		"both":                       {[]attest.Signer{classical, pq}, true},
		"both and a stranger":        {[]attest.Signer{attesttest.Signer("bob"), pq, classical}, true},
		"the classical alone":        {[]attest.Signer{classical}, false},
		"ML-DSA alone":               {[]attest.Signer{pq}, false},
		"ML-DSA of another set":      {[]attest.Signer{classical, signer(t, impl.MLDSA44(), "alice")}, false},
		"another's ML-DSA":           {[]attest.Signer{classical, signer(t, impl.MLDSA65(), "bob")}, false},
		"another's classical beside": {[]attest.Signer{attesttest.Signer("bob"), pq}, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := attestor(t, test.signers...).Attest(t.Context(), statement(t))
			require.NoError(t, err)
			got, err := v.Verify(t.Context(), a, want)
			if !test.ok {
				require.ErrorIs(t, err, attest.Is(dsse.CodeThreshold))
				return
			}
			require.NoError(t, err)
			require.Len(t, got.Signers(), 1)
			assert.Equal(t, "alice", got.Signers()[0].Principal())
		})
	}
	trust.EveryKey = false
	a, err := attestor(t, pq).Attest(t.Context(), statement(t))
	require.NoError(t, err)
	_, err = verifierOf(t, trust).Verify(t.Context(), a, want)
	require.NoError(t, err, "without the rule one key of a principal is enough")
}

func TestTheHybridRuleOverTwoAttestations(t *testing.T) {
	classical, pq := attesttest.Signer("alice"), signer(t, impl.MLDSA65(), "alice")
	verified := func(s attest.Signer) *attest.Verified {
		a, err := attestor(t, s).Attest(t.Context(), statement(t))
		require.NoError(t, err)
		v, err := verifierOf(t, dsse.Trust{Authority: "test:one", Keys: []dsse.Key{{Principal: "alice", Public: s.Public()}}, Threshold: 1}).Verify(t.Context(), a, attest.Want{AnySubject: true})
		require.NoError(t, err)
		return v
	}
	fingerprint := func(s attest.Signer) digest.Digest {
		if k, ok := s.Public().(dsse.PublicKey); ok {
			d, err := k.Fingerprint()
			require.NoError(t, err)
			return d
		}
		d, err := key.Fingerprint(s.Public())
		require.NoError(t, err)
		return d
	}
	q := rule.Quorum{Rule: rule.Hybrid(fingerprint(classical), fingerprint(pq)), Authorities: []string{"test:one"}}
	want := attest.Want{AnySubject: true}
	require.NoError(t, q.Check(want, []*attest.Verified{verified(classical), verified(pq)}))
	require.ErrorIs(t, q.Check(want, []*attest.Verified{verified(classical), verified(classical)}), attest.Is(rule.CodeNotMet))
	require.ErrorIs(t, q.Check(want, []*attest.Verified{verified(pq)}), attest.Is(rule.CodeNotMet))
	require.ErrorIs(t, rule.Hybrid(fingerprint(pq), fingerprint(pq)).Err(), attest.Is(rule.CodeDuplicate))
	require.ErrorIs(t, rule.Hybrid(fingerprint(pq), digest.Digest{}).Err(), attest.Is(rule.CodeMatch))
}

func TestAPublicKeyOfNothingIsRefused(t *testing.T) {
	_, err := dsse.NewVerifier(dsse.Trust{Authority: "a", Threshold: 1, Keys: []dsse.Key{{Principal: "p", Public: mldsa.PublicKey{}}}})
	require.ErrorIs(t, err, attest.Is(dsse.CodeTrustKey))
	one := mldsa.PublicKey{PublicKey: private(t, impl.MLDSA44(), "a").PublicKey()}
	assert.True(t, one.Equal(one))
	assert.True(t, one.Equal(one.PublicKey))
	assert.False(t, one.Equal(mldsa.PublicKey{PublicKey: private(t, impl.MLDSA44(), "b").PublicKey()}))
	assert.False(t, mldsa.PublicKey{}.Equal(one))
}
