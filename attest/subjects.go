package attest

import (
	"encoding/json"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// readSubjects reads the subjects of a statement that was checked, or one more than
// most of them: a subject of two bytes takes a hundred in memory. It does what
// strictjson.Unmarshal would, without its cost for each subject.
func readSubjects(list strictjson.Part, most int) ([]Descriptor, error) {
	if list.IsNull() {
		return nil, nil
	}
	it, err := list.Elements()
	if err != nil {
		return nil, err
	}
	var out []Descriptor
	for len(out) <= max(most, 0) && it.Next() {
		d, err := readDescriptor(it.Value())
		if err != nil {
			return nil, below(strconv.Itoa(it.Index()), err)
		}
		out = append(out, d)
	}
	return out, nil
}

func readDescriptor(p strictjson.Part) (d Descriptor, err error) {
	var f [7]strictjson.Part
	names := [...]string{"name", "uri", "downloadLocation", "mediaType", "digest", "content", "annotations"}
	if err := p.Members(true, f[:], names[:]...); err != nil {
		return d, err
	}
	for i, text := range [...]*string{&d.Name, &d.URI, &d.DownloadLocation, &d.MediaType} {
		if f[i] == nil {
			continue
		}
		if *text, err = f[i].Text(); err != nil {
			return d, below(names[i], err)
		}
	}
	if d.Digest, err = readDigests(f[4]); err != nil {
		return d, below("digest", err)
	}
	if !f[5].IsNull() {
		if d.Content, err = f[5].Base64(nil); err != nil {
			return d, below("content", err)
		}
	}
	if d.Annotations, err = readAnnotations(f[6]); err != nil {
		return d, below("annotations", err)
	}
	return d, nil
}

// maxDigests is how many digests one subject may have. The specification knows of
// twenty algorithms.
const maxDigests = 64

// readDigests reads a digest set, or one digest more than there may be.
func readDigests(p strictjson.Part) (digest.Set, error) {
	if p.IsNull() {
		return nil, nil
	}
	it, err := p.Entries()
	if err != nil {
		return nil, err
	}
	set := digest.Set{}
	for len(set) <= maxDigests && it.Next() {
		key := it.Key()
		if set[digest.Algorithm(key)], err = it.Value().Text(); err != nil {
			return nil, below(key, err)
		}
	}
	return set, nil
}

func readAnnotations(p strictjson.Part) (map[string]json.RawMessage, error) {
	if p.IsNull() {
		return nil, nil
	}
	it, err := p.Entries()
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	for it.Next() {
		out[it.Key()] = json.RawMessage(it.Value())
	}
	return out, nil
}

// below tells of an error in which member of a larger value it is. key may be the
// document's own.
func below(key string, err error) error {
	if e, ok := err.(*strictjson.Error); ok {
		e.Within(key)
	}
	return err
}
