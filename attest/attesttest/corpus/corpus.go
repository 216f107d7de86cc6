package corpus

import (
	"errors"
	"testing"

	"github.com/sealwright/sealwright/attest"
)

// A Corpus is a trust and what is to be verified under it.
type Corpus struct {
	// Valid are attestations that must be accepted, by name.
	Valid map[string]attest.Attestation
	// Defects are attestations that must be refused.
	Defects []Defect
}

// A Defect is an attestation with one fault.
type Defect struct {
	Name        string
	Attestation attest.Attestation
	// Code is the reason that must be among those told.
	Code attest.Code
}

// Want is what the attestations are verified for: they are about anything.
func Want() attest.Want { return attest.Want{AnySubject: true} }

// Test verifies every attestation, each in a test of its own: the valid ones must
// be accepted and the others refused with their code. Who verifies with codes of
// its own calls TestVerdicts.
func (c *Corpus) Test(t *testing.T, v attest.Verifier) {
	t.Helper()
	c.test(t, v, true)
}

// TestVerdicts is Test without looking at codes.
func (c *Corpus) TestVerdicts(t *testing.T, v attest.Verifier) {
	t.Helper()
	c.test(t, v, false)
}

func (c *Corpus) test(t *testing.T, v attest.Verifier, codes bool) {
	t.Helper()
	for name, a := range c.Valid {
		t.Run("valid: "+name, func(t *testing.T) {
			if got, err := v.Verify(t.Context(), a, Want()); err != nil || got.IsZero() {
				t.Errorf("refused: %v", err)
			}
		})
	}
	for _, d := range c.Defects {
		t.Run(d.Name, func(t *testing.T) {
			got, err := v.Verify(t.Context(), d.Attestation, Want())
			switch {
			case err == nil || !got.IsZero():
				t.Error("accepted")
			case codes && !errors.Is(err, attest.Is(d.Code)):
				t.Errorf("no reason %s in: %v", d.Code, err)
			}
		})
	}
}
