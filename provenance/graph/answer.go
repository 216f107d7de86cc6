package graph

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"iter"
	"slices"

	"github.com/sealwright/sealwright/attest/digest"
)

// An Answer is a part of the graph. Its nodes, hops and statements have numbers from
// zero; node 0 is the start. They are kept in a few pieces of memory, and made into a
// Node, a Hop or a Statement when they are asked for. Their order follows from the
// stored statements and the order in which they were added, and not from how they are
// kept. An Answer does not change, and is good after the Store is closed.
type Answer struct {
	Frontier []Frontier
	// Cycles are nodes that lead to themselves, which honest builds do not.
	Cycles [][]int
	// Truncated names the limits that cut the answer short; the answer is complete, as
	// far as the statements go, only if it is empty.
	Truncated []string

	nodes      []nodeRow
	hops       []hopRow
	statements []statementRow
	vouchers   []*voucher // by their place in statementRow; nil is nobody
	kinds      []hopKind  // by their place in hopRow
	text       string     // what words are cut from
}

// A word is a part of an answer's text: where its length is, in as many bytes as wordBits
// says, after which it comes. At 0 is the empty word.
type word uint32

const (
	wordBits = 24 // a statement, and so a name, has at most 1<<24 bytes
	wordHead = wordBits / 8
	maxText  = 1<<31 - 1 // before the last word
)

func (w word) in(text string) string {
	head := text[w : w+wordHead]
	size := word(head[0]) | word(head[1])<<8 | word(head[2])<<16
	return text[w+wordHead:][:size]
}

// appendWord appends a word that is no longer than its length tells.
func appendWord(text, b []byte) []byte {
	n := len(b)
	return append(append(text, byte(n), byte(n>>8), byte(n>>16)), b...)
}

type nodeRow struct {
	name, label word // of digests too: see Digests
	depth       uint32
	digests     bool
	weak        bool
	disputed    bool
}

type hopRow struct{ from, to, statement, kind uint32 }

// A hopKind is what many hops have in common.
type hopKind struct {
	pointer  string
	relation role
	use      uint8 // of an input
}

type statementRow struct {
	citation
	typ, maker, resource word
	voucher              uint32
	verdict              verdict
}

// NumNodes returns how many nodes there are.
func (a *Answer) NumNodes() int { return len(a.nodes) }

// NumHops returns how many hops there are.
func (a *Answer) NumHops() int { return len(a.hops) }

// NumStatements returns how many statements the answer rests on.
func (a *Answer) NumStatements() int { return len(a.statements) }

// Node returns the i-th node. It panics if there is none, as an index would.
func (a *Answer) Node(i int) Node {
	r := &a.nodes[i]
	n := Node{Label: r.label.in(a.text), Depth: int(r.depth), Weak: r.weak, Disputed: r.disputed}
	if r.digests {
		n.Digests.keys = r.name.in(a.text)
	} else {
		n.Name = r.name.in(a.text)
	}
	return n
}

// Hop returns the i-th hop. It panics if there is none, as an index would.
func (a *Answer) Hop(i int) Hop {
	r := &a.hops[i]
	k := &a.kinds[r.kind]
	h := Hop{From: int(r.from), To: int(r.to), Relation: relations[k.relation], Statement: int(r.statement), Pointer: k.pointer}
	if k.relation == roleInput {
		h.Role = inputRoles[k.use]
	}
	return h
}

// Statement returns the i-th statement. It panics if there is none, as an index would.
func (a *Answer) Statement(i int) Statement {
	r := &a.statements[i]
	return r.statement(a.text, a.vouchers[r.voucher])
}

// statement returns the statement that v vouches for; nil is nobody.
func (r *statementRow) statement(text string, v *voucher) Statement {
	s := Statement{
		Evidence: r.evidence, Payload: r.payload, Result: results[r.verdict],
		PredicateType: r.typ.in(text), Maker: r.maker.in(text), Resource: r.resource.in(text),
	}
	if v != nil {
		s.Authority, s.Signers = v.Authority, v.Signers
	} else {
		s.Unverified = true
	}
	return s
}

var results = [verdicts]string{verdictGood: "good", verdictBad: "bad"}

// Nodes returns all nodes in order.
func (a *Answer) Nodes() iter.Seq2[int, Node] {
	return func(yield func(int, Node) bool) {
		for i := range a.nodes {
			if !yield(i, a.Node(i)) {
				return
			}
		}
	}
}

// Hops returns all hops in order.
func (a *Answer) Hops() iter.Seq2[int, Hop] {
	return func(yield func(int, Hop) bool) {
		for i := range a.hops {
			if !yield(i, a.Hop(i)) {
				return
			}
		}
	}
}

