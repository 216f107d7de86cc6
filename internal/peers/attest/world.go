package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	upstream "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// tb is a test that panics.
type tb struct{ testing.TB }

func (tb) Helper()                  {}
func (tb) Context() context.Context { return context.Background() }
func (tb) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

// side is one trust, in both libraries.
type side struct {
	ours   *sigstore.Verifier
	theirs func(body []byte)
}

func newSide(rootJSON []byte, issuer, subject string) side {
	material := must(root.NewTrustedRootFromJSON(rootJSON))
	identity := must(verify.NewShortCertificateIdentity(issuer, "", subject, ""))
	v := must(verify.NewVerifier(material, verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1), verify.WithSignedCertificateTimestamps(1)))
	policy := verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithCertificateIdentity(identity))
	return side{
		ours: must(sigstore.NewVerifier(sigstore.Trust{
			Authority: "peers", Root: must(sigstore.ParseTrustedRoot(rootJSON)),
			Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(issuer), Subject: sigstore.Exactly(subject)}},
		})),
		theirs: func(body []byte) {
			var b upstream.Bundle
			check(b.UnmarshalJSON(body))
			must(v.Verify(&b, policy))
		},
	}
}

func anything() attest.Want { return attest.Want{AnySubject: true} }

// pair returns one verification by each library, reading included.
func (s side) pair(body []byte) (ours, theirs func()) {
	var head struct {
		MediaType string `json:"mediaType"`
	}
	check(json.Unmarshal(body, &head))
	a := attest.Attestation{MediaType: head.MediaType, Body: body}
	return func() { must(s.ours.Verify(context.Background(), a, anything())) }, func() { s.theirs(body) }
}

// published is a provenance of npm that sigstore-go brings, logged in Rekor v1.
func published() (side, []byte) {
	out := must(exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output())
	dir := filepath.Join(strings.TrimSpace(string(out)), "pkg", "testing", "data")
	s := newSide(must(os.ReadFile(filepath.Join(dir, "trusted-roots", "public-good.json"))), "https://token.actions.githubusercontent.com",
		"https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main")
	return s, must(os.ReadFile(filepath.Join(dir, "bundles", "sigstore.js@2.0.0-provenance.sigstore.json")))
}

func instance() (*virtual.Instance, side) {
	i := virtual.New(tb{})
	return i, newSide(i.TrustedRoot(tb{}, nil), virtual.Issuer, virtual.Subject)
}

func statement(n int) *attest.Statement {
	return must(attest.NewStatement("https://example.com/p", map[string]int{"n": n},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes(fmt.Appendf(nil, "app %d", n)).Set()}))
}

// large is a statement of about 9.4 MB.
func large() *attest.Statement {
	var b bytes.Buffer
	b.WriteString(`{"resolvedDependencies":[`)
	for i := range 57_200 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"uri":"pkg:golang/example.com/module%d@v1.2.%d","name":"module %d","digest":{"sha256":"%064x"}}`, i, i, i, i)
	}
	b.WriteString(`]}`)
	return must(attest.NewStatement("https://slsa.dev/provenance/v1", json.RawMessage(b.Bytes()), attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}))
}
