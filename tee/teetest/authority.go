package teetest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/sealwright/sealwright/tee"
)

// Now returns a moment at which everything that an Authority issues by default
// is valid. It never changes.
func Now() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

// An Authority is a throwaway root with one intermediate. Its keys follow from
// its seed, so that equal seeds give equal certificates and no key is worth
// anything. All authorities have the same names. It is safe for concurrent use.
type Authority struct {
	root, intermediate       *x509.Certificate
	rootKey, intermediateKey *ecdsa.PrivateKey
}

// NewAuthority returns the authority of a seed.
func NewAuthority(seed string) (*Authority, error) {
	a := &Authority{rootKey: Key(seed + "/root"), intermediateKey: Key(seed + "/intermediate")}
	var err error
	ca := Leaf{CommonName: "root", CA: true, Public: a.rootKey.Public()}
	if a.root, err = issue(ca, nil, a.rootKey); err != nil {
		return nil, err
	}
	ca = Leaf{CommonName: "intermediate", CA: true, Public: a.intermediateKey.Public()}
	if a.intermediate, err = issue(ca, a.root, a.rootKey); err != nil {
		return nil, err
	}
	return a, nil
}

// Root returns the root. It carries tee.ThrowawayOrganization.
func (a *Authority) Root() *x509.Certificate { return a.root }

// Params returns parameters under which the authority's certificates verify.
func (a *Authority) Params() tee.Params {
	return tee.Params{Time: Now(), Roots: []*x509.Certificate{a.root}, AllowThrowaway: true}
}

// A Leaf is what a certificate says. Public is mandatory.
type Leaf struct {
	Public     crypto.PublicKey
	CommonName string
	// NotBefore and NotAfter default to a year before Now and nine after.
	NotBefore, NotAfter time.Time
	// Usages are the extended key usages.
	Usages []asn1.ObjectIdentifier
	// CriticalName adds a critical subject alternative name that holds a
	// directory name only, as the TCG profiles have it.
	CriticalName bool
	// CA makes it a certificate authority.
	CA bool
}

// Issue returns the chain of a new certificate: leaf, intermediate.
func (a *Authority) Issue(l Leaf) ([][]byte, error) {
	c, err := issue(l, a.intermediate, a.intermediateKey)
	if err != nil {
		return nil, err
	}
	return [][]byte{c.Raw, a.intermediate.Raw}, nil
}

// IssueUnder returns the chain of a new certificate that the holder of an
// end-entity certificate signed, which nobody may accept.
func (a *Authority) IssueUnder(l Leaf, chain [][]byte, key *ecdsa.PrivateKey) ([][]byte, error) {
	parent, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return nil, err
	}
	c, err := issue(l, parent, key)
	if err != nil {
		return nil, err
	}
	return append([][]byte{c.Raw}, chain...), nil
}

// IssueFromExpired returns a chain whose intermediate has expired at Now.
func (a *Authority) IssueFromExpired(l Leaf) ([][]byte, error) {
	ca := Leaf{CommonName: "intermediate", CA: true, Public: a.intermediateKey.Public(), NotAfter: Now().Add(-time.Hour)}
	parent, err := issue(ca, a.root, a.rootKey)
	if err != nil {
		return nil, err
	}
	c, err := issue(l, parent, a.intermediateKey)
	if err != nil {
		return nil, err
	}
	return [][]byte{c.Raw, parent.Raw}, nil
}

// issue signs l with the parent's key; without a parent it signs itself.
func issue(l Leaf, parent *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	if l.NotBefore.IsZero() {
		l.NotBefore = Now().AddDate(-1, 0, 0)
	}
	if l.NotAfter.IsZero() {
		l.NotAfter = Now().AddDate(9, 0, 0)
	}
	spki, err := x509.MarshalPKIXPublicKey(l.Public)
	if err != nil {
		return nil, err
	}
	serial := sha256.Sum256(fmt.Appendf(spki, "%+v", l.NotAfter))
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:16]),
		Subject:      pkix.Name{Organization: []string{tee.ThrowawayOrganization}, CommonName: l.CommonName},
		NotBefore:    l.NotBefore, NotAfter: l.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: l.Usages,
		BasicConstraintsValid: true, IsCA: l.CA,
	}
	if l.CA {
		template.KeyUsage = x509.KeyUsageCertSign
	}
	if l.CriticalName {
		name, err := directoryName()
		if err != nil {
			return nil, err
		}
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: name}}
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(nothing{}, template, parent, l.Public, deterministic{key})
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// directoryName is a GeneralNames (RFC 5280 section 4.2.1.6) with one
// directoryName.
func directoryName() ([]byte, error) {
	name, err := asn1.Marshal(pkix.Name{CommonName: "fake TPM"}.ToRDNSequence())
	if err != nil {
		return nil, err
	}
	general := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: name}
	return asn1.Marshal([]asn1.RawValue{general})
}

// Key returns the P-256 key of a seed. It is no secret.
func Key(seed string) *ecdsa.PrivateKey {
	for i := 0; ; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "teetest key %d %s", i, seed))
		// A digest is no valid scalar once in 2^32; then the next one is taken.
		if k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:]); err == nil {
			return k
		}
	}
}

// deterministic signs as RFC 6979 says.
type deterministic struct{ key *ecdsa.PrivateKey }

func (d deterministic) Public() crypto.PublicKey { return d.key.Public() }

func (d deterministic) Sign(_ io.Reader, sum []byte, o crypto.SignerOpts) ([]byte, error) {
	return d.key.Sign(nil, sum, o)
}

// nothing is a source of randomness for callers that must not use any.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// SignASN1 returns the deterministic ECDSA signature of the SHA-256 digest of
// message.
func SignASN1(k *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return k.Sign(nil, sum[:], crypto.SHA256)
}

// Chain returns certificates as endorsements.
func Chain(chain [][]byte) []tee.Blob {
	out := make([]tee.Blob, len(chain))
	for i, der := range chain {
		out[i] = tee.Blob{MediaType: tee.MediaTypeCertificate, Body: bytes.Clone(der)}
	}
	return out
}
