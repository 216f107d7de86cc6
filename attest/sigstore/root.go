package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/tsa"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// MediaTypeTrustedRoot is the media type of trusted roots that
// ParseTrustedRoot reads.
const MediaTypeTrustedRoot = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"

// maxRoot bounds a trusted root.
const maxRoot = 4 << 20

// A TrustedRoot names the authorities and logs of a Sigstore instance. It is
// immutable and safe for concurrent use; what can be verified of it once is.
type TrustedRoot struct {
	logs        []log
	authorities *chain.Authorities
	caCount     int
	ct          *chain.Logs
	ctNames     []string // each once
	stampers    *tsa.Verifier
	tsaNames    []string // each once
}

// ParseTrustedRoot reads a trusted_root.json (sigstore_trustroot.proto). Every
// key and certificate in it must be usable: a log without the start of its
// window, two logs of one id, an id that is not the key's, an authority whose
// certificates do not lead to its root each refuse the whole, with every fault
// told.
func ParseTrustedRoot(data []byte) (*TrustedRoot, error) {
	read := &reader{code: CodeRoot}
	w := read.root(read.open(data, strictjson.Options{Bytes: maxRoot, Depth: 8, Values: 10_000}))
	if read.err != nil {
		return nil, read.err
	}
	if w.MediaType != MediaTypeTrustedRoot {
		return nil, attest.Refuse(CodeRootVersion, "/mediaType", MediaTypeTrustedRoot, excerpt.Quote(w.MediaType))
	}
	r := &TrustedRoot{}
	err := errors.Join(r.readLogs(w.Logs), r.readCTLogs(w.CTLogs), r.readAuthorities(w.Authorities), r.readStampers(w.Timestamps))
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *TrustedRoot) readLogs(logs []wireLog) error {
	var errs []error
	for i, w := range logs {
		where := "/tlogs/" + strconv.Itoa(i)
		made, err := newLog(w, where)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if r.logOf(made.id) != nil {
			errs = append(errs, attest.Refuse(CodeRootLog, where, "each log once", excerpt.Quote(w.BaseURL)))
		}
		r.logs = append(r.logs, made)
	}
	return errors.Join(errs...)
}

func (r *TrustedRoot) readCTLogs(logs []wireLog) error {
	var errs []error
	var made []chain.Log
	for i, w := range logs {
		where := "/ctlogs/" + strconv.Itoa(i)
		public, window, err := keyOf(w, where)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !idMatches(w.LogID, public, "") {
			errs = append(errs, attest.Refuse(CodeRootLog, where+"/logId", "the digest of the log's key", "another"))
		}
		made = append(made, chain.Log{Name: w.BaseURL, Public: public, Window: window})
	}
	var err error
	if r.ct, err = chain.NewLogs(made...); err != nil {
		errs = append(errs, attest.Refuse(CodeRootLog, "/ctlogs", "usable logs, each once", "").Because(err))
	}
	for _, l := range made {
		r.ctNames = appendNew(r.ctNames, l.Name)
	}
	return errors.Join(errs...)
}

