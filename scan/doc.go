// Package scan looks at what was built, or at what it is built from, and tells
// what it found and, as firmly, what it could not look at.
//
// What flows in: a Source (a directory, a single artifact) and the Scanners
// that read it; then the packages they listed, and the Matchers that know which
// of them are vulnerable. What flows out: a Report of packages, findings and
// Coverage, judged by a Policy, and turned into in-toto statements by package
// report. It imports attest (descriptors, digests, reason codes) and the
// standard library; scanners, advisory databases and document formats live in
// packages below this one, and none of them is imported here.
//
// # One pass
//
// Run drives one pass over a source. Every file is opened and read once; the
// bytes that the scanners see are the bytes that the source digested into its
// Receipt, so a report is bound to exactly what was examined. A file that no
// scanner wants is streamed through the digest. A file that at least one wants
// is held in memory until all of them have seen it, bounded by Limits.FileBytes.
//
// # Coverage
//
// "Could not look" is never "found nothing". Everything that was not examined
// (an unreadable directory, a file that changed while it was read, a malformed
// go.mod, a scanner that panicked, an advisory that cannot be evaluated) becomes
// a Gap, and a report with a gap is never judged Pass. The zero Coverage is
// incomplete, the zero Verdict refuses, the zero Severity ranks worst.
//
// Nothing in the scanned project can reduce coverage: ignore-files, inline
// suppressions and tool configuration found in it are content, not orders, and
// nothing in it is ever executed.
package scan
