package merkle

import (
	"bytes"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Kind is a way of building a tree. The zero Kind is refused.
type Kind uint8

// The kinds of trees.
const (
	_         Kind = iota
	FSVerity       // Linux fs-verity
	DMVerity0      // Linux dm-verity, hash type 0 (Chrome OS): the salt stands after the block
	DMVerity1      // Linux dm-verity, hash type 1: the salt stands before the block
	RFC9162        // RFC 9162 section 2.1, over the blocks of the artifact
)

// String names the kind as Root.String writes it.
func (k Kind) String() string {
	switch k {
	case FSVerity:
		return "fsverity"
	case DMVerity0:
		return "dmverity0"
	case DMVerity1:
		return "dmverity1"
	case RFC9162:
		return "rfc9162"
	}
	return "unknown"
}

// ParseKind is the inverse of Kind.String.
func ParseKind(s string) (Kind, error) {
	for k := FSVerity; k <= RFC9162; k++ {
		if s == k.String() {
			return k, nil
		}
	}
	return 0, refuse(CodeParams, "kind", "fsverity, dmverity0, dmverity1 or rfc9162", excerpt.Quote(s))
}

// Params tell how a tree is built. Trees of different Params have nothing to do
// with each other, even over the same bytes.
type Params struct {
	Kind      Kind
	Hash      digest.Algorithm // SHA256 or SHA512; "" is SHA256, the only one of RFC9162
	BlockSize int              // bytes to a leaf, a power of two; 0 is 4096
	Salt      []byte           // at most 32 bytes (FSVerity) or 256 (DMVerity); none for RFC9162
}

// maxSize bounds content as package digest does.
const maxSize = 1<<61 - 1

// normal returns p with its defaults filled in, and nothing shared, or refuses
// what the format does not allow.
func (p Params) normal() (Params, error) {
	if p.Hash == "" {
		p.Hash = digest.SHA256
	}
	if p.BlockSize == 0 {
		p.BlockSize = 4096
	}
	p.Salt = bytes.Clone(p.Salt)
	least, most, salt := 512, 65536, 256
	switch p.Kind {
	case FSVerity:
		least, salt = 1024, 32
	case DMVerity0, DMVerity1:
	case RFC9162:
		most, salt = 1<<20, 0
	default:
		return p, refuse(CodeParams, "kind", "fsverity, dmverity0, dmverity1 or rfc9162", decimal(int(p.Kind)))
	}
	switch {
	case p.Hash != digest.SHA256 && (p.Hash != digest.SHA512 || p.Kind == RFC9162):
		return p, refuse(CodeParams, "hash", "sha256, or sha512 except for rfc9162", excerpt.Quote(string(p.Hash)))
	case p.BlockSize < least || p.BlockSize > most || p.BlockSize&(p.BlockSize-1) != 0:
		return p, refuse(CodeParams, "block size", "a power of two from "+decimal(least)+" to "+decimal(most), decimal(p.BlockSize))
	case len(p.Salt) > salt:
		return p, refuse(CodeParams, "salt", "at most "+decimal(salt)+" bytes", decimal(len(p.Salt)))
	}
	return p, nil
}

// checkSize refuses a size that content of these parameters cannot have.
func (p Params) checkSize(size int64) error {
	switch {
	case size < 0 || size > maxSize:
		return refuse(CodeSize, "size", "0 to 2^61-1", decimal(size))
	case (p.Kind == DMVerity0 || p.Kind == DMVerity1) && (size == 0 || size%int64(p.BlockSize) != 0):
		return refuse(CodeSize, "size", "one or more whole blocks of "+decimal(p.BlockSize), decimal(size))
	}
	return nil
}

func (p Params) equal(q Params) bool {
	return p.Kind == q.Kind && p.Hash == q.Hash && p.BlockSize == q.BlockSize && bytes.Equal(p.Salt, q.Salt)
}
