package corpus

import (
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A SigstoreCorpus is a Corpus of Sigstore bundles under certificates.
type SigstoreCorpus struct {
	Corpus
	// Root is a trusted_root.json; one log, one timestamp authority or a Rekor v1
	// log's time, and one certificate transparency log are demanded.
	Root []byte
	// Issuer and Subject are who may sign.
	Issuer, Subject string
	// Witnesses must have cosigned each checkpoint.
	Witnesses *tlog.Witnesses
}

// recipe is how a bundle with one fault is made.
type recipe struct {
	name   string
	recipe virtual.Recipe
	code   attest.Code
}

// statement is what the attestations of a corpus say.
func statement(t testing.TB) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Sigstore returns a corpus of bundles of versions 0.1 to 0.3 from Rekor v1 and
// v2.
func Sigstore(t testing.TB) *SigstoreCorpus {
	t.Helper()
	i, other := virtual.New(t), virtual.New(t)
	witnesses := []*virtual.Witness{virtual.NewWitness(t, "w1.example"), virtual.NewWitness(t, "w2.example"), virtual.NewWitness(t, "w3.example")}
	payload := statement(t).Bytes()
	bundle := func(r virtual.Recipe) attest.Attestation {
		if r.Payload == nil {
			r.Payload = payload
		}
		if r.Version == 0 {
			r.Version = 3
		}
		if r.Witnesses == nil {
			r.Witnesses = witnesses[:2]
		}
		return attest.Attestation{MediaType: virtual.MediaType(r.Version), Body: i.Bundle(t, r)}
	}
	c := &SigstoreCorpus{
		Root: i.TrustedRoot(t, nil), Issuer: virtual.Issuer, Subject: virtual.Subject, Witnesses: virtual.Quorum(t, 2, witnesses...),
	}
	c.Valid = map[string]attest.Attestation{
		"0.1, Rekor v1, promise and proof": bundle(virtual.Recipe{Version: 1, Entry: func(e *virtual.Entry) { e.NoProof = false }}),
		"0.2, Rekor v1, dsse":              bundle(virtual.Recipe{Version: 2}),
		"0.3, Rekor v1, dsse":              bundle(virtual.Recipe{}),
		"0.3, Rekor v1, intoto":            bundle(virtual.Recipe{Kind: "intoto"}),
		"0.3, Rekor v2, hashedrekord":      bundle(virtual.Recipe{Rekor: 2}),
		"0.3, Rekor v2, dsse":              bundle(virtual.Recipe{Rekor: 2, Kind: "dsse"}),
		"a stranger's signature before the log's": bundle(signatures(func(lines []string) []string {
			return append([]string{lineOf("stranger.example", []byte{1, 2, 3, 4, 5})}, lines...)
		})),
		"three witnesses": bundle(virtual.Recipe{Witnesses: witnesses}),
	}
	for _, group := range []func(i, other *virtual.Instance) []recipe{
		bundleDefects, certificateDefects, sctDefects, entryDefects, proofDefects, checkpointDefects, rekorV2Defects, stampDefects,
	} {
		for _, r := range group(i, other) {
			c.Defects = append(c.Defects, Defect{r.name, bundle(r.recipe), r.code})
		}
	}
	for _, r := range witnessDefects(t, witnesses) {
		c.Defects = append(c.Defects, Defect{r.name, bundle(r.recipe), r.code})
	}
	return c
}
