// Package dirlog is a transparency log in a directory, for one writer and any
// number of readers. Its files are those of C2SP tlog-tiles: serve the directory
// over HTTP and any tlog-tiles client reads it.
//
//	err = dirlog.Create(ctx, config) // once
//	log, err := dirlog.Open(ctx, config)
//	proof, err := log.Add(ctx, entry)
//
// Add and AddAll return proofs (C2SP tlog-proof) once the entries, the tiles over
// them and a signed checkpoint that covers them are durable. Entries that arrive
// together are committed together.
//
// # Durability
//
// A commit writes and fsyncs bundles and tiles and their directories; then signs
// the new checkpoint and makes it durable as ".checkpoint.next"; then renames that
// to "checkpoint" and fsyncs the directory; and only then answers. No file that a
// published checkpoint needs is ever written again. A writer that finds
// ".checkpoint.next" when it opens the log completes that commit, for a reader may
// have seen a checkpoint that a power failure took back, and a log must not sign
// two trees of one size.
//
// The first write or fsync that fails poisons the log: everything after it fails
// until the log is opened anew, since the kernel may have dropped the pages.
//
// The writer holds flock(2) on ".lock". Use a local file system.
//
// # Witnesses
//
// With Config.Witness no checkpoint is published before a quorum of witnesses
// cosigned it, and every proof bears their cosignatures. A checkpoint that was
// shown to a witness may be cosigned already, so the log keeps it and goes on from
// no other: when the quorum is not met, Add fails with CodeWitness and so does
// everything after it, until the log is opened anew and Open has obtained it.
//
// # What is believed
//
// Open verifies the checkpoint's signature and that the tiles at the right edge of
// the tree, and the last bundle, are of its root. Check verifies every file. A
// directory that was set back to an older state, as a restored backup is, is
// consistent in itself: who kept a checkpoint passes it as Config.Known, and a
// witness notices it.
package dirlog
