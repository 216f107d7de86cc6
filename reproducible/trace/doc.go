// Package trace watches a build from outside: which files it opened, wrote,
// removed and ran, which it looked for in vain, and what it tried to reach. It
// works for any user, needs no eBPF and no ptrace: a seccomp filter
// (seccomp_unotify(2)) stops each watched system call until the tracer has
// looked at it.
//
// What flows in: the notification descriptor of Filter on the process that becomes
// the build, and the build's root directory. What flows out: a
// reproducible.Trace, which Materials joins with the inputs' digests and
// Statement tells as an in-toto runtime trace.
//
// # What is certain
//
// Nothing is hashed while the build runs, so nothing can be hashed too early or
// twice: digests come from the content store that the inputs were mounted from.
// A call whose arguments cannot be read is failed or counted in Trace.Dropped,
// which ends Trace.Complete; so does every overflow. When the tracer dies, every
// watched call fails with ENOSYS and the build is killed.
//
// # What is not
//
// The kernel reads a path again after the tracer did, and another thread of the
// build may have changed it meanwhile. So paths explain, they do not prove. As
// root, fanotify(7) marks on the mounts of the inputs report the opened objects
// themselves: Trace.CrossChecked. Without it, only the set of mounted inputs is
// certain, and it always is.
//
// Trace.BlindSpots lists what is not watched at all: reading and changing
// metadata (stat, access, readlink, chmod, xattr), and reads and writes through
// descriptors that were opened before.
//
// The package may be imported by sandboxes; it imports reproducible, provenance
// and the store.
package trace
