package merkle

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Root is what a tree comes down to: the hash on top, and what gives it a
// meaning. Whoever trusts a Root can verify every byte of the artifact. The zero
// Root is refused everywhere.
type Root struct {
	Params
	Size int64  // of the artifact, in bytes
	Hash []byte // the root hash; all zeros for FSVerity of an empty file
}

// String writes the root in the form that ParseRoot reads:
//
//	kind:hash:block size:salt or "-":size:root hash
func (r Root) String() string {
	salt := "-"
	if len(r.Salt) > 0 {
		salt = hex.EncodeToString(r.Salt)
	}
	return strings.Join([]string{r.Kind.String(), string(r.Params.Hash), strconv.Itoa(r.BlockSize), salt,
		strconv.FormatInt(r.Size, 10), hex.EncodeToString(r.Hash)}, ":")
}

// ParseRoot reads what Root.String writes, and nothing else.
func ParseRoot(s string) (Root, error) {
	f := strings.Split(s, ":")
	if len(f) != 6 || len(s) > 1024 {
		return Root{}, refuse(CodeRoot, "root", "kind:hash:block size:salt:size:root hash", excerpt.Quote(s))
	}
	kind, err := ParseKind(f[0])
	if err != nil {
		return Root{}, err
	}
	r := Root{Params: Params{Kind: kind, Hash: digest.Algorithm(f[1])}}
	var errs [4]error
	r.BlockSize, errs[0] = strconv.Atoi(f[2])
	if f[3] != "-" {
		r.Salt, errs[1] = hex.DecodeString(f[3])
	}
	r.Size, errs[2] = strconv.ParseInt(f[4], 10, 64)
	r.Hash, errs[3] = hex.DecodeString(f[5])
	for _, err := range errs {
		if err != nil {
			return Root{}, because(refuse(CodeRoot, "root", "", excerpt.Quote(s)), err)
		}
	}
	if r, err = r.normal(); err != nil {
		return Root{}, err
	}
	if r.String() != s {
		return Root{}, refuse(CodeRoot, "root", excerpt.Quote(r.String()), excerpt.Quote(s))
	}
	return r, nil
}

// normal returns r with its defaults filled in, and nothing shared, or refuses
// it.
func (r Root) normal() (Root, error) {
	var err error
	if r.Params, err = r.Params.normal(); err != nil {
		return Root{}, err
	}
	if err := r.checkSize(r.Size); err != nil {
		return Root{}, err
	}
	h := newHasher(r.Params)
	if len(r.Hash) != h.size {
		return Root{}, refuse(CodeRoot, "root hash", decimal(h.size)+" bytes", decimal(len(r.Hash)))
	}
	if r.Size == 0 && !bytes.Equal(r.Hash, h.empty()) {
		return Root{}, refuse(CodeRoot, "root hash of nothing", hex.EncodeToString(h.empty()), hex.EncodeToString(r.Hash))
	}
	r.Hash = bytes.Clone(r.Hash)
	return r, nil
}

// Equal reports whether both roots say the same.
func (r Root) Equal(o Root) bool {
	return r.Params.equal(o.Params) && r.Size == o.Size && bytes.Equal(r.Hash, o.Hash)
}

// FileDigest returns the fs-verity file digest: the hash of struct
// fsverity_descriptor, which binds the root hash to the size and the parameters.
// It is what FS_IOC_MEASURE_VERITY and "fsverity digest" give. It is refused with
// CodeKind for other kinds.
func (r Root) FileDigest() ([]byte, error) {
	r, err := r.normal()
	if err != nil {
		return nil, err
	}
	if r.Kind != FSVerity {
		return nil, refuse(CodeKind, "file digest", FSVerity.String(), r.Kind.String())
	}
	var d [256]byte
	d[0] = 1 // version
	d[1] = 1 // FS_VERITY_HASH_ALG_SHA256
	for n := r.BlockSize; n > 1; n >>= 1 {
		d[2]++ // log2 of the block size
	}
	d[3] = byte(len(r.Salt))
	binary.LittleEndian.PutUint64(d[8:], uint64(r.Size))
	copy(d[16:80], r.Hash)
	copy(d[80:112], r.Salt)
	if r.Params.Hash == digest.SHA512 {
		d[1] = 2 // FS_VERITY_HASH_ALG_SHA512
		sum := sha512.Sum512(d[:])
		return sum[:], nil
	}
	sum := sha256.Sum256(d[:])
	return sum[:], nil
}

// VerifyFileDigest reports, by a nil error, that r is the root behind a trusted
// fs-verity file digest, so that r may be trusted as well. It is how an untrusted
// Root that came with a tree file is verified.
func (r Root) VerifyFileDigest(want []byte) error {
	got, err := r.FileDigest()
	if err != nil {
		return err
	}
	if bytes.Equal(got, want) {
		return nil
	}
	e := refuse(CodeFileDigest, "file digest", hex.EncodeToString(want[:min(len(want), sha512.Size)]), hex.EncodeToString(got))
	if bytes.Equal(want, r.Hash) {
		e.Where = "file digest (the wanted value is the root hash, which is not it)"
	}
	return e
}
