package chain

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// maxChain bounds the certificates of one authority.
const maxChain = 10

// oidSAN is the subject alternative name (RFC 5280 section 4.2.1.6).
func oidSAN() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, 17} }

// An Authority issues certificates: its certificates from the one that issues
// to the root, and the window in which it is trusted.
type Authority struct {
	Name         string // as errors and results tell it, for example its URI
	Certificates []*x509.Certificate
	Window       Window
}

// Authorities are trusted issuers whose own paths are verified.
type Authorities struct {
	usage   x509.ExtKeyUsage
	issuers []issuer
}

// issuer is the certificate of an authority that issues, with what the path
// from there to the root demands of a time.
type issuer struct {
	authority string
	index     int
	cert      *x509.Certificate
	above     []*x509.Certificate // cert and all above it
	pool      *x509.CertPool
	windows   []Window
}

// NewAuthorities verifies each authority's certificates up to its root and
// returns them as issuers of certificates for usage. It refuses, with every
// fault at once, an authority without certificates or name, one whose
// certificates do not lead to its root (the last), or are none of an authority.
func NewAuthorities(usage x509.ExtKeyUsage, authorities ...Authority) (*Authorities, error) {
	out := &Authorities{usage: usage}
	var errs []error
	for i, a := range authorities {
		where := "authorities[" + strconv.Itoa(i) + "]"
		made, err := newIssuer(usage, a, where)
		made.index = i
		errs = append(errs, err)
		out.issuers = append(out.issuers, made)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func newIssuer(usage x509.ExtKeyUsage, a Authority, where string) (issuer, error) {
	n := len(a.Certificates)
	if a.Name == "" || n == 0 || n > maxChain || slices.Contains(a.Certificates, nil) {
		return issuer{}, attest.Refuse(CodeAuthority, where, "a name and 1 to "+strconv.Itoa(maxChain)+" certificates", strconv.Quote(a.Name)+", "+strconv.Itoa(n))
	}
	if !a.Window.Start.IsZero() && !a.Window.End.IsZero() && a.Window.End.Before(a.Window.Start) {
		return issuer{}, attest.Refuse(CodeAuthority, where, "a window that ends after its start", a.Window.String())
	}
	if err := verifyIssuers(usage, a.Certificates); err != nil {
		return issuer{}, attest.Refuse(CodeAuthorityPath, where, "each certificate issued by the next, the last a root", a.Name).Because(err)
	}
	out := issuer{authority: a.Name, cert: a.Certificates[0], above: slices.Clone(a.Certificates), pool: x509.NewCertPool(), windows: []Window{a.Window}}
	out.pool.AddCert(out.cert)
	for _, c := range a.Certificates {
		out.windows = append(out.windows, Window{c.NotBefore, c.NotAfter})
	}
	return out, nil
}

// verifyIssuers verifies what does not depend on the leaf: each certificate is
// an authority and the first leads to the last by crypto/x509, at the latest
// time at which one of them begins. Name constraints above the issuing
// certificate are refused, for Path does not look above it.
func verifyIssuers(usage x509.ExtKeyUsage, certs []*x509.Certificate) error {
	root := certs[len(certs)-1]
	if !bytes.Equal(root.RawSubject, root.RawIssuer) || root.CheckSignatureFrom(root) != nil {
		return errors.New("the last certificate is not signed by itself")
	}
	var from time.Time
	for i, c := range certs {
		if !c.BasicConstraintsValid || !c.IsCA || c.KeyUsage&x509.KeyUsageCertSign == 0 {
			return errors.New("certificate " + strconv.Itoa(i) + " may not issue certificates")
		}
		if i > 0 && constrainsNames(c) {
			return errors.New("certificate " + strconv.Itoa(i) + " constrains names of certificates that it does not issue")
		}
		if c.NotBefore.After(from) {
			from = c.NotBefore
		}
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	for _, c := range certs[:len(certs)-1] {
		between.AddCert(c)
	}
	chains, err := certs[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: from, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return err
	}
	for _, found := range chains {
		if slices.EqualFunc(found, certs, (*x509.Certificate).Equal) {
			return nil
		}
	}
	return errors.New("the certificates stand in another order")
}

func constrainsNames(c *x509.Certificate) bool {
	return len(c.PermittedDNSDomains)+len(c.ExcludedDNSDomains)+len(c.PermittedIPRanges)+len(c.ExcludedIPRanges)+
		len(c.PermittedEmailAddresses)+len(c.ExcludedEmailAddresses)+
		len(c.PermittedURIDomains)+len(c.ExcludedURIDomains) > 0
}

// A Path leads from a certificate to the authorities that issued it. Its
// signatures are verified; whether it is valid at a time is Check's answer.
type Path struct {
	leaf  *x509.Certificate
	found []issuer
}

// Path finds the authorities that issued leaf, which must be an end-entity
// certificate with the usage that NewAuthorities was told. It does not judge
// times, so its result holds for every Check. It does not change leaf.
func (a *Authorities) Path(leaf *x509.Certificate) (*Path, error) {
	if leaf == nil {
		return nil, attest.Refuse(attest.CodeNil, "certificate", "a certificate", "nil")
	}
	if leaf.IsCA {
		return nil, attest.Refuse(CodeLeafIsCA, "certificate", "an end-entity certificate", "an authority's")
	}
	subject := withoutNameFlag(leaf)
	path := &Path{leaf: leaf}
	var faults []error
	for _, candidate := range a.issuers {
		if !bytes.Equal(candidate.cert.RawSubject, leaf.RawIssuer) {
			continue
		}
		err := path.alreadyBy(candidate)
		if err == errUnknownIssuer {
			_, err = subject.Verify(x509.VerifyOptions{
				Roots: candidate.pool, CurrentTime: candidate.timeFor(leaf), KeyUsages: []x509.ExtKeyUsage{a.usage},
			})
		}
		if err != nil {
			faults = append(faults, pathFault(err))
			continue
		}
		path.found = append(path.found, candidate)
	}
	switch {
	case len(path.found) > 0:
		return path, nil
	case len(faults) > 0:
		return nil, errors.Join(faults...)
	}
	return nil, attest.Refuse(CodeIssuer, "certificate", "a trusted issuer", strconv.Quote(leaf.Issuer.String()))
}

func pathFault(err error) error {
	code := CodePath
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		code = CodeTime
	}
	return attest.Refuse(code, "certificate", "issued by a trusted authority", "").Because(err)
}

// errUnknownIssuer tells that a signature must still be verified.
var errUnknownIssuer = errors.New("no verified issuer has this certificate")

// alreadyBy returns nil if the leaf is already proven to be issued by the very
// certificate of candidate: a root may stand in several authorities, each with a
// window of its own.
func (p *Path) alreadyBy(candidate issuer) error {
	for _, f := range p.found {
		if f.cert.Equal(candidate.cert) {
			return nil
		}
	}
	return errUnknownIssuer
}

// timeFor returns a time at which both leaf and issuer are valid, if there is
// one: times are judged by Check, not by crypto/x509.
func (i issuer) timeFor(leaf *x509.Certificate) time.Time {
	if leaf.NotBefore.After(i.cert.NotBefore) {
		return leaf.NotBefore
	}
	return i.cert.NotBefore
}

// withoutNameFlag returns leaf as crypto/x509 can verify it: Go does not read
// otherName, and then takes the critical subject alternative name for unhandled.
// Identity reads it.
func withoutNameFlag(leaf *x509.Certificate) *x509.Certificate {
	if len(leaf.UnhandledCriticalExtensions) == 0 {
		return leaf
	}
	out := *leaf
	out.UnhandledCriticalExtensions = nil
	for _, id := range leaf.UnhandledCriticalExtensions {
		if !id.Equal(oidSAN()) {
			out.UnhandledCriticalExtensions = append(out.UnhandledCriticalExtensions, id)
		}
	}
	return &out
}

// Check reports, by a nil error, that at time t the leaf, every certificate
// above it and the window of one authority are valid.
func (p *Path) Check(t time.Time) error {
	_, err := p.at(t)
	return err
}

func (p *Path) at(t time.Time) (issuer, error) {
	if w := (Window{p.leaf.NotBefore, p.leaf.NotAfter}); !w.Contains(t) {
		return issuer{}, attest.Refuse(CodeTime, "certificate", w.String(), stamp(t))
	}
	var errs []error
	for _, i := range p.found {
		bad := slices.IndexFunc(i.windows, func(w Window) bool { return !w.Contains(t) })
		if bad < 0 {
			return i, nil
		}
		errs = append(errs, attest.Refuse(CodeTime, "authority "+strconv.Quote(i.authority), i.windows[bad].String(), stamp(t)))
	}
	return issuer{}, errors.Join(errs...)
}

// Issuers returns the certificates that issued the leaf: usually one.
func (p *Path) Issuers() []*x509.Certificate {
	var out []*x509.Certificate
	for _, i := range p.found {
		out = append(out, i.cert)
	}
	return out
}

// Leads reports whether c is a certificate above the leaf on a path that was
// found.
func (p *Path) Leads(c *x509.Certificate) bool {
	return slices.ContainsFunc(p.found, func(i issuer) bool { return slices.ContainsFunc(i.above, c.Equal) })
}

// Authority returns the index, as NewAuthorities was told them, and the name of
// the authority whose path is valid at t.
func (p *Path) Authority(t time.Time) (index int, name string, err error) {
	i, err := p.at(t)
	return i.index, i.authority, err
}
