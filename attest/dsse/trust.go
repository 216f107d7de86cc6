package dsse

import (
	"crypto"
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
)

// A Key is a public key and the principal that holds it.
type Key struct {
	Principal string // as attest.Identity.Subject tells it; not empty
	// Public is of a kind that key.Check accepts, or a PublicKey.
	Public crypto.PublicKey
}

// A PublicKey is a key of another algorithm that verifies by itself, such as the
// ML-DSA keys of package key/mldsa. Keys of the standard library need none. It
// must be safe for concurrent use.
type PublicKey interface {
	// Fingerprint returns the SHA-256 digest of the SubjectPublicKeyInfo in DER.
	Fingerprint() (digest.Digest, error)
	// Verify reports, by a nil error, that sig is a signature of message.
	Verify(message, sig []byte) error
}

// fingerprint refuses keys that cannot be used.
func fingerprint(public crypto.PublicKey) (digest.Digest, error) {
	k, ok := public.(PublicKey)
	if !ok {
		return key.Fingerprint(public)
	}
	print, err := k.Fingerprint()
	if err == nil {
		err = print.Validate()
	}
	return print, err
}

func verify(public crypto.PublicKey, message, sig []byte) error {
	if k, ok := public.(PublicKey); ok {
		return k.Verify(message, sig)
	}
	return key.Verify(public, message, sig)
}

// Trust is what a verifier believes: who may sign, and how many must.
type Trust struct {
	// Authority names this trust, as policies list it; not empty.
	Authority string
	// Keys are the trusted keys. A principal may hold several; a key stands here
	// once.
	Keys []Key
	// Threshold is how many distinct principals must sign: from one to their
	// number. Its zero value is refused.
	Threshold int
	// EveryKey demands a signature by each key of a principal who is to count. Where
	// a principal holds a classical and a post-quantum key it is the hybrid rule: an
	// envelope holds as long as one of the two algorithms does.
	EveryKey bool
	// Limits bound the statement; they also bound the envelope.
	Limits attest.Limits
}

// trustedKey is a Key that was checked.
type trustedKey struct {
	identity attest.Identity
	public   crypto.PublicKey
}

// check refuses a trust that does not say what it means. It joins every fault.
func (t Trust) check() ([]trustedKey, error) {
	var faults []error
	if t.Authority == "" {
		faults = append(faults, attest.Refuse(CodeTrustAuthority, "Trust.Authority", "a name", "none"))
	}
	if len(t.Keys) == 0 {
		faults = append(faults, attest.Refuse(CodeTrustKey, "Trust.Keys", "at least one", "none"))
	}
	keys := make([]trustedKey, 0, len(t.Keys))
	owner := map[digest.Digest]int{}
	principals := map[string]bool{}
	for i, k := range t.Keys {
		where := "Trust.Keys[" + strconv.Itoa(i) + "]"
		if k.Principal == "" {
			faults = append(faults, attest.Refuse(CodeTrustKey, where+".Principal", "a name", "none"))
		}
		print, err := fingerprint(k.Public)
		if err != nil {
			faults = append(faults, attest.Refuse(CodeTrustKey, where+".Public", "a usable key", "").Because(err))
			continue
		}
		if first, twice := owner[print]; twice {
			faults = append(faults, attest.Refuse(CodeTrustKey, where+".Public", "each key once", "the key of Trust.Keys["+strconv.Itoa(first)+"]"))
			continue
		}
		owner[print] = i
		principals[k.Principal] = true
		keys = append(keys, trustedKey{attest.Identity{Subject: k.Principal, Key: print}, k.Public})
	}
	if t.Threshold < 1 || t.Threshold > len(principals) {
		want := "1 to " + strconv.Itoa(len(principals)) + ", the number of principals"
		faults = append(faults, attest.Refuse(CodeTrustThreshold, "Trust.Threshold", want, strconv.Itoa(t.Threshold)))
	}
	return slices.Clip(keys), errors.Join(faults...)
}
