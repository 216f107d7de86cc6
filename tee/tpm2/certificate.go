package tpm2

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

// A use is what a certificate is for: an extended key usage of the TCG
// Credential Profiles.
type use struct {
	name string
	oid  asn1.ObjectIdentifier
}

func akUse() use { return use{"tcg-kp-AIKCertificate", asn1.ObjectIdentifier{2, 23, 133, 8, 3}} }
func ekUse() use { return use{"tcg-kp-EKCertificate", asn1.ObjectIdentifier{2, 23, 133, 8, 1}} }

func subjectAltName() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, 17} }

// verifyChain parses a chain, leaf first, verifies it up to a root of p and
// demands that the leaf is meant for u. A leaf without extended key usage is
// meant for everything (RFC 5280 section 4.2.1.12); some clouds issue such.
func verifyChain(where string, chain [][]byte, u use, p tee.Params) (*x509.Certificate, tee.Window, error) {
	certs := make([]*x509.Certificate, len(chain))
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, tee.Window{}, attest.Refuse(CodeCertificate, where+"/"+strconv.Itoa(i), "one certificate in DER", "").Because(err)
		}
		certs[i] = c
	}
	if len(certs) == 0 {
		return nil, tee.Window{}, attest.Refuse(CodeCertificate, where, "a certificate", "none")
	}
	leaf := certs[0]
	known := len(leaf.ExtKeyUsage) + len(leaf.UnknownExtKeyUsage)
	if known > 0 && !slices.ContainsFunc(leaf.UnknownExtKeyUsage, u.oid.Equal) {
		return nil, tee.Window{}, attest.Refuse(CodeCertificate, where+"/0", "extended key usage "+u.name, "others")
	}
	// The TCG profiles put the TPM's maker and model into a critical subject
	// alternative name of a form that crypto/x509 does not interpret; nothing
	// here depends on the name.
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(leaf.UnhandledCriticalExtensions, subjectAltName().Equal)
	w, err := p.VerifyChain(leaf, certs[1:])
	if err != nil {
		return nil, tee.Window{}, err
	}
	return leaf, w, nil
}

// verifyAKChain demands a chain for exactly the key ak.
func verifyAKChain(chain [][]byte, ak *key, p tee.Params) (tee.Window, error) {
	leaf, w, err := verifyChain("Evidence.Endorsements", chain, akUse(), p)
	if err != nil {
		return tee.Window{}, err
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return tee.Window{}, attest.Refuse(CodeCertificate, "Evidence.Endorsements/0", "key usage digitalSignature", "others")
	}
	if pub, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !pub.Equal(ak.public) {
		return tee.Window{}, attest.Refuse(CodeCertificate, "Evidence.Endorsements/0", "a certificate for the attestation key", "one for another key")
	}
	return w, nil
}
