package predicate

import (
	"errors"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// SVRType is the predicate type of an SVR.
const SVRType = "https://in-toto.io/attestation/svr/v0.1"

// An SVR is a simple verification result: properties that a verifier found an
// artifact to have.
type SVR struct {
	Verifier    SVRVerifier `json:"verifier"`
	TimeCreated Timestamp   `json:"timeCreated"`
	// Properties are distinct. The list is required and may be empty.
	Properties []string `json:"properties"`
}

// An SVRVerifier is who made an SVR.
type SVRVerifier struct {
	ID string `json:"id"`
	// Policy is an extension that verifiers with a policy use.
	Policy *attest.Descriptor `json:"policy,omitempty"`
}

// Type returns SVRType.
func (*SVR) Type() string { return SVRType }

func (*SVR) about([]attest.Descriptor) error { return nil }

// Validate holds r to the specification.
func (r *SVR) Validate() error {
	if r == nil {
		return attest.Refuse(CodeNil, "SVR", "a result", "nil")
	}
	errs := []error{
		checkURI("/verifier/id", r.Verifier.ID),
		checkDescriptor("/verifier/policy", r.Verifier.Policy),
		checkTime("/timeCreated", r.TimeCreated),
		checkNames("/properties", r.Properties, map[string]bool{}),
	}
	if r.Properties == nil {
		errs = append(errs, attest.Refuse(CodeMissing, "/properties", "a list", "none"))
	}
	return errors.Join(errs...)
}

// checkNames refuses empty names and those that seen holds already, and adds the
// others to it.
func checkNames(where string, names []string, seen map[string]bool) error {
	for i, name := range names {
		if err := checkText(at(where, i), name); err != nil {
			return err
		}
		if seen[name] {
			return attest.Refuse(CodeDuplicate, at(where, i), "each name once", excerpt.Quote(name))
		}
		seen[name] = true
	}
	return nil
}
