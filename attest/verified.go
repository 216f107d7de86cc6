package attest

import (
	"slices"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// An Identity is who signed, as the verifier's own trust tells it: never a key
// id or a name that only the evidence gives.
type Identity struct {
	// Issuer vouches for Subject: an OIDC issuer URL, a certificate authority.
	// It is empty for a key that the verifier's configuration names.
	Issuer string `json:"issuer,omitempty"`
	// Subject is the name: a certificate's SAN, or the principal that the
	// verifier's configuration gives to the key.
	Subject string `json:"subject"`
	// Key is the SHA-256 digest of the public key's SubjectPublicKeyInfo in DER.
	Key digest.Digest `json:"key,omitzero"`
}

// Principal returns the name by which thresholds and quorums count: two keys of
// one principal are one. It is Subject, prefixed by the issuer where there is one.
func (i Identity) Principal() string {
	if i.Issuer == "" {
		return i.Subject
	}
	return i.Issuer + "#" + i.Subject
}

// A TrustedTime is an instant at which the evidence existed, with the authority
// that vouches for it.
type TrustedTime struct {
	Time      time.Time `json:"time"`
	Authority string    `json:"authority"`
}

// An Inclusion is a proven entry in a transparency log.
type Inclusion struct {
	Log   string `json:"log"` // the log's origin
	Index uint64 `json:"index"`
}

// A Claim is what the authority behind a signer's certificate says of the signer
// beyond the name, such as the repository whose workflow holds the key.
type Claim struct {
	// Principal is the signer's (Identity.Principal).
	Principal string `json:"principal"`
	// Name is the OID of the certificate's extension, in dotted decimals.
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Facts are what a verifier established. They are the input of Seal.
type Facts struct {
	// Authority names the verifier and its trust, as policies list it, for
	// example "example.com/release-keys". Fakes use the prefix "test:".
	Authority string
	// Statement is what was signed.
	Statement *Statement
	// Evidence is the SHA-256 digest of the attestation's body.
	Evidence digest.Digest
	// Signers are the distinct principals whose signatures were verified.
	Signers []Identity
	// Claims are of the signers, each name once of each principal. They may be empty.
	Claims []Claim
	// Times and Inclusions hold what was proven, and may be empty.
	Times      []TrustedTime
	Inclusions []Inclusion
}

// Verified is evidence that a Verifier accepted: the only form in which a
// statement reaches a policy. Only Seal makes one; the zero Verified, and a
// nil one, answer nothing. It is immutable and safe for concurrent use.
type Verified struct {
	facts Facts
}

// Seal makes a Verified from what a verifier established. It is for implementers
// of Verifier: who calls it vouches for the facts under the authority's name,
// and policies decide which authorities they accept. It copies f; the Statement
// is immutable and shared.
func Seal(f Facts) (*Verified, error) {
	if f.Authority == "" {
		return nil, Refuse(CodeSealAuthority, "Facts.Authority", "a name", "none")
	}
	if f.Statement == nil || len(f.Statement.raw) == 0 {
		return nil, Refuse(CodeSealStatement, "Facts.Statement", "a parsed statement", "none")
	}
	if err := f.Evidence.Validate(); err != nil {
		return nil, Refuse(CodeSealStatement, "Facts.Evidence", "a digest", "").Because(err)
	}
	if len(f.Signers) == 0 {
		return nil, Refuse(CodeSealSigner, "Facts.Signers", "at least one", "none")
	}
	for _, s := range f.Signers {
		if s.Subject == "" {
			return nil, Refuse(CodeSealSigner, "Facts.Signers", "a named principal", "an empty name")
		}
	}
	if err := checkClaims(f.Claims, f.Signers); err != nil {
		return nil, err
	}
	f.Signers = slices.Clone(f.Signers)
	f.Claims = slices.Clone(f.Claims)
	f.Times = slices.Clone(f.Times)
	f.Inclusions = slices.Clone(f.Inclusions)
	return &Verified{facts: f}, nil
}

// checkClaims demands that each claim is of a signer, and none is there twice.
func checkClaims(claims []Claim, signers []Identity) error {
	if len(claims) == 0 {
		return nil
	}
	type name struct{ principal, name string }
	seen := make(map[name]bool, len(claims))
	principals := make([]string, len(signers))
	for i, s := range signers {
		principals[i] = s.Principal()
	}
	for _, c := range claims {
		if c.Name == "" || seen[name{c.Principal, c.Name}] || !slices.Contains(principals, c.Principal) {
			return Refuse(CodeSealClaim, "Facts.Claims", "each name once, of one of the signers", excerpt.Quote(c.Name))
		}
		seen[name{c.Principal, c.Name}] = true
	}
	return nil
}

// IsZero reports whether v carries nothing.
func (v *Verified) IsZero() bool { return v == nil || v.facts.Statement == nil }

// Authority returns the name of the verifier and its trust; "" for the zero
// Verified.
func (v *Verified) Authority() string {
	if v.IsZero() {
		return ""
	}
	return v.facts.Authority
}

// Statement returns what was signed; nil for the zero Verified.
func (v *Verified) Statement() *Statement {
	if v.IsZero() {
		return nil
	}
	return v.facts.Statement
}

// Evidence returns the SHA-256 digest of the attestation that was verified; the
// zero Digest for the zero Verified.
func (v *Verified) Evidence() digest.Digest {
	if v.IsZero() {
		return digest.Digest{}
	}
	return v.facts.Evidence
}

// Signers returns a copy of the verified principals; none for the zero Verified.
func (v *Verified) Signers() []Identity {
	if v.IsZero() {
		return nil
	}
	return slices.Clone(v.facts.Signers)
}

// Claims returns a copy of what is said of the signers beyond their names.
func (v *Verified) Claims() []Claim {
	if v.IsZero() {
		return nil
	}
	return slices.Clone(v.facts.Claims)
}

// Times returns a copy of the trusted times.
func (v *Verified) Times() []TrustedTime {
	if v.IsZero() {
		return nil
	}
	return slices.Clone(v.facts.Times)
}

// Inclusions returns a copy of the proven log entries.
func (v *Verified) Inclusions() []Inclusion {
	if v.IsZero() {
		return nil
	}
	return slices.Clone(v.facts.Inclusions)
}
