package faketpm

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"slices"
	"time"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// forgery changes an honest draft.
type forgery struct {
	name string
	code attest.Code
	edit func(*draft)
}

// Forgeries returns evidence that the platform never makes by itself: every
// signature in it verifies, unless the forgery is about the signature, and
// still it must be refused.
func (p *Platform) Forgeries() []teetest.Forgery {
	all := slices.Concat(quoteForgeries(), pcrForgeries(), keyForgeries(), signatureForgeries())
	if !p.config.Enrolled {
		all = append(all, chainForgeries()...)
	}
	if p.config.HoldKey {
		all = append(all, certifyForgeries()...)
	}
	var out []teetest.Forgery
	for _, f := range all {
		out = append(out, teetest.Forgery{Name: f.name, Code: f.code, Make: func(ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
			d, err := p.draft(b)
			if err != nil {
				return nil, err
			}
			f.edit(d)
			return d.seal(p)
		}})
	}
	return out
}

func quoteForgeries() []forgery {
	as := func(kind tpm.TPMST, u tpm.TPMUAttest) func(*draft) {
		return func(d *draft) { d.quote.Type, d.quote.Attested = kind, u }
	}
	data := func(f func([]byte) []byte) func(*draft) {
		return func(d *draft) { d.quote.ExtraData.Buffer = f(slices.Clone(d.quote.ExtraData.Buffer)) }
	}
	return []forgery{
		{"a structure with another magic is refused", tpm2.CodeMagic, func(d *draft) { d.quote.Magic = 0xff544346 }},
		{"a certification in place of a quote is refused", tpm2.CodeType, as(tpm.TPMSTAttestCertify, certification(make([]byte, 34)))},
		{"a time attestation in place of a quote is refused", tpm2.CodeType, as(tpm.TPMSTAttestTime, tpm.NewTPMUAttest(tpm.TPMSTAttestTime, &tpm.TPMSTimeAttestInfo{}))},
		{"a creation attestation in place of a quote is refused", tpm2.CodeType, as(tpm.TPMSTAttestCreation, tpm.NewTPMUAttest(tpm.TPMSTAttestCreation, &tpm.TPMSCreationInfo{}))},
		{"an NV certification in place of a quote is refused", tpm2.CodeType, as(tpm.TPMSTAttestNV, tpm.NewTPMUAttest(tpm.TPMSTAttestNV, &tpm.TPMSNVCertifyInfo{}))},
		{"a quote by an AK of the platform hierarchy is refused", tpm2.CodeName, func(d *draft) { d.hierarchy = tpm.TPMRHPlatform }},
		{"a quote without qualifying data is refused", tpm2.CodeQualifyingData, data(func([]byte) []byte { return nil })},
		{"truncated qualifying data is refused", tpm2.CodeQualifyingData, data(func(b []byte) []byte { return b[:31] })},
		{"zero-padded qualifying data is refused", tpm2.CodeQualifyingData, data(func(b []byte) []byte { return append(b, 0) })},
		{"trailing bytes under the quote's signature are refused", tpm2.CodeTrailing, func(d *draft) { d.tail = []byte{0} }},
		{"trailing bytes after the quote are refused", tpm2.CodeSignature, wire(func(b *tpm2.Bundle) { b.Quote = append(b.Quote, 0) })},
	}
}

// wire changes the bundle after everything was signed.
func wire(f func(*tpm2.Bundle)) func(*draft) {
	return func(d *draft) {
		d.wire = func(b *tpm2.Bundle) error { f(b); return nil }
	}
}

