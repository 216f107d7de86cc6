package attesttest

import (
	"strings"
	"testing"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// SealAuthority is the authority of what Seal makes.
const SealAuthority = "test:sealed"

// Seal returns statement as if a verifier of authority SealAuthority had found
// the signatures of principals on it; without any, of the principal "test". No
// evidence exists: its digest is that of the statement and the names. Equal
// input gives equal output.
func Seal(t testing.TB, statement *attest.Statement, principals ...string) *attest.Verified {
	t.Helper()
	if statement == nil {
		t.Fatal("attesttest.Seal: nil statement")
	}
	if len(principals) == 0 {
		principals = []string{"test"}
	}
	facts := attest.Facts{
		Authority: SealAuthority,
		Statement: statement,
		Evidence:  digest.FromBytes(append(statement.Bytes(), strings.Join(principals, "\n")...)),
	}
	for _, p := range principals {
		facts.Signers = append(facts.Signers, attest.Identity{Subject: p, Key: fingerprint(Signer(p))})
	}
	v, err := attest.Seal(facts)
	if err != nil {
		t.Fatalf("attesttest.Seal: %v", err)
	}
	return v
}
