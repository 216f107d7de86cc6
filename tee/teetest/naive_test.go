package teetest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// naive is a second, straightforward verifier of TPM evidence that can be told
// to forget one thing. Forgetting nothing it conforms; forgetting anything the
// kit must notice.
type naive struct{ forget string }

const codeNaive attest.Code = "tee-naive.check.failed"

func refuse(what string) error { return attest.Refuse(codeNaive, what, "", "") }

// must refuses unless ok, or unless what is forgotten.
func (n naive) must(what string, ok bool) error {
	if ok || n.forget == what {
		return nil
	}
	return refuse(what)
}

func (naive) Kind() tee.Kind { return tpm2.Kind }

func (n naive) Verify(ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
	if n.forget != "cancellation" && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := p.Validate(); err != nil && n.forget != "parameters" {
		return nil, err
	}
	if n.forget == "throwaway roots" {
		p.AllowThrowaway = true
	}
	if err := ev.Validate(); err != nil {
		return nil, err
	}
	if ev.Kind != tpm2.Kind && n.forget != "kind" {
		return nil, attest.Refuse(tee.CodeEvidenceKind, "", "", "")
	}
	if ev.MediaType != tpm2.MediaTypeBundle && n.forget != "media type" {
		return nil, attest.Refuse(tee.CodeMediaType, "", "", "")
	}
	b, err := tpm2.ParseBundle(ev.Raw)
	if err != nil {
		return nil, err
	}
	w, leaf, err := n.chain(ev, p)
	if err != nil {
		return nil, err
	}
	return n.claims(b, leaf, w)
}

