package provenancetest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
)

// What Sample tells.
const (
	BuildType = "https://example.com/build/go/v1"
	BuilderID = "https://example.com/builders/hosted/v1"
	SourceURI = "git+https://example.com/acme/app"
	SourceRef = "refs/tags/v1.2.3"
	// Commit is a commit in a repository that uses SHA-256.
	Commit = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
)

// Artifact returns the digests of Sample's only output.
func Artifact() digest.Set { return digest.Set{digest.SHA256: strings.Repeat("a1", 32)} }

// Sample returns a complete build, with every field set. Callers may change it.
func Sample() *provenance.Build {
	return &provenance.Build{
		BuildType: BuildType,
		External:  json.RawMessage(`{"source":"` + SourceURI + "@" + SourceRef + `","target":"linux/amd64","flags":["-trimpath"],"serial":9007199254740993}`),
		Internal:  json.RawMessage(`{"runner":"r1"}`),
		Inputs: []provenance.Input{
			{Role: provenance.RoleSource, Descriptor: attest.Descriptor{
				URI:    SourceURI + "@" + SourceRef,
				Digest: digest.Set{digest.GitCommit: Commit},
			}},
			{Role: provenance.RoleTool, Descriptor: attest.Descriptor{
				Name:        "go",
				URI:         "https://example.com/go1.26.tar.gz",
				Digest:      digest.Set{digest.SHA256: strings.Repeat("b2", 32)},
				MediaType:   "application/gzip",
				Annotations: map[string]json.RawMessage{"size": json.RawMessage("12345678901234567890")},
			}},
			{Role: provenance.RoleOther, Descriptor: attest.Descriptor{Name: "settings", Content: []byte("x=1\n")}},
		},
		Builder: provenance.Builder{
			ID:           BuilderID,
			Version:      map[string]string{"platform": "7", "agent": "2.1"},
			Dependencies: []attest.Descriptor{{URI: "https://example.com/agent", Digest: digest.Set{digest.SHA256: strings.Repeat("c3", 32)}}},
		},
		InvocationID: "run/42",
		Started:      time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Finished:     time.Date(2026, 3, 1, 12, 5, 0, 250_000_000, time.UTC),
		Outputs:      []attest.Descriptor{{Name: "app", Digest: Artifact()}},
		Byproducts:   []attest.Descriptor{{Name: "log", URI: "https://example.com/logs/42", Digest: digest.Set{digest.SHA256: strings.Repeat("d4", 32)}}},
	}
}
