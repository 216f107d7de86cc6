package digest

import "encoding/binary"

// appendField appends p with its length before it.
func appendField(b, p []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
	return append(b, p...)
}

// A decoder cuts a document into what appendField and its kin wrote. Once
// something is missing it is bad, and gives empty values.
type decoder struct {
	rest []byte
	bad  bool
}

// take returns the next n bytes, or nil.
func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.rest) {
		d.bad = true
		return nil
	}
	p := d.rest[:n]
	d.rest = d.rest[n:]
	return p
}

func (d *decoder) field() []byte { return d.take(int(d.uint32())) }

func (d *decoder) uint32() uint32 {
	if p := d.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if p := d.take(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}

// done reports whether the document was exactly what was taken of it.
func (d *decoder) done() bool { return !d.bad && len(d.rest) == 0 }
