package sigstore_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	upstream "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// subject is a bundle, what sigstore-go says of any variant of it, and what we
// say.
type subject struct {
	name   string
	body   []byte
	theirs func(body []byte) error
	ours   func(body []byte) error
	noOurs bool // sigstore-go is known to refuse this valid bundle
}

// mediaTypeOf is what a client does that has a file and no media type.
func mediaTypeOf(body []byte) string {
	var head struct {
		MediaType string `json:"mediaType"`
	}
	_ = json.Unmarshal(body, &head)
	return head.MediaType
}

func attestation(body []byte) attest.Attestation {
	return attest.Attestation{MediaType: mediaTypeOf(body), Body: body}
}

// theirVerifier is sigstore-go with the given demands.
func theirVerifier(t testing.TB, material root.TrustedMaterial, policy verify.PolicyOption, artifact verify.ArtifactPolicyOption, options ...verify.VerifierOption) func([]byte) error {
	t.Helper()
	v, err := verify.NewVerifier(material, options...)
	require.NoError(t, err)
	return func(body []byte) error {
		var b upstream.Bundle
		if err := b.UnmarshalJSON(body); err != nil {
			return err
		}
		_, err := v.Verify(&b, verify.NewPolicy(artifact, policy))
		return err
	}
}

func theirIdentity(t testing.TB, issuer, san string) verify.PolicyOption {
	t.Helper()
	id, err := verify.NewShortCertificateIdentity(issuer, "", san, "")
	require.NoError(t, err)
	return verify.WithCertificateIdentity(id)
}

func ourIdentity(issuer, san string) []sigstore.Identity {
	return []sigstore.Identity{{Issuer: sigstore.Exactly(issuer), Subject: sigstore.Exactly(san)}}
}

// upstreamDir is where sigstore-go keeps its test data.
func upstreamDir(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	require.NoError(t, err)
	return filepath.Join(strings.TrimSpace(string(out)), "pkg", "testing", "data")
}

func read(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	require.NoError(t, err)
	return b
}

// certified makes a subject of a bundle under a certificate.
func certified(t testing.TB, name string, body, rootJSON []byte, issuer, san string, scts int) subject {
	t.Helper()
	material, err := root.NewTrustedRootFromJSON(rootJSON)
	require.NoError(t, err)
	options := []verify.VerifierOption{verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1)}
	demand := sigstore.Demand{SCTs: sigstore.None}
	if scts > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(scts))
		demand.SCTs = scts
	}
	r, err := sigstore.ParseTrustedRoot(rootJSON)
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:e2e", Root: r, Identities: ourIdentity(issuer, san), Demand: demand})
	require.NoError(t, err)

	var doc struct {
		Message *struct {
			Digest struct {
				Digest []byte `json:"digest"`
			} `json:"messageDigest"`
		} `json:"messageSignature"`
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	artifact := verify.WithoutArtifactUnsafe()
	ours := func(body []byte) error {
		_, err := v.VerifyEnvelope(context.Background(), attestation(body), attest.MediaTypeInToto)
		return err
	}
	if doc.Message != nil {
		sum := doc.Message.Digest.Digest
		artifact = verify.WithArtifactDigest("sha256", sum)
		ours = func(body []byte) error {
			_, err := v.VerifyArtifact(context.Background(), attestation(body), digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum)})
			return err
		}
	}
	return subject{name: name, body: body, theirs: theirVerifier(t, material, theirIdentity(t, issuer, san), artifact, options...), ours: ours}
}

