package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
	"github.com/sealwright/sealwright/attest/tuf"
)

// bench is a directory of files, a Sigstore instance, and the program in them.
type bench struct {
	t        *testing.T
	dir      string
	world    *signtest.World
	out, err bytes.Buffer
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), world: signtest.New(t)}
	b.write("artifact", []byte("an artifact"))
	b.write("root.json", b.world.Instance.TrustedRoot(t, nil))
	b.write("config.json", b.world.SigningConfig(1, 2))
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) write(name string, content []byte) {
	b.t.Helper()
	require.NoError(b.t, os.WriteFile(b.path(name), content, 0o600))
}

func (b *bench) run(args ...string) int {
	b.out.Reset()
	b.err.Reset()
	m := machine{out: &b.out, err: &b.err, client: b.world.Client(), now: func() time.Time { return b.world.Instance.Now },
		cache: func() (string, error) { return b.dir, nil }}
	return m.run(b.t.Context(), args)
}

// signBundle signs in the suite's order of arguments.
func (b *bench) signBundle(more ...string) int {
	args := append([]string{"sign-bundle"}, more...)
	return b.run(append(args, "--identity-token", b.world.Token, "--bundle", b.path("bundle.json"),
		"--trusted-root", b.path("root.json"), "--signing-config", b.path("config.json"), b.path("artifact"))...)
}

// verifyBundle verifies in the suite's order of arguments.
func (b *bench) verifyBundle(artifact string) int {
	return b.run("verify-bundle", "--bundle", b.path("bundle.json"), "--certificate-identity", virtual.Subject,
		"--certificate-oidc-issuer", virtual.Issuer, "--trusted-root", b.path("root.json"), artifact)
}

func hexOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestWhatIsSignedIsVerified(t *testing.T) {
	for name, logs := range map[string][]int{"Rekor v1": {1}, "Rekor v2": {1, 2}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.write("config.json", b.world.SigningConfig(logs...))
			require.Zero(t, b.signBundle(), b.err.String())
			require.Zero(t, b.verifyBundle(b.path("artifact")), b.err.String())
			assert.Equal(t, "verified\n", b.out.String())
			require.Zero(t, b.verifyBundle("sha256:"+hexOf([]byte("an artifact"))), b.err.String())
			assert.Equal(t, 1, b.verifyBundle("sha256:"+hexOf([]byte("another"))))
			assert.Contains(t, b.err.String(), "attest.sigstore.artifact")
		})
	}
}

func TestAStatementIsSignedAndVerifiedForItsSubject(t *testing.T) {
	b := newBench(t)
	s, err := attest.NewStatement("https://example.com/p", map[string]int{}, attest.Descriptor{Name: "a", Digest: digest.FromBytes([]byte("subject")).Set()})
	require.NoError(t, err)
	b.write("artifact", s.Bytes())
	require.Zero(t, b.signBundle("--in-toto"), b.err.String())
	require.Zero(t, b.verifyBundle("sha256:"+hexOf([]byte("subject"))), b.err.String())
	b.write("subject", []byte("subject"))
	require.Zero(t, b.verifyBundle(b.path("subject")), b.err.String())
	assert.Equal(t, 1, b.verifyBundle(b.path("artifact")), "the statement is not its own subject")
	assert.Contains(t, b.err.String(), "attest.want.subject")

	b.write("artifact", []byte(`{"_type":"x"}`))
	assert.Equal(t, 1, b.signBundle("--in-toto"))
	assert.Contains(t, b.err.String(), "attest.statement.type")
}

