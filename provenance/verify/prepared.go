package verify

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/plain"
)

// An expected source whose location was brought into canonical form.
type preparedSource struct {
	Source
	at provenance.Source
}

type preparedSources []preparedSource

// prepare returns nil for sources that Validate refuses.
func (s Sources) prepare() preparedSources {
	out := make(preparedSources, 0, len(s))
	for _, source := range s {
		at, err := provenance.ParseSource(source.URI)
		if err != nil {
			return nil
		}
		source.Digest = source.Digest.Clone()
		out = append(out, preparedSource{source, at})
	}
	return out
}

func (p preparedSources) index(repository string) int {
	return slices.IndexFunc(p, func(s preparedSource) bool { return s.at.Repository == repository })
}

// A place is where an input lies.
type place struct {
	at    provenance.Source
	index int // of the expected source; -1 if it is none
}

// places locates the inputs.
func (p preparedSources) places(inputs []provenance.Input) []place {
	out := make([]place, len(inputs))
	for i, in := range inputs {
		out[i].index = -1
		if at, err := provenance.ParseSource(in.Descriptor.URI); err == nil {
			out[i] = place{at, p.index(at.Repository)}
		}
	}
	return out
}

// check is Sources.Check on inputs whose places are known.
func (p preparedSources) check(b *provenance.Build, places []place) []attest.Reason {
	var reasons []attest.Reason
	told := slices.ContainsFunc(b.Inputs, func(in provenance.Input) bool { return in.Role == provenance.RoleSource })
	var few [8]bool
	found := append(few[:0], make([]bool, len(p))...)
	for i, in := range b.Inputs {
		if in.Role != provenance.RoleSource && (told || in.Role != provenance.RoleOther) {
			continue
		}
		j := places[i].index
		if j < 0 {
			if told {
				reasons = append(reasons, attest.Reason{Code: CodeSourceExtra, Where: inputAt(i) + "/uri", Want: "an expected source", Got: excerpt.Quote(in.Descriptor.URI)})
			}
			continue
		}
		found[j] = true
		reasons = append(reasons, p[j].check(i, places[i].at, in.Descriptor.Digest)...)
	}
	for j, ok := range found {
		if !ok {
			reasons = append(reasons, attest.Reason{Code: CodeSourceMissing, Where: "/predicate/buildDefinition/resolvedDependencies", Want: p[j].URI, Got: "no such source"})
		}
	}
	return reasons
}

func inputAt(i int) string {
	return "/predicate/buildDefinition/resolvedDependencies/" + strconv.Itoa(i)
}

func (s preparedSource) check(i int, at provenance.Source, digests digest.Set) []attest.Reason {
	var reasons []attest.Reason
	if s.at.Ref != "" && s.at.Ref != at.Ref {
		reasons = append(reasons, attest.Reason{Code: CodeSourceRef, Where: inputAt(i) + "/uri", Want: excerpt.Quote(s.at.Ref), Got: excerpt.Quote(at.Ref)})
	}
	if err := s.match(digests); err != nil {
		text := "a collision-resistant digest"
		if len(s.Digest) > 0 {
			text = s.Digest.String()
		}
		reasons = append(reasons, attest.Reason{Code: CodeSourceDigest, Where: inputAt(i) + "/digest", Want: text, Got: excerpt.Quote(digests.String())})
	}
	return reasons
}

// alike reports, for sets of one digest, that got.Match(want) has nothing to say. Of
// others it says nothing.
func alike(got, want digest.Set) bool {
	if len(got) != 1 || len(want) != 1 {
		return false
	}
	for alg, value := range want {
		switch alg {
		case digest.SHA256, digest.SHA384, digest.SHA512:
		case digest.GitCommit, digest.GitTree, digest.GitBlob:
			if len(value) != 64 {
				return false
			}
		default:
			return false
		}
		return got[alg] == value && (digest.Digest{Algorithm: alg, Hex: value}).Validate() == nil
	}
	return false
}

