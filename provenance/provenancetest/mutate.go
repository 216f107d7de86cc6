package provenancetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
)

// An Op is a way to spoil one node of a JSON document.
type Op string

// The operations. A mutation that would give back the same document is left out.
const (
	Delete    Op = "delete"    // leave the node out
	Duplicate Op = "duplicate" // write the member or element twice
	Empty     Op = "empty"     // "", 0, false, [] or {} in its place
	Null      Op = "null"      // null in its place
	Number    Op = "number"    // a value of another type in its place
	String    Op = "string"
	Bool      Op = "bool"
	Array     Op = "array"  // the value as the only element of an array
	Object    Op = "object" // the value as the only member of an object
	Fold      Op = "fold"   // the member's name in other case
	Extra     Op = "extra"  // one more member in an object
	Alter     Op = "alter"  // another value of the same type
)

// Structural are the operations that change the shape of a document and put no
// value of the attacker's choice into it.
func Structural() []Op {
	return []Op{Delete, Duplicate, Empty, Null, Number, String, Bool, Array, Object, Fold}
}

// AllOps are all operations.
func AllOps() []Op { return append(Structural(), Extra, Alter) }

// A Mutation is a document with one node spoiled.
type Mutation struct {
	Op       Op
	Pointer  string // RFC 6901
	Document []byte
}

// String returns the operation and the pointer.
func (m Mutation) String() string { return string(m.Op) + " " + m.Pointer }

// A Document is a parsed JSON document that keeps the order of its members. It is
// immutable and safe for concurrent use.
type Document struct {
	root  *node
	nodes []*node // in document order
}

type node struct {
	pointer string
	name    string // of an object's member
	member  bool
	scalar  string // its JSON; empty for arrays and objects
	object  bool
	parts   []*node
}

// ParseDocument reads one JSON value.
func ParseDocument(document []byte) (*Document, error) {
	d := &Document{}
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	root, err := d.parse(dec, "")
	if err != nil {
		return nil, fmt.Errorf("provenancetest: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("provenancetest: data after the document")
	}
	d.root = root
	return d, nil
}

func (d *Document) parse(dec *json.Decoder, pointer string) (*node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	n := &node{pointer: pointer}
	d.nodes = append(d.nodes, n)
	delim, composite := token.(json.Delim)
	if !composite {
		b, err := json.Marshal(token)
		n.scalar = string(b)
		return n, err
	}
	n.object = delim == '{'
	for dec.More() {
		name, step := "", strconv.Itoa(len(n.parts))
		if n.object {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name = key.(string)
			step = strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		}
		part, err := d.parse(dec, pointer+"/"+step)
		if err != nil {
			return nil, err
		}
		part.name, part.member = name, n.object
		n.parts = append(n.parts, part)
	}
	_, err = dec.Token()
	return n, err
}

// Mutations yields every mutation of the document by ops, in document order.
func (d *Document) Mutations(ops ...Op) iter.Seq[Mutation] {
	return func(yield func(Mutation) bool) {
		for _, n := range d.nodes {
			for _, op := range ops {
				if m, ok := d.mutate(n, op); ok && !yield(m) {
					return
				}
			}
		}
	}
}

// Random returns one mutation by one of ops, chosen by r.
func (d *Document) Random(r *rand.Rand, ops ...Op) Mutation {
	for {
		if m, ok := d.mutate(d.nodes[r.IntN(len(d.nodes))], ops[r.IntN(len(ops))]); ok {
			return m
		}
	}
}

func (d *Document) mutate(n *node, op Op) (Mutation, bool) {
	if n == d.root && (op == Delete || op == Duplicate) || op == Fold && !n.member || op == Extra && !n.object {
		return Mutation{}, false
	}
	if op == Fold && strings.ToLower(n.name) == strings.ToUpper(n.name) {
		return Mutation{}, false
	}
	if op == n.kind() { // of its own type already
		return Mutation{}, false
	}
	mutated := n.mutated(op)
	if mutated == n.text() && op != Delete && op != Duplicate && op != Fold {
		return Mutation{}, false
	}
	var out strings.Builder
	d.root.write(&out, n, op, mutated)
	return Mutation{Op: op, Pointer: n.pointer, Document: []byte(out.String())}, true
}

// kind returns the operation that would give a value of n's own scalar type.
func (n *node) kind() Op {
	switch {
	case n.scalar == "":
		return ""
	case n.scalar[0] == '"':
		return String
	case n.scalar == "null":
		return Null
	case n.scalar == "true", n.scalar == "false":
		return Bool
	}
	return Number
}

func (n *node) text() string {
	var out strings.Builder
	n.write(&out, nil, "", "")
	return out.String()
}

// mutated returns the value that op puts in n's place.
func (n *node) mutated(op Op) string {
	switch op {
	case Empty:
		return n.empty()
	case Null:
		return "null"
	case Number:
		return "7"
	case String:
		return strconv.Quote(strings.Trim(n.scalar, `"`) + "7")
	case Bool:
		return "true"
	case Array:
		return "[" + n.text() + "]"
	case Object:
		return `{"value":` + n.text() + "}"
	case Extra:
		return strings.Replace(strings.TrimSuffix(n.text(), "}")+`,"unexpected":1}`, "{,", "{", 1)
	case Alter:
		return n.altered()
	}
	return n.text()
}

func (n *node) empty() string {
	switch {
	case n.object:
		return "{}"
	case n.scalar == "":
		return "[]"
	case n.scalar[0] == '"':
		return `""`
	case n.scalar == "true", n.scalar == "false":
		return "false"
	case n.scalar == "null":
		return "null"
	}
	return "0"
}

func (n *node) altered() string {
	switch {
	case n.scalar == "" || n.scalar == "null":
		return n.text()
	case n.scalar == "true":
		return "false"
	case n.scalar == "false":
		return "true"
	case n.scalar == "0" || n.scalar == "-0": // no digit may follow a leading zero
		return "1"
	case n.scalar[0] != '"':
		return n.scalar + "1"
	case strings.HasSuffix(n.scalar, `0"`):
		return strings.TrimSuffix(n.scalar, `0"`) + `1"`
	case len(n.scalar) > 2 && strings.Trim(n.scalar, `"0123456789abcdef`) == "":
		return strings.TrimSuffix(n.scalar[:len(n.scalar)-2], `"`) + `0"`
	}
	return strings.TrimSuffix(n.scalar, `"`) + `x"`
}

// write writes n with the value of target replaced by mutated.
func (n *node) write(out *strings.Builder, target *node, op Op, mutated string) {
	if n == target {
		out.WriteString(mutated)
		return
	}
	if n.scalar != "" {
		out.WriteString(n.scalar)
		return
	}
	opening, closing := "[", "]"
	if n.object {
		opening, closing = "{", "}"
	}
	out.WriteString(opening)
	separator := ""
	for _, part := range n.parts {
		times := 1
		if part == target && op == Delete {
			times = 0
		}
		if part == target && op == Duplicate {
			times = 2
		}
		for range times {
			out.WriteString(separator)
			separator = ","
			if n.object {
				out.WriteString(part.label(part == target && op == Fold) + ":")
			}
			part.write(out, target, op, mutated)
		}
	}
	out.WriteString(closing)
}

func (n *node) label(fold bool) string {
	name := n.name
	if upper := strings.ToUpper(name); fold && upper != name {
		name = upper
	} else if fold {
		name = strings.ToLower(name)
	}
	b, _ := json.Marshal(name) // a string always marshals
	return string(b)
}
