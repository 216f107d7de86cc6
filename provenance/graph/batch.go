package graph

import (
	"encoding/binary"
	"math"
	"slices"
)

// A batch is the statements of one addition, and the keys that their records count.
type batch struct {
	ids     map[string]uint32
	keys    []string
	told    []*fact // by the id of their envelope, the last one added
	records []byte  // each after its length
	count   int     // of records
	size    int
	record  record // scratch
	wire    []byte // scratch
}

// newBatch makes room for about n statements.
func newBatch(n int) *batch { return &batch{ids: make(map[string]uint32, 4*n)} }

func (b *batch) id(key string) uint32 {
	id, ok := b.ids[key]
	if !ok {
		id = uint32(len(b.keys))
		b.ids[key] = id
		b.keys = append(b.keys, key)
		b.size += len(key) + binary.MaxVarintLen32
	}
	return id
}

func (b *batch) idOrNone(key string) uint32 {
	if key == "" {
		return 0
	}
	return b.id(key) + 1
}

// same returns the fact of the batch with f's envelope and voucher, or nil.
func (b *batch) same(f *fact) *fact {
	id, ok := b.ids[f.envelope]
	if !ok || int(id) >= len(b.told) {
		return nil
	}
	other := b.told[id]
	for other != nil && other.seal != f.seal {
		other = other.before
	}
	return other
}

func (b *batch) add(f *fact) {
	r := &b.record
	*r = record{
		shape: f.shape, verdict: f.verdict, citation: citation{[32]byte([]byte(f.envelope[1:])), f.payload},
		envelope: b.id(f.envelope), seal: b.id(f.seal), typ: b.id(f.typ),
		maker: b.idOrNone(f.maker), resource: b.idOrNone(f.resource),
		mentions: r.mentions[:0], arena: r.arena[:0],
	}
	for len(b.told) <= int(r.envelope) {
		b.told = append(b.told, nil)
	}
	f.before, b.told[r.envelope] = b.told[r.envelope], f
	for _, m := range f.inOrder() {
		x := mention{role: m.role, use: m.use, index: m.index, place: b.idOrNone(m.place), label: b.idOrNone(m.label)}
		start := len(r.arena)
		for _, key := range m.digests {
			r.arena = append(r.arena, b.id(key))
		}
		x.digests = r.arena[start:]
		r.mentions = append(r.mentions, x)
	}
	b.wire = r.append(b.wire[:0])
	b.records = append(binary.AppendUvarint(b.records, uint64(len(b.wire))), b.wire...)
	b.count++
	b.size += len(b.wire) + binary.MaxVarintLen32
}

// inOrder returns the mentions, inputs last.
func (f *fact) inOrder() []factMention {
	input := func(m factMention) bool { return m.role == roleInput }
	first := slices.IndexFunc(f.mentions, input)
	if first < 0 || !slices.ContainsFunc(f.mentions[first:], func(m factMention) bool { return !input(m) }) {
		return f.mentions
	}
	list := slices.DeleteFunc(slices.Clone(f.mentions), input)
	return append(list, slices.DeleteFunc(slices.Clone(f.mentions), func(m factMention) bool { return !input(m) })...)
}

// encode returns the payload of a frame.
func (b *batch) encode() []byte {
	out := make([]byte, 0, b.size+2*binary.MaxVarintLen64)
	out = binary.AppendUvarint(out, uint64(len(b.keys)))
	for _, key := range b.keys {
		out = append(binary.AppendUvarint(out, uint64(len(key))), key...)
	}
	out = binary.AppendUvarint(out, uint64(b.count))
	return append(out, b.records...)
}

// apply adds the statements of a payload to d.
func (d *delta) apply(payload []byte) error {
	in := decoder{b: payload, nodes: math.MaxUint32}
	ids := make([]uint32, in.count(1))
	for i := range ids {
		key := in.take(in.count(1))
		if len(key) == 0 {
			return damaged("a key", "none")
		}
		ids[i] = d.intern(key)
	}
	var r record
	for range in.count(1) {
		if err := r.parse(in.take(in.count(1)), uint32(len(ids))); err != nil {
			return err
		}
		r.renumber(ids)
		d.add(&r)
	}
	if in.bad || len(in.b) > 0 {
		return damaged("the payload of a frame", "a truncated or longer one")
	}
	return nil
}
