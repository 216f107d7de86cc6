package slsa

import (
	"encoding/json"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/plain"
	"github.com/sealwright/sealwright/provenance/internal/slsa1"
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
	var short slsa1.Build
	if !short.ReadStatement(payload, limits) {
		return nil
	}
	return expand(&short, descriptors(short.Outputs))
}

// quickPredicate reads a predicate that is plain, and nil of any other.
func quickPredicate(raw json.RawMessage, outputs func() []attest.Descriptor) *provenance.Build {
	var short slsa1.Build
	if !short.ReadPredicate(raw) {
		return nil
	}
	return expand(&short, outputs())
}

// expand makes the model of a build. Its texts share the memory of short's document.
func expand(short *slsa1.Build, outputs []attest.Descriptor) *provenance.Build {
	b := &provenance.Build{
		BuildType: short.BuildType,
		External:  json.RawMessage(short.External),
		Builder: provenance.Builder{
			ID:           short.BuilderID,
			Version:      texts(short.Version),
			Dependencies: descriptors(short.Platform),
		},
		InvocationID: short.InvocationID,
		Started:      short.Started,
		Finished:     short.Finished,
		Outputs:      outputs,
		Byproducts:   descriptors(short.Byproducts),
	}
	if short.Internal != "" {
		b.Internal = json.RawMessage(short.Internal)
	}
	if len(short.Inputs) > 0 {
		b.Inputs = make([]provenance.Input, len(short.Inputs))
	}
	for i := range short.Inputs {
		a := &short.Inputs[i]
		b.Inputs[i] = provenance.Input{Role: a.Role, Descriptor: descriptor(a, RoleAnnotation)}
	}
	return b
}

// texts reads an object of strings; nil where there is none.
func texts(raw string) map[string]string {
	if raw == "" {
		return nil
	}
	r, out := plain.Read(raw), map[string]string{}
	r.Object(func(key string) { out[key] = r.Text() })
	return out
}

func descriptors(list []slsa1.Artifact) []attest.Descriptor {
	if list == nil {
		return nil
	}
	out := make([]attest.Descriptor, len(list))
	for i := range list {
		out[i] = descriptor(&list[i], "")
	}
	return out
}

// descriptor returns the artifact's descriptor, but for one of its annotations.
func descriptor(a *slsa1.Artifact, but string) attest.Descriptor {
	d := attest.Descriptor{Name: a.Name, URI: a.URI, Content: a.Content, DownloadLocation: a.DownloadLocation, MediaType: a.MediaType}
	if len(a.Digests) > 0 {
		d.Digest = make(digest.Set, len(a.Digests))
	}
	for _, v := range a.Digests {
		d.Digest[v.Algorithm] = v.Hex
	}
	if a.Annotations == "" {
		return d
	}
	r := plain.Read(a.Annotations)
	r.Object(func(key string) {
		value := r.Raw()
		if but != "" && key == but {
			return
		}
		if d.Annotations == nil {
			d.Annotations = map[string]json.RawMessage{}
		}
		d.Annotations[key] = json.RawMessage(value)
	})
	return d
}
