package provenance

import (
	"encoding/json"
	"time"

	"github.com/sealwright/sealwright/attest"
)

// A Role tells what an input was to the build.
type Role string

// The roles. A codec that reads a document without roles gives RoleOther.
const (
	RoleSource  Role = "source"  // what was built
	RoleTool    Role = "tool"    // a compiler, a linker, a generator
	RoleBase    Role = "base"    // an image or a tree that the output extends
	RoleBuilder Role = "builder" // a part of the build platform
	RoleOther   Role = "other"   // anything else, or not told
)

// An Input is one artifact that the build read, by digest where it is known.
type Input struct {
	Role       Role
	Descriptor attest.Descriptor
}

// A Builder is the platform that ran the build and vouches for its record.
type Builder struct {
	// ID is the URI under which verifiers trust the platform.
	ID string
	// Version tells the versions of the platform's components, by name.
	Version map[string]string
	// Dependencies are the artifacts that the platform itself is made of.
	Dependencies []attest.Descriptor
}

// A Build is the record of one build, independent of the SLSA version that told
// it. It is plain data: who fills it in vouches for it. Validate reports whether
// it is complete enough to be attested.
type Build struct {
	// BuildType is the URI that gives the parameters their meaning.
	BuildType string
	// External is a JSON object, the exact bytes of the parameters that the
	// build's user controls; a verifier must check every one of them.
	External json.RawMessage
	// Internal is a JSON object, the exact bytes of the parameters that the
	// platform controls, or nil.
	Internal json.RawMessage
	// Inputs are the artifacts that the build resolved. No promise of
	// completeness is made.
	Inputs []Input
	// Builder is the platform.
	Builder Builder
	// InvocationID names the run within the platform, or is empty.
	InvocationID string
	// Started and Finished are zero when they are not told.
	Started, Finished time.Time
	// Outputs are the artifacts that the build made: the statement's subjects.
	Outputs []attest.Descriptor
	// Byproducts are artifacts of the run that are not outputs, such as logs.
	Byproducts []attest.Descriptor
}
