package graph

import (
	"crypto/sha256"
	"encoding/binary"
)

// Bounds of what is read together: statements, about how many bytes their records have, and
// how many nodes that they lead to are touched.
const (
	batchSize   = 32
	batchBytes  = 1 << 20
	mostTouched = 256
)

// A lookahead is the records of statements that are about to be looked at, one by one.
type lookahead struct {
	numbers [batchSize]uint32
	records [batchSize][]byte
	most    int // that were read since forget
}

// ahead reads the records of a list of a part from the i-th on into src, at least one,
// and touches what looking at them will ask for in the roles to.
func (w *walk) ahead(src *source, part int32, list *postings, i uint64, to uint32) (n int, err error) {
	p := w.parts[part]
	n = int(min(batchSize, list.count()-i))
	src.most = max(src.most, n)
	if err := list.read(src.numbers[:n], i); err != nil {
		return 0, err
	}
	size := 0
	for j, statement := range src.numbers[:n] {
		if src.records[j], err = p.record(statement); err != nil {
			return 0, err
		}
		if size += len(src.records[j]); size > batchBytes {
			n = j + 1
			break
		}
	}
	if s, ok := p.(*segment); ok && to != 0 {
		w.touch(s, part, src.records[:n], to)
	}
	return n, nil
}

// touch reads a byte of each record, of each node that they lead to, and of where the
// answer may have these. All of that is as good as anywhere in memory, and far from the
// processor: it fetches several at once, unless it has to look at one to know what comes
// next. What is read is not used, and so need not be checked.
func (w *walk) touch(s *segment, part int32, records [][]byte, to uint32) {
	touched, several := byte(0), len(records) > 1
	for _, b := range records {
		if several && len(b) > 0 {
			touched ^= b[0] ^ b[len(b)-1]
		}
	}
	w.ids = w.ids[:0]
	for _, b := range records {
		w.ids = w.source.rest.appendTargets(w.ids, b, to, s.nodeCount)
		if several && len(b) > sha256.Size {
			touched ^= w.cited.touch(citedBy(b[1:]))
		}
	}
	if len(w.ids) > 1 {
		touched ^= s.touch(w.ids)
		for _, id := range w.ids {
			touched ^= w.spots.touch(spot{part, id}.id())
		}
	}
	w.touched ^= touched // for otherwise it need not be read
}

// appendTargets appends the digests that a record mentions in the roles to, as long as
// there are few.
func (r *mentionReader) appendTargets(ids []uint32, record []byte, to, nodes uint32) []uint32 {
	size := 1 + sha256.Size + 4*headIDs
	if len(record) > 0 && record[0]&payloadIsEvidence == 0 {
		size += sha256.Size
	}
	if len(record) < size {
		return ids // which open will tell
	}
	r.decoder, r.left, r.read = decoder{b: record[size:], nodes: nodes}, binary.LittleEndian.Uint32(record[size-4:]), 0
	var m mention
	for len(ids) < mostTouched && r.leads(to) && r.next(&m) {
		if to>>m.role&1 == 1 {
			ids = append(ids, m.digests[:min(len(m.digests), mostTouched-len(ids))]...)
		}
	}
	return ids
}

// leads reports whether there may still be a mention in one of the roles: nothing comes
// after inputs and components.
func (r *mentionReader) leads(to uint32) bool {
	const last = 1<<roleInput | 1<<roleComponent
	return len(r.b) == 0 || to>>(r.b[0]>>4)&1 == 1 || last>>(r.b[0]>>4)&1 == 0
}

// forget lets go of what is read.
func (s *source) forget() {
	s.rest = mentionReader{}
	clear(s.records[:s.most])
	s.most = 0
}

// touch reads a byte of each node's entry, if files are mapped.
func (s *segment) touch(nodes []uint32) (touched byte) {
	data := s.files[fileNodes].data
	for _, node := range nodes {
		if at := uint64(node) * entrySize; at < uint64(len(data)) {
			touched ^= data[at]
		}
	}
	return touched
}

// read reads the statements from the i-th on.
func (p *postings) read(into []uint32, i uint64) error {
	if p.file == nil {
		for j := range into {
			into[j], _ = p.at(i + uint64(j))
		}
		return nil
	}
	b, err := p.file.read(4*(p.lo+i), 4*uint64(len(into)))
	if err != nil {
		return err
	}
	for j := range into {
		into[j] = binary.LittleEndian.Uint32(b[4*j:]) & (maxStatements - 1)
	}
	return nil
}

// citedBy returns what a statement is looked for by, of the digest of its envelope.
func citedBy(evidence []byte) uint64 { return binary.LittleEndian.Uint64(evidence) }
