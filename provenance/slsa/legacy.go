package slsa

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// The predicate types of the versions before v1, compared exactly. They are read,
// never written.
const (
	PredicateTypeV01 = "https://slsa.dev/provenance/v0.1"
	PredicateTypeV02 = "https://slsa.dev/provenance/v0.2"
)

// A Legacy is what provenance v0.1 or v0.2 told, without loss: Build as far as the
// model goes, Rest beyond.
//
// Build.External holds the parts that a user may control, with their exact bytes,
// under the names of the version: "configSource", "parameters" and "buildConfig" for
// v0.2, "definedInMaterial", "entryPoint" and "arguments" for v0.1. Build.Internal
// holds "environment". Build.Inputs are the materials in their order, each as
// provenance.RoleOther, and then the config source of v0.2, unless it is a material
// too.
type Legacy struct {
	// PredicateType is PredicateTypeV01 or PredicateTypeV02.
	PredicateType string
	Build         *provenance.Build
	// Rest holds the exact bytes of every value that has no place in Build (what
	// the builder claims to be complete or reproducible, extensions), by its JSON
	// pointer (RFC 6901) from the predicate. It is nil if there is none.
	Rest map[string]json.RawMessage
}

// DecodeLegacy reads a statement with a predicate of SLSA provenance v0.1 or v0.2.
// It is a function of its own because who calls it opts in: those versions say less
// than v1 about what a user can influence. The result is complete (Build.Validate)
// and shares nothing with s.
func DecodeLegacy(s *attest.Statement) (*Legacy, error) {
	if s == nil {
		return nil, attest.Refuse(CodeStatement, "", "a statement", "nil")
	}
	return decodeLegacy(s.PredicateType(), s.Predicate(), s.Subjects())
}

func decodeLegacy(predicateType string, predicate json.RawMessage, subjects []attest.Descriptor) (*Legacy, error) {
	l := &Legacy{PredicateType: predicateType, Build: &provenance.Build{Outputs: subjects}}
	r := &reader{version: predicateType}
	switch predicateType {
	case PredicateTypeV01:
		r.v01(predicate, l.Build)
	case PredicateTypeV02:
		r.v02(predicate, l.Build)
	default:
		return nil, attest.Refuse(CodePredicateType, "/predicateType", PredicateTypeV01+" or "+PredicateTypeV02, excerpt.Quote(predicateType))
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := l.Build.Validate(); err != nil {
		return nil, err
	}
	l.Rest = r.rest
	return l, nil
}

func (r *reader) v02(raw json.RawMessage, b *provenance.Build) {
	top := r.object("", raw, "build_type", "build_config")
	r.builder(top, b)
	r.text("/buildType", top.take("buildType"), &b.BuildType)
	invocation := r.object("/invocation", top.take("invocation"), "config_source")
	config := invocation.take("configSource")
	b.External = compose(member{"configSource", config}, member{"parameters", invocation.take("parameters")}, member{"buildConfig", top.take("buildConfig")})
	if environment := invocation.take("environment"); environment != nil {
		b.Internal = compose(member{"environment", environment})
	}
	r.metadata(top, b)
	r.materials(top.take("materials"), b)
	r.configSource(config, b)
	r.keep("/invocation", invocation)
	r.keep("", top)
}

func (r *reader) v01(raw json.RawMessage, b *provenance.Build) {
	top := r.object("", raw)
	r.builder(top, b)
	recipe := r.object("/recipe", top.take("recipe"), "defined_in_material", "entry_point")
	r.text("/recipe/type", recipe.take("type"), &b.BuildType)
	defined := recipe.take("definedInMaterial")
	b.External = compose(member{"definedInMaterial", defined}, member{"entryPoint", recipe.take("entryPoint")}, member{"arguments", recipe.take("arguments")})
	if environment := recipe.take("environment"); environment != nil {
		b.Internal = compose(member{"environment", environment})
	}
	r.metadata(top, b)
	r.materials(top.take("materials"), b)
	if defined != nil {
		n, err := strconv.Atoi(string(defined))
		if err != nil || n < 0 || n >= len(b.Inputs) {
			r.refuse(CodePredicate, "/recipe/definedInMaterial", "the index of a material", excerpt.Quote(string(defined)))
		}
	}
	r.keep("/recipe", recipe)
	r.keep("", top)
}

// configSource adds the config source as an input, unless a material is the same.
func (r *reader) configSource(raw json.RawMessage, b *provenance.Build) {
	config := r.object("/invocation/configSource", raw, "entry_point")
	var entryPoint string
	r.text("/invocation/configSource/entryPoint", config.take("entryPoint"), &entryPoint)
	d := r.artifact("/invocation/configSource", config) // its other members are in External
	if r.err != nil || d.URI == "" && len(d.Digest) == 0 {
		return
	}
	same := func(in provenance.Input) bool {
		return in.Descriptor.URI == d.URI && maps.Equal(in.Descriptor.Digest, d.Digest)
	}
	if !slices.ContainsFunc(b.Inputs, same) {
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleOther, Descriptor: d})
	}
}

func (r *reader) builder(top object, b *provenance.Build) {
	builder := r.object("/builder", top.take("builder"))
	r.text("/builder/id", builder.take("id"), &b.Builder.ID)
	r.keep("/builder", builder)
}

func (r *reader) metadata(top object, b *provenance.Build) {
	const at = "/metadata"
	m := r.object(at, top.take("metadata"), "build_invocation_id", "build_started_on", "build_finished_on")
	// in-toto's own writer spelled the first name with a capital D. Both in one
	// document differ only by case and were refused before.
	for _, name := range []string{"buildInvocationId", "buildInvocationID"} {
		r.text(at+"/"+name, m.take(name), &b.InvocationID)
	}
	b.Started = r.time(at+"/buildStartedOn", m.take("buildStartedOn"))
	b.Finished = r.time(at+"/buildFinishedOn", m.take("buildFinishedOn"))
	r.keep(at, m)
}

func (r *reader) materials(raw json.RawMessage, b *provenance.Build) {
	if raw == nil || r.err != nil {
		return
	}
	parts, err := strictjson.Elements(raw, strictjson.Options{Bytes: len(raw)})
	if err != nil {
		r.err = attest.Refuse(CodePredicate, "/predicate/materials", "an array", "").Because(err)
		return
	}
	for i, part := range parts {
		at := "/materials/" + strconv.Itoa(i)
		if len(part) == 0 || part[0] != '{' {
			r.refuse(CodePredicate, at, "an object", "something else")
			return
		}
		m := r.object(at, json.RawMessage(part))
		b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleOther, Descriptor: r.artifact(at, m)})
		r.keep(at, m)
	}
}

// artifact takes uri and digest.
func (r *reader) artifact(at string, o object) attest.Descriptor {
	var d attest.Descriptor
	r.text(at+"/uri", o.take("uri"), &d.URI)
	if raw := o.take("digest"); raw != nil && r.err == nil {
		var set digest.Set
		if err := strictjson.Unmarshal(raw, &set, strictjson.Options{Bytes: len(raw)}); err != nil {
			r.err = attest.Refuse(CodePredicate, "/predicate"+at+"/digest", "digests by algorithm", "").Because(err)
		}
		if len(set) > 0 {
			d.Digest = set
		}
	}
	return d
}
