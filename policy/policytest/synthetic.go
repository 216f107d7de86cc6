package policytest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Authority is the authority of synthetic evidence that does not choose another.
const Authority = "test:policytest"

// A Synthetic makes evidence that no signature stands behind, for tests. An engine
// accepts it only if its configuration says Testing.
type Synthetic struct {
	// Authority must begin with "test:"; empty means Authority.
	Authority string
	// Signers are the principals who are said to have signed. Empty means "signer".
	// Each has one key, which follows from its name.
	Signers []string
	// Times are the trusted times.
	Times []time.Time
}

// Seal returns the statement as if it had been verified. Equal input gives equal
// evidence.
func (s Synthetic) Seal(statement *attest.Statement) (*attest.Verified, error) {
	authority := s.Authority
	if authority == "" {
		authority = Authority
	}
	if !strings.HasPrefix(authority, "test:") {
		return nil, attest.Refuse(attest.CodeSealAuthority, "Synthetic.Authority", `a name that begins with "test:"`, authority)
	}
	if statement == nil {
		return nil, attest.Refuse(attest.CodeSealStatement, "statement", "a statement", "nil")
	}
	facts := attest.Facts{Authority: authority, Statement: statement}
	principals := s.Signers
	if len(principals) == 0 {
		principals = []string{"signer"}
	}
	body := append([]byte(authority+"\x00"+strings.Join(principals, "\x00")+"\x00"), statement.Bytes()...)
	facts.Evidence = sum(body)
	for _, p := range principals {
		facts.Signers = append(facts.Signers, Identity(p))
	}
	for _, t := range s.Times {
		facts.Times = append(facts.Times, attest.TrustedTime{Time: t, Authority: "test:clock"})
	}
	return attest.Seal(facts)
}

// Identity returns the identity that Synthetic gives to a principal. An issuer may
// stand before the name, separated by '#'.
func Identity(principal string) attest.Identity {
	id := attest.Identity{Subject: principal, Key: sum([]byte("key of " + principal))}
	if issuer, subject, ok := strings.Cut(principal, "#"); ok {
		id.Issuer, id.Subject = issuer, subject
	}
	return id
}

func sum(b []byte) digest.Digest {
	s := sha256.Sum256(b)
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(s[:])}
}