func pcrForgeries() []forgery {
	sel := func(s ...tpm.TPMSPCRSelection) func(*draft) {
		return func(d *draft) {
			q, err := d.quote.Attested.Quote()
			if err == nil {
				q.PCRSelect.PCRSelections = s
			}
		}
	}
	bank := func(h tpm.TPMIAlgHash, pcrs ...uint) tpm.TPMSPCRSelection {
		return tpm.TPMSPCRSelection{Hash: h, PCRSelect: tpm.PCClientCompatible.PCRs(pcrs...)}
	}
	return []forgery{
		{"a wrong PCR value is refused", tpm2.CodePCRDigest, wire(func(b *tpm2.Bundle) { b.PCRs[0].Value[0] ^= 1 })},
		{"a PCR value that is not selected is refused", tpm2.CodeSelection, wire(func(b *tpm2.Bundle) {
			b.PCRs = append(b.PCRs, tpm2.PCR{Index: 23, Value: make([]byte, 32)})
		})},
		{"a value under the index of another PCR is refused", tpm2.CodeSelection, wire(func(b *tpm2.Bundle) { b.PCRs[len(b.PCRs)-1].Index++ })},
		{"a missing PCR value is refused", tpm2.CodeSelection, wire(func(b *tpm2.Bundle) { b.PCRs = b.PCRs[1:] })},
		{"swapped PCR values are refused", tpm2.CodePCRDigest, wire(func(b *tpm2.Bundle) {
			b.PCRs[0].Value, b.PCRs[1].Value = b.PCRs[1].Value, b.PCRs[0].Value
		})},
		{"PCR values cut at another place are refused", tpm2.CodeSelection, wire(func(b *tpm2.Bundle) {
			b.PCRs[0].Value, b.PCRs[1].Value = append(b.PCRs[0].Value, b.PCRs[1].Value[0]), b.PCRs[1].Value[1:]
		})},
		{"an empty PCR selection is refused", tpm2.CodeBank, emptied(sel())},
		{"a selection of no PCR is refused", tpm2.CodeSelection, emptied(sel(tpm.TPMSPCRSelection{Hash: tpm.TPMAlgSHA256, PCRSelect: make([]byte, 3)}))},
		{"the SHA-1 bank is refused", tpm2.CodeBank, sel(bank(tpm.TPMAlgSHA1, 0, 1, 2, 3, 4, 5, 6, 7))},
		{"the SHA-1 bank beside the SHA-256 bank is refused", tpm2.CodeBank, sel(bank(tpm.TPMAlgSHA256, 0, 1, 2, 3, 4, 5, 6, 7), bank(tpm.TPMAlgSHA1, 0))},
		{"a bank that comes twice is refused", tpm2.CodeBank, sel(bank(tpm.TPMAlgSHA256, 0, 1, 2, 3), bank(tpm.TPMAlgSHA256, 4, 5, 6, 7))},
		{"a PCR beyond 23 is refused", tpm2.CodeSelection, sel(bank(tpm.TPMAlgSHA256, 0, 1, 2, 3, 4, 5, 6, 31))},
	}
}

// emptied also removes the values and signs the digest of none.
func emptied(edit func(*draft)) func(*draft) {
	return func(d *draft) {
		edit(d)
		d.pcrs = nil
		if q, err := d.quote.Attested.Quote(); err == nil {
			none := sha256.Sum256(nil)
			q.PCRDigest.Buffer = none[:]
		}
	}
}

