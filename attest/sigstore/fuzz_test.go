package sigstore_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore"
)

func parsed(t testing.TB, body []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	require.NoError(t, json.Unmarshal(body, &doc))
	return doc
}

// FuzzBundle looks for a panic, for a verdict that is both or neither, and for a
// statement other than the one that was signed.
func FuzzBundle(f *testing.F) {
	i := virtual.New(f)
	v := verifierOf(f, i, nil)
	payload := aStatement(f).Bytes()
	for _, recipe := range valid() {
		f.Add(bundle(f, i, recipe).Body)
	}
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"tlogEntries":[{}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, mediaType := range []string{sigstore.MediaTypeBundle01, sigstore.MediaTypeBundle03} {
			got, err := v.Verify(t.Context(), attest.Attestation{MediaType: mediaType, Body: body}, anything())
			if (got == nil) == (err == nil) {
				t.Fatal("neither a verdict nor a reason, or both")
			}
			if err != nil && len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal without reason: %v", err)
			}
			if got != nil && string(got.Statement().Bytes()) != string(payload) {
				t.Fatal("a statement that nobody signed")
			}
		}
	})
}

// FuzzTrustedRoot looks for a panic and for a refusal without reason.
func FuzzTrustedRoot(f *testing.F) {
	i := virtual.New(f)
	f.Add(i.TrustedRoot(f, nil))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := sigstore.ParseTrustedRoot(body)
		if (r == nil) == (err == nil) {
			t.Fatal("neither a root nor a reason, or both")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatalf("a refusal without reason: %v", err)
		}
	})
}
