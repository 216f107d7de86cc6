package attest

import (
	"bytes"
	"encoding/json"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Descriptor is the in-toto ResourceDescriptor (in-toto attestation
// specification, resource_descriptor.md): it names an artifact. Content, when
// present, is the artifact itself, base64 in JSON.
type Descriptor struct {
	Name             string                     `json:"name,omitempty"`
	URI              string                     `json:"uri,omitempty"`
	Digest           digest.Set                 `json:"digest,omitempty"`
	Content          []byte                     `json:"content,omitempty"`
	DownloadLocation string                     `json:"downloadLocation,omitempty"`
	MediaType        string                     `json:"mediaType,omitempty"`
	Annotations      map[string]json.RawMessage `json:"annotations,omitempty"`
}

// Clone returns a copy that shares nothing with d.
func (d Descriptor) Clone() Descriptor {
	d.Digest = d.Digest.Clone()
	d.Content = bytes.Clone(d.Content)
	annotations := d.Annotations
	if annotations != nil {
		d.Annotations = make(map[string]json.RawMessage, len(annotations))
	}
	for name, value := range annotations {
		d.Annotations[name] = bytes.Clone(value)
	}
	return d
}

// Validate reports whether d names something, by URI, digest or content (the
// specification demands one of the three), and whether its digests are well
// formed.
func (d Descriptor) Validate() error {
	if d.URI == "" && len(d.Digest) == 0 && len(d.Content) == 0 {
		return Refuse(CodeDescriptor, d.Name, "uri, digest or content", "none")
	}
	if len(d.Digest) > 0 {
		return d.Digest.Validate()
	}
	return nil
}