// Statements returns all statements in order.
func (a *Answer) Statements() iter.Seq2[int, Statement] {
	return func(yield func(int, Statement) bool) {
		for i := range a.statements {
			if !yield(i, a.Statement(i)) {
				return
			}
		}
	}
}

// A Document is an answer in full, as WriteJSON writes it.
type Document struct {
	Nodes      []Node      `json:"nodes"`
	Hops       []Hop       `json:"hops"`
	Statements []Statement `json:"statements"`
	Frontier   []Frontier  `json:"frontier"`
	Cycles     [][]int     `json:"cycles,omitempty"`
	Truncated  []string    `json:"truncated,omitempty"`
}

// Document returns the answer in full.
func (a *Answer) Document() Document {
	d := Document{
		Nodes: make([]Node, len(a.nodes)), Hops: make([]Hop, len(a.hops)), Statements: make([]Statement, len(a.statements)),
		Frontier: append([]Frontier{}, a.Frontier...), Cycles: a.Cycles, Truncated: a.Truncated,
	}
	for i := range d.Nodes {
		d.Nodes[i] = a.Node(i)
	}
	for i := range d.Hops {
		d.Hops[i] = a.Hop(i)
	}
	for i := range d.Statements {
		d.Statements[i] = a.Statement(i)
	}
	return d
}

// MarshalJSON writes the answer's Document.
func (a *Answer) MarshalJSON() ([]byte, error) { return json.Marshal(a.Document()) }

// Digests are the digests of an artifact, in the order of algorithms and values.
type Digests struct {
	keys string // each after its length in two bytes
}

// appendDigests appends keys of digests in the form that Digests has.
func appendDigests(b []byte, keys [][]byte) []byte {
	for _, k := range keys {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(k))), k...)
	}
	return b
}

// compareKeys orders keys of digests by algorithm and value.
func compareKeys(a, b []byte) int {
	x, _ := digestOf(string(a))
	y, _ := digestOf(string(b))
	return cmp.Or(cmp.Compare(x.Algorithm, y.Algorithm), cmp.Compare(x.Hex, y.Hex))
}

// IsZero reports whether there is no digest.
func (d Digests) IsZero() bool { return d.keys == "" }

// each returns the keys.
func (d Digests) each(yield func(key string) bool) {
	for rest := d.keys; rest != ""; {
		n := 2 + (int(rest[0])<<8 | int(rest[1]))
		if !yield(rest[2:n]) {
			return
		}
		rest = rest[n:]
	}
}

// All returns the digests.
func (d Digests) All() iter.Seq[digest.Digest] {
	return func(yield func(digest.Digest) bool) {
		for key := range d.each {
			if v, _ := digestOf(key); !yield(v) {
				return
			}
		}
	}
}

// List returns the digests as a slice.
func (d Digests) List() []digest.Digest { return slices.Collect(d.All()) }

// AppendFirst appends the first digest as a text, and needs no memory but b's.
func (d Digests) AppendFirst(b []byte) []byte {
	for key := range d.each {
		if known(key) {
			b = append(append(b, algorithms[key[0]-1]...), ':')
			return hex.AppendEncode(b, []byte(key[1:]))
		}
		return append(b, key[1:]...)
	}
	return b
}

// MarshalJSON writes a list of texts.
func (d Digests) MarshalJSON() ([]byte, error) {
	return json.Marshal(append([]digest.Digest{}, d.List()...))
}

// UnmarshalJSON reads a list of texts.
func (d *Digests) UnmarshalJSON(b []byte) error {
	var list []digest.Digest
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	var keys [][]byte
	for _, v := range list {
		if err := v.Validate(); err != nil {
			return err
		}
		keys = append(keys, appendDigestKey(nil, v))
	}
	d.keys = string(appendDigests(nil, keys))
	return nil
}

// A Sum is a SHA-256 digest.
type Sum [sha256.Size]byte

// Digest returns the digest.
func (s Sum) Digest() digest.Digest {
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(s[:])}
}

// String returns the digest's text.
func (s Sum) String() string { return s.Digest().String() }

// MarshalText returns the digest's text.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a digest's text.
func (s *Sum) UnmarshalText(b []byte) error {
	var d digest.Digest
	if err := d.UnmarshalText(b); err != nil {
		return err
	}
	raw, err := hex.DecodeString(d.Hex)
	if err != nil || d.Algorithm != digest.SHA256 || len(raw) != len(s) {
		return damaged("a SHA-256 digest", string(d.Algorithm)).Because(err)
	}
	*s = Sum(raw)
	return nil
}

// relations are what a hop to a node in a role says.
var relations = [roles]Relation{
	roleInput: Input, roleOutput: Output, roleByproduct: Byproduct, roleEvidence: Evidence, roleMaker: Summary,
	roleResource: Bill, roleCompared: Compared, roleComponent: Contains, roleAbout: ContainedIn,
}
