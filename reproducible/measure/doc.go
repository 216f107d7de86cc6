// Package measure tells whether the machine that ran a build is still the machine
// that was measured before: which files changed, which tool would run, and with
// which libraries.
//
// Roots flow in, a Tree flows out: Snapshot records of every entry its kind, mode,
// owner, links, times, extended attributes (file capabilities among them) and, if
// it is a file, its digest. Diff sets two snapshots beside each other and gives a
// Report: one Finding for each aspect of each entry that changed, with the reason
// why it is allowed, if it is. A Report becomes an in-toto statement with
// Report.Statement.
//
// # Edits that were undone
//
// A program can set a file's modification time, but not its change time (ctime),
// which the kernel sets on every write and every change of an attribute. So an edit
// behind which the modification time was put back is CodeForgedTime, and an edit
// that was undone before the second snapshot is CodeUndone: the same bytes, with a
// younger change time. Both find what was done by programs without the power to
// set the machine's clock or to write to the disk below the file system; who has
// that power leaves only differences of content, which a digest finds. Two changes
// within one tick of the file system's clock (at most 10 ms) have one change time.
//
// # Tools
//
// Pin finds a program as a shell would and records it with all that Linux loads
// before main: the program's interpreter, the closure of its DT_NEEDED libraries,
// the preload list and the loader's cache, each by digest. What a program loads
// later (dlopen: locales, NSS, plug-ins) is not part of the pin; snapshot the
// directories that it comes from. ToolPin.Verify finds everything anew and refuses
// every difference. ToolPin.Command runs exactly the bytes that were verified: a
// copy that is sealed against every change, so that no edit between check and use
// has an effect. Libraries are still loaded by path; a build that must not trust
// the machine at all runs in package sandbox, which mounts inputs by digest.
//
// Everything that is refused is an *attest.Error with a code of this package. The
// package needs Linux; elsewhere it refuses with CodeUnsupported. Functions are safe
// for concurrent use.
package measure
