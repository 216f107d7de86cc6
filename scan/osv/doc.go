// Package osv judges packages by a database of advisories in the OSV format
// (https://ossf.github.io/osv-schema/), without any network.
//
// Load reads a database in the layout that osv-scanner uses offline
// (<ecosystem>/all.zip) or as plain JSON files into an immutable Snapshot, which
// is named by a digest over all its records and is a scan.Matcher. It judges the
// ecosystem "Go", with the modules "stdlib" and "toolchain" for what a Go release
// brings; packages of any other ecosystem are gaps.
//
// An advisory database fails quietly by nature: what is missing from it looks
// like safety. So an absent or empty database and an absent ecosystem are errors,
// every record that cannot be used is a named Rejection and a gap in what is
// matched against its ecosystem, a range or version that cannot be ordered makes
// the package assumed affected, and Snapshot.Check tells whether the database is
// stale, undated, from the future, smaller than it was, or older than one seen
// before.
package osv
