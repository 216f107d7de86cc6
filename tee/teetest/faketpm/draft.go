package faketpm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"maps"
	"math/big"
	"slices"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// A draft is evidence before it is signed. Forgeries change it; seal then makes
// every signature over it valid.
type draft struct {
	binding tee.Binding
	ak, key *ecdsa.PrivateKey
	// akPublic and keyPublic are the public areas, quote and certify what the AK
	// signs, tail what follows the quote inside the signed bytes.
	akPublic, keyPublic tpm.TPMTPublic
	quote, certify      tpm.TPMSAttest
	tail                []byte
	hierarchy           tpm.TPMHandle // of the AK
	// certifier signs certify; the AK unless changed.
	certifier *ecdsa.PrivateKey
	pcrs      []tpm2.PCR
	leaf      teetest.Leaf
	// chain gives the certificates for leaf, wire and evidence change what was
	// signed.
	chain    func(*Platform, teetest.Leaf) ([][]byte, error)
	wire     func(*tpm2.Bundle) error
	evidence func(*tee.Evidence)
}

// draft returns what an honest TPM would sign for b.
func (p *Platform) draft(b tee.Binding) (*draft, error) {
	data, err := b.Digest(tpm2.Kind, sha256.Size)
	if err != nil {
		return nil, err
	}
	d := &draft{
		binding: b, ak: p.ak, key: p.key, certifier: p.ak, hierarchy: tpm.TPMRHEndorsement,
		akPublic: signing(true, p.ak.PublicKey), keyPublic: signing(false, p.key.PublicKey),
		leaf:  p.leaf(),
		chain: func(p *Platform, _ teetest.Leaf) ([][]byte, error) { return p.akChain, nil },
	}
	var selected []uint
	h := sha256.New()
	for _, i := range slices.Sorted(maps.Keys(p.config.PCRs)) {
		selected = append(selected, uint(i))
		h.Write(p.config.PCRs[i])
		d.pcrs = append(d.pcrs, tpm2.PCR{Index: i, Value: slices.Clone(p.config.PCRs[i])})
	}
	d.quote = attested(tpm.TPMSTAttestQuote, data)
	d.quote.Attested = tpm.NewTPMUAttest(tpm.TPMSTAttestQuote, &tpm.TPMSQuoteInfo{
		PCRSelect: tpm.TPMLPCRSelection{PCRSelections: []tpm.TPMSPCRSelection{
			{Hash: tpm.TPMAlgSHA256, PCRSelect: tpm.PCClientCompatible.PCRs(selected...)},
		}},
		PCRDigest: tpm.TPM2BDigest{Buffer: h.Sum(nil)},
	})
	d.certify = attested(tpm.TPMSTAttestCertify, data)
	d.certify.Attested = certification(nameOf(tpm.Marshal(d.keyPublic)))
	return d, nil
}

func certification(name []byte) tpm.TPMUAttest {
	return tpm.NewTPMUAttest(tpm.TPMSTAttestCertify, &tpm.TPMSCertifyInfo{
		Name: tpm.TPM2BName{Buffer: name}, QualifiedName: tpm.TPM2BName{Buffer: name},
	})
}

// attested is the head of every attestation of the fake, at the same moment
// after its only boot.
func attested(kind tpm.TPMST, data []byte) tpm.TPMSAttest {
	return tpm.TPMSAttest{
		Magic: tpm.TPMGeneratedValue, Type: kind,
		ExtraData:       tpm.TPM2BData{Buffer: data},
		ClockInfo:       tpm.TPMSClockInfo{Clock: 123456, ResetCount: 7, RestartCount: 1, Safe: true},
		FirmwareVersion: 0x2026,
	}
}

