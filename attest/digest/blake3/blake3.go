// Package blake3 supplies BLAKE3 to package digest, which names the algorithm but
// leaves it to a module outside the standard library:
//
//	o := digest.Options{
//		Algorithms: []digest.Algorithm{digest.SHA256, digest.BLAKE3},
//		Extra:      blake3.Extra(),
//	}
//
// The digest is the unkeyed one with 32 bytes of output, as b3sum prints it. It
// proves what SHA-256 proves, the bytes of an artifact, under the assumption that
// BLAKE3 resists collisions. BLAKE3 is not approved by FIPS 140-3, and the state
// of a hash cannot be saved, so that digest.Hasher.State refuses it.
//
// The tree inside BLAKE3 is not offered for verified reads; for those, see package
// merkle.
package blake3

import (
	"hash"

	"github.com/zeebo/blake3"

	"github.com/sealwright/sealwright/attest/digest"
)

// New returns a hash that computes the unkeyed BLAKE3 digest of 32 bytes.
func New() hash.Hash { return blake3.New() }

// Extra returns a value for digest.Options.Extra that holds BLAKE3 alone. Each call
// returns a new map.
func Extra() map[digest.Algorithm]func() hash.Hash {
	return map[digest.Algorithm]func() hash.Hash{digest.BLAKE3: New}
}
