package tlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// An Algorithm is the signature type of a verifier key (C2SP signed-note).
type Algorithm byte

// The algorithms that this package reads.
const (
	// Ed25519 signs the text of a note. It is for logs.
	Ed25519 Algorithm = 0x01
	// CosignatureV1 is a timestamped Ed25519 cosignature. It is for witnesses.
	CosignatureV1 Algorithm = 0x04
	// MLDSA44 is a timestamped ML-DSA-44 cosignature. It is for witnesses and logs.
	MLDSA44 Algorithm = 0x06
)

// The length of an ML-DSA-44 public key (FIPS 204).
const mldsa44PublicSize = 1312

// A VerifyMLDSA44 reports whether signature is a signature of message, with an
// empty context, under an ML-DSA-44 public key of 1,312 bytes (FIPS 204). It must
// be safe for concurrent use.
type VerifyMLDSA44 func(public, message, signature []byte) bool

// A Key is a verifier key (C2SP signed-note): whose signature lines bear its name
// and id are to be verified under it.
type Key struct {
	Name      string
	Algorithm Algorithm
	Public    []byte
}

// ParseKey reads a key in vkey format: name, id and key joined by plus signs.
func ParseKey(vkey string) (Key, error) {
	refuse := func(want string) (Key, error) {
		return Key{}, attest.Refuse(CodeKey, "verifier key", want, excerpt.Quote(vkey))
	}
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return refuse("name+id+key")
	}
	encoded, err := decode64("verifier key", parts[2])
	if err != nil {
		return Key{}, err
	}
	if len(encoded) == 0 {
		return refuse("an algorithm and a key")
	}
	k := Key{Name: parts[0], Algorithm: Algorithm(encoded[0]), Public: encoded[1:]}
	if err := k.Validate(); err != nil {
		return Key{}, err
	}
	if k.String() != vkey {
		return refuse("the id " + fmt.Sprintf("%08x", k.ID()))
	}
	return k, nil
}

// Validate reports whether k has a name without space and plus sign, an algorithm
// that this package knows, and a public key of its length.
func (k Key) Validate() error {
	if k.Name == "" || !line(k.Name) || strings.ContainsFunc(k.Name, unicode.IsSpace) || strings.Contains(k.Name, "+") || !utf8.ValidString(k.Name) {
		return attest.Refuse(CodeKey, "key name", "a name without space and plus sign", excerpt.Quote(k.Name))
	}
	size := ed25519.PublicKeySize
	switch k.Algorithm {
	case Ed25519, CosignatureV1:
	case MLDSA44:
		size = mldsa44PublicSize
		if len(k.Name) > 255 {
			return attest.Refuse(CodeKey, "key name", "at most 255 bytes", strconv.Itoa(len(k.Name)))
		}
	default:
		return attest.Refuse(CodeKey, "key algorithm", "1, 4 or 6", strconv.Itoa(int(k.Algorithm)))
	}
	if len(k.Public) != size {
		return attest.Refuse(CodeKey, "public key", strconv.Itoa(size)+" bytes", strconv.Itoa(len(k.Public)))
	}
	return nil
}

// ID returns the number by which signature lines name the key.
func (k Key) ID() uint32 {
	h := sha256.New()
	h.Write([]byte(k.Name + "\n"))
	h.Write([]byte{byte(k.Algorithm)})
	h.Write(k.Public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// String returns the key in vkey format.
func (k Key) String() string {
	encoded := append([]byte{byte(k.Algorithm)}, k.Public...)
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID(), base64.StdEncoding.EncodeToString(encoded))
}

// Fingerprint returns the SHA-256 digest of the key's SubjectPublicKeyInfo in DER
// (RFC 8410, RFC 9881), by which attest.Identity names a key. It is the same for
// all names and roles of a key.
func (k Key) Fingerprint() (digest.Digest, error) {
	if err := k.Validate(); err != nil {
		return digest.Digest{}, err
	}
	if k.Algorithm != MLDSA44 {
		return key.Fingerprint(ed25519.PublicKey(k.Public))
	}
	type algorithm struct{ OID asn1.ObjectIdentifier }
	der, err := asn1.Marshal(struct {
		Algorithm algorithm
		Public    asn1.BitString
	}{
		algorithm{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 17}},
		asn1.BitString{Bytes: k.Public, BitLength: len(k.Public) * 8},
	})
	if err != nil {
		return digest.Digest{}, attest.Refuse(CodeKey, "public key", "SubjectPublicKeyInfo", "").Because(err)
	}
	return digest.FromBytes(der), nil
}
