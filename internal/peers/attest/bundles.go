package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"runtime"
	"time"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"
	upstream "github.com/sigstore/sigstore-go/pkg/bundle"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/batch"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/peers/goals"
)

// bundles measures keyless bundles beside sigstore-go.
func bundles(t *goals.Table) {
	real, body := published()
	i, s := instance()
	v1 := i.Bundle(tb{}, virtual.Recipe{Unstamped: true, Payload: statement(1).Bytes()})
	v2 := i.Bundle(tb{}, virtual.Recipe{Rekor: 2, Payload: statement(1).Bytes()})
	for _, c := range []struct {
		what       string
		side       side
		body       []byte
		bound      float64
		share      float64 // the bound as a share of what sigstore-go took when it was set
		p256, p384 int     // the signatures that no verifier can leave out
	}{
		{"Rekor v1 keyless bundle, published (P-384 authority)", real, body, 1.1, 1.1 / 2.24, 4, 1},
		{"Rekor v1 keyless bundle, virtual (P-256 authority)", s, v1, 1.1, 1.1 / 2.24, 5, 0},
		{"Rekor v2 keyless bundle, virtual (P-256 authority)", s, v2, 1.6, 1.6 / 4.15, 5, 0},
	} {
		ours, theirs := c.side.pair(c.body)
		d := times(15, 20, ours, theirs, signatures(c.p256, c.p384))
		t.AtMost(c.what+": CPU", d[0]/1000, c.bound, " ms").Beside(d[1] / 1000)
		t.AtMost(c.what+": CPU, of sigstore-go's", d[0]/d[1], c.share, "x")
		t.Measured(fmt.Sprintf("%s: CPU, of its %d signatures alone (%s ms)", c.what, c.p256+c.p384, goals.Figure(d[2]/1000)), d[0]/d[2], "x")
		mine, _ := cost(ours)
		other, _ := cost(theirs)
		t.AtMost(c.what+": allocations", mine, 300, "").Beside(other)
	}
}

// signatures returns a function that verifies so many ECDSA signatures and does
// nothing else: what a bundle with them cannot cost less than. They are of the
// certificate, its SCT, the log's promise or the timestamp, the checkpoint and the
// envelope.
func signatures(p256, p384 int) func() {
	small, large := signature(elliptic.P256(), crypto.SHA256), signature(elliptic.P384(), crypto.SHA384)
	return func() {
		for range p256 {
			small()
		}
		for range p384 {
			large()
		}
	}
}

func signature(curve elliptic.Curve, h crypto.Hash) func() {
	k := must(ecdsa.GenerateKey(curve, rand.Reader))
	sum := make([]byte, h.Size())
	sig := must(ecdsa.SignASN1(rand.Reader, k, sum))
	return func() {
		if !ecdsa.VerifyASN1(&k.PublicKey, sum, sig) {
			panic("refused")
		}
	}
}

// predicate measures a bundle with a predicate of 9.4 MB.
func predicate(t *goals.Table) {
	i, s := instance()
	payload := large().Bytes()
	size := float64(len(payload))
	small, _ := s.pair(i.Bundle(tb{}, virtual.Recipe{Rekor: 2, Payload: statement(1).Bytes()}))
	body := i.Bundle(tb{}, virtual.Recipe{Rekor: 2, Payload: payload})
	ours, _ := s.pair(body)
	theirs := func() {
		var b upstream.Bundle
		check(b.UnmarshalJSON(body))
		envelope := must(b.Envelope())
		must(envelope.Statement())
	}
	few, _ := cost(small)
	count, bytes := cost(ours)
	otherCount, otherBytes := cost(theirs)
	t.AtMost("predicate of 9.4 MB: bytes allocated, of its own", bytes/size, 1.1, "x").Beside(otherBytes / size)
	t.AtMost("predicate of 9.4 MB: allocations more than a small one's", count-few, 50, "").Beside(otherCount)
	d := times(3, 1, ours, theirs)
	t.Measured("predicate of 9.4 MB: CPU (sigstore-go's of its Statement alone)", d[0]/1000, " ms").Beside(d[1] / 1000)
}

// envelopes measures DSSE by keys beside the primitive, which is given the
// pre-authentication encoding.
func envelopes(t *goals.Table) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	curve := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	payload := statement(1).Bytes()
	pae := wire.PAE(attest.MediaTypeInToto, payload)
	for name, k := range map[string]crypto.Signer{"Ed25519": edwards, "P-256": curve} {
		signer := must(key.FromCryptoSigner(k))
		a := must(must(dsse.NewAttestor(signer)).Attest(context.Background(), statement(1)))
		v := must(dsse.NewVerifier(dsse.Trust{Authority: "peers", Keys: []dsse.Key{{Principal: "p", Public: k.Public()}}, Threshold: 1}))
		sig := must(signer.Sign(context.Background(), pae))
		bare := func() {
			sum := sha256.Sum256(pae)
			if !ecdsa.VerifyASN1(&curve.PublicKey, sum[:], sig) {
				panic("refused")
			}
		}
		if name == "Ed25519" {
			public := edwards.Public().(ed25519.PublicKey)
			bare = func() {
				if !ed25519.Verify(public, pae, sig) {
					panic("refused")
				}
			}
		}
		d := times(21, 200, func() { must(v.Verify(context.Background(), a, anything())) }, bare)
		t.AtMost("DSSE by one key, "+name+": CPU, of the bare primitive", d[0]/d[1], 1.3, "x")
	}
}

// cached measures a second look at a bundle.
func cached(t *goals.Table) {
	i, s := instance()
	a := attest.Attestation{MediaType: virtual.MediaType(3), Body: i.Bundle(tb{}, virtual.Recipe{Payload: statement(1).Bytes()})}
	cache := must(batch.NewCache(10, func() time.Time { return i.Now }))
	v := must(cache.Verifier(s.ours, batch.Scope{Policy: digest.FromBytes([]byte("p")), Epoch: "1", Edge: func(*attest.Verified) time.Time { return i.Now.Add(time.Hour) }}))
	d := times(21, 2000, func() { must(v.Verify(context.Background(), a, anything())) })
	runtime.KeepAlive(cache)
	t.AtMost("cached re-verification: CPU", d[0], 5, " us")
}
