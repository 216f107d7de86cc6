package slsa

import (
	"encoding/json"

	"github.com/sealwright/sealwright/attest"
)

// PredicateType is the predicate type of SLSA provenance v1, compared exactly.
const PredicateType = "https://slsa.dev/provenance/v1"

// RoleAnnotation is the annotation of a resolved dependency that holds its
// provenance.Role. It is absent for RoleOther.
const RoleAnnotation = "https://github.com/sealwright/sealwright/provenance/role/v1"

// The predicate's JSON form. The order of fields is the order of bytes that Encode
// writes.
type predicate struct {
	BuildDefinition buildDefinition `json:"buildDefinition"`
	RunDetails      runDetails      `json:"runDetails"`
	Alias1          *alias          `json:"build_definition,omitempty"`
	Alias2          *alias          `json:"run_details,omitempty"`
}

type buildDefinition struct {
	BuildType            string              `json:"buildType"`
	ExternalParameters   json.RawMessage     `json:"externalParameters"`
	InternalParameters   json.RawMessage     `json:"internalParameters,omitempty"`
	ResolvedDependencies []attest.Descriptor `json:"resolvedDependencies,omitempty"`
	Alias1               *alias              `json:"build_type,omitempty"`
	Alias2               *alias              `json:"external_parameters,omitempty"`
	Alias3               *alias              `json:"internal_parameters,omitempty"`
	Alias4               *alias              `json:"resolved_dependencies,omitempty"`
}

type runDetails struct {
	Builder    builder             `json:"builder"`
	Metadata   *metadata           `json:"metadata,omitempty"`
	Byproducts []attest.Descriptor `json:"byproducts,omitempty"`
}

type builder struct {
	ID                  string              `json:"id"`
	Version             map[string]string   `json:"version,omitempty"`
	BuilderDependencies []attest.Descriptor `json:"builderDependencies,omitempty"`
	Alias               *alias              `json:"builder_dependencies,omitempty"`
}

type metadata struct {
	InvocationID string  `json:"invocationId,omitempty"`
	StartedOn    *string `json:"startedOn,omitempty"`
	FinishedOn   *string `json:"finishedOn,omitempty"`
	Alias1       *alias  `json:"invocation_id,omitempty"`
	Alias2       *alias  `json:"started_on,omitempty"`
	Alias3       *alias  `json:"finished_on,omitempty"`
}

// An alias is a field under the name that Protocol Buffers' JSON mapping also reads.
// The parsing rules would have it ignored, but other readers would not: a document
// that means two things is refused.
type alias struct{}

func (*alias) UnmarshalJSON([]byte) error {
	return attest.Refuse(CodeAlias, "", "fields by their names in SLSA", "an alias in snake_case")
}
