package tsa

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
)

// An Authority stamps time. Its certificates stand from the signing one, or
// from the one that issues signing certificates, to the root.
type Authority struct {
	Name         string
	Certificates []*x509.Certificate
	Window       chain.Window
}

// A Verifier verifies tokens by trusted authorities.
type Verifier struct{ authorities []authority }

// authority is an Authority whose certificates are verified.
type authority struct {
	name   string
	window chain.Window
	issuer *chain.Authorities
	signer *x509.Certificate // nil where tokens bring the signing certificate
	path   *chain.Path       // of signer
	fault  error             // why signer may not stamp time
}

// A Stamp is a verified time.
type Stamp struct {
	Time      time.Time
	Authority string // the name of the authority
	Index     int    // its place in NewVerifier's arguments
}

// NewVerifier returns a Verifier of tokens by the authorities. It refuses, with
// every fault at once, an authority whose certificates do not lead to its root.
// A signing certificate that may not stamp time (RFC 3161 section 2.3), as
// published roots have, refuses each of its tokens instead.
func NewVerifier(authorities ...Authority) (*Verifier, error) {
	v := &Verifier{}
	var errs []error
	for i, a := range authorities {
		made, err := newAuthority(a)
		if err != nil {
			errs = append(errs, attest.Refuse(CodeAuthority, "authorities["+strconv.Itoa(i)+"]", "a name and certificates up to a root", strconv.Quote(a.Name)).Because(err))
		}
		v.authorities = append(v.authorities, made)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return v, nil
}

func newAuthority(a Authority) (authority, error) {
	out := authority{name: a.Name, window: a.Window}
	certs := a.Certificates
	if len(certs) > 0 && certs[0] != nil && !certs[0].IsCA {
		out.signer, certs = certs[0], certs[1:]
	}
	var err error
	out.issuer, err = chain.NewAuthorities(x509.ExtKeyUsageTimeStamping, chain.Authority{Name: a.Name, Certificates: certs, Window: a.Window})
	if err != nil || out.signer == nil {
		return out, err
	}
	out.path, err = out.pathOf(out.signer)
	if errors.Is(err, attest.Is(CodeCertificate)) {
		out.fault, err = err, nil
	}
	return out, err
}

// pathOf verifies that cert may stamp time (RFC 3161 section 2.3) and leads to
// the authority.
func (a authority) pathOf(cert *x509.Certificate) (*chain.Path, error) {
	if cert.IsCA || len(cert.ExtKeyUsage) != 1 || len(cert.UnknownExtKeyUsage) > 0 ||
		cert.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || !criticalUsage(cert) {
		return nil, attest.Refuse(CodeCertificate, "time-stamp authority "+strconv.Quote(a.name), "critical usage time stamping alone", "")
	}
	return a.issuer.Path(cert)
}

func criticalUsage(cert *x509.Certificate) bool {
	for _, e := range cert.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 37}) {
			return e.Critical
		}
	}
	return false
}

// Verify returns the time that a trusted authority stamped on message. der is a
// TimeStampResp. It refuses with CodeSigner a token by nobody trusted, and with
// any other code one that is malformed or that a trusted authority's name is
// put to without right.
func (v *Verifier) Verify(der, message []byte) (Stamp, error) {
	t, err := parse(der)
	if err != nil {
		return Stamp{}, err
	}
	var errs []error
	for i, a := range v.authorities {
		cert, path, err := a.signerOf(t)
		if err != nil {
			errs = append(errs, err)
		}
		if cert == nil || err != nil {
			continue
		}
		if err := a.accept(t, cert, path, message); err != nil {
			errs = append(errs, err)
			continue
		}
		return Stamp{t.info.time, a.name, i}, nil
	}
	if len(errs) > 0 {
		return Stamp{}, errors.Join(errs...)
	}
	return Stamp{}, attest.Refuse(CodeSigner, "time-stamp", "a trusted authority", "certificate "+hex.EncodeToString(t.serial[:min(len(t.serial), 32)]))
}

// signerOf returns the certificate that the token names if it is of a: the
// configured one, or else one that the token brings and that leads to a. A
// token by somebody else yields neither certificate nor error.
func (a authority) signerOf(t *token) (*x509.Certificate, *chain.Path, error) {
	if a.signer != nil {
		if !t.namedBy(a.signer) {
			return nil, nil, nil
		}
		return a.signer, a.path, a.fault
	}
	for _, cert := range t.certificates {
		if !t.namedBy(cert) {
			continue
		}
		path, err := a.pathOf(cert)
		if errors.Is(err, attest.Is(chain.CodeIssuer)) {
			continue
		}
		return cert, path, err
	}
	return nil, nil, nil
}

// accept verifies all that a token owes to one authority, and reports every
// fault.
func (a authority) accept(t *token, cert *x509.Certificate, path *chain.Path, message []byte) error {
	errs := []error{t.verify(cert), t.stamps(message)}
	if at := t.info.time; !a.window.Contains(at) {
		errs = append(errs, attest.Refuse(CodeTime, "time-stamp", a.window.String(), at.UTC().Format(time.RFC3339)))
	} else if err := path.Check(at); err != nil {
		errs = append(errs, attest.Refuse(CodeTime, "time-stamp", "a valid path", at.UTC().Format(time.RFC3339)).Because(err))
	}
	return errors.Join(errs...)
}
