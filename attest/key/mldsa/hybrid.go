package mldsa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"filippo.io/mldsa"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// The wire form of DSSE, in the field order of package dsse.
type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   []byte `json:"sig"`
}

func (e envelope) pae() []byte {
	head := fmt.Sprintf("DSSEv1 %d %s %d ", len(e.PayloadType), e.PayloadType, len(e.Payload))
	return append([]byte(head), e.Payload...)
}

func parse(body []byte) (envelope, error) {
	var e envelope
	if err := strictjson.Unmarshal(body, &e, strictjson.Options{Bytes: 32 << 20, Depth: 3, Values: 512}); err != nil {
		return e, attest.Refuse(CodeEnvelope, "envelope", "strict JSON", "").Because(err)
	}
	if e.PayloadType != attest.MediaTypeInToto || len(e.Payload) == 0 || len(e.Signatures) > 128 {
		return e, attest.Refuse(CodeEnvelope, "envelope", "an in-toto statement and at most 128 signatures", "another")
	}
	return e, nil
}

// NewHybridAttestor returns an Attestor that adds a signature by each signer to the
// DSSE envelopes of classical. The signers hold ML-DSA keys, each once.
func NewHybridAttestor(classical attest.Attestor, signers ...attest.Signer) (attest.Attestor, error) {
	if classical == nil || len(signers) == 0 || len(signers) > 64 {
		return nil, attest.Refuse(CodeSigner, "NewHybridAttestor", "a classical attestor and 1 to 64 signers", "not both")
	}
	a := &hybridAttestor{classical: classical}
	for i, s := range signers {
		where := "signers[" + strconv.Itoa(i) + "]"
		if s == nil {
			return nil, attest.Refuse(attest.CodeNil, where, "a signer", "nil")
		}
		public, ok := publicOf(s)
		if !ok {
			return nil, attest.Refuse(CodeSigner, where, "an ML-DSA key", fmt.Sprintf("%T", s.Public()))
		}
		print, err := Fingerprint(public)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(a.keys, func(k hybridSigner) bool { return k.print == print }) {
			return nil, attest.Refuse(CodeSigner, where, "each key once", print.String())
		}
		a.keys = append(a.keys, hybridSigner{s, public, print})
	}
	return a, nil
}

// publicOf returns the ML-DSA key of a signer, as this package or filippo.io/mldsa
// hold it.
func publicOf(s attest.Signer) (*mldsa.PublicKey, bool) {
	switch k := s.Public().(type) {
	case PublicKey:
		return k.PublicKey, k.PublicKey != nil
	case *mldsa.PublicKey:
		return k, k != nil
	}
	return nil, false
}

type hybridAttestor struct {
	classical attest.Attestor
	keys      []hybridSigner
}

type hybridSigner struct {
	signer attest.Signer
	public *mldsa.PublicKey
	print  digest.Digest
}

func (a *hybridAttestor) Attest(ctx context.Context, statement *attest.Statement) (attest.Attestation, error) {
	var none attest.Attestation
	out, err := a.classical.Attest(ctx, statement)
	if err != nil {
		return none, err
	}
	if out.MediaType != attest.MediaTypeDSSE {
		return none, attest.Refuse(CodeEnvelope, "classical attestation", attest.MediaTypeDSSE, strconv.Quote(out.MediaType))
	}
	e, err := parse(out.Body)
	if err != nil {
		return none, err
	}
	if !bytes.Equal(e.Payload, statement.Bytes()) {
		return none, attest.Refuse(CodeEnvelope, "/payload", "the statement", "another")
	}
	for _, k := range a.keys {
		sig, err := k.signer.Sign(ctx, e.pae())
		if err == nil {
			err = Verify(k.public, e.pae(), sig)
		}
		if err != nil {
			return none, attest.Refuse(CodeSigner, "signer "+k.print.String(), "a signature", "").Because(err)
		}
		e.Signatures = append(e.Signatures, signature{k.print.Hex, sig})
	}
	body, err := strictjson.Marshal(e)
	if err != nil {
		return none, attest.Refuse(CodeEnvelope, "envelope", "JSON", "").Because(err)
	}
	return attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}, nil
}

// A Key is an ML-DSA key and the principal that holds it.
type Key struct {
	Principal string // the one of the classical key that it complements
	Public    *mldsa.PublicKey
}