func TestAnOlderStatementIsVerifiedForItsSubject(t *testing.T) {
	b := newBench(t)
	statement := func(kind, more string) []byte {
		return []byte(`{"_type":"` + kind + `","subject":[{"name":"a","digest":{"sha256":"` + hexOf([]byte("an artifact")) + `"}}]` + more + `,"predicateType":"https://example.com/p","predicate":{}}`)
	}
	for name, c := range map[string]struct {
		payload []byte
		want    int
		reason  string
	}{
		"version 0.1":     {statement("https://in-toto.io/Statement/v0.1", ""), 0, ""},
		"an unknown type": {statement("https://in-toto.io/Statement/v9", ""), 1, "attest.statement.type"},
		"two subjects":    {statement("https://in-toto.io/Statement/v0.1", `,"subject":[]`), 1, "attest.json.invalid"},
	} {
		b.write("bundle.json", b.world.Instance.Bundle(t, virtual.Recipe{Payload: c.payload}))
		assert.Equal(t, c.want, b.verifyBundle(b.path("artifact")), name+b.err.String())
		assert.Contains(t, b.err.String(), c.reason, name)
	}
}

func TestAFileWithTheNameOfADigestIsAFile(t *testing.T) {
	b := newBench(t)
	require.Zero(t, b.signBundle())
	t.Chdir(b.dir)
	name := "sha256:" + hexOf([]byte("an artifact"))
	b.write(name, []byte("something else"))
	assert.Equal(t, 1, b.verifyBundle(name))
	assert.Equal(t, 4, b.verifyBundle("sha256:00"), "not of the length of a digest: a file that is missing")
}

func TestAKeyIsVerifiedInPlaceOfAName(t *testing.T) {
	b := newBench(t)
	der, err := x509.MarshalPKIXPublicKey(b.world.Instance.Signer.Public())
	require.NoError(t, err)
	b.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	keyed := func(r virtual.Recipe) int {
		r.Message, r.Payload = true, []byte("an artifact")
		b.write("bundle.json", b.world.Instance.Bundle(t, r))
		return b.run("verify-bundle", "--bundle", b.path("bundle.json"), "--key", b.path("key.pem"), "--trusted-root", b.path("root.json"), b.path("artifact"))
	}
	assert.Zero(t, keyed(virtual.Recipe{LongLived: true}), b.err.String())
	assert.Zero(t, keyed(virtual.Recipe{LongLived: true, Rekor: 2, Unstamped: true}), b.err.String())
	assert.Equal(t, 1, keyed(virtual.Recipe{}), "a certificate where a key is wanted")
	assert.Contains(t, b.err.String(), "attest.sigstore.key-needed")
	b.write("bundle.json", b.world.Instance.Bundle(t, virtual.Recipe{Message: true, Payload: []byte("an artifact"), LongLived: true}))
	assert.Equal(t, 1, b.verifyBundle(b.path("artifact")), "a key where a certificate is wanted")
	assert.Contains(t, b.err.String(), "attest.sigstore.certificate-needed")
}

func TestAKeyNeedsWhatItsRootCanGive(t *testing.T) {
	b := newBench(t)
	der, err := x509.MarshalPKIXPublicKey(b.world.Instance.Signer.Public())
	require.NoError(t, err)
	b.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	without := func(fields ...string) {
		b.write("root.json", b.world.Instance.TrustedRoot(t, func(root map[string]any) {
			for _, name := range fields {
				delete(root, name)
			}
		}))
	}
	keyed := func(unlogged, unstamped bool) int {
		r := virtual.Recipe{Message: true, Payload: []byte("an artifact"), LongLived: true, Unlogged: unlogged, Unstamped: unstamped}
		r.Document = func(d map[string]any) {
			d["verificationMaterial"].(map[string]any)["publicKey"] = map[string]any{"hint": "as the signer calls it"}
		}
		b.write("bundle.json", b.world.Instance.Bundle(t, r))
		return b.run("verify-bundle", "--bundle", b.path("bundle.json"), "--key", b.path("key.pem"), "--trusted-root", b.path("root.json"), b.path("artifact"))
	}
	assert.Zero(t, keyed(false, true), b.err.String())
	assert.Equal(t, 1, keyed(true, false), "no log")
	without("tlogs")
	assert.Zero(t, keyed(true, false), b.err.String())
	assert.Equal(t, 1, keyed(true, true), "no time-stamp")
	without("tlogs", "timestampAuthorities", "ctlogs", "certificateAuthorities")
	assert.Zero(t, keyed(true, true), b.err.String())
}

