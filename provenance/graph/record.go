package graph

import (
	"encoding/binary"
	"slices"
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
	roleComponent             // contained in what a bill is about
	roleMaker                 // the builder or verifier
	roleResource              // what a summary's subject was asked for as; what a bill calls itself
	rolePlace                 // the URI of a descriptor
	roleLabel                 // the name of a descriptor
	roleAlias                 // a strong digest in a descriptor with several digests
	roleContainer             // the subject of a bill that has components
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

// A record is a statement in one part of the store. Maker and resource are an id
// plus one, or 0. Outputs and byproducts come before inputs, and what a bill is about
// before its components.
type record struct {
	shape   shape
	verdict verdict
	citation
	envelope, seal, typ uint32
	maker, resource     uint32
	mentions            []mention
	arena               []uint32
	rest                mentionReader // of mentions that are not in mentions
}

// The wire form of a record: a byte with its shape, its verdict and whether its payload
// is its evidence; those digests; headIDs numbers; its mentions. The wire form of a
// mention: a byte with its role and use, one with what follows, and that. Numbers are of
// four bytes, little-endian, so that they can be changed where they are.
const (
	payloadIsEvidence = 1 << 7
	headIDs           = 6 // envelope, seal, type, maker, resource, number of mentions

	hasPlace    = 1 << 0
	hasLabel    = 1 << 1
	hasIndex    = 1 << 2 // else it is the one after that of the mention before, or 0
	digestsAt   = 3      // the number of digests is shifted by that, or manyDigests
	manyDigests = 31
)

// append writes r in its wire form.
func (r *record) append(b []byte) []byte {
	head := byte(r.shape) | byte(r.verdict)<<4
	if r.payload == r.evidence {
		b = append(append(b, head|payloadIsEvidence), r.evidence[:]...)
	} else {
		b = append(append(append(b, head), r.evidence[:]...), r.payload[:]...)
	}
	for _, n := range [...]uint32{r.envelope, r.seal, r.typ, r.maker, r.resource, uint32(len(r.mentions))} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	var last mention
	for i := range r.mentions {
		m := &r.mentions[i]
		b = m.append(b, last.next(m.role, m.use, i))
		last = *m
	}
	return b
}

// next returns the index that a mention in this role has if nothing else is said, being
// the i-th and coming after m.
func (m *mention) next(ro role, use uint8, i int) uint32 {
	if i > 0 && m.role == ro && m.use == use {
		return m.index + 1
	}
	return 0
}

func (m *mention) append(b []byte, index uint32) []byte {
	what := byte(min(len(m.digests), manyDigests)) << digestsAt
	for _, c := range [...]struct {
		has bool
		bit byte
	}{{m.place > 0, hasPlace}, {m.label > 0, hasLabel}, {m.index != index, hasIndex}} {
		if c.has {
			what |= c.bit
		}
	}
	b = append(b, byte(m.role)<<4|m.use, what)
	if m.index != index {
		b = binary.LittleEndian.AppendUint32(b, m.index)
	}
	if m.place > 0 {
		b = binary.LittleEndian.AppendUint32(b, m.place-1)
	}
	if m.label > 0 {
		b = binary.LittleEndian.AppendUint32(b, m.label-1)
	}
	if len(m.digests) >= manyDigests {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(m.digests)))
	}
	for _, id := range m.digests {
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}

// A mentionReader reads the mentions of a record one by one.
type mentionReader struct {
	decoder
	left uint32
	read int
	last mention // without its digests
	few  [4]uint32
}

// next reads the next mention; its digests are good until the next call. After the last,
// or a damaged one, it returns false, and err tells which.
func (r *mentionReader) next(m *mention) bool {
	if r.left == 0 || r.bad {
		return false
	}
	r.left--
	head, what := r.byte(), r.byte()
	m.role, m.use = role(head>>4), head&15
	m.index = r.last.next(m.role, m.use, r.read)
	if what&hasIndex != 0 {
		m.index = r.number()
	}
	m.place, m.label = 0, 0
	if what&hasPlace != 0 {
		m.place = r.id() + 1
	}
	if what&hasLabel != 0 {
		m.label = r.id() + 1
	}
	n := uint32(what >> digestsAt)
	if n == manyDigests {
		n = r.number()
	}
	if uint64(n) > uint64(len(r.b)/4) || m.role >= roles || int(m.use) >= len(inputRoles) {
		r.bad = true
	}
	if r.bad {
		return false
	}
	m.digests = r.few[:0]
	for range n {
		m.digests = append(m.digests, r.id())
	}
	r.last.role, r.last.use, r.last.index = m.role, m.use, m.index
	r.read++
	return !r.bad
}