// subjects are all bundles that sigstore-go brings, and ours.
func subjects(t testing.TB) []subject {
	t.Helper()
	dir := upstreamDir(t)
	public := read(t, dir, "trusted-roots", "public-good.json")
	out := []subject{
		certified(t, "sigstore.js provenance", read(t, dir, "bundles", "sigstore.js@2.0.0-provenance.sigstore.json"), public,
			"https://token.actions.githubusercontent.com", "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main", 1),
		certified(t, "dsse", read(t, dir, "bundles", "dsse.sigstore.json"), public, "https://github.com/login/oauth", "brian@dehamer.com", 1),
		certified(t, "two signatures", read(t, dir, "bundles", "dsse-2sigs.sigstore.json"), public, "https://github.com/login/oauth", "brian@dehamer.com", 1),
		certified(t, "otherName", read(t, dir, "bundles", "othername.sigstore.json"), read(t, dir, "trusted-roots", "scaffolding.json"),
			"http://oidc.local:8080", "foo!oidc.local", 1),
		longLived(t, dir),
	}
	statement, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	i := virtual.New(t)
	for name, recipe := range map[string]virtual.Recipe{
		"virtual 0.1 v1 intoto":       {Version: 1, Kind: "intoto"},
		"virtual 0.2 v1 dsse":         {Version: 2},
		"virtual 0.3 v1 dsse":         {},
		"virtual 0.3 v1 hashedrekord": {Message: true},
		"virtual 0.3 v2 envelope":     {Rekor: 2},
		"virtual 0.3 v2 message":      {Rekor: 2, Message: true},
		"virtual 0.3 v2 dsse":         {Rekor: 2, Kind: "dsse"},
	} {
		recipe.Payload = statement.Bytes()
		s := certified(t, name, i.Bundle(t, recipe), i.TrustedRoot(t, nil), virtual.Issuer, virtual.Subject, 1)
		s.noOurs = recipe.Kind == "dsse" && recipe.Rekor == 2
		out = append(out, s)
	}
	return out
}

// longLived is the bundle that sigstore-go brings of a long-lived key.
func longLived(t testing.TB, dir string) subject {
	t.Helper()
	body := read(t, dir, "bundles", "public-key-validity.sigstore.json")
	rootJSON := read(t, dir, "trusted-roots", "public-key-validity.json")
	public, err := cryptoutils.UnmarshalPEMToPublicKey(read(t, dir, "public-keys", "public-key-validity.pem"))
	require.NoError(t, err)
	material, err := root.NewTrustedRootFromJSON(rootJSON)
	require.NoError(t, err)
	const hint = "IpekKjxVkmTfB4YqY8q5sGEAeVtF9x3m7jHdhAxpgjQ="
	verifier, err := signature.LoadVerifier(public, crypto.SHA256)
	require.NoError(t, err)
	keyed := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	keys := root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{hint: keyed})
	sum, err := base64.StdEncoding.DecodeString("auinVVUgn9bEQVfArtgBbnY/9DWhnPGG92hjFAFD/3I=")
	require.NoError(t, err)
	theirs := theirVerifier(t, root.TrustedMaterialCollection{material, keys}, verify.WithKey(),
		verify.WithArtifactDigest("sha256", sum), verify.WithObserverTimestamps(1))

	r, err := sigstore.ParseTrustedRoot(rootJSON)
	require.NoError(t, err)
	v, err := sigstore.NewKeyVerifier(sigstore.KeyTrust{
		Authority: "test:e2e", Root: r, Demand: sigstore.Demand{Logs: sigstore.None},
		Keys: []sigstore.Key{{Principal: "key", Public: public, Hint: hint}},
	})
	require.NoError(t, err)
	return subject{name: "long-lived key", body: body, theirs: theirs, ours: func(body []byte) error {
		_, err := v.VerifyArtifact(context.Background(), attestation(body), digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum)})
		return err
	}}
}

func TestBothJudgeEveryBundleAlike(t *testing.T) {
	for _, s := range subjects(t) {
		t.Run(s.name, func(t *testing.T) {
			theirs, ours := s.theirs(s.body), s.ours(s.body)
			t.Logf("sigstore-go: %v", theirs)
			t.Logf("sealwright:  %v", ours)
			switch {
			case s.noOurs:
				require.Error(t, theirs)
				require.NoError(t, ours)
			case strings.Contains(s.name, "two signatures"):
				require.Error(t, theirs)
				require.Error(t, ours)
			default:
				require.NoError(t, theirs)
				require.NoError(t, ours)
			}
		})
	}
}
