package digesttest

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math/bits"
	"strconv"

	"github.com/sealwright/sealwright/attest/digest"
)

// Oracle computes a digest of content with the standard library alone, in
// memory, in the plainest way. For GitBlob it gives the SHA-1 id, for an
// algorithm that it does not know "".
func Oracle(a digest.Algorithm, content []byte) string {
	switch a {
	case digest.SHA256:
		return sum(sha256.New(), content)
	case digest.SHA384:
		return sum(sha512.New384(), content)
	case digest.SHA512:
		return sum(sha512.New(), content)
	case digest.GitBlob:
		return GitBlob(sha1.New(), content)
	case digest.FSVeritySHA256:
		return FSVerity(digest.FSVerity{}, content)
	case digest.FSVeritySHA512:
		return FSVerity(digest.FSVerity{Hash: digest.SHA512}, content)
	}
	return ""
}

// GitBlob computes the Git blob id of content with h, which is SHA-1 or SHA-256
// by the object format of the repository.
func GitBlob(h hash.Hash, content []byte) string {
	h.Write([]byte("blob " + strconv.Itoa(len(content)) + "\x00"))
	return sum(h, content)
}

// FSVerity computes the fs-verity file digest of content, level by level.
func FSVerity(v digest.FSVerity, content []byte) string {
	newHash, id := sha256.New, byte(1)
	if v.Hash == digest.SHA512 {
		newHash, id = sha512.New, 2
	}
	if v.BlockSize == 0 {
		v.BlockSize = 4096
	}
	salt := append([]byte(nil), v.Salt...)
	for len(salt)%newHash().BlockSize() != 0 {
		salt = append(salt, 0)
	}
	level := content
	for blocks := 2; blocks > 1; {
		var above []byte
		for blocks = 0; len(level) > 0; blocks++ {
			block := make([]byte, v.BlockSize)
			level = level[copy(block, level):]
			h := newHash()
			h.Write(salt)
			h.Write(block)
			above = h.Sum(above)
		}
		level = above
	}
	d := make([]byte, 256)
	d[0], d[1], d[2], d[3] = 1, id, byte(bits.Len(uint(v.BlockSize))-1), byte(len(v.Salt))
	binary.LittleEndian.PutUint64(d[8:], uint64(len(content)))
	copy(d[16:], level)
	copy(d[80:], v.Salt)
	return sum(newHash(), d)
}

func sum(h hash.Hash, b []byte) string {
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}
