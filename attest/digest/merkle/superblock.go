package merkle

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// SuperblockSize is the size of a dm-verity superblock in bytes. In a hash device
// it is padded with zeros to a block.
const SuperblockSize = 512

// A Superblock is what "veritysetup format" writes before a tree (cryptsetup,
// lib/verity/verity.c, struct verity_sb, version 1). It tells how to read the
// tree; it does not hold the root hash, and nothing protects it. The zero UUID is
// valid.
type Superblock struct {
	Params // DMVerity0 or DMVerity1
	Size   int64
	UUID   [16]byte
}

const superblockMagic = "verity\x00\x00"

// Offsets of the fields; integers are little-endian.
const (
	sbVersion    = 8
	sbHashType   = 12
	sbUUID       = 16
	sbAlgorithm  = 32
	sbDataBlock  = 64
	sbHashBlock  = 68
	sbDataBlocks = 72
	sbSaltSize   = 80
	sbSalt       = 88
	sbEnd        = 344 // of the salt; zeros follow
)

// MarshalBinary returns the superblock without its padding.
func (s Superblock) MarshalBinary() ([]byte, error) {
	p, err := s.normal()
	if err == nil {
		err = p.checkSize(s.Size)
	}
	if err != nil {
		return nil, err
	}
	b := make([]byte, SuperblockSize)
	copy(b, superblockMagic)
	le := binary.LittleEndian
	le.PutUint32(b[sbVersion:], 1)
	switch p.Kind {
	case DMVerity0:
	case DMVerity1:
		le.PutUint32(b[sbHashType:], 1)
	default:
		return nil, refuse(CodeKind, "superblock", "dmverity0 or dmverity1", p.Kind.String())
	}
	copy(b[sbUUID:], s.UUID[:])
	copy(b[sbAlgorithm:], p.Hash)
	le.PutUint32(b[sbDataBlock:], uint32(p.BlockSize))
	le.PutUint32(b[sbHashBlock:], uint32(p.BlockSize))
	le.PutUint64(b[sbDataBlocks:], uint64(s.Size/int64(p.BlockSize)))
	le.PutUint16(b[sbSaltSize:], uint16(len(p.Salt)))
	copy(b[sbSalt:], p.Salt)
	return b, nil
}

// ParseSuperblock reads a superblock strictly: reserved bytes must be zero, and
// the parameters ones that this package supports, with data and hash blocks of the
// same size.
func ParseSuperblock(b []byte) (Superblock, error) {
	le := binary.LittleEndian
	if len(b) != SuperblockSize || string(b[:sbVersion]) != superblockMagic {
		return Superblock{}, refuse(CodeSuperblock, "signature", excerpt.Quote(superblockMagic)+" and 512 bytes", decimal(len(b))+" bytes")
	}
	if v := le.Uint32(b[sbVersion:]); v != 1 {
		return Superblock{}, refuse(CodeSuperblock, "version", "1", decimal(int64(v)))
	}
	data, hash := le.Uint32(b[sbDataBlock:]), le.Uint32(b[sbHashBlock:])
	if data != hash || data < 512 || data > 65536 {
		return Superblock{}, refuse(CodeSuperblock, "block sizes", "the same, 512 to 65536", decimal(int64(data))+" and "+decimal(int64(hash)))
	}
	blocks := le.Uint64(b[sbDataBlocks:])
	if blocks > maxSize/uint64(data) {
		return Superblock{}, refuse(CodeSuperblock, "data blocks", "2^61 bytes at most", "more")
	}
	saltSize := int(le.Uint16(b[sbSaltSize:]))
	if saltSize > sbEnd-sbSalt {
		return Superblock{}, refuse(CodeSuperblock, "salt", "at most 256 bytes", decimal(saltSize))
	}
	name, _, _ := strings.Cut(string(b[sbAlgorithm:sbDataBlock]), "\x00")
	s := Superblock{
		Params: Params{Kind: DMVerity0, Hash: digest.Algorithm(name), BlockSize: int(data), Salt: bytes.Clone(b[sbSalt : sbSalt+saltSize])},
		Size:   int64(blocks) * int64(data),
		UUID:   [16]byte(b[sbUUID:sbAlgorithm]),
	}
	switch t := le.Uint32(b[sbHashType:]); t {
	case 0:
	case 1:
		s.Kind = DMVerity1
	default:
		return Superblock{}, refuse(CodeSuperblock, "hash type", "0 or 1", decimal(int64(t)))
	}
	again, err := s.MarshalBinary()
	if err != nil {
		return Superblock{}, because(refuse(CodeSuperblock, "parameters", "", ""), err)
	}
	if !bytes.Equal(again, b) {
		return Superblock{}, refuse(CodeSuperblock, "reserved bytes", "zeros", "others")
	}
	return s, nil
}
