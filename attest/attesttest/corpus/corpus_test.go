package corpus_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/attesttest/corpus"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/sigstore"
)

func TestTheCorporaHaveOneDefectPerCase(t *testing.T) {
	bundles, envelopes, proofs := corpus.Sigstore(t), corpus.Envelopes(t), corpus.Proofs(t)
	root, err := sigstore.ParseTrustedRoot(bundles.Root)
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{
		Authority: "test:corpus", Root: root, Witnesses: bundles.Witnesses,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(bundles.Issuer), Subject: sigstore.Exactly(bundles.Subject)}},
	})
	require.NoError(t, err)
	t.Run("bundles", func(t *testing.T) { bundles.Test(t, v) })

	e, err := dsse.NewVerifier(dsse.Trust{Authority: "test:corpus", Keys: envelopes.Keys, Threshold: 2})
	require.NoError(t, err)
	t.Run("envelopes", func(t *testing.T) { envelopes.Test(t, e) })

	b, err := batch.NewVerifier(batch.Trust{Authority: "test:corpus", Keys: proofs.Keys, Threshold: 2})
	require.NoError(t, err)
	t.Run("proofs", func(t *testing.T) { proofs.Test(t, b) })

	names, codes := map[string]bool{}, map[string]bool{}
	for kind, c := range map[string]corpus.Corpus{"bundles": bundles.Corpus, "envelopes": envelopes.Corpus, "proofs": proofs.Corpus} {
		for _, d := range c.Defects {
			assert.False(t, names[kind+": "+d.Name], "%s: %s stands twice", kind, d.Name)
			names[kind+": "+d.Name], codes[string(d.Code)] = true, true
		}
	}
	assert.GreaterOrEqual(t, len(names), 200)
	t.Logf("%d bundles, %d envelopes, %d proofs, %d codes", len(bundles.Defects), len(envelopes.Defects), len(proofs.Defects), len(codes))
}

// A verifier that looks at nothing fails the corpus.
func TestAVerifierThatMissesOneCheckIsFound(t *testing.T) {
	bundles := corpus.Sigstore(t)
	root, err := sigstore.ParseTrustedRoot(bundles.Root)
	require.NoError(t, err)
	careless, err := sigstore.NewVerifier(sigstore.Trust{ // without witnesses and certificate logs
		Authority: "test:corpus", Root: root, Demand: sigstore.Demand{SCTs: sigstore.None},
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(bundles.Issuer), Subject: sigstore.Exactly(bundles.Subject)}},
	})
	require.NoError(t, err)
	accepted := 0
	for _, d := range bundles.Defects {
		if _, err := careless.Verify(t.Context(), d.Attestation, corpus.Want()); err == nil {
			accepted++
		}
	}
	assert.Equal(t, 21, accepted, "the defects of witnesses and of certificate logs, and no others")
}
