package attest

import (
	"errors"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Want tells what the verifier's caller is looking for. The zero Want is
// refused: evidence must be about something.
type Want struct {
	// Subjects are the artifacts in question. The statement must have a subject
	// that matches (digest.Set.Match) each of them.
	Subjects []digest.Set
	// AnySubject accepts a statement about anything, for tools that list what an
	// attestation says. It excludes Subjects.
	AnySubject bool
	// PredicateTypes are the accepted predicate types, compared exactly. Empty
	// accepts every type.
	PredicateTypes []string
}

// Check reports, by a nil error, that the statement is what w asks for; its
// error joins every demand that is not met. Every Verifier calls it after the
// signatures are verified.
func (w Want) Check(s *Statement) error {
	if s == nil {
		return Refuse(CodeNil, "statement", "a statement", "nil")
	}
	if err := w.Validate(); err != nil {
		return err
	}
	var faults []error
	if len(w.PredicateTypes) > 0 && !slices.Contains(w.PredicateTypes, s.predicateType) {
		faults = append(faults, Refuse(CodeWantPredicateType, "/predicateType", strings.Join(w.PredicateTypes, " or "), excerpt.Quote(s.predicateType)))
	}
	for _, want := range w.Subjects {
		if err := matchAny(s.subjects, want); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// Validate refuses a Want that demands nothing or contradicts itself.
func (w Want) Validate() error {
	if len(w.Subjects) == 0 && !w.AnySubject {
		return Refuse(CodeWantEmpty, "Want", "Subjects or AnySubject", "neither")
	}
	if len(w.Subjects) > 0 && w.AnySubject {
		return Refuse(CodeWantEmpty, "Want", "Subjects or AnySubject", "both")
	}
	for _, want := range w.Subjects {
		if err := want.Validate(); err != nil {
			return Refuse(CodeWantEmpty, "Want.Subjects", "well-formed digests", "").Because(err)
		}
	}
	return nil
}

// matchAny demands one subject that matches want as a whole: digests of several
// subjects are never combined.
func matchAny(subjects []Descriptor, want digest.Set) error {
	var got []string
	for _, s := range subjects {
		if s.Digest.Match(want) == nil {
			return nil
		}
		if len(got) < 3 {
			got = append(got, excerpt.Quote(s.Digest.String()))
		}
	}
	return Refuse(CodeWantSubject, "/subject", want.String(), strings.Join(got, "; "))
}
