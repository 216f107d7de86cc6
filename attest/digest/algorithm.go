package digest

// An Algorithm names a digest by its key in an in-toto DigestSet
// (in-toto attestation specification, digest_set.md). Keys are case-sensitive.
type Algorithm string

// The algorithms that this package knows. A key that is not listed here may
// stand in a Set, but never makes two sets match.
const (
	SHA256 Algorithm = "sha256" // FIPS 180-4; the interoperable default
	SHA384 Algorithm = "sha384" // FIPS 180-4
	SHA512 Algorithm = "sha512" // FIPS 180-4
	BLAKE3 Algorithm = "blake3" // 32-byte output, unkeyed

	// GitBlob is a Git object id of type blob: 40 hexadecimal digits in a SHA-1
	// repository, 64 in a SHA-256 repository. Only the latter resists collisions.
	GitBlob Algorithm = "gitBlob"
	// GitCommit and GitTree are Git object ids of those types, sized as GitBlob.
	GitCommit Algorithm = "gitCommit"
	GitTree   Algorithm = "gitTree"

	// DirHash is the "h1:" directory hash of the Go module system, as hexadecimal.
	DirHash Algorithm = "dirHash"

	// FSVeritySHA256 and FSVeritySHA512 are the Linux kernel's fs-verity file
	// digest with 4096-byte blocks and no salt. They are extensions of the
	// in-toto list: the file digest of fs-verity is not a digest of the bytes,
	// so it never shares a key with one.
	FSVeritySHA256 Algorithm = "fsverity-sha256"
	FSVeritySHA512 Algorithm = "fsverity-sha512"

	// SHA1 and MD5 are read in foreign documents. They are never computed here
	// and never suffice for a match.
	SHA1 Algorithm = "sha1"
	MD5  Algorithm = "md5"
)

// strength orders known algorithms for Set.Match: 0 is unknown or broken.
// hexLen is the number of hexadecimal digits in the value.
func (a Algorithm) strength(hexLen int) int {
	switch a {
	case SHA512, FSVeritySHA512:
		return 4
	case SHA384:
		return 3
	case SHA256, BLAKE3, DirHash, FSVeritySHA256:
		return 2
	case GitBlob, GitCommit, GitTree:
		if hexLen == 64 {
			return 1
		}
	}
	return 0
}

// hexLengths lists the value lengths, in hexadecimal digits, that a accepts;
// nil for an algorithm that this package does not know.
func (a Algorithm) hexLengths() []int {
	switch a {
	case SHA256, BLAKE3, DirHash, FSVeritySHA256:
		return []int{64}
	case SHA384:
		return []int{96}
	case SHA512, FSVeritySHA512:
		return []int{128}
	case GitBlob, GitCommit, GitTree:
		return []int{40, 64}
	case SHA1:
		return []int{40}
	case MD5:
		return []int{32}
	}
	return nil
}

// Known reports whether this package knows the algorithm: the length of its
// values, and whether it resists collisions.
func (a Algorithm) Known() bool { return a.hexLengths() != nil }
