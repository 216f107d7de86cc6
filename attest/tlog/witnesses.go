package tlog

import (
	"errors"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// Witnesses say who must have cosigned a checkpoint, whichever log it is of: the
// part of a Policy for those who trust the log by other means, such as a Sigstore
// trusted root. A Witnesses is immutable and safe for concurrent use; nil and the
// zero Witnesses refuse everything.
type Witnesses struct {
	trust Trust
	keys  []Key
}

// NewWitnesses checks a trust without logs, as NewPolicy does one with logs. Its
// Quorum must demand somebody: QuorumNone is refused.
func NewWitnesses(t Trust) (*Witnesses, error) {
	var faults []error
	if len(t.Logs) > 0 {
		faults = append(faults, attest.Refuse(CodePolicy, "logs", "none", "some"))
	}
	if t.Quorum == QuorumNone {
		faults = append(faults, attest.Refuse(CodePolicyQuorum, "quorum", "a witness or group", QuorumNone))
	}
	p, err := newPolicy(t, 0)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	return &Witnesses{p.trust, p.keys}, nil
}

// Witnesses returns the policy without its logs. It refuses one that demands
// nobody.
func (p *Policy) Witnesses() (*Witnesses, error) {
	t := p.Trust()
	t.Logs = nil
	return NewWitnesses(t)
}

// IsZero reports whether w demands nobody, and so refuses everything.
func (w *Witnesses) IsZero() bool { return w == nil || len(w.keys) == 0 }

// Witnessed returns the names, as the trust gives them, of the witnesses who
// cosigned a checkpoint. Their cosignatures meet the quorum; otherwise it refuses.
// A cosignature that bears a witness's name and is not by it refuses the whole;
// signatures by others, the log's among them, are not looked at.
func (w *Witnesses) Witnessed(checkpoint []byte) ([]string, error) {
	if w.IsZero() {
		return nil, attest.Refuse(attest.CodeNil, "witnesses", "witnesses", "none")
	}
	n, err := OpenNote(checkpoint, w.keys, w.trust.MLDSA44)
	if err != nil && !errors.Is(err, attest.Is(CodeUnsigned)) {
		return nil, err
	}
	if !w.trust.met(n.Signatures) {
		return nil, attest.Refuse(CodeQuorum, "cosignatures", "the quorum "+excerpt.Quote(w.trust.Quorum), cosigners(n.Signatures)).Because(err)
	}
	var names []string
	for _, witness := range w.trust.Witnesses {
		if slices.ContainsFunc(n.Signatures, func(s Signature) bool { return s.Key.String() == witness.Key.String() }) {
			names = append(names, witness.Name)
		}
	}
	return names, nil
}
