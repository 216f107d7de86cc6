// Package digest computes and verifies digests of files and streams: several in
// one read, in bounded memory, in parallel where that is possible, and refusing
// everything that is not exactly what was expected.
//
// # Which function
//
//	Sum, SumAt, SumFile      digests of a stream, of random-access content, of a file
//	SumFiles                 digests of many files, in order, with an optional Cache
//	Verify, VerifyAt         is this what was expected? VerifyAt uses Checkpoints
//	NewVerifyingReader       pass a stream on and vouch for it at io.EOF
//	New, Hasher              the same as an io.Writer; State and Resume carry it on
//	Digest, Set              values: parsing, validation, Set.Match
//
// Package treehash names whole trees of files.
//
// # What a digest proves, and what it does not
//
// A digest that matches proves that the bytes are those from which somebody
// computed it, as far as the algorithm resists collisions. It does not prove who
// computed it, that the bytes are good, or that they are recent: for that a
// signature must cover the digest (package attest), and a policy must judge who
// signed.
//
//   - sha256, sha384, sha512 and blake3 are digests of the bytes and nothing else:
//     not of a name, a mode, an owner or a time.
//   - gitBlob is a digest of the bytes with their length before them. With 40
//     digits it is SHA-1, for which collisions can be bought; it identifies a
//     file in a Git repository and never suffices for a match here. With 64
//     digits it is SHA-256.
//   - fsverity-sha256 and fsverity-sha512 are digests of a descriptor of a Merkle
//     tree over the bytes and their number. Linux can enforce one on every read of
//     a file. They are never equal to, and never compared with, the flat digests.
//   - dirHash and gitTree are digests of trees of files. The former sees neither
//     modes nor empty directories, the latter no modes but the executable bit.
//   - sha1 and md5 are read in foreign documents, and never accepted.
//
// A Set holds several digests of one artifact. Set.Match demands that at least
// one collision-resistant algorithm is shared and that no shared one differs: one
// right weak digest beside a wrong strong one is a mismatch.
//
// A digest is a statement about bytes that were read once. A file on disk can
// change afterwards: hash what you then use, or use a copy that nobody else can
// write. SumFile and FileSource notice most changes during the read, not after.
//
// # Checkpoints
//
// SHA-256 is a chain: the compression function is applied to the first block and a
// constant, to the second block and what came out, and so on. Computing it cannot
// be spread over processors, but checking it can, if somebody noted the chaining
// values on the way: VerifyAt takes such Checkpoints as hints. They may come from
// anyone, even with the content. This is why.
//
// Let F(s, b) be the compression function of FIPS 180-4 section 6.2.2 applied to
// the blocks of b one after the other, beginning with the chaining value s; b is
// any number of whole blocks of 64 bytes. By definition
//
//	F(s, "") = s  and  F(s, a || b) = F(F(s, a), b)                          (1)
//
// for whole blocks a and b. Let pad(L) be the padding of section 5.1.1 for a
// message of L bytes; it is a function of L alone and ends in the number of bits
// of the message. With the initial value IV of section 5.3.3,
//
//	SHA-256(m) = F(IV, m || pad(|m|))                                        (2)
//
// Let m be the content as the verifier reads it, every byte once, L its length as
// the verifier finds it, D the digest that the verifier was told to expect, S the
// stride, a multiple of 64, and c(1) ... c(n) the hints, where n = 0 if L = 0 and
// else the number of multiples of S in (0, L). Cut m into m(0) ... m(n) at these
// multiples, and define c(0) = IV. IV is a constant of the verifier, D and L are
// not taken from the hints: hints whose header differs from them are refused.
//
// The verifier accepts only if all n+1 equations hold:
//
//	F(c(i), m(i)) = c(i+1)          for 0 <= i < n                           (3)
//	F(c(n), m(n) || pad(L)) = D                                              (4)
//
// Claim: if it accepts, then SHA-256(m) = D.
//
// Proof. First, c(i) = F(IV, m(0) || ... || m(i-1)) for 0 <= i <= n, by induction
// over i. For i = 0 this is c(0) = IV = F(IV, ""). If it holds for i < n, then by
// (3) and (1), as all of m(0) ... m(i) are whole blocks,
//
//	c(i+1) = F(c(i), m(i)) = F(F(IV, m(0)||...||m(i-1)), m(i)) = F(IV, m(0)||...||m(i)).
//
// So by (4), (1) and (2)
//
//	D = F(c(n), m(n) || pad(L)) = F(IV, m(0) || ... || m(n) || pad(L)) = SHA-256(m).
//
// That is the claim. It is an identity: nothing was assumed of F, neither collision
// nor preimage resistance, and nothing of the hints. With hints, VerifyAt accepts a
// subset of what it accepts without them; false hints can only make it refuse. As
// pad(L) is computed from the length that was found, content that is cut, or
// lengthened by a length extension, does not satisfy (4) unless it collides under
// SHA-256 itself.
//
// The equations must hold together. One of them alone says nothing: an attacker
// takes any m(i) and c(i), computes c(i+1) = F(c(i), m(i)), and has a segment that
// holds. Even between chaining values that somebody signed, one segment would rest
// on properties of F (free-start collisions, pseudo-preimages) for which SHA-256
// was not designed and which nobody promises. This package therefore accepts or
// refuses the whole, and a program must not use any part of the content before
// VerifyAt has returned nil. The segment that an error names is where the chain
// breaks first; the ones before it may be as false. To verify parts of a file by
// themselves, use a Merkle tree: that is what fs-verity is for.
//
// # Errors
//
// Everything that is refused is an *Error with one of Codes. Except for the counts
// of Read and Write, no function returns a result together with an error, and no
// zero value of this package accepts anything.
package digest
