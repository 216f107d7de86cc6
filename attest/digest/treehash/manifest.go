package treehash

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// MediaType is the media type of what Manifest.Marshal writes.
const MediaType = "application/vnd.sealwright.tree.v1+json"

// Kind is what an Entry is.
type Kind string

// The kinds of entries.
const (
	File Kind = "file"
	Dir  Kind = "dir"
	Link Kind = "link" // symbolic
)

// An Entry is one name in a tree. Which fields it has follows from its Kind; the
// others are zero.
type Entry struct {
	Path   string        // relative to the root, slash-separated, clean, UTF-8
	Kind   Kind          // of all entries
	Mode   fs.FileMode   // files and directories: permission, setuid, setgid and sticky bits
	Size   int64         // files: bytes
	Digest digest.Digest // files: SHA-256 of the content
	Target string        // links: where they point, as it is written
}

// A Manifest describes a tree completely, apart from ownership, times, extended
// attributes and hard links. Its entries are in ascending order of the bytes of
// their paths; the root itself is not among them. The zero Manifest is the empty
// tree.
type Manifest struct {
	Entries []Entry
}

// Limits bound a manifest that somebody else wrote, and a tree that is walked.
// The zero value of a field means its default.
type Limits struct {
	Bytes   int // of the document; default 256 MiB
	Entries int // default 1,000,000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.Entries == 0 {
		l.Entries = 1_000_000
	}
	return l
}

type wireManifest struct {
	MediaType string      `json:"mediaType"`
	Entries   []wireEntry `json:"entries"`
}

// wireEntry is the JSON form of an Entry. Mode is in octal, of four digits.
type wireEntry struct {
	Path   string         `json:"path"`
	Kind   Kind           `json:"kind"`
	Mode   string         `json:"mode,omitempty"`
	Size   *int64         `json:"size,omitempty"`
	Digest *digest.Digest `json:"digest,omitempty"`
	Target string         `json:"target,omitempty"`
}

// Marshal returns the one JSON document that stands for m, or an error if m
// breaks a rule of Validate.
func (m *Manifest) Marshal() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	w := wireManifest{MediaType: MediaType, Entries: make([]wireEntry, len(m.Entries))}
	for i := range m.Entries {
		e := &m.Entries[i]
		x := wireEntry{Path: e.Path, Kind: e.Kind, Target: e.Target}
		if e.Kind != Link {
			x.Mode = octal(e.Mode)
		}
		if e.Kind == File {
			x.Size, x.Digest = &e.Size, &e.Digest
		}
		w.Entries[i] = x
	}
	b, err := strictjson.Marshal(w)
	if err != nil {
		return nil, because(refuse(CodeManifest, "manifest", "a manifest that marshals to JSON", ""), err)
	}
	return b, nil
}

// Digest returns the SHA-256 of what Marshal returns: a name for the tree as a
// whole.
func (m *Manifest) Digest() (digest.Digest, error) {
	b, err := m.Marshal()
	if err != nil {
		return digest.Digest{}, err
	}
	return digest.FromBytes(b), nil
}

// ParseManifest reads a manifest strictly: exactly the bytes that Marshal gives
// for it, within limits. So digest.FromBytes(b) is the Digest of the result.
func ParseManifest(b []byte, limits Limits) (*Manifest, error) {
	limits = limits.withDefaults()
	if len(b) > limits.Bytes {
		return nil, refuse(CodeLimit, "manifest", "at most "+strconv.Itoa(limits.Bytes)+" bytes", strconv.Itoa(len(b)))
	}
	var w wireManifest
	if err := strictjson.Unmarshal(b, &w, strictjson.Options{Bytes: limits.Bytes, Depth: 8}); err != nil {
		return nil, because(refuse(CodeManifest, "manifest", "strict JSON of a manifest", ""), err)
	}
	if w.MediaType != MediaType {
		return nil, refuse(CodeManifest, "/mediaType", MediaType, excerpt.Quote(w.MediaType))
	}
	if len(w.Entries) > limits.Entries {
		return nil, refuse(CodeLimit, "/entries", "at most "+strconv.Itoa(limits.Entries), strconv.Itoa(len(w.Entries)))
	}
	m := &Manifest{Entries: make([]Entry, len(w.Entries))}
	for i, x := range w.Entries {
		e, err := x.entry("/entries/" + strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		m.Entries[i] = e
	}
	again, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, refuse(CodeCanonical, "manifest", "the bytes that Marshal writes", "others")
	}
	return m, nil
}

// entry returns the Entry of x. What does not belong to its kind is left for
// Validate and the comparison of the bytes to refuse.
func (x wireEntry) entry(where string) (Entry, error) {
	e := Entry{Path: x.Path, Kind: x.Kind, Target: x.Target}
	if x.Size != nil {
		e.Size = *x.Size
	}
	if x.Digest != nil {
		e.Digest = *x.Digest
	}
	if x.Mode != "" {
		n, err := strconv.ParseUint(x.Mode, 8, 12)
		if err != nil {
			return e, refuse(CodeEntry, where+"/mode", "four octal digits", excerpt.Quote(x.Mode))
		}
		e.Mode = fromOctal(uint32(n))
	}
	return e, nil
}

var _ json.Marshaler = (*Manifest)(nil)

// MarshalJSON is Marshal.
func (m *Manifest) MarshalJSON() ([]byte, error) { return m.Marshal() }
