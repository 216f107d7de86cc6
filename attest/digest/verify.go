package digest

import (
	"context"
	"io"
	"strconv"
)

// An Expect is what content must be. The zero Expect is refused: it expects
// nothing.
type Expect struct {
	// Size in bytes. -1 says that the size is not known; that must be explicit, as
	// 0 is the size of empty content. A known size also stops reading early.
	Size int64
	// Digests of the content. At least one must be collision-resistant and
	// computable, and every one that is computable must be right (see Set.Match).
	Digests Set
}

// Validate reports whether e expects something.
func (e Expect) Validate() error {
	if e.Size < -1 || e.Size > maxSize {
		return &Error{Code: CodeOption, Where: "Expect.Size", Want: "-1 to 2^61-1", Got: strconv.FormatInt(e.Size, 10)}
	}
	return e.Digests.Validate()
}

// Verify reads r to its end and reports, by a nil error, that it is what want
// says. Nothing of what was read before may be believed.
//
// What is computed follows from want: all of its algorithms that can be computed
// from bytes, with o.Extra. o.Algorithms, o.Git, o.FSVerity, o.Size and
// o.CheckpointStride must be zero.
func Verify(ctx context.Context, r io.Reader, want Expect, o Options) error {
	h, err := newVerifier(want, want.Size, o)
	if err != nil {
		return err
	}
	return h.verify(ctx, r, want)
}

// verify reads r and compares.
func (h *Hasher) verify(ctx context.Context, r io.Reader, want Expect) error {
	got, err := h.sum(ctx, r)
	if err != nil {
		return err
	}
	return got.Digests.Match(want.Digests)
}

// VerifyAt is Verify of the content of s, and refuses content that changed
// meanwhile if s is a Guard.
//
// hints may be nil. If SHA-256 is the only digest in want that can be computed,
// they let up to o.Workers goroutines check it in parallel, with several
// segments at a time on each; otherwise they are not used. They need not be
// trusted: false hints can make VerifyAt refuse right content, and can never
// make it accept wrong content. See the package documentation for the proof.
func VerifyAt(ctx context.Context, s Source, want Expect, hints *Checkpoints, o Options) error {
	if err := want.Validate(); err != nil {
		return err
	}
	size, err := sizeOf(s)
	if err != nil {
		return err
	}
	if want.Size >= 0 && size != want.Size {
		return &Error{Code: CodeSize, Where: "content", Want: strconv.FormatInt(want.Size, 10) + " bytes", Got: strconv.FormatInt(size, 10)}
	}
	v, err := newVerifier(want, size, o)
	if err != nil {
		return err
	}
	if hints != nil && v.plan.onlySHA256() {
		err = verifySegments(ctx, s, want.Digests[SHA256], hints, v)
	} else {
		err = v.verify(ctx, &sourceReader{s: s}, want)
	}
	if changed := unchanged(s); changed != nil {
		return changed
	}
	return err
}

// newVerifier returns the Hasher that computes what want demands.
func newVerifier(want Expect, size int64, o Options) (*Hasher, error) {
	if err := want.Validate(); err != nil {
		return nil, err
	}
	if o.Algorithms != nil || o.Git != "" || o.FSVerity != nil || o.Size != 0 || o.CheckpointStride != 0 {
		return nil, &Error{Code: CodeOption, Where: "Options", Want: "only Extra, Workers and Progress", Got: "options that the expectation decides"}
	}
	strong := false
	for _, a := range want.Digests.Algorithms() {
		if !a.computed() && o.Extra[a] == nil {
			continue
		}
		o.Algorithms = append(o.Algorithms, a)
		if a == GitBlob && len(want.Digests[a]) == 64 {
			o.Git = GitSHA256
		}
		strong = strong || a.strength(len(want.Digests[a])) > 0
	}
	if !strong {
		return nil, &Error{Code: CodeNoShared, Where: "Expect.Digests", Want: "a collision-resistant digest that can be computed", Got: want.Digests.String()}
	}
	if size < 0 && want.Digests[GitBlob] != "" {
		return nil, &Error{Code: CodeUndeclared, Where: string(GitBlob), Want: "Expect.Size", Got: "-1"}
	}
	return newHasher(o, size)
}
