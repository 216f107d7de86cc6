// Package tessera puts a log of Tessera (github.com/transparency-dev/tessera)
// behind the shape of package dirlog, for those who outgrow one directory: a driver
// for POSIX, MySQL, GCP or AWS orders and integrates the entries, and Add answers
// with a proof (C2SP tlog-proof) once a signed checkpoint that covers the entry is
// published.
//
//	driver, err := posix.New(ctx, posix.Config{Path: dir})
//	log, err := tessera.Open(ctx, tessera.Config{Driver: driver, Signer: signer})
//	proof, err := log.Add(ctx, entry)
//
// The driver is not believed: each proof is computed from tiles that were checked
// against the checkpoint, the checkpoint against the log's key, and the entry
// against the leaf.
//
// # What differs from dirlog
//
// Tessera publishes at intervals, of 100 ms at least: one Add takes as long, many at
// a time share it. AddAll keeps no order and no neighbourhood against other callers,
// and after an error some entries may be in the log. The driver decides what is
// durable; that of POSIX syncs its files before it assigns an index. A driver with
// deduplication (antispam) answers a second time with the first index. Witnesses
// are an option of Tessera's (AppendOptions.WithWitnesses) and talk to the network.
// Tessera reports its own doings through klog and OpenTelemetry, which are global.
package tessera
