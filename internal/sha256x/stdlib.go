package sha256x

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"unsafe"
)

// The saved state of crypto/sha256, which encoding.BinaryMarshaler and
// encoding.BinaryUnmarshaler promise to carry between programs: an identifier,
// the chaining value, a partial block and the length of the message so far.
const (
	savedMagic = "sha\x03"
	savedSize  = len(savedMagic) + Size + BlockSize + 8
)

// foldStdlib folds blocks whole blocks at p into *s with crypto/sha256. It does
// not allocate.
//
// It panics if crypto/sha256 does not take its own saved state: a toolchain that
// changed the format must not lead to a digest of something else.
func foldStdlib(s *State, p *byte, blocks int) {
	var saved [savedSize]byte
	copy(saved[:], savedMagic)
	sum := s.Sum()
	copy(saved[len(savedMagic):], sum[:])

	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(saved[:]); err != nil {
		panic("sha256x: crypto/sha256 refuses a saved state: " + err.Error())
	}
	h.Write(unsafe.Slice(p, blocks*BlockSize)) // never fails, says hash.Hash
	out, err := h.(encoding.BinaryAppender).AppendBinary(saved[:0])
	if err != nil || len(out) != savedSize ||
		binary.BigEndian.Uint64(out[savedSize-8:]) != uint64(blocks*BlockSize) {
		panic("sha256x: crypto/sha256 saves its state in an unknown format")
	}
	*s = ParseState([Size]byte(out[len(savedMagic):]))
}
