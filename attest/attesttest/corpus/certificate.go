package corpus

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// certificateDefects are defects of the signing certificate.
func certificateDefects(i, other *virtual.Instance) []recipe {
	claim := func(field int, value []byte) virtual.Recipe {
		return certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, virtual.RawClaim(field, value))
		})
	}
	return []recipe{
		{"a certificate of another authority of the same name", virtual.Recipe{CA: &other.CA}, chain.CodePath},
		{"a certificate of the timestamp authority", virtual.Recipe{CA: &i.TSA}, chain.CodeIssuer},
		{"a certificate that is an authority's", certificate(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), chain.CodeLeafIsCA},
		{"a certificate for servers", certificate(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), chain.CodePath},
		{"a certificate that is not valid yet", certificate(func(c *x509.Certificate) { c.NotBefore = i.Now.Add(time.Minute) }), chain.CodeTime},
		{"a certificate that has ended", certificate(func(c *x509.Certificate) { c.NotAfter = i.Now.Add(-time.Second) }), chain.CodeTime},
		{"a certificate from before its authority", certificate(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = i.Now.AddDate(-2, 0, 0), i.Now.AddDate(-1, 0, 0) }), chain.CodeTime},
		{"an unknown critical extension", certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4, 5}, Critical: true, Value: []byte{5, 0}})
		}), chain.CodePath},
		{"another subject", certificate(func(c *x509.Certificate) { c.URIs[0], _ = url.Parse("https://ci.example/workflow@refs/heads/mainx") }), sigstore.CodeIdentity},
		{"an email address in place of the subject", certificate(func(c *x509.Certificate) { c.URIs, c.EmailAddresses = nil, []string{"a@example.com"} }), sigstore.CodeIdentity},
		{"two names", certificate(func(c *x509.Certificate) { c.EmailAddresses = []string{"a@example.com"} }), chain.CodeName},
		{"no name", certificate(func(c *x509.Certificate) { c.URIs = nil }), chain.CodeName},
		{"a DNS name", certificate(func(c *x509.Certificate) { c.URIs, c.DNSNames = nil, []string{"example.com"} }), chain.CodeName},
		{"another issuer", certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{virtual.RawClaim(1, []byte("https://evil.example"))}
		}), sigstore.CodeIdentity},
		{"no issuer", certificate(func(c *x509.Certificate) { c.ExtraExtensions = nil }), sigstore.CodeIdentity},
		{"two issuers that differ", certificate(func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte("https://evil.example") }), chain.CodeIssuerConflict},
		{"an old issuer that is empty", certificate(func(c *x509.Certificate) { c.ExtraExtensions[0].Value = nil }), chain.CodeIssuerConflict},
		{"an extension that is no DER", claim(9, []byte("raw")), chain.CodeExtension},
		{"an extension with trailing bytes", claim(9, []byte{12, 1, 'a', 0}), chain.CodeExtension},
		{"an extension that is not UTF-8", claim(9, []byte{12, 1, 0xff}), chain.CodeExtension},
		{"an extension that is a number", claim(12, []byte{2, 1, 5}), chain.CodeExtension},
		{"an extension that is too long", claim(2, []byte(strings.Repeat("x", 5000))), chain.CodeExtension},
	}
}

// sctDefects are defects of the certificate's timestamps (RFC 6962).
func sctDefects(i, other *virtual.Instance) []recipe {
	return []recipe{
		{"no timestamp of a certificate log", virtual.Recipe{SCTs: func([]*virtual.SCT) []*virtual.SCT { return nil }}, chain.CodeSCTMissing},
		{"an unknown certificate log", sct(func(s *virtual.SCT) { s.LogID = make([]byte, 32) }), chain.CodeSCTLog},
		{"an unknown certificate log misses the threshold", sct(func(s *virtual.SCT) { s.LogID = make([]byte, 32) }), chain.CodeSCTThreshold},
		{"another key in a certificate log's name", sct(func(s *virtual.SCT) { s.Key = other.CT }), chain.CodeSCTSignature},
		{"an SCT of another certificate", sct(func(s *virtual.SCT) { s.TBS = flip }), chain.CodeSCTSignature},
		{"an SCT with a changed signature", sct(func(s *virtual.SCT) { s.Mangle = func(b []byte) []byte { return append(b, 0) } }), chain.CodeSCTSignature},
		{"an SCT of SHA-1", sct(func(s *virtual.SCT) { s.Algorithm = [2]byte{2, 3} }), chain.CodeSCTSignature},
		{"an SCT that says RSA", sct(func(s *virtual.SCT) { s.Algorithm = [2]byte{4, 1} }), chain.CodeSCTSignature},
		{"an SCT before the log's window", sct(func(s *virtual.SCT) { s.Time = i.Now.Add(-2 * time.Hour) }), chain.CodeSCTTime},
		{"an SCT after the log's window", sct(func(s *virtual.SCT) { s.Time = i.Now.Add(2 * time.Hour) }), chain.CodeSCTTime},
		{"a list that is malformed", sct(func(s *virtual.SCT) { s.LogID = make([]byte, 7) }), chain.CodeSCT},
	}
}
