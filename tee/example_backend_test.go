package tee_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
)

// A whole backend for a technology that package tee has never heard of: a chip
// that signs version ‖ report data (64) ‖ measurement (32) ‖ debug (1) with a
// P-256 key for which its maker issued a certificate.

const (
	toyKind      tee.Kind = "toy"
	toyMediaType          = "application/vnd.example.toy-report"
	toyVersion            = 1
	toySigned             = 1 + 64 + sha256.Size + 1
)

const (
	codeToyReport    attest.Code = "tee-toy.report.malformed"
	codeToySignature attest.Code = "tee-toy.report.signature"
)

// toyChip is the attester.
type toyChip struct {
	key         *ecdsa.PrivateKey
	chain       [][]byte
	measurement [sha256.Size]byte
	debug       byte
}

func newToyChip(maker *teetest.Authority, seed, firmware string, debug byte) (*toyChip, error) {
	c := &toyChip{key: teetest.Key(seed), measurement: sha256.Sum256([]byte(firmware)), debug: debug}
	var err error
	c.chain, err = maker.Issue(teetest.Leaf{Public: c.key.Public(), CommonName: "toy chip"})
	return c, err
}

func (*toyChip) Kind() tee.Kind { return toyKind }

func (c *toyChip) Quote(ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	data, err := b.Digest(toyKind, 64)
	if err != nil {
		return nil, err
	}
	report := slices.Concat([]byte{toyVersion}, data, c.measurement[:], []byte{c.debug})
	sig, err := teetest.SignASN1(c.key, report)
	if err != nil {
		return nil, err
	}
	ev := &tee.Evidence{
		Kind: toyKind, MediaType: toyMediaType, Raw: append(report, sig...),
		Endorsements: teetest.Chain(c.chain), Binding: b,
	}
	return ev.Clone(), nil
}

// toyVerifier is the backend.
type toyVerifier struct{}

func (toyVerifier) Kind() tee.Kind { return toyKind }

func (toyVerifier) Verify(ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := ev.Validate(); err != nil {
		return nil, err
	}
	if ev.Kind != toyKind {
		return nil, attest.Refuse(tee.CodeEvidenceKind, "Evidence.Kind", string(toyKind), string(ev.Kind))
	}
	if ev.MediaType != toyMediaType {
		return nil, attest.Refuse(tee.CodeMediaType, "Evidence.MediaType", toyMediaType, "another")
	}
	if len(ev.Raw) <= toySigned || ev.Raw[0] != toyVersion || ev.Raw[toySigned-1] > 1 {
		return nil, attest.Refuse(codeToyReport, "Evidence.Raw", "a report of version 1", "something else")
	}
	var certs []*x509.Certificate
	for _, e := range ev.Endorsements {
		c, err := x509.ParseCertificate(e.Body)
		if err != nil {
			return nil, attest.Refuse(tee.CodeChain, "Evidence.Endorsements", "certificates", "").Because(err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, attest.Refuse(tee.CodeChain, "Evidence.Endorsements", "a certificate of the chip", "none")
	}
	w, err := p.VerifyChain(certs[0], certs[1:])
	if err != nil {
		return nil, err
	}
	pub, ok := certs[0].PublicKey.(*ecdsa.PublicKey)
	sum := sha256.Sum256(ev.Raw[:toySigned])
	if !ok || !ecdsa.VerifyASN1(pub, sum[:], ev.Raw[toySigned:]) {
		return nil, attest.Refuse(codeToySignature, "Evidence.Raw", "a signature by the chip", "none")
	}
	debug := tee.No
	if ev.Raw[toySigned-1] == 1 {
		debug = tee.Yes
	}
	value := digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(ev.Raw[65 : 65+sha256.Size])}
	return &tee.Claims{
		ReportData:   bytes.Clone(ev.Raw[1:65]),
		Measurements: []tee.Measurement{{Register: "firmware", Value: value, Selected: true}},
		Debug:        debug, Migratable: tee.No, MemoryEncrypted: tee.Yes, TCB: tee.TCBNotJudged,
		NotBefore: w.NotBefore, NotAfter: w.NotAfter,
	}, nil
}

// Example_thirdBackend runs the conformance kit on a backend that is no part of
// this module.
func Example_thirdBackend() {
	maker, err := teetest.NewAuthority("toy maker")
	if err != nil {
		fmt.Println(err)
		return
	}
	foreign, err := teetest.NewAuthority("another maker")
	if err != nil {
		fmt.Println(err)
		return
	}
	chip, err := newToyChip(maker, "chip", "firmware 1", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	other, err := newToyChip(foreign, "other chip", "firmware 1", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = teetest.Check(context.Background(), teetest.Backend{
		Quoter: chip, Verifier: toyVerifier{}, Params: maker.Params(),
		Foreign: teetest.Foreign{Quoter: other, Params: foreign.Params()},
	})
	fmt.Println(err)
	// Output: <nil>
}
