package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// A node of the graph is known by its key: one byte for the kind, and what
// identifies it within the kind. A digest under an algorithm that package digest
// knows begins with 1 + its place in algorithms, followed by its bytes.
const (
	kindSHA256  = 1   // a digest under algorithms[0]
	kindForeign = 'd' // a digest under another algorithm, "algorithm:value"
	kindName    = 'n' // a URI or another name
	kindType    = 't' // a predicate type
	kindSeal    = 's' // who vouches for a statement; empty if nobody does
)

// maxName bounds a name, in bytes.
const maxName = 4096

// algorithms are those whose values are kept as bytes. Their order is part of the
// format.
var algorithms = [...]digest.Algorithm{
	digest.SHA256, digest.SHA384, digest.SHA512, digest.BLAKE3, digest.GitBlob, digest.GitCommit, digest.GitTree,
	digest.DirHash, digest.FSVeritySHA256, digest.FSVeritySHA512, digest.SHA1, digest.MD5,
}

// digestKey returns the key of a valid digest.
func digestKey(d digest.Digest) string {
	return string(appendDigestKey(make([]byte, 0, 1+sha256.Size), d))
}

// appendDigestKey appends the key of a valid digest.
func appendDigestKey(b []byte, d digest.Digest) []byte {
	if i := slices.Index(algorithms[:], d.Algorithm); i >= 0 {
		start := len(b)
		var err error
		if b, err = hex.AppendDecode(append(b, byte(1+i)), []byte(d.Hex)); err == nil {
			return b
		}
		b = b[:start] // not valid after all
	}
	return append(append(append(append(b, kindForeign), d.Algorithm...), ':'), d.Hex...)
}

// digestOf returns the digest of which key is the key; false if it is of none.
func digestOf(key string) (digest.Digest, bool) {
	if key == "" {
		return digest.Digest{}, false
	}
	if k := int(key[0]); k >= 1 && k <= len(algorithms) {
		return digest.Digest{Algorithm: algorithms[k-1], Hex: hexOf(key[1:])}, true
	}
	algorithm, value, ok := strings.Cut(key[1:], ":")
	return digest.Digest{Algorithm: digest.Algorithm(algorithm), Hex: value}, ok && key[0] == kindForeign
}

// hexOf returns b in hexadecimal, with one allocation.
func hexOf(b string) string {
	var buf [128]byte
	return string(hex.AppendEncode(buf[:0], []byte(b)))
}

// known reports whether key is of a digest whose value is kept as bytes.
func known[T string | []byte](key T) bool {
	return len(key) > 0 && key[0] != 0 && int(key[0]) <= len(algorithms)
}

// strong reports whether key is of a digest that resists collisions, as package
// digest has it.
func strong[T string | []byte](key T) bool {
	if !known(key) {
		return false
	}
	switch algorithms[key[0]-1] {
	case digest.SHA1, digest.MD5:
		return false
	case digest.GitBlob, digest.GitCommit, digest.GitTree:
		return len(key) == 1+32
	}
	return true
}

func nameKey(name string) string { return string(kindName) + name }

// nameOf returns the text of a key that is no digest.
func nameOf(key string) string {
	if key == "" {
		return ""
	}
	return key[1:]
}

// fingerprint spreads keys evenly, also those that an attacker chose.
func fingerprint(key []byte) uint64 { return printOf(sha256.Sum256(key)) }

// printOf returns the fingerprint of a key with that SHA-256 digest.
func printOf(sum [sha256.Size]byte) uint64 { return binary.BigEndian.Uint64(sum[:]) }

// A voucher is who vouches for a statement, as a Verified told it.
type voucher struct {
	Authority string            `json:"authority"`
	Signers   []attest.Identity `json:"signers"`
}

// sealKey returns the key of who vouches for v.
func sealKey(v *attest.Verified) (string, error) {
	b, err := strictjson.Marshal(voucher{v.Authority(), v.Signers()})
	return string(kindSeal) + string(b), err
}

// unsealed is the key of nobody.
const unsealed = string(rune(kindSeal))

// voucherOf reads a seal's key; nil stands for nobody.
func voucherOf(key string) (*voucher, error) {
	if key == unsealed {
		return nil, nil
	}
	if key == "" || key[0] != kindSeal {
		return nil, damaged("a seal", "another key")
	}
	var v voucher
	if err := json.Unmarshal([]byte(key[1:]), &v); err != nil || v.Authority == "" || len(v.Signers) == 0 {
		return nil, damaged("a seal", "no signers").Because(err)
	}
	v.Signers = slices.Clip(v.Signers)
	return &v, nil
}

// A voucherCache remembers vouchers that were read. The zero value is ready.
type voucherCache struct {
	mu  sync.RWMutex
	all map[string]cachedVoucher
}

type cachedVoucher struct {
	key     string
	voucher *voucher
}

// manyVouchers bounds a cache, which is emptied when it is full.
const manyVouchers = 4096

// get returns the key as a string and the voucher, which must not be changed.
func (c *voucherCache) get(key []byte) (string, *voucher, error) {
	c.mu.RLock()
	found, ok := c.all[string(key)]
	c.mu.RUnlock()
	if ok {
		return found.key, found.voucher, nil
	}
	k := string(key)
	v, err := voucherOf(k)
	if err != nil {
		return "", nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil || len(c.all) >= manyVouchers {
		c.all = map[string]cachedVoucher{}
	}
	c.all[k] = cachedVoucher{k, v}
	return k, v, nil
}

func damaged(want, got string) *attest.Error {
	return attest.Refuse(CodeDamaged, "store", want, got)
}