// An expected parameter with the form by which it is compared.
type preparedParameter struct {
	name             string
	value, canonical []byte
}

type preparedParameters struct {
	equal  []preparedParameter // by name
	ignore []string
}

// prepare takes parameters that Validate accepts.
func (p Parameters) prepare() preparedParameters {
	out := preparedParameters{ignore: slices.Clone(p.Ignore)}
	for _, name := range slices.Sorted(maps.Keys(p.Equal)) {
		canonical, _ := provenance.CanonicalJSON(p.Equal[name]) // nil equals no value
		out.equal = append(out.equal, preparedParameter{name, bytes.Clone(p.Equal[name]), canonical})
	}
	return out
}

func (p preparedParameters) index(name string) int {
	return slices.IndexFunc(p.equal, func(e preparedParameter) bool { return e.name == name })
}

const parametersAt = "/predicate/buildDefinition/externalParameters"

// check is Parameters.Check.
func (p preparedParameters) check(external json.RawMessage) []attest.Reason {
	var few [8]bool
	found := append(few[:0], make([]bool, len(p.equal))...)
	var wrong, extra []attest.Reason
	r := plain.Read(string(external))
	r.Object(func(name string) {
		from, to := r.Span()
		value := external[from:to]
		i := p.index(name)
		if i >= 0 {
			found[i] = true
			wrong = append(wrong, p.equal[i].check(value)...)
		} else if !slices.Contains(p.ignore, name) {
			extra = append(extra, attest.Reason{Code: CodeParameterExtra, Where: parametersAt + pointer(name), Want: "no such parameter", Got: excerpt.Quote(string(value))})
		}
	})
	if !r.Done() {
		return p.checkSlowly(external)
	}
	return p.report(found, wrong, extra)
}

// checkSlowly is check of parameters that are not plain.
func (p preparedParameters) checkSlowly(external json.RawMessage) []attest.Reason {
	var got map[string]json.RawMessage
	if err := strictjson.Unmarshal(external, &got, strictjson.Options{}); err != nil || got == nil {
		return []attest.Reason{{Code: CodeFormat, Where: parametersAt, Want: "a strict JSON object", Got: "something else"}}
	}
	found := make([]bool, len(p.equal))
	var wrong, extra []attest.Reason
	for name, value := range got {
		i := p.index(name)
		if i >= 0 {
			found[i] = true
			wrong = append(wrong, p.equal[i].check(value)...)
		} else if !slices.Contains(p.ignore, name) {
			extra = append(extra, attest.Reason{Code: CodeParameterExtra, Where: parametersAt + pointer(name), Want: "no such parameter", Got: excerpt.Quote(string(value))})
		}
	}
	return p.report(found, wrong, extra)
}

// report orders what was found: first the expected parameters, then the others.
func (p preparedParameters) report(found []bool, wrong, extra []attest.Reason) []attest.Reason {
	for i, ok := range found {
		if !ok {
			wrong = append(wrong, attest.Reason{Code: CodeParameter, Where: parametersAt + pointer(p.equal[i].name), Want: excerpt.Quote(string(p.equal[i].value)), Got: "nothing"})
		}
	}
	for _, reasons := range [][]attest.Reason{wrong, extra} {
		slices.SortFunc(reasons, func(a, b attest.Reason) int { return bytes.Compare([]byte(a.Where), []byte(b.Where)) })
	}
	return append(wrong, extra...)
}

func (e preparedParameter) check(value []byte) []attest.Reason {
	if bytes.Equal(value, e.value) {
		return nil
	}
	if canonical, err := provenance.CanonicalJSON(value); err == nil && e.canonical != nil && bytes.Equal(canonical, e.canonical) {
		return nil
	}
	return []attest.Reason{{Code: CodeParameter, Where: parametersAt + pointer(e.name), Want: excerpt.Quote(string(e.value)), Got: excerpt.Quote(string(value))}}
}
