package tee

import "context"

// A TEEQuoter is the attester (RFC 9334 section 3.1): it makes hardware sign
// that it runs what it runs, for one Binding.
//
// Kind never changes. Quote validates the binding, lets the hardware sign
// b.Digest(Kind(), n) where n is the width of its report field, and returns
// Evidence of the same kind whose Binding equals b and which holds everything
// that a verifier without network needs, except roots. It returns evidence or
// an error, never both. It honours cancellation of ctx before it talks to the
// hardware. It judges nothing: debug mode, for one, is reported and not refused.
//
// Implementations must be safe for concurrent use and must not retain or
// change what the slices in b hold.
type TEEQuoter interface {
	Kind() Kind
	Quote(ctx context.Context, b Binding) (*Evidence, error)
}