func keyForgeries() []forgery {
	attr := func(f func(*tpm.TPMAObject)) func(*draft) {
		return func(d *draft) { f(&d.akPublic.ObjectAttributes) }
	}
	parms := func(p *tpm.TPMSECCParms) func(*draft) {
		return func(d *draft) { d.akPublic.Parameters = tpm.NewTPMUPublicParms(tpm.TPMAlgECC, p) }
	}
	return []forgery{
		{"an AK that is not restricted is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.Restricted = false })},
		{"an AK that is not fixedTPM is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.FixedTPM = false })},
		{"an AK that is not fixedParent is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.FixedParent = false })},
		{"an imported AK is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.SensitiveDataOrigin = false })},
		{"an AK that decrypts is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.Decrypt = true })},
		{"an AK that does not sign is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.SignEncrypt = false })},
		{"an AK without a scheme is refused", tpm2.CodeAlgorithm, parms(&tpm.TPMSECCParms{CurveID: tpm.TPMECCNistP256})},
		{"an AK that signs with SHA-1 is refused", tpm2.CodeAlgorithm, parms(eccParms(tpm.TPMECCNistP256, tpm.TPMAlgSHA1))},
		{"an AK on another curve is refused", tpm2.CodeAlgorithm, parms(eccParms(tpm.TPMECCNistP384, tpm.TPMAlgSHA256))},
		{"an AK named under SHA-1 is refused", tpm2.CodeAlgorithm, func(d *draft) { d.akPublic.NameAlg = tpm.TPMAlgSHA1 }},
		{"an AK that is not on the curve is refused", tpm2.CodeAlgorithm, func(d *draft) {
			p := point(d.ak.PublicKey)
			p.Y.Buffer[31] ^= 1
			d.akPublic.Unique = tpm.NewTPMUPublicID(tpm.TPMAlgECC, p)
		}},
		{"an AK at infinity is refused", tpm2.CodeAlgorithm, func(d *draft) {
			d.akPublic.Unique = tpm.NewTPMUPublicID(tpm.TPMAlgECC, &tpm.TPMSECCPoint{})
		}},
		{"an RSA AK is refused", tpm2.CodeAlgorithm, func(d *draft) {
			d.akPublic.Type = tpm.TPMAlgRSA
			d.akPublic.Parameters = tpm.NewTPMUPublicParms(tpm.TPMAlgRSA, &tpm.TPMSRSAParms{KeyBits: 1024})
			d.akPublic.Unique = tpm.NewTPMUPublicID(tpm.TPMAlgRSA, &tpm.TPM2BPublicKeyRSA{Buffer: make([]byte, 128)})
		}},
		{"trailing bytes after the AK are refused", tpm2.CodeTrailing, wire(func(b *tpm2.Bundle) { b.Public = append(b.Public, 0) })},
	}
}

func signatureForgeries() []forgery {
	signed := func(alg tpm.TPMAlgID, u tpm.TPMUSignature) func(*draft) {
		return wire(func(b *tpm2.Bundle) {
			b.Signature = tpm.Marshal(tpm.TPMTSignature{SigAlg: alg, Signature: u})
		})
	}
	weak := func(d *draft) {
		d.wire = func(b *tpm2.Bundle) error {
			s, err := ecdsaSignature(d.ak, b.Quote)
			if err != nil {
				return err
			}
			s.Hash = tpm.TPMAlgSHA1
			b.Signature = tpm.Marshal(tpm.TPMTSignature{SigAlg: tpm.TPMAlgECDSA, Signature: tpm.NewTPMUSignature(tpm.TPMAlgECDSA, s)})
			return nil
		}
	}
	return []forgery{
		{"a quote signed by another key is refused", tpm2.CodeSignature, func(d *draft) { d.ak = teetest.Key("another key") }},
		{"a signature that claims SHA-1 is refused", tpm2.CodeAlgorithm, weak},
		{"an RSA signature is refused", tpm2.CodeAlgorithm, signed(tpm.TPMAlgRSASSA, tpm.NewTPMUSignature(tpm.TPMAlgRSASSA, &tpm.TPMSSignatureRSA{Hash: tpm.TPMAlgSHA256}))},
		{"an HMAC in place of a signature is refused", tpm2.CodeAlgorithm, signed(tpm.TPMAlgHMAC, tpm.NewTPMUSignature(tpm.TPMAlgHMAC, &tpm.TPMTHA{HashAlg: tpm.TPMAlgSHA256, Digest: make([]byte, 32)}))},
		{"the NULL signature is refused", tpm2.CodeAlgorithm, wire(func(b *tpm2.Bundle) { b.Signature = []byte{0, 0x10} })},
		{"a signature of zeros is refused", tpm2.CodeSignature, signed(tpm.TPMAlgECDSA, tpm.NewTPMUSignature(tpm.TPMAlgECDSA, &tpm.TPMSSignatureECC{Hash: tpm.TPMAlgSHA256}))},
		{"trailing bytes after the signature are refused", tpm2.CodeTrailing, wire(func(b *tpm2.Bundle) { b.Signature = append(b.Signature, 0) })},
	}
}

func chainForgeries() []forgery {
	leaf := func(f func(*teetest.Leaf)) func(*draft) {
		return func(d *draft) {
			f(&d.leaf)
			d.chain = func(p *Platform, l teetest.Leaf) ([][]byte, error) { return p.authority.Issue(l) }
		}
	}
	chain := func(f func(*Platform, teetest.Leaf) ([][]byte, error)) func(*draft) {
		return func(d *draft) { d.chain = f }
	}
	selfMade := func(*Platform, teetest.Leaf) (*teetest.Authority, error) { return teetest.NewAuthority("self-made") }
	now := teetest.Now()
	return []forgery{
		{"a self-made authority with the right names is refused", tee.CodeChain, chain(func(p *Platform, l teetest.Leaf) ([][]byte, error) {
			a, err := selfMade(p, l)
			if err != nil {
				return nil, err
			}
			return a.Issue(l)
		})},
		{"a root that the evidence brings is refused", tee.CodeChain, chain(func(p *Platform, l teetest.Leaf) ([][]byte, error) {
			a, err := selfMade(p, l)
			if err != nil {
				return nil, err
			}
			c, err := a.Issue(l)
			return append(c, a.Root().Raw), err
		})},
		{"an AK certificate issued by an AK is refused", tee.CodeChain, chain(func(p *Platform, l teetest.Leaf) ([][]byte, error) {
			other := l
			other.Public = p.key.Public()
			c, err := p.authority.Issue(other)
			if err != nil {
				return nil, err
			}
			return p.authority.IssueUnder(l, c, p.key)
		})},
		{"an expired intermediate is refused", tee.CodeChain, chain(func(p *Platform, l teetest.Leaf) ([][]byte, error) { return p.authority.IssueFromExpired(l) })},
		{"a missing intermediate is refused", tee.CodeChain, chain(func(p *Platform, l teetest.Leaf) ([][]byte, error) {
			c, err := p.authority.Issue(l)
			return c[:1], err
		})},
		{"an expired AK certificate is refused", tee.CodeChain, leaf(func(l *teetest.Leaf) { l.NotAfter = now.Add(-time.Second) })},
		{"an AK certificate that is not yet valid is refused", tee.CodeChain, leaf(func(l *teetest.Leaf) { l.NotBefore = now.Add(time.Second) })},
		{"an authority's certificate for the AK is refused", tee.CodeChain, leaf(func(l *teetest.Leaf) { l.CA = true })},
		{"a certificate for another key is refused", tpm2.CodeCertificate, leaf(func(l *teetest.Leaf) { l.Public = teetest.Key("another key").Public() })},
		{"a certificate for a P-521 key is refused", tpm2.CodeCertificate, leaf(func(l *teetest.Leaf) { l.Public = p521() })},
		{"an EK's certificate for the AK is refused", tpm2.CodeCertificate, leaf(func(l *teetest.Leaf) { l.Usages = []asn1.ObjectIdentifier{ekUsage()} })},
		{"a web server's certificate for the AK is refused", tpm2.CodeCertificate, leaf(func(l *teetest.Leaf) { l.Usages = []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 1}} })},
		{"attributes of the AK that it did not sign under are refused", tpm2.CodeName, wire(func(b *tpm2.Bundle) {
			b.Public[6] ^= 0x04 // noDA, which the AK's certificate does not cover
		})},
		{"trailing bytes after a certificate are refused", tpm2.CodeCertificate, func(d *draft) {
			d.evidence = func(ev *tee.Evidence) { ev.Endorsements[0].Body = append(ev.Endorsements[0].Body, 0) }
		}},
		{"an endorsement that is no certificate is refused", tee.CodeMediaType, func(d *draft) {
			d.evidence = func(ev *tee.Evidence) { ev.Endorsements[1].MediaType = "text/plain" }
		}},
	}
}

// p521 is the base point, a valid public key whose private key is 1.
func p521() *ecdsa.PublicKey {
	one := make([]byte, 66)
	one[65] = 1
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P521(), one)
	if err != nil {
		return nil
	}
	return &k.PublicKey
}

func certifyForgeries() []forgery {
	attr := func(f func(*tpm.TPMAObject)) func(*draft) {
		return func(d *draft) {
			f(&d.keyPublic.ObjectAttributes)
			d.certify.Attested = certification(nameOf(tpm.Marshal(d.keyPublic)))
		}
	}
	return []forgery{
		{"a certified key that is not fixedTPM is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.FixedTPM = false })},
		{"a certified key that is not fixedParent is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.FixedParent = false })},
		{"an imported certified key is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.SensitiveDataOrigin = false })},
		{"a certified key that decrypts is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.Decrypt = true })},
		{"a certified key that is restricted is refused", tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.Restricted = true })},
		{"a certification of another Name is refused", tpm2.CodeName, func(d *draft) { d.certify.Attested = certification(nameOf([]byte("another key"))) }},
		{"a public area exchanged after certification is refused", tpm2.CodeName, func(d *draft) {
			d.keyPublic = signing(false, teetest.Key("another key").PublicKey)
		}},
		{"a certification by another AK is refused", tpm2.CodeSignature, func(d *draft) { d.certifier = teetest.Key("another key") }},
		{"a certification for another binding is refused", tpm2.CodeQualifyingData, func(d *draft) { d.certify.ExtraData.Buffer = make([]byte, 32) }},
		{"a certification with another magic is refused", tpm2.CodeMagic, func(d *draft) { d.certify.Magic = 0 }},
		{"a quote in place of a certification is refused", tpm2.CodeType, func(d *draft) { d.certify = d.quote }},
		{"two certified keys are refused", tpm2.CodeEncoding, wire(func(b *tpm2.Bundle) { b.Key = append(b.Key, b.Key[0]) })},
		{"trailing bytes after the certified key are refused", tpm2.CodeTrailing, wire(func(b *tpm2.Bundle) { b.Key[0].Public = append(b.Key[0].Public, 0) })},
	}
}