// HybridTrust is what a hybrid verifier believes.
type HybridTrust struct {
	// Authority names this trust, as policies list it; not empty.
	Authority string
	// Classical verifies the classical signatures of DSSE envelopes. It must skip
	// signatures by keys that it does not know, as package dsse does.
	Classical attest.Verifier
	// Keys are the trusted ML-DSA keys, each once.
	Keys []Key
	// Threshold is how many distinct principals must have signed with a classical
	// and with an ML-DSA key. Its zero value is refused.
	Threshold int
}

// NewHybridVerifier returns a Verifier that accepts an envelope if the classical
// verifier does and enough of the principals that it names also signed with an
// ML-DSA key of theirs. The Verified names the principals who count, each once, as
// the classical verifier does, and no others.
func NewHybridVerifier(t HybridTrust) (attest.Verifier, error) {
	var faults []error
	refuse := func(where, want, got string, err error) {
		faults = append(faults, attest.Refuse(CodeTrust, where, want, got).Because(err))
	}
	if t.Authority == "" || t.Classical == nil {
		refuse("HybridTrust", "an authority and a classical verifier", "not both", nil)
	}
	v := &hybridVerifier{trust: t}
	v.trust.Keys = slices.Clone(t.Keys)
	var prints []digest.Digest
	principals := map[string]bool{}
	for i, k := range t.Keys {
		where := "HybridTrust.Keys[" + strconv.Itoa(i) + "]"
		print, err := Fingerprint(k.Public)
		switch {
		case err != nil:
			refuse(where, "a key", "", err)
		case k.Principal == "":
			refuse(where, "a principal", "none", nil)
		case slices.Contains(prints, print):
			refuse(where, "each key once", print.String(), nil)
		}
		prints = append(prints, print)
		principals[k.Principal] = true
	}
	if t.Threshold < 1 || t.Threshold > len(principals) {
		refuse("HybridTrust.Threshold", "1 to "+strconv.Itoa(len(principals)), strconv.Itoa(t.Threshold), nil)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return v, nil
}

type hybridVerifier struct {
	trust HybridTrust
}

func (v *hybridVerifier) Verify(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
	classical, err := v.trust.Classical.Verify(ctx, a, want)
	if err != nil {
		return nil, err
	}
	if classical.IsZero() {
		return nil, attest.Refuse(attest.CodeUnverified, "classical verifier", "a Verified or an error", "neither")
	}
	e, err := parse(a.Body)
	if err != nil {
		return nil, err
	}
	if a.MediaType != attest.MediaTypeDSSE || !bytes.Equal(e.Payload, classical.Statement().Bytes()) {
		return nil, attest.Refuse(CodeEnvelope, "/payload", "the statement that was verified", "another")
	}
	signers, n, err := v.both(ctx, classical.Signers(), e)
	if err != nil {
		return nil, err
	}
	if n < v.trust.Threshold {
		return nil, attest.Refuse(CodeThreshold, "/signatures", strconv.Itoa(v.trust.Threshold)+" principals with a classical and an ML-DSA signature", strconv.Itoa(n))
	}
	return attest.Seal(attest.Facts{
		Authority: v.trust.Authority, Statement: classical.Statement(), Evidence: digest.FromBytes(a.Body),
		Signers: signers, Times: classical.Times(), Inclusions: classical.Inclusions(),
	})
}

// both returns the identities of those who signed both ways, and how many they
// are.
func (v *hybridVerifier) both(ctx context.Context, classical []attest.Identity, e envelope) ([]attest.Identity, int, error) {
	pae := e.pae()
	var signers []attest.Identity
	counted := map[string]bool{}
	for _, k := range v.trust.Keys {
		mine := func(c attest.Identity) bool { return c.Principal() == k.Principal }
		if !slices.ContainsFunc(classical, mine) {
			continue
		}
		if err := alive(ctx); err != nil {
			return nil, 0, err
		}
		size := k.Public.Parameters().SignatureSize()
		if !slices.ContainsFunc(e.Signatures, func(s signature) bool { return len(s.Sig) == size && Verify(k.Public, pae, s.Sig) == nil }) {
			continue
		}
		if !counted[k.Principal] {
			counted[k.Principal] = true
			signers = append(signers, classical[slices.IndexFunc(classical, mine)])
		}
	}
	return signers, len(counted), nil
}
