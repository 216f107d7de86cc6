package predicate

import (
	"encoding/json"
	"errors"

	"github.com/sealwright/sealwright/attest"
)

// LinkType is the predicate type of a Link.
const LinkType = "https://in-toto.io/attestation/link/v0.3"

// A Link records the execution of one step. Its products are the subjects, each of
// another name.
type Link struct {
	Name    string   `json:"name"`
	Command []string `json:"command,omitempty"`
	// Materials have each a name of its own and digests.
	Materials []attest.Descriptor `json:"materials,omitempty"`
	// Byproducts and Environment are JSON objects of the producer's form, or nil.
	Byproducts  json.RawMessage `json:"byproducts,omitempty"`
	Environment json.RawMessage `json:"environment,omitempty"`
}

// Type returns LinkType.
func (*Link) Type() string { return LinkType }

func (*Link) about(subjects []attest.Descriptor) error { return uniqueNames("/subject", subjects) }

// Validate holds l to the specification.
func (l *Link) Validate() error {
	if l == nil {
		return attest.Refuse(CodeNil, "Link", "a link", "nil")
	}
	errs := []error{
		checkText("/name", l.Name),
		checkObject("/byproducts", l.Byproducts),
		checkObject("/environment", l.Environment),
		uniqueNames("/materials", l.Materials),
	}
	for i, m := range l.Materials {
		errs = append(errs, checkText(at("/materials", i)+"/name", m.Name))
		if err := m.Digest.Validate(); err != nil {
			errs = append(errs, attest.Refuse(CodeDescriptor, at("/materials", i)+"/digest", "digests", "").Because(err))
		}
	}
	return errors.Join(errs...)
}
