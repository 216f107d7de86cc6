package graph

import (
	"encoding/binary"
	"math"
)

// A role is what a node is to a statement. Roles are part of the format.
type role uint8

const (
	roleEnvelope  role = iota // the statement's own envelope
	roleOutput                // made by the build
	roleInput                 // read by the build
	roleByproduct             // made besides the outputs
	roleAbout                 // the subject of a statement that is no build
	roleEvidence              // an attestation that a summary used
	rolePolicy                // the policy of a summary
	roleCompared              // the other build's output in a comparison
	roleMaker                 // the builder or verifier
	roleResource              // what a summary's subject was asked for as; what a bill calls itself
	rolePlace                 // the URI of a descriptor
	roleLabel                 // the name of a descriptor
	roleAlias                 // a strong digest in a descriptor with several digests
	roleType                  // the predicate type
	roleSeal                  // who vouches
	roles
)

// A shape is what a statement is. Shapes are part of the format.
type shape uint8

const (
	shapeOther shape = iota
	shapeSLSA1
	shapeSLSA02
	shapeSLSA01
	shapeLink
	shapeSummary
	shapeBill
	shapeComparison
	shapes
)

// A verdict is the result of a summary or a comparison.
type verdict uint8

const (
	verdictNone verdict = iota
	verdictGood         // PASSED, or identical
	verdictBad          // FAILED, or different
	verdicts
)

// A mention is a descriptor as a statement holds it, by the ids of nodes. Place and
// label are an id plus one, or 0.
type mention struct {
	role         role
	use          uint8  // of an input: place in inputRoles
	index        uint32 // place in its list
	digests      []uint32
	place, label uint32
}

// A citation is what makes two records the same statement: the SHA-256 of its envelope,
// which is what the node of that is known by too, and that of its bytes.
type citation struct{ evidence, payload [32]byte }

// headSize is how many bytes of a record come before its numbers.
const headSize = 2 + 64

// A record is a statement in one part of the store. Maker and resource are an id
// plus one, or 0.
type record struct {
	shape   shape
	verdict verdict
	citation
	envelope, seal, typ uint32
	maker, resource     uint32
	mentions            []mention
	arena               []uint32
}

// append writes r in its wire form.
func (r *record) append(b []byte) []byte {
	b = append(b, byte(r.shape), byte(r.verdict))
	b = append(b, r.evidence[:]...)
	b = append(b, r.payload[:]...)
	for _, id := range [...]uint32{r.envelope, r.seal, r.typ, r.maker, r.resource, uint32(len(r.mentions))} {
		b = binary.AppendUvarint(b, uint64(id))
	}
	for i := range r.mentions {
		m := &r.mentions[i]
		b = append(b, byte(m.role)<<4|m.use)
		b = binary.AppendUvarint(b, uint64(m.index))
		b = binary.AppendUvarint(b, uint64(m.place))
		b = binary.AppendUvarint(b, uint64(m.label))
		b = binary.AppendUvarint(b, uint64(len(m.digests)))
		for _, id := range m.digests {
			b = binary.AppendUvarint(b, uint64(id))
		}
	}
	return b
}

// parseHead reads the beginning of what append wrote, up to who vouches.
func (r *record) parseHead(b []byte, nodes uint32) (decoder, error) {
	if len(b) < headSize || b[0] >= byte(shapes) || b[1] >= byte(verdicts) {
		return decoder{}, damaged("a record", "another form")
	}
	r.shape, r.verdict = shape(b[0]), verdict(b[1])
	r.evidence, r.payload = [32]byte(b[2:34]), [32]byte(b[34:])
	d := decoder{b: b[headSize:], nodes: nodes}
	r.envelope, r.seal = d.id(), d.id()
	if d.bad {
		return d, damaged("a record", "a truncated one")
	}
	return d, nil
}

// parse reads what append wrote, of a part with that many nodes. r's memory is
// reused; its size is bounded by that of b.
func (r *record) parse(b []byte, nodes uint32) error {
	d, err := r.parseHead(b, nodes)
	if err != nil {
		return err
	}
	r.typ, r.maker, r.resource = d.id(), d.idOrNone(), d.idOrNone()
	n := d.count(5) // a mention has at least five bytes
	r.mentions, r.arena = r.mentions[:0], r.arena[:0]
	for range n {
		head := d.byte()
		m := mention{role: role(head >> 4), use: head & 15, index: d.uint32(), place: d.idOrNone(), label: d.idOrNone()}
		if m.role >= roles || int(m.use) >= len(inputRoles) {
			return damaged("a known role", "another one")
		}
		k := d.count(1)
		start := len(r.arena)
		for range k {
			r.arena = append(r.arena, d.id())
		}
		m.digests = r.arena[start:len(r.arena):len(r.arena)]
		r.mentions = append(r.mentions, m)
	}
	if d.bad || len(d.b) != 0 {
		return damaged("a record", "a truncated or longer one")
	}
	return nil
}

// each calls f with every node of the record and its role, ids of mentions and none.
func (r *record) each(f func(id uint32, ro role)) {
	f(r.envelope, roleEnvelope)
	f(r.seal, roleSeal)
	f(r.typ, roleType)
	if r.maker > 0 {
		f(r.maker-1, roleMaker)
	}
	if r.resource > 0 {
		f(r.resource-1, roleResource)
	}
	for i := range r.mentions {
		m := &r.mentions[i]
		for _, id := range m.digests {
			f(id, m.role)
		}
		if m.place > 0 {
			f(m.place-1, rolePlace)
		}
		if m.label > 0 {
			f(m.label-1, roleLabel)
		}
	}
}

// renumber replaces each id by what to has in its place.
func (r *record) renumber(to []uint32) {
	r.envelope, r.seal, r.typ = to[r.envelope], to[r.seal], to[r.typ]
	orNone := func(id uint32) uint32 {
		if id == 0 {
			return 0
		}
		return to[id-1] + 1
	}
	r.maker, r.resource = orNone(r.maker), orNone(r.resource)
	for i := range r.mentions {
		m := &r.mentions[i]
		m.place, m.label = orNone(m.place), orNone(m.label)
		for j, id := range m.digests {
			m.digests[j] = to[id]
		}
	}
}

// A decoder takes numbers off b. After the first that is not there, or too large, bad
// is set and only zeros come.
type decoder struct {
	b     []byte
	nodes uint32
	bad   bool
}

func (d *decoder) uint64() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) uint32() uint32 {
	if len(d.b) > 0 && d.b[0] < 0x80 { // most numbers are small
		v := d.b[0]
		d.b = d.b[1:]
		return uint32(v)
	}
	v := d.uint64()
	if v > math.MaxUint32 {
		d.bad = true
		return 0
	}
	return uint32(v)
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

// take returns the next n bytes.
func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

// count reads a number of items of at least size bytes each.
func (d *decoder) count(size int) int {
	v := d.uint64()
	if v > uint64(len(d.b)/size) {
		d.bad = true
		return 0
	}
	return int(v)
}

func (d *decoder) id() uint32 {
	v := d.uint32()
	if v >= d.nodes {
		d.bad = true
		return 0
	}
	return v
}

func (d *decoder) idOrNone() uint32 {
	v := d.uint32()
	if v > d.nodes {
		d.bad = true
		return 0
	}
	return v
}
