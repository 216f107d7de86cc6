// Package graph remembers what statements say about where artifacts come from, and
// answers questions about it.
//
// Attestations flow in, verified (Store.Add) or not (Store.AddUnverified). Answers
// flow out: Lineage (what went into an artifact), Impact (what came out of one, and what
// contains it), Path, Conflicts and Statements. An Answer is compact, and makes its nodes,
// hops and statements when they are asked for. The package may import attest, provenance and
// internal; it verifies nothing and holds no keys.
//
// # What is stored
//
// A statement relates artifacts, which are digests; builders, verifiers and places,
// which are names; and itself, by the SHA-256 digest of its envelope. Provenance
// (SLSA v0.1, v0.2, v1, and in-toto links) relates outputs to inputs and byproducts; a
// bill of materials (CycloneDX, SPDX 2, SPDX 3.0) relates its subjects to the components
// that they contain, which are known by digests and package URLs; a summary (VSA), a
// comparison of builds or anything else says something about its subjects. Every hop of an
// answer cites the statement that tells it, and the place in it as a JSON pointer. The attestations themselves are
// not kept.
//
// # Trust
//
// The store records who signed, as an attest.Verified told it, and believes nobody.
// Each query brings a Selection: who is believed is decided when the question is
// asked, and changes with it; nothing needs to be deleted. Unverified statements are
// used only by a query with an IncludeUnverified, and are marked wherever they appear.
//
// Digests under several algorithms are one artifact only if a believed statement says
// so in one descriptor. Broken and unknown algorithms never join anything, and if
// believed statements contradict each other about an artifact's digests, none of
// them joins (digest.Set.Match).
//
// An answer that was cut short by a Limit says so in Truncated, and where nothing
// more is known it has a Frontier. Nothing here ever means "has no dependencies".
//
// # Storage
//
// A Store is a directory. An addition is one checksummed record of a log, written and
// synchronised before the call returns; the log is held in memory too. When that has
// grown it is written as a segment: immutable files, mapped into memory, each block
// checked against its checksum when it is first used. Segments of one size are merged
// while additions go on; a merge reads and writes each file once, in order, and past the
// mapping, so that it takes little memory. A merge that fails is told by a later addition,
// and changes nothing. A manifest names the segments and the log, and is replaced
// atomically. What a crash leaves half-written is at the end of the log, was never
// acknowledged, or is not in the manifest, and is removed by the next writer; damage
// anywhere else is an error. A directory in an older format is refused. Checksums find accidents: whoever can write to the
// directory can forge its contents, so keep it as safe as the trust that queries
// place in it. A program that has a store open may be killed if somebody else shortens
// a mapped file.
//
// One Store may write to a directory at a time, which a lock guards; any number of
// readers see the state that was current when they opened it.
package graph
