package scan

import (
	"context"
	"errors"
	"io"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Scanner knows how to examine one kind of thing. It is a value that the
// caller passes to Run; it is immutable and safe for concurrent use. It opens
// no file and no connection, executes nothing, and reads no clock.
type Scanner interface {
	Descriptor() Descriptor
	// Begin starts the examination of one source. Sessions of one scanner are
	// independent of each other.
	Begin(ctx context.Context) (Session, error)
}

// A Descriptor names a scanner or matcher.
type Descriptor struct {
	// Name is stable and unique among what is run together, such as "gomod".
	Name string `json:"name"`
	// Version changes whenever the same input may give another result.
	Version string `json:"version"`
	// Data is the digest of the rules or records that it judges by, if any.
	Data digest.Digest `json:"data,omitzero"`
}

// A Session examines one source. Its methods are called one at a time: Want for
// every file and symbolic link, Inspect for each file it wanted, and End once
// after the last entry, unless a call panicked or ran out of time; then it is
// not called again.
type Session interface {
	// Want reports whether the session wants to inspect the file. prefix is its
	// first bytes: PrefixBytes of them, or the whole file if that is shorter. Want
	// is asked about symbolic links too, with no prefix: a wanted link is a gap,
	// because links are not followed. It runs inline and must be quick.
	Want(h Header, prefix []byte) bool
	// Inspect examines one file. An error is a gap for this file, unless it is
	// ErrNotMine; the session goes on. content is valid until Inspect returns, and
	// must not be kept.
	Inspect(ctx context.Context, h Header, content *io.SectionReader) error
	// End returns everything that the session found.
	End(ctx context.Context) (Result, error)
}

// ErrNotMine is what Inspect returns for a file that turns out, by what lies beyond its
// prefix, to be nothing that the session knows. If no other session examines the file
// it is skipped as if nobody had wanted it, and nothing was claimed of it. Wrapped, it is
// an error like others.
var ErrNotMine = errors.New("scan: the file is none of the session's")

// PrefixBytes is how much of a file Session.Want gets to see.
const PrefixBytes = 512

// A Result is what one session or matcher found. Gap.By is filled in by Run.
type Result struct {
	Packages []Package
	Findings []Finding
	Gaps     []Gap
}

// A Matcher judges packages that scanners found, by advisories for instance. It
// is immutable and safe for concurrent use. What it cannot judge it must report
// as a gap; an error is a gap for all of them.
type Matcher interface {
	Descriptor() Descriptor
	Match(ctx context.Context, packages []Package) (Result, error)
}
