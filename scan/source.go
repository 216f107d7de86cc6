package scan

import (
	"context"
	"io"
	"io/fs"

	"github.com/sealwright/sealwright/attest"
)

// A Source delivers everything that there is to scan, once, in one pass.
//
// Walk pushes each entry to sink in an order that depends on nothing but the
// content, and digests the same bytes that it hands out: a reader returned to
// the sink feeds the digest, and what the sink leaves unread the source reads
// itself. What cannot be delivered (unreadable, special, changing) is reported
// with sink.Gap; what makes the whole pass worthless (a digest that does not
// match, an I/O error at the root) is an error, and then nothing that was
// delivered may be used. An error of the sink ends the walk and is returned.
//
// A source may be walked several times; concurrently, if its documentation says
// so. It never executes and never obeys what it reads.
type Source interface {
	// Subject names what is scanned. Its digest, if it has one, is what the caller
	// demands; Walk checks it.
	Subject() attest.Descriptor
	Walk(ctx context.Context, limits Limits, sink Sink) (Receipt, error)
}

// A Sink takes what a source delivers. Its methods are called one at a time.
type Sink interface {
	// Entry takes one entry. content is not nil exactly if h.Kind is KindFile; it
	// is valid until Entry returns.
	Entry(h Header, content io.Reader) error
	Gap(g Gap)
}

// A Kind tells what an entry is.
type Kind uint8

// The kinds of entry. Special files are not delivered; they are gaps.
const (
	KindFile Kind = iota + 1
	KindDir
	KindLink // symbolic link; never followed
)

// String returns "file", "dir" or "link".
func (k Kind) String() string {
	switch k {
	case KindFile:
		return "file"
	case KindDir:
		return "dir"
	case KindLink:
		return "link"
	}
	return "invalid"
}

// A Header describes an entry.
type Header struct {
	// Path is slash-separated, relative to the source's root, valid by fs.ValidPath,
	// and unique in the pass. A single file's path is its base name.
	Path string
	Kind Kind
	// Mode has the permission bits and setuid, setgid and sticky.
	Mode fs.FileMode
	// Size is the number of content bytes of a file; 0 for other kinds.
	Size int64
	// Target is what a symbolic link says.
	Target string
}

// A Receipt tells what a source delivered.
type Receipt struct {
	// Subject is the source's subject with the digest of the bytes that were
	// delivered.
	Subject attest.Descriptor `json:"subject"`
	// Entries and Bytes count what was handed to Sink.Entry.
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"`
}
