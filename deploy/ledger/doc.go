// Package ledger keeps deployment records in a directory: an append-only log
// with a Merkle tree (RFC 6962) and a signed checkpoint (C2SP tlog-checkpoint),
// for one writer and any number of readers.
//
// # Use
//
// A [Recorder] is the deploy.DeploymentRecorder over a ledger; it signs records,
// appends them and answers queries. [CreateRecorder] makes an empty ledger, once;
// [OpenRecorder] opens one. [Ledger] is the log beneath, for other kinds of
// entries. [OpenReader] reads a ledger without its writer's lock or key, and
// verifies every byte that it answers from. [VerifyReceipt] checks one record
// without the ledger.
//
// # Files
//
// The directory holds "lock", which the writer locks with flock(2); "checkpoint",
// the newest signed note; and segments, named by the index of their first entry
// in 20 decimal digits with the suffix ".seg". A segment begins with a header:
//
//	magic "SWLEDG1\n" | first index, 8 bytes | CRC-32C of the 16 bytes, 4 bytes
//
// and continues with frames:
//
//	length of the entry, 4 bytes | CRC-32C of all else, 4 bytes | index, 8 bytes |
//	leaf hash, 32 bytes | entry
//
// Numbers are big-endian. An entry is one byte that tells its type, and a
// payload; the leaf hash is that of the entry (RFC 6962 section 2.1). The index
// in the frame lets a reader name the first record that is missing, moved or
// repeated.
//
// # Durability
//
// Appends that arrive together are committed together: one write, one fdatasync,
// then a new checkpoint (a temporary file, fsync, rename, fsync of the directory),
// and only then are they acknowledged. A failed write is undone, or poisons the
// ledger; a failed fsync always poisons it, since the kernel may have dropped the
// pages: everything after it fails until the ledger is opened anew.
//
// What the checkpoint covers was acknowledged or could have been; if any of it is
// missing or altered, the ledger refuses to open and tells the index. What lies
// beyond the checkpoint was never acknowledged: complete frames are kept, since a
// reader may have seen a checkpoint over them that a power failure then took back,
// and a log must not sign two different trees of one size; an incomplete or
// corrupt rest is cut off.
//
// # Limits
//
// A writer or reader holds 72 bytes per entry in memory, and a Recorder every
// record. Opening reads and verifies the whole log. A forger who holds the
// checkpoint key can rewrite history; only who kept an older checkpoint notices:
// see Config.Known and [Reader.CheckConsistency].
package ledger
