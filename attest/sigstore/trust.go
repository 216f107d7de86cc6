package sigstore

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// None as a field of Demand demands nothing there.
const None = -1

// A Demand tells how many distinct authorities must agree. Zero means one in
// Logs, Times and SCTs, so that the zero Demand is what the public instance of
// Sigstore gives; None waives. Only Timestamps is waived by zero.
type Demand struct {
	Logs       int // transparency logs that hold the signature
	Times      int // timestamp authorities and Rekor v1 logs that vouch for a time; certificates need one
	Timestamps int // timestamp authorities among them
	SCTs       int // certificate transparency logs; for certificates only
}

// A Match is a condition on a text. The zero Match matches nothing.
type Match struct {
	text    string
	pattern *regexp.Regexp
}

// Exactly matches one text, which is not empty.
func Exactly(text string) Match { return Match{text: text} }

// Pattern matches texts that the whole of a regular expression (RE2 syntax)
// matches from start to end. It refuses one that matches the empty text, which
// an absent field has.
func Pattern(expression string) (Match, error) {
	p, err := regexp.Compile(`\A(?:` + expression + `)\z`)
	if err != nil || p.MatchString("") || len(expression) > 1024 {
		return Match{}, attest.Refuse(CodePattern, "pattern", "a regular expression that does not match the empty text", excerpt.Quote(expression)).Because(err)
	}
	return Match{pattern: p}, nil
}

func (m Match) matches(s string) bool {
	if m.pattern != nil {
		return m.pattern.MatchString(s)
	}
	return m.text != "" && m.text == s
}

func (m Match) isZero() bool { return m.text == "" && m.pattern == nil }

// String returns the text or the pattern.
func (m Match) String() string {
	if m.pattern != nil {
		return m.pattern.String()
	}
	return m.text
}

// An Identity is somebody who may sign: who vouches, and what name.
type Identity struct {
	Issuer  Match // the OIDC issuer
	Subject Match // the certificate's subject alternative name
	// Fields are further conditions on Fulcio's extensions, all of which must
	// hold.
	Fields map[chain.Field]Match
}

func (i Identity) matches(c chain.Claims) bool {
	if !i.Issuer.matches(c.Issuer) || !i.Subject.matches(c.Name) {
		return false
	}
	for f, m := range i.Fields {
		if !m.matches(c.Fields[f]) {
			return false
		}
	}
	return true
}

// Trust is what a Verifier of certificates believes.
type Trust struct {
	Authority string // names this trust, as policies list it; not empty
	Root      *TrustedRoot
	// Identities are those who may sign; one must match.
	Identities []Identity
	Demand     Demand
	Limits     attest.Limits // bound the statement
}

// A Key is a long-lived key and the principal that holds it.
type Key struct {
	Principal string           // as attest.Identity.Subject tells it; not empty
	Public    crypto.PublicKey // of a kind that key.Check accepts
	// Hint is how bundles name the key; empty means the base64 of the SHA-256
	// digest of its SubjectPublicKeyInfo. A bundle without hint means any key.
	Hint string
	// Window is when the key may sign. If one side of it is set, a trusted time
	// is needed.
	Window chain.Window
}

// KeyTrust is what a Verifier of long-lived keys believes.
type KeyTrust struct {
	Authority string
	Keys      []Key
	// Root holds the logs and timestamp authorities. It may be nil if Demand
	// waives both.
	Root   *TrustedRoot
	Demand Demand
	Limits attest.Limits
}

// trustedKey is a Key that was checked.
type trustedKey struct {
	Key
	spki  []byte
	print digest.Digest
}

// settle returns the demand with its defaults, held against what root has.
func (d Demand) settle(root *TrustedRoot, keys bool) (Demand, error) {
	var errs []error
	refuse := func(field, want string, got int) {
		errs = append(errs, attest.Refuse(CodeTrust, "Demand."+field, want, strconv.Itoa(got)))
	}
	fill := func(field string, n *int, most, zero int) {
		if *n == 0 {
			*n = zero
		}
		if *n == None {
			*n = 0
		}
		if *n < 0 || *n > most {
			refuse(field, "None or 1 to "+strconv.Itoa(most)+", as many as the root has", *n)
		}
	}
	if root == nil {
		root = &TrustedRoot{}
	}
	fill("Logs", &d.Logs, len(root.logs), 1)
	fill("Times", &d.Times, len(root.logs)+root.tsaCount, 1)
	fill("Timestamps", &d.Timestamps, root.tsaCount, None)
	if keys {
		fill("SCTs", &d.SCTs, 0, None)
	} else {
		fill("SCTs", &d.SCTs, root.ctCount, 1)
		if d.Times < 1 {
			refuse("Times", "a trusted time, without which no certificate can be judged", d.Times)
		}
	}
	return d, errors.Join(errs...)
}

func (t Trust) check() error {
	var errs []error
	if t.Authority == "" {
		errs = append(errs, attest.Refuse(CodeTrust, "Authority", "a name", "none"))
	}
	if t.Root == nil || t.Root.caCount == 0 {
		errs = append(errs, attest.Refuse(CodeTrust, "Root", "a trusted root with a certificate authority", "none"))
	}
	if len(t.Identities) == 0 {
		errs = append(errs, attest.Refuse(CodeTrust, "Identities", "one who may sign", "none"))
	}
	for i, id := range t.Identities {
		where := "Identities[" + strconv.Itoa(i) + "]"
		if id.Issuer.isZero() || id.Subject.isZero() {
			errs = append(errs, attest.Refuse(CodeTrust, where, "issuer and subject", "an empty one"))
		}
		for f, m := range id.Fields {
			if m.isZero() || f < chain.FieldIssuer || f >= chain.FieldCount || f == chain.FieldOtherName {
				errs = append(errs, attest.Refuse(CodeTrust, where+".Fields", "a condition on an extension", strconv.Itoa(int(f))))
			}
		}
	}
	return errors.Join(errs...)
}

func (t KeyTrust) check() ([]trustedKey, error) {
	var errs []error
	if t.Authority == "" {
		errs = append(errs, attest.Refuse(CodeTrust, "Authority", "a name", "none"))
	}
	if len(t.Keys) == 0 {
		errs = append(errs, attest.Refuse(CodeTrust, "Keys", "one that may sign", "none"))
	}
	var out []trustedKey
	for i, k := range t.Keys {
		where := "Keys[" + strconv.Itoa(i) + "]"
		made, err := newKey(k)
		if err != nil || k.Principal == "" || strings.TrimSpace(k.Principal) != k.Principal {
			errs = append(errs, attest.Refuse(CodeTrust, where, "a principal and a usable key", excerpt.Quote(k.Principal)).Because(err))
			continue
		}
		for _, other := range out {
			if other.Hint == made.Hint || other.print == made.print {
				errs = append(errs, attest.Refuse(CodeTrust, where, "each key and hint once", excerpt.Quote(made.Hint)))
			}
		}
		out = append(out, made)
	}
	return out, errors.Join(errs...)
}

func newKey(k Key) (trustedKey, error) {
	print, err := key.Fingerprint(k.Public)
	if err != nil {
		return trustedKey{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(k.Public)
	if err != nil {
		return trustedKey{}, err
	}
	if k.Hint == "" {
		sum := sha256.Sum256(spki)
		k.Hint = base64.StdEncoding.EncodeToString(sum[:])
	}
	return trustedKey{k, spki, print}, nil
}
