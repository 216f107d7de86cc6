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
	payload []byte // what encode returned
}

func newBatch() *batch { return &batch{ids: map[string]uint32{}} }

// keptSize bounds a batch whose memory is used again.
const keptSize = 16 << 20

// emptied returns an empty batch in the memory of b, which must not be used any more.
func (b *batch) emptied() *batch {
	if b.size > keptSize {
		return newBatch()
	}
	clear(b.ids)
	clear(b.keys)
	clear(b.told)
	return &batch{
		ids: b.ids, keys: b.keys[:0], told: b.told[:0], records: b.records[:0],
		record: record{mentions: b.record.mentions, arena: b.record.arena}, wire: b.wire, payload: b.payload,
	}
}

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

// encode returns the payload of a frame, in the memory of b.
func (b *batch) encode() []byte {
	out := slices.Grow(b.payload[:0], b.size+2*binary.MaxVarintLen64)
	out = binary.AppendUvarint(out, uint64(len(b.keys)))
	for _, key := range b.keys {
		out = append(binary.AppendUvarint(out, uint64(len(key))), key...)
	}
	out = binary.AppendUvarint(out, uint64(b.count))
	b.payload = append(out, b.records...)
	return b.payload
}

// apply adds the statements of a payload to d.
func (d *delta) apply(payload []byte) error {
	in := decoder{b: payload, nodes: math.MaxUint32}
	ids := make([]uint32, in.count(1))
	var keys [internAtOnce][]byte
	for from := 0; from < len(ids); from += internAtOnce {
		some := ids[from:min(from+internAtOnce, len(ids))]
		for i := range some {
			if keys[i] = in.take(in.count(1)); len(keys[i]) == 0 {
				return damaged("a key", "none")
			}
		}
		d.internAll(some, keys[:len(some)])
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
