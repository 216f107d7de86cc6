package tee

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"hash"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Limits of a Binding.
const (
	MinNonce = 16   // bytes
	MaxNonce = 64   // bytes
	maxText  = 1024 // bytes of Purpose, Audience, BuildID
	maxSPKI  = 8192 // bytes
)

// bindingDomain separates a binding's digest from every other use of the hash.
const bindingDomain = "sealwright-tee-binding/v1\x00"

// A Binding is what a quote is about: the preimage of the bytes that the
// hardware signs. It travels with the evidence in the clear; the appraiser
// recomputes it from what it expects and never believes the copy.
type Binding struct {
	// Purpose keeps evidence for one job from serving another, for example
	// "build-provenance". Mandatory.
	Purpose string
	// Nonce is the relying party's challenge, 16 to 64 bytes. Mandatory.
	Nonce []byte
	// SPKI is the DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of the key
	// that the evidence speaks for; empty when it speaks for none.
	SPKI []byte
	// Statement is the digest of what the evidence speaks for: of the bytes that
	// a DSSE signature covers, or a Merkle root of many. Zero when there is none.
	Statement digest.Digest
	// Audience names the relying party; BuildID the job. Either may be empty.
	Audience, BuildID string
}

// Validate reports whether b has a purpose and a nonce, and whether every
// field is well formed and bounded.
func (b Binding) Validate() error {
	if b.Purpose == "" {
		return attest.Refuse(CodePurpose, "Binding.Purpose", "a purpose", "none")
	}
	if len(b.Nonce) < MinNonce || len(b.Nonce) > MaxNonce {
		return attest.Refuse(CodeNonceSize, "Binding.Nonce", "16 to 64 bytes", strconv.Itoa(len(b.Nonce)))
	}
	if err := checkSPKI(b.SPKI); err != nil {
		return err
	}
	if !b.Statement.IsZero() {
		if err := b.Statement.Validate(); err != nil {
			return attest.Refuse(CodeBinding, "Binding.Statement", "a well-formed digest", "").Because(err)
		}
		if _, strong := b.Statement.Set().Strongest(); !strong {
			return attest.Refuse(CodeBinding, "Binding.Statement", "a collision-resistant digest", excerpt.Quote(b.Statement.String()))
		}
	}
	for _, f := range []struct{ name, text string }{
		{"Purpose", b.Purpose}, {"Audience", b.Audience}, {"BuildID", b.BuildID},
	} {
		if err := checkText("Binding."+f.name, f.text); err != nil {
			return err
		}
	}
	return nil
}

// checkSPKI demands one SubjectPublicKeyInfo of any algorithm: which keys may
// sign is a matter of the signature's verifier.
func checkSPKI(der []byte) error {
	if len(der) == 0 {
		return nil
	}
	if len(der) > maxSPKI {
		return attest.Refuse(CodeBinding, "Binding.SPKI", "at most "+strconv.Itoa(maxSPKI)+" bytes", strconv.Itoa(len(der)))
	}
	var spki struct {
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &spki)
	if err != nil || len(rest) > 0 {
		return attest.Refuse(CodeBinding, "Binding.SPKI", "one DER SubjectPublicKeyInfo", strconv.Itoa(len(rest))+" trailing bytes").Because(err)
	}
	return nil
}

func checkText(where, s string) error {
	if len(s) > maxText || !utf8.ValidString(s) {
		return attest.Refuse(CodeBinding, where, "at most "+strconv.Itoa(maxText)+" bytes of UTF-8", excerpt.Quote(s))
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return attest.Refuse(CodeBinding, where, "no control characters", excerpt.Quote(s))
		}
	}
	return nil
}

// Digest returns the bytes that hardware of the given kind must sign for b:
//
//	H("sealwright-tee-binding/v1\0" ‖ lp(kind) ‖ lp(purpose) ‖ lp(nonce) ‖
//	  lp(spki) ‖ lp(statement) ‖ lp(audience) ‖ lp(build id))
//
// lp(x) is the length of x as 8 bytes, big-endian, then x; the statement is
// written as "algorithm:hex", or empty. H is SHA-256 for a size of 32 bytes and
// SHA-512 for 64; a report field of another size is refused, since padding or
// cutting a digest invites confusion. The binding is validated first.
func (b Binding) Digest(kind Kind, size int) ([]byte, error) {
	if err := kind.Validate(); err != nil {
		return nil, err
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	var h hash.Hash
	switch size {
	case sha256.Size:
		h = sha256.New()
	case sha512.Size:
		h = sha512.New()
	default:
		return nil, attest.Refuse(CodeDigestSize, "Binding.Digest", "32 or 64 bytes", strconv.Itoa(size))
	}
	h.Write([]byte(bindingDomain))
	for _, field := range [][]byte{
		[]byte(kind), []byte(b.Purpose), b.Nonce, b.SPKI,
		[]byte(b.Statement.String()), []byte(b.Audience), []byte(b.BuildID),
	} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write(field)
	}
	return h.Sum(nil), nil
}
