package slsa

import (
	"encoding/json"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/plain"
)

// Parse reads the payload of an envelope as attest.ParseStatement and Decode do one
// after the other, with the same refusals, and several times as fast. Nobody vouches
// for what it returns: it is for tools that look at statements before, or instead of,
// their verification.
func Parse(payload []byte, limits attest.Limits) (*provenance.Build, error) {
	if b := quickStatement(payload, limits); b != nil {
		return b, nil
	}
	s, err := attest.ParseStatement(payload, limits)
	if err != nil {
		return nil, err
	}
	return Decode(s)
}

// quickStatement reads a statement that is plain, and nil of any other.
func quickStatement(payload []byte, limits attest.Limits) *provenance.Build {
	if limits != (attest.Limits{}) && (limits.Bytes < len(payload) || limits.Subjects != 0) {
		return nil
	}
	if strictjson.Check(payload, strictjson.Options{Bytes: limits.Bytes, Depth: limits.Depth}) != nil {
		return nil
	}
	text := string(payload)
	r := plain.Read(text)
	var p predicate
	var kind, predicateType string
	var subjects []attest.Descriptor
	r.Object(func(key string) {
		switch key {
		case "_type":
			kind = r.Text()
		case "predicateType":
			predicateType = r.Text()
		case "subject":
			subjects = r.Descriptors()
		case "predicate":
			p = readPredicate(&r, text)
		default:
			r.Other(key, "_type", "subject", "predicateType", "predicate")
		}
	})
	if !r.Done() || kind != attest.StatementType || predicateType != PredicateType || !validSubjects(subjects) {
		return nil
	}
	b, err := build(p, subjects)
	if err != nil {
		return nil
	}
	return b
}

func validSubjects(subjects []attest.Descriptor) bool {
	const most = 1000 // beyond, somebody counts against the limits
	if len(subjects) == 0 || len(subjects) > most {
		return false
	}
	for _, s := range subjects {
		if !validDigests(s.Digest) {
			return false
		}
	}
	return true
}

// quickPredicate reads a predicate that is plain, and reports whether it was.
func quickPredicate(raw string) (predicate, bool) {
	r := plain.Read(raw)
	p := readPredicate(&r, raw)
	return p, r.Done()
}

// readPredicate reads the predicate at which r stands in text.
func readPredicate(r *plain.Reader, text string) (p predicate) {
	r.Object(func(key string) {
		switch key {
		case "buildDefinition":
			p.BuildDefinition = readDefinition(r, text)
		case "runDetails":
			p.RunDetails = readDetails(r)
		default:
			r.Other(key, "buildDefinition", "runDetails", "build_definition", "run_details")
		}
	})
	return p
}

func readDefinition(r *plain.Reader, text string) (d buildDefinition) {
	r.Object(func(key string) {
		switch key {
		case "buildType":
			d.BuildType = r.Text()
		case "externalParameters":
			d.ExternalParameters = json.RawMessage(r.Raw())
		case "internalParameters":
			d.InternalParameters = json.RawMessage(r.Raw())
		case "resolvedDependencies":
			d.inputs = readInputs(r)
		default:
			r.Other(key, "buildType", "externalParameters", "internalParameters", "resolvedDependencies",
				"build_type", "external_parameters", "internal_parameters", "resolved_dependencies")
		}
	})
	return d
}

func readInputs(r *plain.Reader) []provenance.Input {
	inputs := make([]provenance.Input, 0, 4)
	r.Array(func() {
		d, raw := r.Annotated(RoleAnnotation)
		in := provenance.Input{Role: provenance.RoleOther, Descriptor: d}
		if raw != "" {
			var known bool
			if in.Role, known = roleOf(json.RawMessage(raw)); !known {
				r.GiveUp()
			}
		}
		inputs = append(inputs, in)
	})
	return inputs
}

func readDetails(r *plain.Reader) (d runDetails) {
	r.Object(func(key string) {
		switch key {
		case "builder":
			d.Builder = readBuilder(r)
		case "metadata":
			d.Metadata = readMetadata(r)
		case "byproducts":
			d.Byproducts = r.Descriptors()
		default:
			r.Other(key, "builder", "metadata", "byproducts")
		}
	})
	return d
}

func readBuilder(r *plain.Reader) (b builder) {
	r.Object(func(key string) {
		switch key {
		case "id":
			b.ID = r.Text()
		case "version":
			b.Version = r.Texts()
		case "builderDependencies":
			b.BuilderDependencies = r.Descriptors()
		default:
			r.Other(key, "id", "version", "builderDependencies", "builder_dependencies")
		}
	})
	return b
}

func readMetadata(r *plain.Reader) *metadata {
	m := &metadata{}
	r.Object(func(key string) {
		switch key {
		case "invocationId":
			m.InvocationID = r.Text()
		case "startedOn":
			m.started = r.Text()
			m.StartedOn = &m.started
		case "finishedOn":
			m.finished = r.Text()
			m.FinishedOn = &m.finished
		default:
			r.Other(key, "invocationId", "startedOn", "finishedOn", "invocation_id", "started_on", "finished_on")
		}
	})
	return m
}
