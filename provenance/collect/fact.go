package collect

import (
	"context"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
)

// A Key names what a fact is about. Collectors may have keys of their own.
type Key string

// The keys that platforms share. The form of the value is in brackets.
const (
	Repository   Key = "source.repository"    // the source's location [Location]
	RepositoryID Key = "source.repository-id" // the platform's own number of it [Number]
	Ref          Key = "source.ref"           // fully qualified [Reference]
	Commit       Key = "source.commit"        // [Object]
	Tree         Key = "source.tree"          // the commit's tree [Object]
	Dirty        Key = "source.dirty"         // "true", "false" or "unknown"
	CommitSigned Key = "source.commit-signed" // kind of an unverified signature, or "none"
	EntryPoint   Key = "build.entry-point"    // what in the source was run
	EntryPointAt Key = "build.entry-point-at" // the commit of the entry point [Object]
	Trigger      Key = "build.trigger"        // the event that started the build [Word]
	Invocation   Key = "build.invocation"     // the run [Address]
	Runner       Key = "build.runner"         // the kind of machine [Word]
	BuilderID    Key = "builder.id"           // [Address]
	Started      Key = "build.started"        // [Instant]
	Finished     Key = "build.finished"       // [Instant]
	Actor        Key = "build.actor"          // who started it [Word]
	Job          Key = "build.job"            // the job's name or number [Word]
)

// Decisive reports whether trust decisions rest on the key, so that sources that
// disagree about it are an error. It is true of every key that this package does not
// know.
func (k Key) Decisive() bool {
	switch k {
	case Started, Finished, Actor, Job:
		return false
	}
	return true
}

// A Fact is one value with how far it can be believed.
type Fact struct {
	Key   Key    `json:"key"`
	Value string `json:"value"`
	Trust Trust  `json:"trust"`
	// Origin is where the value was read: "env GITHUB_SHA", "claim sha",
	// "api /repos/o/r/actions/runs/1 head_sha", "file index.json".
	Origin string `json:"origin"`
	// Evidence is the digest of the token, answer or file that held the value; zero
	// for a variable.
	Evidence digest.Digest `json:"evidence,omitzero"`
}

// An Artifact is an input or output with how far it can be believed. The Role of an
// output is empty.
type Artifact struct {
	provenance.Input
	Trust    Trust
	Origin   string
	Evidence digest.Digest
}

// A Gap is something that a collector could not learn, so that silence about it means
// nothing.
type Gap struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Facts are what one collector found.
type Facts struct {
	Facts   []Fact
	Inputs  []Artifact
	Outputs []Artifact
	Gaps    []Gap
}

// A Collector reads one source of facts. Collect returns facts or an error that carries
// at least one Reason, never both; what it could not learn without anything being wrong
// is a Gap. It touches nothing but env, and honours ctx. Implementations must be safe
// for concurrent use.
type Collector interface {
	Collect(ctx context.Context, env Environment) (*Facts, error)
}

// Add appends a fact.
func (f *Facts) Add(fact Fact) { f.Facts = append(f.Facts, fact) }

// Gap notes what could not be learned.
func (f *Facts) Gap(what, why string) { f.Gaps = append(f.Gaps, Gap{what, why}) }

// Input appends an input.
func (f *Facts) Input(role provenance.Role, d attest.Descriptor, trust Trust, origin string, evidence digest.Digest) {
	f.Inputs = append(f.Inputs, Artifact{provenance.Input{Role: role, Descriptor: d}, trust, origin, evidence})
}

// Output appends an output.
func (f *Facts) Output(d attest.Descriptor, trust Trust, origin string, evidence digest.Digest) {
	f.Outputs = append(f.Outputs, Artifact{provenance.Input{Descriptor: d}, trust, origin, evidence})
}