func TestABundleThatIsBrokenIsRefused(t *testing.T) {
	b := newBench(t)
	broken := map[string]virtual.Recipe{
		"another signature":   {Signature: func(s []byte) []byte { return append(s, 0) }},
		"no log entry":        {Unlogged: true},
		"no proof":            {Entry: func(e *virtual.Entry) { e.NoProof = true }},
		"no SCT":              {SCTs: func([]*virtual.SCT) []*virtual.SCT { return nil }},
		"an unsigned promise": {Entry: func(e *virtual.Entry) { e.Promise = func(s []byte) []byte { return s[:len(s)-1] } }},
		"another media type":  {Document: func(d map[string]any) { d["mediaType"] = "application/json" }},
		"an unknown field":    {Document: func(d map[string]any) { d["more"] = 1 }},
	}
	for name, r := range broken {
		r.Message, r.Payload = true, []byte("an artifact")
		b.write("bundle.json", b.world.Instance.Bundle(t, r))
		assert.Equal(t, 1, b.verifyBundle(b.path("artifact")), name)
		assert.Contains(t, b.err.String(), "attest.", name)
		assert.Empty(t, b.out.String(), name)
	}
	b.write("bundle.json", []byte("{"))
	assert.Equal(t, 1, b.verifyBundle(b.path("artifact")))
}

func TestABundleThatTheRootDoesNotTrustIsNotWritten(t *testing.T) {
	b := newBench(t)
	b.write("root.json", virtual.New(t).TrustedRoot(t, nil))
	assert.Equal(t, 1, b.signBundle())
	assert.NoFileExists(t, b.path("bundle.json"))
}

func TestMisuseIsToldFromRefusal(t *testing.T) {
	b := newBench(t)
	for _, args := range [][]string{
		{}, {"sign"}, {"verify-bundle"}, {"verify-bundle", "--bundle", "x"}, {"verify-bundle", "--what", "x", "y"},
		{"verify-bundle", "--bundle", "x", "y"}, {"verify-bundle", "--bundle", "x", "--key", "k", "--certificate-identity", "i", "y"},
		{"verify-bundle", "--bundle", "x", "--certificate-identity", "i", "y"}, {"sign-bundle", "--bundle", "x", "--identity-token", "no", "y"},
	} {
		assert.Equal(t, 2, b.run(args...), "%v", args)
	}
	assert.Zero(t, b.run("-h"))
	assert.Contains(t, b.out.String(), "sign-bundle")
	assert.Zero(t, b.run("verify-bundle", "-h"))
	assert.Contains(t, b.err.String(), "certificate-oidc-issuer")
	assert.Equal(t, 4, b.run("verify-bundle", "--bundle", b.path("absent"), "--key", "k", b.path("artifact")))
}

type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("offline") }

func TestTheRootsOfThePublicInstancesAreUsable(t *testing.T) {
	b := newBench(t)
	b.write("bundle.json", []byte("{}"))
	for _, staging := range [][]string{nil, {"--staging"}} {
		m := machine{out: &b.out, err: &b.err, client: &http.Client{Transport: offline{}}, now: time.Now, cache: func() (string, error) { return b.dir, nil }}
		args := append([]string{"verify-bundle"}, staging...)
		args = append(args, "--bundle", b.path("bundle.json"), "--certificate-identity", "a", "--certificate-oidc-issuer", "b", b.path("artifact"))
		err := m.command(t.Context(), args)
		assert.ErrorIs(t, err, attest.Is(tuf.CodeTransport))
	}
}

func TestAnInterruptIsIncomplete(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := machine{out: &b.out, err: &b.err, client: b.world.Client(), now: time.Now, cache: func() (string, error) { return b.dir, nil }}
	assert.Equal(t, 3, m.run(ctx, []string{"verify-bundle", "--bundle", b.path("root.json"), "--certificate-identity", "a", "--certificate-oidc-issuer", "b", b.path("artifact")}))
}
