package merkle_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/merkle"
)

func TestASuperblockThatIsNotOursToReadIsRefused(t *testing.T) {
	good, err := merkle.Superblock{Params: merkle.Params{Kind: merkle.DMVerity1, Salt: []byte{1, 2}}, Size: 8192}.MarshalBinary()
	require.NoError(t, err)
	_, err = merkle.ParseSuperblock(good)
	require.NoError(t, err)
	put32 := func(at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":                        nil,
		"cut":                            good[:511],
		"longer":                         append(bytes.Clone(good), 0),
		"another signature":              put32(0, 0),
		"another version":                put32(8, 2),
		"another hash type":              put32(12, 2),
		"SHA-1":                          append(append(bytes.Clone(good[:32]), "sha1\x00\x00"...), good[38:]...),
		"an unterminated hash name":      append(append(bytes.Clone(good[:32]), bytes.Repeat([]byte("s"), 32)...), good[64:]...),
		"blocks of different sizes":      put32(64, 512),
		"a block of zero bytes":          append(append(bytes.Clone(good[:64]), make([]byte, 8)...), good[72:]...),
		"no data blocks":                 put32(72, 0),
		"more data than can be":          put32(76, 1<<31),
		"a salt of 257 bytes":            put32(80, 257),
		"a salt longer than its length":  put32(80, 1),
		"reserved bytes that are in use": put32(508, 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := merkle.ParseSuperblock(b)
			refused(t, merkle.CodeSuperblock, err)
		})
	}
	_, err = merkle.Superblock{Params: merkle.Params{Kind: merkle.FSVerity}, Size: 8192}.MarshalBinary()
	refused(t, merkle.CodeKind, err)
	_, err = merkle.Superblock{Params: merkle.Params{Kind: merkle.DMVerity1, Hash: digest.SHA512}, Size: 100}.MarshalBinary()
	refused(t, merkle.CodeSize, err)
}
