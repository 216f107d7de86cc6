package slsa

import (
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
)

// Encode returns b as a statement with an SLSA v1 predicate. Equal builds give equal
// bytes. Insignificant white space in parameters is dropped; otherwise their bytes
// are kept. The error is that of Build.Validate, or CodeRole if an input already
// carries RoleAnnotation.
func Encode(b *provenance.Build) (*attest.Statement, error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	dependencies, err := encodeInputs(b.Inputs)
	if err != nil {
		return nil, err
	}
	p := predicate{
		BuildDefinition: buildDefinition{
			BuildType:            b.BuildType,
			ExternalParameters:   b.External,
			InternalParameters:   b.Internal,
			ResolvedDependencies: dependencies,
		},
		RunDetails: runDetails{
			Builder:    builder{ID: b.Builder.ID, Version: b.Builder.Version, BuilderDependencies: b.Builder.Dependencies},
			Byproducts: b.Byproducts,
		},
	}
	if m := (metadata{InvocationID: b.InvocationID, StartedOn: timestamp(b.Started), FinishedOn: timestamp(b.Finished)}); m != (metadata{}) {
		p.RunDetails.Metadata = &m
	}
	return attest.NewStatement(PredicateType, p, b.Outputs...)
}

// timestamp writes t as RFC 3339 in UTC; nil for the zero time.
func timestamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(time.RFC3339Nano)
	return &text
}

func encodeInputs(inputs []provenance.Input) ([]attest.Descriptor, error) {
	var out []attest.Descriptor
	for i, in := range inputs {
		d := in.Descriptor
		if _, taken := d.Annotations[RoleAnnotation]; taken {
			return nil, attest.Refuse(CodeRole, "Inputs["+strconv.Itoa(i)+"].Descriptor.Annotations", "no annotation "+RoleAnnotation, "one")
		}
		if in.Role != provenance.RoleOther {
			d.Annotations = maps.Clone(d.Annotations)
			if d.Annotations == nil {
				d.Annotations = map[string]json.RawMessage{}
			}
			d.Annotations[RoleAnnotation] = json.RawMessage(strconv.Quote(string(in.Role)))
		}
		out = append(out, d)
	}
	return out, nil
}
