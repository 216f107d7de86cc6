package rule

import (
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// A Quorum demands a rule of the signers of several attestations together, all for
// what is wanted. Its zero value refuses.
type Quorum struct {
	// Rule is evaluated over the signers of all attestations that count.
	Rule Rule
	// Authorities are the verifiers (attest.Verified.Authority) that are accepted;
	// at least one.
	Authorities []string
}

// Check reports, by a nil error, that the attestations meet the quorum. One that
// is zero refuses the whole. One by an authority that is not accepted, or that is
// not what want asks for, does not count; if the quorum is missed its reasons are
// told too. A principal who signed several attestations is one.
func (q Quorum) Check(want attest.Want, attestations []*attest.Verified) error {
	err := errors.Join(q.Rule.Err(), want.Validate())
	if len(q.Authorities) == 0 || slices.Contains(q.Authorities, "") {
		err = errors.Join(err, attest.Refuse(CodeQuorum, "Quorum.Authorities", "names", "none, or an empty one"))
	}
	if err != nil {
		return err
	}
	var signers []attest.Identity
	var faults []error
	for i, v := range attestations {
		where := "attestation " + strconv.Itoa(i)
		if v.IsZero() {
			return attest.Refuse(attest.CodeUnverified, where, "a Verified", "the zero one")
		}
		if !slices.Contains(q.Authorities, v.Authority()) {
			faults = append(faults, attest.Refuse(CodeAuthority, where, "an accepted authority", strconv.Quote(v.Authority())))
			continue
		}
		if err := want.Check(v.Statement()); err != nil {
			faults = append(faults, err)
			continue
		}
		signers = append(signers, v.Signers()...)
	}
	if err := q.Rule.Eval(signers); err != nil {
		return errors.Join(append([]error{err}, faults...)...)
	}
	return nil
}