// seal signs d and returns the evidence.
func (d *draft) seal(p *Platform) (*tee.Evidence, error) {
	public := tpm.Marshal(d.akPublic)
	// A primary key's Qualified Name hashes its hierarchy and its Name.
	hierarchy := binary.BigEndian.AppendUint32(nil, uint32(d.hierarchy))
	qualified := nameOf(append(hierarchy, nameOf(public)...))
	d.quote.QualifiedSigner.Buffer, d.certify.QualifiedSigner.Buffer = qualified, qualified
	b := &tpm2.Bundle{Public: public, PCRs: d.pcrs, Quote: append(tpm.Marshal(d.quote), d.tail...)}
	sig, err := signTPM(d.ak, b.Quote)
	if err != nil {
		return nil, err
	}
	b.Signature = sig
	if p.config.HoldKey {
		k := tpm2.CertifiedKey{Public: tpm.Marshal(d.keyPublic), Certify: tpm.Marshal(d.certify)}
		if k.Signature, err = signTPM(d.certifier, k.Certify); err != nil {
			return nil, err
		}
		b.Key = []tpm2.CertifiedKey{k}
	}
	if d.wire != nil {
		if err := d.wire(b); err != nil {
			return nil, err
		}
	}
	ev := &tee.Evidence{Kind: tpm2.Kind, MediaType: tpm2.MediaTypeBundle, Binding: d.binding}
	if ev.Raw, err = b.Encode(); err != nil {
		return nil, err
	}
	if !p.config.Enrolled {
		chain, err := d.chain(p, d.leaf)
		if err != nil {
			return nil, err
		}
		ev.Endorsements = teetest.Chain(chain)
	}
	ev = ev.Clone()
	if d.evidence != nil {
		d.evidence(ev)
	}
	return ev, nil
}

// signing returns the public area of a P-256 signing key.
func signing(restricted bool, k ecdsa.PublicKey) tpm.TPMTPublic {
	return tpm.TPMTPublic{
		Type: tpm.TPMAlgECC, NameAlg: tpm.TPMAlgSHA256,
		ObjectAttributes: tpm.TPMAObject{
			SignEncrypt: true, Restricted: restricted, FixedTPM: true, FixedParent: true,
			SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true,
		},
		Parameters: tpm.NewTPMUPublicParms(tpm.TPMAlgECC, eccParms(tpm.TPMECCNistP256, tpm.TPMAlgSHA256)),
		Unique:     tpm.NewTPMUPublicID(tpm.TPMAlgECC, point(k)),
	}
}

func eccParms(curve tpm.TPMECCCurve, hash tpm.TPMIAlgHash) *tpm.TPMSECCParms {
	return &tpm.TPMSECCParms{CurveID: curve, Scheme: tpm.TPMTECCScheme{
		Scheme:  tpm.TPMAlgECDSA,
		Details: tpm.NewTPMUAsymScheme(tpm.TPMAlgECDSA, &tpm.TPMSSigSchemeECDSA{HashAlg: hash}),
	}}
}

func point(k ecdsa.PublicKey) *tpm.TPMSECCPoint {
	b, err := k.Bytes()
	if err != nil {
		return &tpm.TPMSECCPoint{}
	}
	n := len(b) / 2
	return &tpm.TPMSECCPoint{
		X: tpm.TPM2BECCParameter{Buffer: b[1 : 1+n]}, Y: tpm.TPM2BECCParameter{Buffer: b[1+n:]},
	}
}

// nameOf returns the Name of a public area under SHA-256.
func nameOf(public []byte) []byte {
	sum := sha256.Sum256(public)
	return append([]byte{0, 0x0b}, sum[:]...)
}

// signTPM returns the TPMT_SIGNATURE over the SHA-256 digest of message.
func signTPM(k *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	s, err := ecdsaSignature(k, message)
	if err != nil {
		return nil, err
	}
	s.Hash = tpm.TPMAlgSHA256
	return tpm.Marshal(tpm.TPMTSignature{
		SigAlg: tpm.TPMAlgECDSA, Signature: tpm.NewTPMUSignature(tpm.TPMAlgECDSA, s),
	}), nil
}

func ecdsaSignature(k *ecdsa.PrivateKey, message []byte) (*tpm.TPMSSignatureECC, error) {
	sum := sha256.Sum256(message)
	der, err := k.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		return nil, err
	}
	return &tpm.TPMSSignatureECC{
		SignatureR: tpm.TPM2BECCParameter{Buffer: rs.R.FillBytes(make([]byte, 32))},
		SignatureS: tpm.TPM2BECCParameter{Buffer: rs.S.FillBytes(make([]byte, 32))},
	}, nil
}
