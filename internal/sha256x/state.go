package sha256x

import "encoding/binary"

const (
	// BlockSize is the number of bytes that one application of the SHA-256
	// compression function takes in.
	BlockSize = 64

	// Size is the length of a SHA-256 digest in bytes.
	Size = 32
)

// State is a SHA-256 chaining value: the eight words H(i) of FIPS 180-4
// section 6.2 between two blocks of one message. It is not yet a digest: a
// digest is the State after the padding block.
type State [8]uint32

// IV returns the initial hash value of SHA-256, FIPS 180-4 section 5.3.3.
func IV() State {
	return State{
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	}
}

// Sum returns the big-endian bytes of s, which are the digest if s has taken in
// the padding of its message.
func (s State) Sum() [Size]byte {
	var b [Size]byte
	s.put(&b)
	return b
}

// put writes what Sum returns, two words at a time.
func (s *State) put(b *[Size]byte) {
	binary.BigEndian.PutUint64(b[0:], uint64(s[0])<<32|uint64(s[1]))
	binary.BigEndian.PutUint64(b[8:], uint64(s[2])<<32|uint64(s[3]))
	binary.BigEndian.PutUint64(b[16:], uint64(s[4])<<32|uint64(s[5]))
	binary.BigEndian.PutUint64(b[24:], uint64(s[6])<<32|uint64(s[7]))
}

// ParseState is the inverse of [State.Sum]. Every 32 bytes are a State.
func ParseState(b [Size]byte) State {
	var s State
	for i := range s {
		s[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return s
}

// A Midstate is a State together with the length in bytes of what it has taken
// in, which the padding needs. Length is a multiple of [BlockSize]. A message
// that begins with no common blocks begins with Midstate{State: IV()}.
type Midstate struct {
	State  State
	Length uint64
}