func (n naive) chain(ev *tee.Evidence, p tee.Params) (tee.Window, *x509.Certificate, error) {
	var certs []*x509.Certificate
	for _, e := range ev.Endorsements {
		if err := n.must("endorsement type", e.MediaType == tee.MediaTypeCertificate); err != nil {
			return tee.Window{}, nil, err
		}
		c, err := x509.ParseCertificate(e.Body)
		if err != nil {
			return tee.Window{}, nil, refuse("certificate")
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return tee.Window{}, nil, refuse("certificate")
	}
	leaf := certs[0]
	leaf.UnhandledCriticalExtensions = nil
	w := tee.Window{NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter}
	isAK := slices.ContainsFunc(leaf.UnknownExtKeyUsage, asn1.ObjectIdentifier{2, 23, 133, 8, 3}.Equal)
	err := n.must("usage", isAK)
	switch {
	case err != nil:
		return w, nil, err
	case n.forget == "chain":
		return w, leaf, nil
	case n.forget == "supplied root":
		p.Roots = append(slices.Clone(p.Roots), certs[len(certs)-1])
	case n.forget == "validity":
		p.Time = leaf.NotBefore.Add(1)
	}
	w, err = p.VerifyChain(leaf, certs[1:])
	return w, leaf, err
}

func (n naive) claims(b *tpm2.Bundle, leaf *x509.Certificate, w tee.Window) (*tee.Claims, error) {
	pub, name, err := n.key(b.Public, true)
	if err != nil {
		return nil, err
	}
	if err := n.must("certified key", pub.Equal(leaf.PublicKey)); err != nil {
		return nil, err
	}
	a, err := n.attested(b.Quote, b.Signature, pub, name, tpm.TPMSTAttestQuote, "quote")
	if err != nil {
		return nil, err
	}
	q, err := a.Attested.Quote()
	if n.forget == "quote type" && err != nil {
		// Looks at the bytes that it needs and takes the rest as read.
		q, n.forget = &tpm.TPMSQuoteInfo{}, "PCRs"
	} else if err != nil {
		return nil, refuse("quote")
	}
	c := &tee.Claims{
		ReportData: a.ExtraData.Buffer, HardwareID: name, Debug: tee.No, Migratable: tee.No,
		TCB: tee.TCBNotJudged, NotBefore: w.NotBefore, NotAfter: w.NotAfter,
		Vendor: map[string]any{"clock": a.ClockInfo.Clock, "boots": a.ClockInfo.ResetCount},
	}
	if err := n.must("qualifying data", len(c.ReportData) == sha256.Size); err != nil {
		return nil, err
	}
	if c.Measurements, err = n.pcrs(q, b.PCRs); err != nil {
		return nil, err
	}
	if err := n.held(c, b, pub, name); err != nil {
		return nil, err
	}
	return c, nil
}

// held checks the certified key, if there is one.
func (n naive) held(c *tee.Claims, b *tpm2.Bundle, ak *ecdsa.PublicKey, akName []byte) error {
	for _, k := range b.Key {
		pub, name, err := n.key(k.Public, false)
		if err != nil {
			return err
		}
		a, err := n.attested(k.Certify, k.Signature, ak, akName, tpm.TPMSTAttestCertify, "certification")
		if err != nil {
			return err
		}
		info, err := a.Attested.Certify()
		if err != nil {
			return refuse("certification")
		}
		if err := n.must("certified name", bytes.Equal(info.Name.Buffer, name)); err != nil {
			return err
		}
		if err := n.must("certified binding", bytes.Equal(a.ExtraData.Buffer, c.ReportData)); err != nil {
			return err
		}
		c.KeyPub = pub
	}
	return nil
}

func (n naive) key(b []byte, restricted bool) (*ecdsa.PublicKey, []byte, error) {
	p, err := tpm.Unmarshal[tpm.TPMTPublic](b)
	if err != nil {
		return nil, nil, refuse("public")
	}
	o, which := p.ObjectAttributes, map[bool]string{true: "AK ", false: "key "}[restricted]
	parms, err := p.Parameters.ECCDetail()
	if err != nil {
		return nil, nil, refuse("public")
	}
	scheme, err := parms.Scheme.Details.ECDSA()
	_, pubErr := tpm.ECDHPub(parms, mustECC(p))
	for _, err := range []error{
		n.must(which+"trailing bytes", bytes.Equal(tpm.Marshal(*p), b)),
		n.must(which+"restricted", o.Restricted == restricted),
		n.must(which+"fixed", o.FixedTPM && o.FixedParent),
		n.must(which+"origin", o.SensitiveDataOrigin),
		n.must(which+"use", o.SignEncrypt && !o.Decrypt),
		n.must(which+"name algorithm", p.NameAlg == tpm.TPMAlgSHA256),
		n.must(which+"scheme", err == nil && scheme.HashAlg == tpm.TPMAlgSHA256),
		n.must(which+"curve", parms.CurveID == tpm.TPMECCNistP256),
		pubErr,
	} {
		if err != nil {
			return nil, nil, errors.Join(refuse("public"), err)
		}
	}
	pub, err := tpm.ECDSAPub(parms, mustECC(p))
	sum := sha256.Sum256(b)
	return pub, append([]byte{0, 0x0b}, sum[:]...), err
}

func mustECC(p *tpm.TPMTPublic) *tpm.TPMSECCPoint {
	if e, err := p.Unique.ECC(); err == nil {
		return e
	}
	return &tpm.TPMSECCPoint{}
}

func (n naive) attested(b, sig []byte, pub *ecdsa.PublicKey, name []byte, kind tpm.TPMST, which string) (*tpm.TPMSAttest, error) {
	a, err := tpm.Unmarshal[tpm.TPMSAttest](b)
	if err != nil {
		return nil, refuse(which)
	}
	s, err := tpm.Unmarshal[tpm.TPMTSignature](sig)
	if err != nil {
		return nil, refuse(which)
	}
	sum := sha256.Sum256(b)
	rs, err := s.Signature.ECDSA()
	ok := err == nil && ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(rs.SignatureR.Buffer), new(big.Int).SetBytes(rs.SignatureS.Buffer))
	qualified := sha256.Sum256(append(binary.BigEndian.AppendUint32(nil, uint32(tpm.TPMRHEndorsement)), name...))
	for _, err := range []error{
		n.must(which+" signature", ok),
		n.must(which+" hash", err == nil && rs.Hash == tpm.TPMAlgSHA256),
		n.must(which+" magic", a.Magic == tpm.TPMGeneratedValue),
		n.must("signer", bytes.Equal(a.QualifiedSigner.Buffer, append([]byte{0, 0x0b}, qualified[:]...))),
		n.must(which+" trailing bytes", bytes.Equal(tpm.Marshal(*a), b)),
		n.must(which+" signature trailing bytes", bytes.Equal(tpm.Marshal(*s), sig)),
	} {
		if err != nil {
			return nil, err
		}
	}
	return a, n.must(which+" type", a.Type == kind)
}

func (n naive) pcrs(q *tpm.TPMSQuoteInfo, values []tpm2.PCR) ([]tee.Measurement, error) {
	if n.forget == "PCRs" {
		return nil, nil
	}
	var want []int
	for _, s := range q.PCRSelect.PCRSelections {
		if err := n.must("bank", s.Hash == tpm.TPMAlgSHA256); err != nil {
			return nil, err
		}
		for i := range 8 * len(s.PCRSelect) {
			if s.PCRSelect[i/8]>>(i%8)&1 == 1 {
				want = append(want, i)
			}
		}
	}
	for _, err := range []error{
		n.must("bank", len(q.PCRSelect.PCRSelections) == 1),
		n.must("empty selection", len(want) > 0),
		n.must("register range", len(want) == 0 || want[len(want)-1] < 24),
	} {
		if err != nil {
			return nil, err
		}
	}
	h := sha256.New()
	var out []tee.Measurement
	for _, v := range values {
		selected := slices.Contains(want, v.Index)
		if err := n.must("selection", selected); err != nil {
			return nil, err
		}
		if err := n.must("value length", len(v.Value) == sha256.Size); err != nil {
			return nil, err
		}
		if selected {
			h.Write(v.Value)
		}
		m := tee.Measurement{Register: "PCR", Index: v.Index, Selected: true}
		m.Value = digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(v.Value)}
		out = append(out, m)
	}
	return out, n.must("PCR digest", bytes.Equal(h.Sum(nil), q.PCRDigest.Buffer))
}
