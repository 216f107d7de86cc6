package buildtype

import (
	"encoding/json"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/plain"
)

// A document is a build with its parameters taken apart. It remembers its first
// error.
type document struct {
	build              *provenance.Build
	external, internal map[string]any
	err                error
}

// object reads a JSON object; nil if raw is none.
func object(raw json.RawMessage) map[string]any {
	if strictjson.Check(raw, strictjson.Options{Bytes: max(len(raw), 1)}) != nil {
		return nil
	}
	r := plain.Read(string(raw))
	if v := r.Value(); r.Done() {
		o, _ := v.(map[string]any)
		return o
	}
	var o map[string]any
	if strictjson.Unmarshal(raw, &o, strictjson.Options{Bytes: max(len(raw), 1)}) != nil {
		return nil
	}
	return o
}

func (d *document) refuse(code attest.Code, where, want, got string) {
	if d.err == nil {
		d.err = attest.Refuse(code, where, want, got)
	}
}

// text returns the text at a path of members of from; "" where there is none. A value
// of another type on the way is refused.
func (d *document) text(from map[string]any, path ...string) string {
	var at any = from
	for _, name := range path {
		o, ok := at.(map[string]any)
		if !ok {
			d.refuse(CodeParameter, strings.Join(path, "/"), "objects on the way", "something else")
			return ""
		}
		if at = o[name]; at == nil {
			return ""
		}
	}
	text, ok := at.(string)
	if !ok {
		d.refuse(CodeParameter, strings.Join(path, "/"), "a text", "something else")
	}
	return text
}

// need is text, of an external parameter that must be there.
func (d *document) need(path ...string) string {
	text := d.text(d.external, path...)
	if text == "" {
		d.refuse(CodeParameter, strings.Join(path, "/"), "a text", "none")
	}
	return text
}

// source sets the source, and the ref if the location has one.
func (d *document) source(c *Canonical, uri string) {
	if d.err != nil {
		return
	}
	at, err := repository(uri)
	if err != nil {
		d.refuse(CodeSource, "source", "the location of a Git repository", excerpt.Quote(uri))
		return
	}
	c.Source = provenance.Source{Repository: at.Repository}
	if at.Ref != "" {
		c.Ref = at.Ref
	}
}

// repository reads the location of a Git repository: a web address, or the same with
// "git+". In a web address '@' separates no ref, and so there is none in it.
func repository(uri string) (provenance.Source, error) {
	if !strings.HasPrefix(uri, "git+") {
		if strings.Contains(uri, "@") {
			return provenance.Source{}, attest.Refuse(CodeSource, "source", "no '@' in a web address", excerpt.Quote(uri))
		}
		uri = "git+" + uri
	}
	at, err := provenance.ParseSource(uri)
	if err == nil && !strings.HasPrefix(at.Repository, "git+https://") && !strings.HasPrefix(at.Repository, "git+ssh://") {
		err = attest.Refuse(CodeSource, "source", "https or ssh", excerpt.Quote(uri))
	}
	return at, err
}

// locate finds the commit of the source among the inputs. Every input in that
// repository must be the same commit, under the same ref.
func (d *document) locate(c *Canonical) {
	found := false
	for _, in := range d.build.Inputs {
		at, err := provenance.ParseSource(in.Descriptor.URI)
		if err != nil || at.Repository != c.Source.Repository {
			continue
		}
		commit := commitOf(in.Descriptor.Digest)
		if commit.IsZero() {
			d.refuse(CodeCommit, "Inputs", "a commit of "+c.Source.Repository, excerpt.Quote(in.Descriptor.Digest.String()))
			return
		}
		if !c.Commit.IsZero() && c.Commit != commit {
			d.refuse(CodeCommit, "Inputs", c.Commit.String(), commit.String())
			return
		}
		if at.Ref != "" && at.Ref != commit.Hex && c.Ref != "" && at.Ref != c.Ref {
			d.refuse(CodeRef, "Inputs", excerpt.Quote(c.Ref), excerpt.Quote(at.Ref))
			return
		}
		c.Commit, found = commit, true
	}
	if !found {
		d.refuse(CodeCommit, "Inputs", "a commit of "+c.Source.Repository, "no such input")
	}
}

// commitOf returns the Git commit in a set. Documents before the algorithm had a name
// of its own call it sha1.
func commitOf(set digest.Set) digest.Digest {
	for _, alg := range []digest.Algorithm{digest.GitCommit, digest.SHA1} {
		if hex, ok := set[alg]; ok {
			commit := digest.Digest{Algorithm: digest.GitCommit, Hex: hex}
			if commit.Validate() == nil {
				return commit
			}
		}
	}
	return digest.Digest{}
}
