package predicate

import (
	"encoding/json"
	"errors"

	"github.com/sealwright/sealwright/attest"
)

// SCAIType is the predicate type of a SCAI.
const SCAIType = "https://in-toto.io/attestation/scai/v0.3"

// A SCAI is a Software Supply Chain Attribute Integrity report.
type SCAI struct {
	Attributes []Attribute        `json:"attributes"`
	Producer   *attest.Descriptor `json:"producer,omitempty"`
}

// An Attribute is one assertion of a SCAI.
type Attribute struct {
	Attribute string             `json:"attribute"`
	Target    *attest.Descriptor `json:"target,omitempty"`
	// Conditions is a JSON object of the producer's form, or nil.
	Conditions json.RawMessage    `json:"conditions,omitempty"`
	Evidence   *attest.Descriptor `json:"evidence,omitempty"`
}

// Type returns SCAIType.
func (*SCAI) Type() string { return SCAIType }

func (*SCAI) about([]attest.Descriptor) error { return nil }

// Validate holds s to the specification.
func (s *SCAI) Validate() error {
	if s == nil {
		return attest.Refuse(CodeNil, "SCAI", "a report", "nil")
	}
	var errs []error
	if len(s.Attributes) == 0 {
		errs = append(errs, attest.Refuse(CodeMissing, "/attributes", "at least one", "none"))
	}
	for i, a := range s.Attributes {
		where := at("/attributes", i)
		errs = append(errs,
			checkText(where+"/attribute", a.Attribute),
			checkDescriptor(where+"/target", a.Target),
			checkObject(where+"/conditions", a.Conditions),
			checkDescriptor(where+"/evidence", a.Evidence))
	}
	return errors.Join(append(errs, checkDescriptor("/producer", s.Producer))...)
}
