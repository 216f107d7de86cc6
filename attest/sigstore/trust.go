package sigstore

import (
	"crypto"
	"crypto/rsa"
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
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// None as a field of Demand demands nothing there.
const None = -1

// A Demand tells how many distinct authorities must agree; two keys or windows of
// one name in the root are one authority. Zero means one in
// Logs, Times and SCTs, so that the zero Demand is what the public instance of
// Sigstore gives; None waives. Only Timestamps is waived by zero.
type Demand struct {
	Logs       int // transparency logs that hold the signature
	Times      int // timestamp authorities and Rekor v1 logs that vouch for a time; certificates need one
	Timestamps int // timestamp authorities among them
	SCTs       int // certificate transparency logs; for certificates only
}

// Rules are conditions on who agrees, besides the numbers of a Demand. A rule
// that is nil adds none.
type Rules struct {
	Logs      NameRule // over the base URLs of the transparency logs whose entries hold
	Stampers  NameRule // over the names of the authorities whose timestamps hold: their URIs
	Witnesses NameRule // over the names, in Witnesses, of those who cosigned a checkpoint; for each one
}

// A NameRule judges names. A rule.Rule of package attest/rule is one.
type NameRule interface {
	// Err tells why the rule cannot be used; nil if it can.
	Err() error
	// EvalNames reports, by a nil error, that the names meet the rule.
	EvalNames(names []string) error
}

// A Match is a condition on a text. The zero Match matches nothing.
type Match struct {
	text  string
	whole func(string) bool // of a pattern; a closure, so that who has none links no regexp
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
	return Match{p.String(), p.MatchString}, nil
}

func (m Match) matches(s string) bool {
	if m.whole != nil {
		return m.whole(s)
	}
	return m.text != "" && m.text == s
}

func (m Match) isZero() bool { return m.text == "" }

// String returns the text or the pattern.
func (m Match) String() string { return m.text }

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
	// Witnesses, if not nil, must have cosigned the checkpoint of each log entry
	// that counts. An entry that has no checkpoint then refuses the bundle.
	Witnesses *tlog.Witnesses
	Rules     Rules
	// SHA256Signatures accepts ECDSA signatures under P-384 and P-521 with SHA-256
	// too, as old clients made them, instead of the curve's digest alone.
	SHA256Signatures bool
	Limits           attest.Limits // bound the statement
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
	// PSS tells that an RSA key signs by RSASSA-PSS with SHA-256, instead of
	// PKCS #1 v1.5.
	PSS bool
}

// KeyTrust is what a Verifier of long-lived keys believes.
type KeyTrust struct {
	Authority string
	Keys      []Key
	// Root holds the logs and timestamp authorities. It may be nil if Demand
	// waives both.
	Root      *TrustedRoot
	Demand    Demand
	Witnesses *tlog.Witnesses // as in Trust
	Rules     Rules
	Limits    attest.Limits
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
	logs, stampers := len(root.logNames()), len(root.tsaNames)
	fill("Logs", &d.Logs, logs, 1)
	fill("Times", &d.Times, logs+stampers, 1)
	fill("Timestamps", &d.Timestamps, stampers, None)
	if keys {
		fill("SCTs", &d.SCTs, 0, None)
	} else {
		fill("SCTs", &d.SCTs, len(root.ctNames), 1)
		if d.Times < 1 {
			refuse("Times", "a trusted time, without which no certificate can be judged", d.Times)
		}
	}
	return d, errors.Join(errs...)
}

// checkAgreement refuses rules that are not well made, and witnesses where no
// log is demanded, whose checkpoint they could have cosigned.
func checkAgreement(d Demand, w *tlog.Witnesses, r Rules) error {
	var errs []error
	for _, one := range [...]struct {
		name string
		rule NameRule
	}{{"Logs", r.Logs}, {"Stampers", r.Stampers}, {"Witnesses", r.Witnesses}} {
		if one.rule == nil {
			continue
		}
		if err := one.rule.Err(); err != nil {
			errs = append(errs, attest.Refuse(CodeTrust, "Rules."+one.name, "a rule", "").Because(err))
		}
	}
	if (w != nil || r.Logs != nil) && d.Logs < 1 {
		errs = append(errs, attest.Refuse(CodeTrust, "Demand.Logs", "a log, for there are witnesses or a rule of logs", "none"))
	}
	if r.Witnesses != nil && w == nil {
		errs = append(errs, attest.Refuse(CodeTrust, "Witnesses", "those whom the rule judges", "none"))
	}
	if w != nil && w.IsZero() {
		errs = append(errs, attest.Refuse(CodeTrust, "Witnesses", "witnesses", "the zero Witnesses"))
	}
	return errors.Join(errs...)
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
	if err == nil {
		err = scheme{pss: k.PSS}.named(k.Public)
	}
	if _, ok := k.Public.(*rsa.PublicKey); err == nil && k.PSS && !ok {
		err = attest.Refuse(CodeAlgorithm, "PSS", "an RSA key", "another")
	}
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