func (r *mentionReader) err() error {
	if r.bad || r.left == 0 && len(r.b) > 0 {
		return damaged("the mentions of a record", "other ones")
	}
	return nil
}

// begin reads what append wrote, of a part with that many nodes, up to the mentions:
// they come from rest, or by read.
func (r *record) begin(b []byte, nodes uint32) error {
	r.rest.decoder, r.rest.read = decoder{b: b, nodes: nodes}, 0
	d := &r.rest
	head := d.byte()
	r.shape, r.verdict = shape(head&15), verdict(head>>4&7)
	if evidence := d.take(32); evidence != nil {
		r.evidence = [32]byte(evidence)
	}
	r.payload = r.evidence
	if head&payloadIsEvidence == 0 {
		if payload := d.take(32); payload != nil {
			r.payload = [32]byte(payload)
		}
	}
	if len(d.b) < 4*headIDs || r.shape >= shapes || r.verdict >= verdicts {
		return damaged("a record", "another form, or a truncated one")
	}
	r.envelope, r.seal, r.typ = d.id(), d.id(), d.id()
	r.maker, r.resource = d.idOrNone(), d.idOrNone()
	d.left = d.number()
	if d.bad || uint64(d.left) > uint64(len(d.b)/2) {
		return damaged("a record", "another form, or a truncated one")
	}
	return nil
}

// parse reads what append wrote, of a part with that many nodes. r's memory is
// reused; its size is bounded by that of b.
func (r *record) parse(b []byte, nodes uint32) error {
	if err := r.begin(b, nodes); err != nil {
		return err
	}
	return r.read()
}

// read reads the mentions.
func (r *record) read() error {
	r.mentions, r.arena = r.mentions[:0], r.arena[:0]
	var m mention
	for r.rest.next(&m) {
		start := len(r.arena)
		r.arena = append(r.arena, m.digests...)
		m.digests = r.arena[start:len(r.arena):len(r.arena)]
		r.mentions = append(r.mentions, m)
	}
	return r.rest.err()
}

// each calls f with every node of the record that has a role in it, and the role.
func (r *record) each(f func(id uint32, ro role)) {
	f(r.envelope, roleEnvelope)
	if r.maker > 0 {
		f(r.maker-1, roleMaker)
	}
	if r.resource > 0 {
		f(r.resource-1, roleResource)
	}
	contains := slices.ContainsFunc(r.mentions, func(m mention) bool { return m.role == roleComponent })
	for i := range r.mentions {
		m := &r.mentions[i]
		for _, id := range m.digests {
			f(id, m.role)
			if contains && m.role == roleAbout {
				f(id, roleContainer)
			}
		}
		if m.place > 0 {
			f(m.place-1, rolePlace)
			if m.role == roleComponent { // its package URL
				f(m.place-1, roleComponent)
			}
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

// renumberWire is renumber for a record in its wire form.
func renumberWire(b []byte, to []uint32) error {
	d := decoder{b: b, nodes: uint32(len(to))}
	if head := d.byte(); head&payloadIsEvidence != 0 {
		d.take(32)
	} else {
		d.take(64)
	}
	for i := range headIDs - 1 {
		d.replace(to, i >= 3) // maker and resource are an id plus one, or 0
	}
	for range d.number() {
		d.byte()
		what := d.byte()
		if what&hasIndex != 0 {
			d.number()
		}
		n := uint32(what >> digestsAt)
		names := uint32(what&hasPlace) + uint32(what&hasLabel)>>1
		for range names {
			d.replace(to, false)
		}
		if n == manyDigests {
			n = d.number()
		}
		for range n {
			d.replace(to, false)
		}
		if d.bad {
			break
		}
	}
	if d.bad || len(d.b) > 0 {
		return damaged("a record", "a truncated or longer one")
	}
	return nil
}

// replace replaces the next number, an id or, if it may be none, an id plus one or 0.
func (d *decoder) replace(to []uint32, orNone bool) {
	at := d.b
	n := d.number()
	shift := uint32(0)
	if orNone {
		if n == 0 {
			return
		}
		shift = 1
	}
	if d.bad || uint64(n-shift) >= uint64(len(to)) {
		d.bad, d.b = true, nil
		return
	}
	binary.LittleEndian.PutUint32(at, to[n-shift]+shift)
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

// number reads one of four bytes.
func (d *decoder) number() uint32 {
	if len(d.b) < 4 {
		d.bad, d.b = true, nil
		return 0
	}
	v := binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	return v
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
	v := d.number()
	if v >= d.nodes {
		d.bad = true
		return 0
	}
	return v
}

func (d *decoder) idOrNone() uint32 {
	v := d.number()
	if v > d.nodes {
		d.bad = true
		return 0
	}
	return v
}
