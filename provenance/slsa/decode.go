package slsa

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// Decode reads a statement with an SLSA v1 predicate. Fields that SLSA does not name
// are ignored, as the in-toto parsing rules demand, but never inside of the
// parameters, whose bytes are kept exactly. The result is complete (Build.Validate)
// and shares nothing with s. Whether it may be believed is for an attest.Verifier
// to say.
func Decode(s *attest.Statement) (*provenance.Build, error) {
	if s == nil {
		return nil, attest.Refuse(CodeStatement, "", "a statement", "nil")
	}
	if s.PredicateType() != PredicateType {
		return nil, attest.Refuse(CodePredicateType, "/predicateType", PredicateType, excerpt.Quote(s.PredicateType()))
	}
	raw := s.Predicate()
	if b := quickPredicate(raw, s.Subjects); b != nil {
		return b, nil
	}
	var p predicate
	if err := strictjson.Unmarshal(raw, &p, strictjson.Options{Bytes: len(raw), AllowUnknown: true}); err != nil {
		return nil, attest.Refuse(CodePredicate, "/predicate", "strict JSON of "+PredicateType, "").Because(err)
	}
	return build(p, s.Subjects())
}

// build makes the complete build that the predicate tells.
func build(p predicate, outputs []attest.Descriptor) (*provenance.Build, error) {
	b := &provenance.Build{
		BuildType: p.BuildDefinition.BuildType,
		External:  p.BuildDefinition.ExternalParameters,
		Internal:  p.BuildDefinition.InternalParameters,
		Builder: provenance.Builder{
			ID:           p.RunDetails.Builder.ID,
			Version:      p.RunDetails.Builder.Version,
			Dependencies: p.RunDetails.Builder.BuilderDependencies,
		},
		Byproducts: p.RunDetails.Byproducts,
		Outputs:    outputs,
	}
	if string(b.Internal) == "null" {
		b.Internal = nil
	}
	var err error
	if b.Inputs, err = decodeInputs(p.BuildDefinition.ResolvedDependencies); err != nil {
		return nil, err
	}
	if err := decodeMetadata(p.RunDetails.Metadata, b); err != nil {
		return nil, err
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	return b, nil
}

func decodeInputs(dependencies []attest.Descriptor) ([]provenance.Input, error) {
	var inputs []provenance.Input
	if len(dependencies) > 0 {
		inputs = make([]provenance.Input, 0, len(dependencies))
	}
	for i, d := range dependencies {
		in := provenance.Input{Role: provenance.RoleOther, Descriptor: d}
		if raw, told := d.Annotations[RoleAnnotation]; told {
			role, known := roleOf(raw)
			if !known {
				where := "/predicate/buildDefinition/resolvedDependencies/" + strconv.Itoa(i) + "/annotations"
				return nil, attest.Refuse(CodeRole, where, "a known role", excerpt.Quote(string(raw)))
			}
			in.Role = role
			delete(d.Annotations, RoleAnnotation)
			if len(d.Annotations) == 0 {
				in.Descriptor.Annotations = nil
			}
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

func roleOf(raw json.RawMessage) (provenance.Role, bool) {
	var role string
	err := json.Unmarshal(raw, &role)
	return provenance.Role(role), err == nil && provenance.Role(role).Known()
}

func decodeMetadata(m *metadata, b *provenance.Build) (err error) {
	if m == nil {
		return nil
	}
	b.InvocationID = m.InvocationID
	if b.Started, err = parseTimestamp("/predicate/runDetails/metadata/startedOn", m.StartedOn); err != nil {
		return err
	}
	b.Finished, err = parseTimestamp("/predicate/runDetails/metadata/finishedOn", m.FinishedOn)
	return err
}

// parseTimestamp reads the Timestamp of the in-toto field types: RFC 3339 with the
// zone Z.
func parseTimestamp(where string, text *string) (t time.Time, err error) {
	if text == nil {
		return t, nil
	}
	err = t.UnmarshalText([]byte(*text))
	if err != nil || !strings.HasSuffix(*text, "Z") || t.IsZero() {
		return time.Time{}, attest.Refuse(CodeTimestamp, where, "RFC 3339 in UTC", excerpt.Quote(*text)).Because(err)
	}
	return t, nil
}
