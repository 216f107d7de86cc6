package digest

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/sha256x"
)

// FSVerity holds the parameters of an fs-verity file digest (Linux kernel
// documentation, filesystems/fsverity.rst): a Merkle tree over the blocks of a
// file, and a descriptor that binds its root to the file's size. The zero value
// means SHA-256, blocks of 4096 bytes and no salt.
type FSVerity struct {
	Hash      Algorithm // SHA256 or SHA512; "" is SHA256
	BlockSize int       // bytes, a power of two from 1024 to 65536; 0 is 4096
	Salt      []byte    // at most 32 bytes
}

// A Measurement is the outcome for one FSVerity.
type Measurement struct {
	FSVerity
	Root   []byte // root hash of the tree; all zeros for an empty file
	Digest []byte // the file digest, as FS_IOC_MEASURE_VERITY gives it
}

// String returns "algorithm:hex" of the file digest, as "fsverity digest"
// prints it. It is not a digest of the file's bytes.
func (m Measurement) String() string { return string(m.Hash) + ":" + hex.EncodeToString(m.Digest) }

// String names the digest and its parameters.
func (v FSVerity) String() string {
	return "fsverity-" + string(v.Hash) + "/" + strconv.Itoa(v.BlockSize) + "/" + hex.EncodeToString(v.Salt)
}

// normal returns v with its defaults filled in, and nothing shared.
func (v FSVerity) normal() (FSVerity, error) {
	if v.Hash == "" {
		v.Hash = SHA256
	}
	if v.BlockSize == 0 {
		v.BlockSize = 4096
	}
	v.Salt = bytes.Clone(v.Salt)
	switch {
	case v.Hash != SHA256 && v.Hash != SHA512:
		return v, &Error{Code: CodeFSVerity, Where: "hash", Want: "sha256 or sha512", Got: excerpt.Quote(string(v.Hash))}
	case v.BlockSize < 1024 || v.BlockSize > 65536 || v.BlockSize&(v.BlockSize-1) != 0:
		return v, &Error{Code: CodeFSVerity, Where: "block size", Want: "a power of two from 1024 to 65536", Got: strconv.Itoa(v.BlockSize)}
	case len(v.Salt) > 32:
		return v, &Error{Code: CodeFSVerity, Where: "salt", Want: "at most 32 bytes", Got: strconv.Itoa(len(v.Salt))}
	}
	return v, nil
}

// prefix returns the salt, padded with zeros to a whole block of the hash: what
// stands before each block of the tree. It is empty without a salt.
func (v FSVerity) prefix() []byte {
	if len(v.Salt) == 0 {
		return nil
	}
	block := sha256x.BlockSize
	if v.Hash == SHA512 {
		block = sha512.BlockSize
	}
	return append(slices.Clone(v.Salt), make([]byte, block-len(v.Salt))...)
}

// digestOf returns the file digest: the hash of the descriptor, struct
// fsverity_descriptor of the kernel's UAPI, without a signature.
func (v FSVerity) digestOf(root []byte, size int64) []byte {
	var d [256]byte
	d[0] = 1 // version
	d[1] = 1 // FS_VERITY_HASH_ALG_SHA256
	if v.Hash == SHA512 {
		d[1] = 2 // FS_VERITY_HASH_ALG_SHA512
	}
	for n := v.BlockSize; n > 1; n >>= 1 {
		d[2]++ // log2 of the block size
	}
	d[3] = byte(len(v.Salt))
	binary.LittleEndian.PutUint64(d[8:], uint64(size))
	copy(d[16:80], root)
	copy(d[80:112], v.Salt)
	return v.sum(d[:])
}

func (v FSVerity) sum(b []byte) []byte {
	if v.Hash == SHA512 {
		s := sha512.Sum512(b)
		return s[:]
	}
	s := sha256.Sum256(b)
	return s[:]
}
