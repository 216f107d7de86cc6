package tlog

import (
	"errors"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Head is a checkpoint that a Policy believes.
type Head struct {
	Checkpoint
	// Log is the key that signed it.
	Log Key
	// Cosigned are the verified cosignatures by witnesses of the policy, in the
	// order of the note.
	Cosigned []Signature
}

// Open verifies a signed checkpoint: the log whose origin it bears signed it, and
// the witnesses that the quorum demands cosigned it. A signature by another key of
// the policy, say another log's, does not count.
func (p *Policy) Open(signed []byte) (Head, error) {
	if p == nil || len(p.keys) == 0 {
		return Head{}, attest.Refuse(attest.CodeNil, "policy", "a policy", "none")
	}
	n, err := OpenNote(signed, p.keys, p.trust.MLDSA44)
	if err != nil {
		return Head{}, err
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Head{}, err
	}
	h := Head{Checkpoint: c}
	var faults []error
	signedBy, ok := p.logOf(c.Origin, n.Signatures)
	if !ok {
		faults = append(faults, attest.Refuse(CodeOrigin, "origin", "a signature by the log of that origin", excerpt.Quote(c.Origin)))
	}
	h.Log = signedBy
	for _, s := range n.Signatures {
		if slices.ContainsFunc(p.trust.Witnesses, func(w Witness) bool { return w.Key.String() == s.Key.String() }) {
			h.Cosigned = append(h.Cosigned, s)
		}
	}
	if !p.trust.met(h.Cosigned) {
		faults = append(faults, attest.Refuse(CodeQuorum, "cosignatures", "the quorum "+excerpt.Quote(p.trust.Quorum), cosigners(h.Cosigned)))
	}
	if len(faults) > 0 {
		return Head{}, errors.Join(faults...)
	}
	return h, nil
}

func (p *Policy) logOf(origin string, signatures []Signature) (Key, bool) {
	for _, s := range signatures {
		if s.Key.Name == origin && slices.ContainsFunc(p.trust.Logs, func(l Log) bool { return l.Key.String() == s.Key.String() }) {
			return s.Key, true
		}
	}
	return Key{}, false
}

func cosigners(signatures []Signature) string {
	if len(signatures) == 0 {
		return "none"
	}
	all := make([]string, len(signatures))
	for i, s := range signatures {
		all[i] = excerpt.Quote(s.Key.Name)
	}
	return strings.Join(all, ", ")
}

// Verify reports that entry stands at the proof's index in a log that the policy
// believes, and returns the head of its tree. The proof's extra data is not looked
// at. The error joins the reasons against the checkpoint and against the path.
func (p *Policy) Verify(proof Proof, entry []byte) (Head, error) {
	h, err := p.Open(proof.Checkpoint)
	c, parseErr := proof.head()
	if parseErr != nil {
		return Head{}, errors.Join(err, parseErr)
	}
	if err := errors.Join(err, CheckInclusion(c, proof.Index, LeafHash(entry), proof.Hashes)); err != nil {
		return Head{}, err
	}
	return h, nil
}
