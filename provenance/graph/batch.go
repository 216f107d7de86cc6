package graph

import (
	"encoding/binary"
	"math"
)

// A batch is the statements of one addition, and the keys that their records count.
type batch struct {
	ids     map[string]uint32
	keys    []string
	records [][]byte
	size    int
}

func newBatch() *batch { return &batch{ids: map[string]uint32{}} }

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

func (b *batch) add(f *fact) {
	r := record{
		shape: f.shape, verdict: f.verdict, payload: f.payload,
		envelope: b.id(f.envelope), seal: b.id(f.seal), typ: b.id(f.typ),
		maker: b.idOrNone(f.maker), resource: b.idOrNone(f.resource),
	}
	for _, m := range f.mentions {
		x := mention{role: m.role, use: m.use, index: m.index, place: b.idOrNone(m.place), label: b.idOrNone(m.label)}
		for _, key := range m.digests {
			x.digests = append(x.digests, b.id(key))
		}
		r.mentions = append(r.mentions, x)
	}
	wire := r.append(nil)
	b.records = append(b.records, wire)
	b.size += len(wire) + binary.MaxVarintLen32
}

// encode returns the payload of a frame.
func (b *batch) encode() []byte {
	out := make([]byte, 0, b.size+2*binary.MaxVarintLen64)
	out = binary.AppendUvarint(out, uint64(len(b.keys)))
	for _, key := range b.keys {
		out = append(binary.AppendUvarint(out, uint64(len(key))), key...)
	}
	out = binary.AppendUvarint(out, uint64(len(b.records)))
	for _, r := range b.records {
		out = append(binary.AppendUvarint(out, uint64(len(r))), r...)
	}
	return out
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
		ids[i] = d.node(string(key))
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
