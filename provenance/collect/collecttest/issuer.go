package collecttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

// Audience is the audience of an Issuer's tokens.
const Audience = "https://sealwright.example/collect"

// An Issuer signs tokens as a platform does.
type Issuer struct {
	URL   string
	KeyID string
	Key   crypto.Signer
}

// NewIssuer returns an issuer with a fresh P-256 key.
func NewIssuer(t testing.TB, url string) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &Issuer{url, "key-1", key}
}

// Trust pins the issuer, its key and Audience.
func (i *Issuer) Trust(t testing.TB) oidc.Trust {
	return oidc.Trust{Issuer: i.URL, Audience: Audience, Keys: i.KeySet(t)}
}

// KeySet returns the JSON Web Key Set.
func (i *Issuer) KeySet(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.Key.Public(), KeyID: i.KeyID, Use: "sig"}}})
	require.NoError(t, err)
	return b
}

// Answers is what the issuer publishes, by URL.
func (i *Issuer) Answers(t testing.TB) map[string]string {
	t.Helper()
	return map[string]string{
		i.URL + "/.well-known/openid-configuration": `{"issuer":"` + i.URL + `","jwks_uri":"` + i.URL + `/keys","scopes_supported":["openid"]}`,
		i.URL + "/keys": string(i.KeySet(t)),
	}
}

// Registered returns the claims that every token has, valid around Now.
func (i *Issuer) Registered() map[string]any {
	return map[string]any{
		"iss": i.URL, "aud": Audience, "sub": "job:1", "jti": "1",
		"iat": Now().Unix(), "nbf": Now().Unix(), "exp": Now().Add(5 * time.Minute).Unix(),
	}
}

// Token signs the registered claims and others; one that is nil is removed.
func (i *Issuer) Token(t testing.TB, claims map[string]any) string {
	t.Helper()
	all := i.Registered()
	maps.Copy(all, claims)
	for name, value := range all {
		if value == nil {
			delete(all, name)
		}
	}
	payload, err := json.Marshal(all)
	require.NoError(t, err)
	return i.Sign(t, payload)
}

// Sign signs any payload, with ES256 or, under an RSA key, RS256.
func (i *Issuer) Sign(t testing.TB, payload []byte) string {
	t.Helper()
	algorithm := jose.ES256
	if _, ok := i.Key.(*ecdsa.PrivateKey); !ok {
		algorithm = jose.RS256
	}
	o := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", i.KeyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: i.Key}, o)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token
}
