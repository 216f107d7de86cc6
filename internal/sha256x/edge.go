package sha256x

import "encoding/binary"

// An edge holds what of a message cannot be hashed where it lies: a first block
// that begins with the prefix, then the padded last block or two. They are
// adjacent, so that a message without other blocks is folded in one go.
type edge [3 * BlockSize]byte

// A layout says which bytes of a message go where. A message is prefix || m,
// with a prefix shorter than a block; m is cut into head || body || tail, of
// which body is whole blocks that are hashed in place.
type layout struct {
	prefix int // bytes of prefix
	start  int // where the prefix stands in the edge: at the first or last blocks
	head   int // bytes of m that complete the first block
	body   int // bytes of m hashed in place
	tail   int // where the rest of m begins in the edge
	used   int // where the rest of m ends in the edge
	end    int // where the padding ends in the edge
	length uint64
}

// plan makes l the layout of a message of prefix and size bytes that follow
// before bytes already taken in.
func (l *layout) plan(before uint64, prefix, size int) {
	l.prefix = prefix
	l.length = before + uint64(prefix) + uint64(size)
	if prefix > 0 && size >= BlockSize-prefix {
		l.start = 0
		l.head = BlockSize - prefix
		l.tail = BlockSize
	} else {
		l.start = BlockSize
		l.head = 0
		l.tail = BlockSize + prefix
	}
	l.body = (size - l.head) &^ (BlockSize - 1)
	l.used = l.tail + size - l.head - l.body
	l.end = 2 * BlockSize
	if l.used+1+8 > l.end {
		l.end = 3 * BlockSize
	}
}

// first returns where in the edge the first block begins: at 0, or at BlockSize
// if there are only last blocks.
func (l *layout) first() int { return l.start &^ (BlockSize - 1) }

// pad writes the padding of FIPS 180-4 section 5.1.1 into an edge that is zero
// where the message does not reach.
func (l *layout) pad(e *edge) {
	e[l.used] = 0x80
	binary.BigEndian.PutUint64(e[l.end-8:l.end], l.length<<3)
}

// fill copies the head and the tail of m into e.
func (l *layout) fill(e *edge, m []byte) {
	if l.head > 0 {
		copy(e[l.prefix:BlockSize], m)
	}
	copy(e[l.tail:l.used], m[l.head+l.body:])
}
