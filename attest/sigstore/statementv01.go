package sigstore

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// StatementTypeV01 is the _type of an in-toto Statement v0.1.
const StatementTypeV01 = "https://in-toto.io/Statement/v0.1"

// A StatementV01 is a verified in-toto Statement v0.1, as bundles before 2023 hold
// it. It is a type of its own because it is no attest.Verified: no policy takes it
// for a Statement v1, and who reads one says so. Only a Verifier makes one; the
// zero StatementV01 answers nothing. It is immutable and safe for concurrent use.
type StatementV01 struct {
	Signed
	twin *attest.Statement // the same subjects and predicate as a Statement v1
}

// VerifyStatementV01 verifies a bundle whose envelope holds an in-toto Statement
// v0.1. Nothing is judged more laxly than by Verify: the statement must be one
// that would be a Statement v1 with another _type, want is held against it in the
// same way, and each of its subjects must have a name of its own, as v0.1 demands.
// A Statement v1 is refused.
func (v *Verifier) VerifyStatementV01(ctx context.Context, a attest.Attestation, want attest.Want) (*StatementV01, error) {
	wantErr := want.Validate()
	signed, err := v.VerifyEnvelope(ctx, a, attest.MediaTypeInToto)
	if err := errors.Join(wantErr, err); err != nil {
		return nil, err
	}
	twin, err := readV01(signed.payload, v.limits)
	if err != nil {
		return nil, err
	}
	if err := want.Check(twin); err != nil {
		return nil, err
	}
	return &StatementV01{*signed, twin}, nil
}

// readV01 reads a Statement v0.1 as the Statement v1 that differs from it in
// nothing but _type.
func readV01(payload []byte, limits attest.Limits) (*attest.Statement, error) {
	names := [...]string{"_type", "subject", "predicateType", "predicate"}
	var f [len(names)]strictjson.Part
	whole, err := strictjson.Whole(payload, strictjson.Options{Bytes: limits.Bytes, Depth: limits.Depth})
	if err == nil {
		err = whole.Members(true, f[:], names[:]...)
	}
	if err != nil {
		return nil, attest.Refuse(attest.CodeJSON, "statement", "strict JSON of a Statement v0.1", "").Because(err)
	}
	if kind, err := f[0].Text(); err != nil || kind != StatementTypeV01 {
		return nil, attest.Refuse(attest.CodeStatementType, "/_type", StatementTypeV01, excerpt.Quote(kind)).Because(err)
	}
	twin := make([]byte, 0, len(payload)+64)
	twin = append(twin, `{"_type":"`+attest.StatementType+`"`...)
	for i, part := range f[1:] {
		if part != nil {
			twin = append(append(append(append(twin, `,"`...), names[i+1]...), `":`...), part...)
		}
	}
	statement, err := attest.AdoptStatement(append(twin, '}'), limits)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, s := range statement.Subjects() {
		if s.Name == "" || seen[s.Name] {
			return nil, attest.Refuse(CodeStatementV01, "/subject/"+strconv.Itoa(i)+"/name", "a name of its own", excerpt.Quote(s.Name))
		}
		seen[s.Name] = true
	}
	return statement, nil
}

// IsZero reports whether s carries nothing.
func (s *StatementV01) IsZero() bool { return s == nil || s.twin == nil || s.Signed.IsZero() }

// Subjects returns a copy of the subjects.
func (s *StatementV01) Subjects() []attest.Descriptor {
	if s.IsZero() {
		return nil
	}
	return s.twin.Subjects()
}

// PredicateType returns the URI that tells the predicate's schema; "" for the
// zero StatementV01.
func (s *StatementV01) PredicateType() string {
	if s.IsZero() {
		return ""
	}
	return s.twin.PredicateType()
}

// Predicate returns a copy of the predicate's bytes: a JSON object.
func (s *StatementV01) Predicate() json.RawMessage {
	if s.IsZero() {
		return nil
	}
	return s.twin.Predicate()
}
