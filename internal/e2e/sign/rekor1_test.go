package sign_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
)

// witness lets Rekor's own code read what is uploaded to the fake log, and
// compares the body that the fake includes with the one that Rekor would.
type witness struct {
	t    *testing.T
	next http.RoundTripper
	seen []string
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/log/entries" {
		return w.next.RoundTrip(r)
	}
	upload, err := io.ReadAll(r.Body)
	require.NoError(w.t, err)
	r.Body = io.NopCloser(bytes.NewReader(upload))
	proposal, err := models.UnmarshalProposedEntry(bytes.NewReader(upload), nil)
	require.NoError(w.t, err)
	require.NoError(w.t, proposal.Validate(nil))
	entry, err := types.CreateVersionedEntry(proposal)
	require.NoError(w.t, err)
	want, err := types.CanonicalizeEntry(r.Context(), entry)
	require.NoError(w.t, err)
	w.seen = append(w.seen, proposal.Kind())

	resp, err := w.next.RoundTrip(r)
	require.NoError(w.t, err)
	answer, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	var entries map[string]struct {
		Body []byte `json:"body"`
	}
	require.NoError(w.t, json.Unmarshal(answer, &entries))
	require.Len(w.t, entries, 1)
	for _, e := range entries {
		assert.JSONEq(w.t, string(want), string(e.Body))
	}
	return resp, nil
}

func TestRekorsOwnCodeAcceptsWhatIsUploaded(t *testing.T) {
	world := signtest.New(t)
	root, err := sigstore.ParseTrustedRoot(world.Instance.TrustedRoot(t, nil))
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:e2e", Root: root,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject)}}})
	require.NoError(t, err)
	token, err := sign.ParseToken(world.Token)
	require.NoError(t, err)
	w := &witness{t: t, next: world.Client().Transport}
	s, err := sign.New(sign.Config{Client: &http.Client{Transport: w}, Services: world.Services(1), Verifier: v,
		Token: func(context.Context) (sign.Token, error) { return token, nil }})
	require.NoError(t, err)

	statement, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	_, err = s.Attest(t.Context(), statement)
	require.NoError(t, err)
	_, err = s.SignDigest(t.Context(), digest.FromBytes([]byte("an artifact")))
	require.NoError(t, err)
	assert.Equal(t, []string{"dsse", "hashedrekord"}, w.seen)
}