func (r *TrustedRoot) readAuthorities(list []wireAuthority) error {
	var errs []error
	var made []chain.Authority
	for i, w := range list {
		certs, window, err := certificatesOf(w, "/certificateAuthorities/"+strconv.Itoa(i))
		errs = append(errs, err)
		made = append(made, chain.Authority{Name: nameOf(w, certs), Certificates: certs, Window: window})
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var err error
	if r.authorities, err = chain.NewAuthorities(x509.ExtKeyUsageCodeSigning, made...); err != nil {
		return attest.Refuse(CodeRootAuthority, "/certificateAuthorities", "usable authorities", "").Because(err)
	}
	r.caCount = len(made)
	return nil
}

func (r *TrustedRoot) readStampers(list []wireAuthority) error {
	var errs []error
	var made []tsa.Authority
	for i, w := range list {
		certs, window, err := certificatesOf(w, "/timestampAuthorities/"+strconv.Itoa(i))
		errs = append(errs, err)
		made = append(made, tsa.Authority{Name: nameOf(w, certs), Certificates: certs, Window: window})
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var err error
	if r.stampers, err = tsa.NewVerifier(made...); err != nil {
		return attest.Refuse(CodeRootAuthority, "/timestampAuthorities", "usable authorities", "").Because(err)
	}
	for _, a := range made {
		r.tsaNames = appendNew(r.tsaNames, a.Name)
	}
	return nil
}

func certificatesOf(w wireAuthority, where string) ([]*x509.Certificate, chain.Window, error) {
	if w.Chain == nil {
		return nil, chain.Window{}, attest.Refuse(CodeRootAuthority, where, "a certChain", "none")
	}
	var certs []*x509.Certificate
	for _, der := range w.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, chain.Window{}, attest.Refuse(CodeRootAuthority, where, "certificates in DER", "").Because(err)
		}
		certs = append(certs, c)
	}
	return certs, w.Window, nil
}

// nameOf is the name by which results tell an authority: its URI, or its root's
// subject where it has none.
func nameOf(w wireAuthority, certs []*x509.Certificate) string {
	if w.URI == "" && len(certs) > 0 {
		return certs[len(certs)-1].Subject.String()
	}
	return w.URI
}

// keyOf reads the key of a log, with the window that it must have.
func keyOf(w wireLog, where string) (crypto.PublicKey, chain.Window, error) {
	bad := func(want, got string, err error) (crypto.PublicKey, chain.Window, error) {
		return nil, chain.Window{}, attest.Refuse(CodeRootLog, where, want, got).Because(err)
	}
	if w.HashAlgorithm != "SHA2_256" {
		return bad("SHA2_256", excerpt.Quote(w.HashAlgorithm), nil)
	}
	if w.Key == nil || w.LogID == nil {
		return bad("publicKey and logId", "none", nil)
	}
	window := w.Key.Window
	if window.Start.IsZero() {
		return bad("the start of the key's window", "none", nil)
	}
	if !window.End.IsZero() && window.End.Before(window.Start) {
		return bad("a window that ends after its start", window.String(), nil)
	}
	public, err := parseKey(w.Key)
	if err != nil {
		return bad("a key of the kind that keyDetails tells", excerpt.Quote(w.Key.Details), err)
	}
	return public, window, nil
}

// parseKey reads a key and holds it against the kind that is told of it.
func parseKey(w *wireKey) (crypto.PublicKey, error) {
	if w.Details == "PKCS1_RSA_PKCS1V5" {
		public, err := x509.ParsePKCS1PublicKey(w.Raw)
		if err != nil {
			return nil, err
		}
		return public, key.Check(public)
	}
	public, err := x509.ParsePKIXPublicKey(w.Raw)
	if err != nil {
		return nil, err
	}
	if err := key.Check(public); err != nil {
		return nil, err
	}
	_, details := scheme{}.prehash(public)
	if _, ok := public.(ed25519.PublicKey); ok {
		details = "PKIX_ED25519"
	}
	if details != w.Details {
		return nil, attest.Refuse(CodeRootLog, "keyDetails", details, excerpt.Quote(w.Details))
	}
	switch public.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey, *rsa.PublicKey:
		return public, nil
	}
	return nil, attest.Refuse(CodeRootLog, "publicKey", "an ECDSA, Ed25519 or RSA key", "")
}

// appendNew appends name to names that do not have it.
func appendNew(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

func (r *TrustedRoot) logNames() (names []string) {
	for i := range r.logs {
		names = appendNew(names, r.logs[i].name)
	}
	return names
}

// logOf returns the trusted log of an id, nil if there is none.
func (r *TrustedRoot) logOf(id []byte) *log {
	for i := range r.logs {
		if string(r.logs[i].id) == string(id) {
			return &r.logs[i]
		}
	}
	return nil
}
