package tee

import (
	"context"
	"crypto/x509"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Verifier is the backend for one kind. It does cryptography and
// normalisation and nothing else: freshness, binding, debug, reference values
// and every other judgement belong to the Appraiser, so that no backend can
// forget them.
//
// Verify checks p (Params.Validate) and ev, then every signature from the
// evidence up to one of p.Roots, at p.Time. It returns Claims in which every
// value is covered by those signatures, or an error that carries a Reason;
// never both. It refuses evidence of another kind with CodeEvidenceKind, bytes
// that it did not parse to the end, and structures that mean something else
// under the same key. It makes no network or file access and reads no clock:
// what it needs comes in ev, in p, or was given to its constructor. It honours
// cancellation of ctx.
//
// Implementations must be safe for concurrent use on the same Evidence and must
// not retain or change it. Claims share nothing with it.
type Verifier interface {
	Kind() Kind
	Verify(ctx context.Context, ev *Evidence, p Params) (*Claims, error)
}

// ThrowawayOrganization is the organization (RFC 4519 section 2.19) in the
// subject of every root that fakes make. Such a root proves nothing.
const ThrowawayOrganization = "THROWAWAY TEST ROOT, NOT FOR PRODUCTION"

// Params are what a Verifier may rely on. Every field but the last is
// mandatory: the zero Params is an error, never a request to skip checks.
type Params struct {
	// Time is the moment at which certificates and collateral must be valid.
	Time time.Time
	// Roots are the only trust anchors.
	Roots []*x509.Certificate
	// AllowThrowaway accepts roots that fakes made. Only tests set it.
	AllowThrowaway bool
}

// Validate reports whether p is complete and free of throwaway roots.
func (p Params) Validate() error {
	if p.Time.IsZero() {
		return attest.Refuse(CodeTime, "Params.Time", "a time", "none")
	}
	return validateRoots(p.Roots, p.AllowThrowaway)
}

func validateRoots(roots []*x509.Certificate, allowThrowaway bool) error {
	if len(roots) == 0 {
		return attest.Refuse(CodeRoots, "Roots", "at least one root", "none")
	}
	for _, r := range roots {
		if r == nil || len(r.Raw) == 0 {
			return attest.Refuse(CodeRoots, "Roots", "a parsed certificate", "nil")
		}
		if isThrowaway(r) && !allowThrowaway {
			return attest.Refuse(CodeThrowaway, "Roots", "a root that vouches for something", excerpt.Quote(r.Subject.String()))
		}
	}
	return nil
}

func isThrowaway(c *x509.Certificate) bool {
	for _, o := range append(c.Subject.Organization, c.Issuer.Organization...) {
		if strings.EqualFold(o, ThrowawayOrganization) {
			return true
		}
	}
	return false
}

// A Window is the time in which a chain of certificates is valid.
type Window struct{ NotBefore, NotAfter time.Time }

// VerifyChain verifies (RFC 5280 section 6) that leaf leads to one of p.Roots
// at p.Time through the given intermediates, none of which is trusted. It
// returns the time in which the whole chain is valid. Extended key usage is the
// backend's to check, as is a critical extension of leaf that Go does not know:
// whoever has checked it removes it from leaf.UnhandledCriticalExtensions.
func (p Params) VerifyChain(leaf *x509.Certificate, intermediates []*x509.Certificate) (Window, error) {
	if err := p.Validate(); err != nil {
		return Window{}, err
	}
	if leaf == nil {
		return Window{}, attest.Refuse(attest.CodeNil, "leaf", "a certificate", "nil")
	}
	if leaf.IsCA {
		return Window{}, attest.Refuse(CodeChain, "leaf", "an end-entity certificate", "a certificate authority")
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range p.Roots {
		roots.AddCert(c)
	}
	for _, c := range intermediates {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: p.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return Window{}, attest.Refuse(CodeChain, "leaf", "a chain to a root", excerpt.Quote(leaf.Subject.String())).Because(err)
	}
	w := Window{leaf.NotBefore, leaf.NotAfter}
	for _, c := range chains[0] {
		w = w.Intersect(Window{c.NotBefore, c.NotAfter})
	}
	return w, nil
}

// Intersect returns the time that lies in both windows.
func (w Window) Intersect(o Window) Window {
	if o.NotBefore.After(w.NotBefore) {
		w.NotBefore = o.NotBefore
	}
	if o.NotAfter.Before(w.NotAfter) {
		w.NotAfter = o.NotAfter
	}
	return w
}
