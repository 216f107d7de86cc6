package digest

import (
	"encoding"
	"encoding/binary"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// The saved forms of the sinks. They are read only from authenticated documents;
// even so, one that does not fit is refused.

func (s *hashSink) appendState(b []byte) ([]byte, error) {
	m, ok := s.h.(encoding.BinaryMarshaler)
	if !ok {
		return nil, &Error{Code: CodeStateUnsupported, Where: string(s.algorithm), Want: "a hash that implements encoding.BinaryMarshaler"}
	}
	saved, err := m.MarshalBinary()
	if err != nil {
		return nil, &Error{Code: CodeStateUnsupported, Where: string(s.algorithm), Err: err}
	}
	return append(b, saved...), nil
}

func (s *hashSink) loadState(b []byte, _ int64) error {
	m, ok := s.h.(encoding.BinaryUnmarshaler)
	if !ok {
		return &Error{Code: CodeStateUnsupported, Where: string(s.algorithm), Want: "a hash that implements encoding.BinaryUnmarshaler"}
	}
	if err := m.UnmarshalBinary(b); err != nil {
		return &Error{Code: CodeStateSyntax, Where: string(s.algorithm), Err: err}
	}
	return nil
}

func (s *veritySink) appendState(b []byte) ([]byte, error) {
	b = appendField(b, s.partial)
	return s.tree.appendState(b), nil
}

func (s *veritySink) loadState(b []byte, size int64) error {
	d := decoder{rest: b}
	s.partial = append(s.partial, d.field()...)
	if !s.tree.load(&d, size) || !d.done() || !fits(s.partial, size, s.want.params.BlockSize) {
		return stateSyntax(s.want.params.String())
	}
	return nil
}

func (c *chain) appendState(b []byte) ([]byte, error) {
	sum := c.state.Sum()
	b = append(b, sum[:]...)
	b = appendField(b, c.partial)
	b = appendField(b, c.midstates)
	if c.tree != nil {
		b = c.tree.appendState(b)
	}
	return b, nil
}

func (c *chain) loadState(b []byte, size int64) error {
	d := decoder{rest: b}
	if sum := d.take(sha256x.Size); sum != nil {
		c.state = sha256x.ParseState([sha256x.Size]byte(sum))
	}
	c.partial = append(c.partial, d.field()...)
	c.midstates = append(c.midstates, d.field()...)
	ok := c.tree == nil || c.tree.load(&d, size)
	if !ok || !d.done() || !fits(c.partial, size, c.unit) {
		return stateSyntax(string(SHA256))
	}
	c.folded = size - int64(len(c.partial))
	if c.stride != 0 && int64(len(c.midstates)) != c.folded/c.stride*sha256x.Size {
		return stateSyntax("checkpoints")
	}
	return nil
}

// fits reports whether partial is what remains of size bytes after whole units.
func fits(partial []byte, size int64, unit int) bool {
	return int64(len(partial)) == size%int64(unit)
}

func (t *verityTree) appendState(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(t.levels)))
	for _, l := range t.levels {
		b = binary.BigEndian.AppendUint64(b, uint64(l.count))
		b = appendField(b, l.pending)
	}
	return b
}

// load reads the levels of a tree over size bytes. Their shape follows from size;
// any other is refused.
func (t *verityTree) load(d *decoder, size int64) bool {
	perBlock := int64(t.params.BlockSize / t.blocks.size())
	count := size / int64(t.params.BlockSize)
	for range d.uint32() {
		l := verityLevel{count: int64(d.uint64())}
		l.pending = append(l.pending, d.field()...)
		if d.bad || count == 0 || l.count != count || int64(len(l.pending)) != count%perBlock*int64(t.blocks.size()) {
			return false
		}
		t.levels = append(t.levels, l)
		count /= perBlock
	}
	return !d.bad && count == 0
}
