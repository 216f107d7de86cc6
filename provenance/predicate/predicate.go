package predicate

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A Predicate is one of the types of this package, as a pointer.
type Predicate interface {
	// Type returns the predicate type.
	Type() string
	// Validate reports everything that its specification does not allow, joined.
	Validate() error
	// about reports what it does not allow of the subjects.
	about(subjects []attest.Descriptor) error
}

// Encode returns p as a statement about subjects. Equal input gives equal bytes. The
// error is that of p.Validate or attest.NewStatement.
func Encode(p Predicate, subjects ...attest.Descriptor) (*attest.Statement, error) {
	if p == nil {
		return nil, attest.Refuse(CodeNil, "predicate", "a predicate", "nil")
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := p.about(subjects); err != nil {
		return nil, err
	}
	return attest.NewStatement(p.Type(), p, subjects...)
}

// Reading qualifies Decode. The zero value is strict.
type Reading struct {
	// AllowUnknown ignores fields that the specification does not name, as the
	// in-toto parsing rules demand of consumers. Without it they are refused: what
	// is not understood is not passed on. The names that Protocol Buffers' JSON
	// mapping would read are refused in any case.
	AllowUnknown bool
}

// Decode reads the predicate of s into a new T, one of the structs of this package:
//
//	vsa, err := predicate.Decode[predicate.VSA](s, predicate.Reading{})
//
// The result is valid and shares nothing with s.
func Decode[T any, P interface {
	*T
	Predicate
}](s *attest.Statement, o Reading) (P, error) {
	if s == nil {
		return nil, attest.Refuse(CodeNil, "statement", "a statement", "nil")
	}
	p := P(new(T))
	if s.PredicateType() != p.Type() {
		return nil, attest.Refuse(CodeType, "/predicateType", p.Type(), excerpt.Quote(s.PredicateType()))
	}
	raw := s.Predicate()
	if err := checkAliases(raw, p.Type()); err != nil {
		return nil, err
	}
	if err := strictjson.Unmarshal(raw, p, strictjson.Options{Bytes: len(raw), AllowUnknown: o.AllowUnknown}); err != nil {
		return nil, attest.Refuse(CodeJSON, "/predicate", "strict JSON of "+p.Type(), "").Because(err)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := p.about(s.Subjects()); err != nil {
		return nil, err
	}
	return p, nil
}

// checkAliases refuses the snake_case spelling of fields: a document that means two
// things to two readers.
func checkAliases(raw []byte, predicateType string) error {
	if err := checkNamesAt(raw, "/predicate",
		"time_verified", "resource_uri", "input_attestations", "verification_result", "verified_levels",
		"dependency_levels", "slsa_version", "time_created", "passed_tests", "warned_tests", "failed_tests", "release_id"); err != nil {
		return err
	}
	if predicateType != VulnsType {
		return nil
	}
	if err := checkNamesAt(member(raw, "scanner", "db"), "/predicate/scanner/db", "last_update"); err != nil {
		return err
	}
	return checkNamesAt(member(raw, "metadata"), "/predicate/metadata", "scan_started_on", "scan_finished_on")
}

// checkNamesAt refuses the aliases in an object; what is no object is left to the
// reading that follows.
func checkNamesAt(raw []byte, where string, aliases ...string) error {
	parts, err := strictjson.Fields(raw, strictjson.Options{Bytes: max(len(raw), 1), AllowUnknown: true}, aliases...)
	if err != nil {
		return nil
	}
	for i, part := range parts {
		if part != nil {
			return attest.Refuse(CodeAlias, where+"/"+aliases[i], "fields by their names in the specification", "an alias in snake_case")
		}
	}
	return nil
}

// member returns the value at a path of members; nil if there is none.
func member(raw []byte, path ...string) []byte {
	for _, name := range path {
		parts, err := strictjson.Fields(raw, strictjson.Options{Bytes: max(len(raw), 1), AllowUnknown: true}, name)
		if err != nil {
			return nil
		}
		raw = parts[0]
	}
	return raw
}
