package graph

import (
	"cmp"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
)

// A Selection says which statements a query uses: Believe or IncludeUnverified.
type Selection interface {
	// selects reports whether statements that v vouches for are used; nil is nobody.
	selects(v *voucher) bool
	valid() bool
}

// Believe selects verified statements: those for whose authority (that of the
// attest.Verifier) and signers it returns true. It is called once per query for each
// distinct answer, and must always give the same one, and not change the slice, which is
// the store's. Nil is refused.
type Believe func(authority string, signers []attest.Identity) bool

func (b Believe) selects(v *voucher) bool { return v != nil && b(v.Authority, v.Signers) }

func (b Believe) valid() bool { return b != nil }

// IncludeUnverified selects unverified statements beside those that Believe selects,
// if that is not nil. Anyone may have written them: they are for looking at, and never
// a reason to trust anything.
type IncludeUnverified struct {
	Believe Believe
}

func (u IncludeUnverified) selects(v *voucher) bool {
	return v == nil || u.Believe != nil && u.Believe.selects(v)
}

func (u IncludeUnverified) valid() bool { return true }

// Limits bound an answer. A field that is not positive means its default.
type Limits struct {
	Depth      int // hops from the start; default 64
	Nodes      int // default 10,000
	Hops       int // default 100,000
	Statements int // looked at, believed or not; default 1,000,000
}

func (l Limits) withDefaults() Limits {
	or := func(n, other int) int { return cmp.Or(max(n, 0), other) }
	return Limits{or(l.Depth, 64), or(l.Nodes, 10_000), or(l.Hops, 100_000), or(l.Statements, 1_000_000)}
}

// A Query says whom to believe and how far to go. The zero Query is refused.
type Query struct {
	Select Selection
	Limits Limits
	// About also tells what summaries, bills of materials and comparisons say about
	// the artifacts of the answer.
	About bool
	// AllowWeak follows digests that do not resist collisions, such as those of Git
	// with SHA-1. Whoever can make a collision can then join what does not belong
	// together; nodes that only such a digest names are marked.
	AllowWeak bool
}

// A Node is an artifact, by all digests that the selected statements give it, or a
// name: of a builder, a verifier, a place.
type Node struct {
	// Digests are none for a name.
	Digests Digests `json:"digests,omitzero"`
	// Name is what the node is known by if it has no digest.
	Name string `json:"name,omitempty"`
	// Label is a name that a statement of the answer gives the artifact.
	Label string `json:"label,omitempty"`
	// Depth is the number of hops from the start.
	Depth int `json:"depth"`
	// Weak tells that no digest of the artifact resists collisions.
	Weak bool `json:"weak,omitempty"`
	// Disputed tells that selected statements contradict each other about the
	// artifact's digests. Then none of them is used to join digests.
	Disputed bool `json:"disputed,omitempty"`
}

// A Statement is one that an answer rests on.
type Statement struct {
	// Evidence is the digest of the envelope, Payload that of the statement.
	Evidence      Sum    `json:"evidence"`
	Payload       Sum    `json:"payload"`
	PredicateType string `json:"predicateType"`
	// Maker is the builder's or the verifier's id; it may be empty.
	Maker string `json:"maker,omitempty"`
	// Resource is what a summary's subject was asked for as, or how a bill of
	// materials calls itself.
	Resource string `json:"resource,omitempty"`
	// Result is "good" for a summary that passed and a comparison that found no
	// difference, "bad" for the opposite, and else empty.
	Result string `json:"result,omitempty"`
	// Authority and Signers are who vouches; both are empty if Unverified. All
	// statements of a signer have the same slice, which must not be changed.
	Authority string            `json:"authority,omitempty"`
	Signers   []attest.Identity `json:"signers,omitempty"`
	// Unverified tells that nobody vouches for it.
	Unverified bool `json:"unverified,omitempty"`
}

// A Relation is what a hop says.
type Relation string

// The relations. The first five are provenance.
const (
	Input       Relation = "input"        // To went into From
	Output      Relation = "output"       // To came out of From
	Byproduct   Relation = "byproduct"    // To was made beside From
	Contains    Relation = "contains"     // To is a component of From
	ContainedIn Relation = "contained in" // From is a component of To
	Evidence    Relation = "evidence"     // To is an attestation that a summary of From used
	Summary     Relation = "summary"      // To is the verifier that judged From
	Bill        Relation = "bill"         // To is a bill of materials of From
	Compared    Relation = "compared"     // To is what another run made in From's place
)

// A Hop is an edge of an answer, and the place where a statement tells it.
type Hop struct {
	From      int             `json:"from"` // a node
	To        int             `json:"to"`   // a node
	Relation  Relation        `json:"relation"`
	Role      provenance.Role `json:"role,omitempty"` // of an input
	Statement int             `json:"statement"`      // that says so
	// Pointer is the JSON pointer (RFC 6901) in the statement to what To is.
	Pointer string `json:"pointer"`
}

// A Cause tells why an answer ends at a node.
type Cause string

// The causes of a frontier. None of them means that there is nothing more.
const (
	// Untold: no selected statement tells what the artifact came from, or went into.
	Untold Cause = "no statement tells"
	// Unbelieved: statements tell, and none of them is selected.
	Unbelieved Cause = "only statements that are not believed tell"
	// NoInputs: a statement tells how the artifact was made, and lists no inputs.
	NoInputs Cause = "its statements list no inputs"
	// Nameless: no digest is known, and a name proves nothing.
	Nameless Cause = "known by name only"
	// WeakDigest: only digests are known that do not resist collisions.
	WeakDigest Cause = "known by a weak digest only"
	// Limited: a limit was reached before the node was followed.
	Limited Cause = "a limit was reached"
)

// A Frontier is a node beyond which nothing is known here.
type Frontier struct {
	Node  int   `json:"node"`
	Cause Cause `json:"cause"`
}
