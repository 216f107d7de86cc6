// Package merkle builds hash trees over artifacts, stores them beside the
// artifact, and answers from them what a flat digest cannot: whether 4 KiB in the
// middle of 10 GiB are right, which bytes belong to an artifact, and what the
// root becomes after a change.
//
// # What a root proves, and what it does not
//
// A tree hashes an artifact in blocks of Params.BlockSize bytes (its leaves), and
// then the hashes, level by level, until one is left: the root. Under the
// assumption that the hash function resists collisions, a root that is trusted,
// together with the Params and the size of the artifact, determines every byte.
// [Root] keeps the three together, and nothing here verifies content against a bare
// hash (the verifiers of RFC 9162 proofs take the number of leaves beside it), for
// these reasons:
//
//   - FSVerity and DMVerity pad the last block with zeros. The contents "x" and
//     "x\x00" have the same root hash; only the size tells them apart. The Linux
//     kernel binds the two in the fs-verity file digest (Root.FileDigest),
//     which is the value to publish and to compare with "fsverity digest". The
//     root hash and the file digest are different values, and neither is the
//     SHA-256 of the file.
//   - A root hash does not tell what it is a hash of. A block of the tree,
//     presented as content of a smaller file, can have the same root hash. The size
//     fixes the height of the tree, which excludes that. RFC 9162 also marks leaves
//     and nodes with different prefixes.
//   - Other block sizes, salts and kinds give other roots for the same bytes.
//
// A root says nothing about who made the artifact, whether it is the newest, or
// whether it is good. It is a digest, to be signed and attested like one.
//
//   - FSVerity is the tree of the Linux kernel's fs-verity
//     (Documentation/filesystems/fsverity.rst). The kernel can enforce it on each
//     read of a file that has it enabled, and tells the file digest
//     ([MeasureKernel]).
//   - DMVerity1 and DMVerity0 are the trees of dm-verity
//     (Documentation/admin-guide/device-mapper/verity.rst), as "veritysetup format"
//     writes them with hash type 1, and with type 0 of Chrome OS. The kernel can
//     enforce them on each read of a block device. The root hash does not bind the
//     size; the table line of the device mapper does.
//   - RFC9162 is the tree of Certificate Transparency (RFC 9162 section 2.1, the
//     same as RFC 6962), over the blocks of the artifact. No kernel knows it. Its
//     proofs are short, logarithmic in size: of inclusion, of consistency (that one
//     artifact extends another), and of ranges of bytes.
//
// # Tree files
//
// A [Builder] or [Build] keeps O(log n) hashes in memory and can write the tree
// to a file. [OpenTree] reads such a file, which needs no trust: each block of
// hashes is verified against the root before it is used. [Tree.ReaderAt] returns
// only bytes that have been verified, and *[CorruptError] for others.
//
// The file holds the levels from the top down, each padded with zeros to whole
// blocks of hashes: what "fsverity digest --out-merkle-tree" writes, and what
// "veritysetup format --no-superblock" writes. With [Superblock] before it, it is
// a complete dm-verity hash device. For RFC9162 there is no such tool; a block
// holds 256 hashes, and stands for eight levels of the binary tree.
//
// # Concurrency
//
// A Tree and what it makes are safe for concurrent use. A Builder is for one
// goroutine at a time.
package merkle
