package rules

import (
	"context"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

// An SBOM demands a bill of materials, in CycloneDX, SPDX 2 or SPDX 3.0 JSON, that itself
// describes the subject by its digest: CycloneDX in metadata.component.hashes, SPDX in
// the hashes of a package that the document describes, which in SPDX 3 is a root element
// of it or of a bill that is one. It is read as a stream.
type SBOM struct {
	ID string // "sbom" if empty
	Trust
	// MinComponents is the least number of components beside the subject itself.
	MinComponents int
	// Complete demands that the bill claims to be complete: CycloneDX compositions,
	// all of them with the aggregate "complete", and one of them about the assembly of
	// what the bill is about, by its bom-ref. SPDX 2 cannot claim it,
	// and of SPDX 3 no such claim is read.
	Complete bool
	// Identified demands that each component has a name, a version and a package URL;
	// Hashed that it has a digest that resists collisions.
	Identified, Hashed bool
}

// Spec implements policy.Rule.
func (r SBOM) Spec() (policy.Spec, error) {
	if r.MinComponents < 0 {
		return policy.Spec{}, refuse("MinComponents", "0 or more", strconv.Itoa(r.MinComponents))
	}
	return r.spec(r.ID, "sbom", "a bill of materials describes the artifact", billTypes()...), nil
}

// Check implements policy.Rule.
func (r SBOM) Check(_ context.Context, facts *policy.Facts) policy.Result {
	subject := facts.Subject().Digest
	return judge(facts, func(_ policy.Evidence, s *attest.Statement) ([]policy.Reason, error) {
		var f faults
		b, err := readBill(s, subject, false, func(c *component) { facts.Spend(1); r.component(c, &f) })
		if err != nil {
			return nil, err
		}
		f.bound(b, subject)
		if b.components < r.MinComponents {
			f.add(CodeBillShort, "/predicate", "at least "+strconv.Itoa(r.MinComponents)+" components", strconv.Itoa(b.components), "have the bill name everything that the artifact consists of")
		}
		if r.Complete && !b.complete {
			f.add(CodeBillPartial, "/predicate/compositions", "a bill that claims to be complete", "one that does not", "make the bill with a tool that knows all components, and that says so")
		}
		return f.list(), nil
	})
}

func (r SBOM) component(c *component, f *faults) {
	if r.Identified && (len(c.name) == 0 || len(c.version) == 0 || !plainPURL(c.purl)) {
		f.add(CodeUnidentified, c.pointer(), "a name, a version and a package URL", c.label(), "make the bill with a tool that identifies packages")
	}
	if r.Hashed && !c.pinned() {
		f.add(CodeUnpinned, c.pointer(), "a SHA-2 digest of the component", c.label()+" without one", "make the bill with a tool that digests packages")
	}
}
