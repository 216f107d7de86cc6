package slsa1

import (
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/internal/plain"
)

// The names that SLSA v1 and this module give, as package slsa has them.
const (
	PredicateType  = "https://slsa.dev/provenance/v1"
	RoleAnnotation = "https://github.com/sealwright/sealwright/provenance/role/v1"
)

// A Build is a provenance.Build in the memory of the document that told it. JSON values
// that are not there are empty. Its own memory is used again when another one is read
// into it.
type Build struct {
	BuildType, BuilderID string
	External, Internal   string // JSON objects
	Version              string // a JSON object of strings
	InvocationID         string
	Started, Finished    time.Time
	Outputs              []Artifact
	Inputs               []Artifact
	Byproducts           []Artifact // nil if they are not there
	Platform             []Artifact // what the builder is made of; nil if it is not there
	artifacts            []Artifact // from which those are cut
	digests              []digest.Digest
}

// ReadStatement reads the payload of an envelope as attest.ParseStatement and slsa.Decode
// do, and reports whether they would accept it; false says nothing.
func (b *Build) ReadStatement(payload []byte, limits attest.Limits) bool {
	if limits != (attest.Limits{}) && (limits.Bytes < len(payload) || limits.Subjects != 0) {
		return false
	}
	if strictjson.Check(payload, strictjson.Options{Bytes: limits.Bytes, Depth: limits.Depth}) != nil {
		return false
	}
	b.reset()
	r := plain.Read(string(payload))
	var kind, predicateType string
	r.Object(func(key string) {
		switch key {
		case "_type":
			kind = r.Text()
		case "predicateType":
			predicateType = r.Text()
		case "subject":
			b.Outputs = b.list(&r, false)
		case "predicate":
			b.predicate(&r)
		default:
			r.Other(key, "_type", "subject", "predicateType", "predicate", "type", "predicate_type")
		}
	})
	return r.Done() && kind == attest.StatementType && predicateType == PredicateType && identified(b.Outputs) && b.complete()
}

// ReadPredicate reads the predicate of a statement that is there already: all but the
// outputs.
func (b *Build) ReadPredicate(predicate []byte) bool {
	b.reset()
	r := plain.Read(string(predicate))
	b.predicate(&r)
	return r.Done() && b.complete()
}

func (b *Build) reset() {
	*b = Build{artifacts: b.artifacts[:0], digests: b.digests[:0]}
}

func (b *Build) predicate(r *plain.Reader) {
	r.Object(func(key string) {
		switch key {
		case "buildDefinition":
			b.definition(r)
		case "runDetails":
			b.details(r)
		default:
			r.Other(key, "buildDefinition", "runDetails", "build_definition", "run_details")
		}
	})
}

func (b *Build) definition(r *plain.Reader) {
	r.Object(func(key string) {
		switch key {
		case "buildType":
			b.BuildType = r.Text()
		case "externalParameters":
			b.External = r.Raw()
		case "internalParameters":
			b.Internal = r.Raw()
		case "resolvedDependencies":
			b.Inputs = b.list(r, true)
		default:
			r.Other(key, "buildType", "externalParameters", "internalParameters", "resolvedDependencies",
				"build_type", "external_parameters", "internal_parameters", "resolved_dependencies")
		}
	})
}

func (b *Build) details(r *plain.Reader) {
	r.Object(func(key string) {
		switch key {
		case "builder":
			b.builder(r)
		case "metadata":
			b.metadata(r)
		case "byproducts":
			b.Byproducts = b.list(r, false)
		default:
			r.Other(key, "builder", "metadata", "byproducts")
		}
	})
}

func (b *Build) builder(r *plain.Reader) {
	r.Object(func(key string) {
		switch key {
		case "id":
			b.BuilderID = r.Text()
		case "version":
			b.Version = texts(r)
		case "builderDependencies":
			b.Platform = b.list(r, false)
		default:
			r.Other(key, "id", "version", "builderDependencies", "builder_dependencies")
		}
	})
}

func (b *Build) metadata(r *plain.Reader) {
	r.Object(func(key string) {
		switch key {
		case "invocationId":
			b.InvocationID = r.Text()
		case "startedOn":
			b.Started = timestamp(r)
		case "finishedOn":
			b.Finished = timestamp(r)
		default:
			r.Other(key, "invocationId", "startedOn", "finishedOn", "invocation_id", "started_on", "finished_on")
		}
	})
}

// timestamp reads RFC 3339 with the zone Z.
func timestamp(r *plain.Reader) (t time.Time) {
	text := r.Text()
	if err := t.UnmarshalText([]byte(text)); err != nil || text[len(text)-1] != 'Z' || t.Year() < 1 || t.IsZero() {
		r.GiveUp()
	}
	return t
}

// texts passes an object of strings and returns it as it stands there.
func texts(r *plain.Reader) string {
	raw := r.Raw()
	inside := plain.Read(raw)
	inside.Object(func(string) { inside.Text() })
	if !inside.Done() {
		r.GiveUp()
	}
	return raw
}
