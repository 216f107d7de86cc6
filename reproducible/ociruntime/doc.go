// Package ociruntime is the reproducible.Builder for those who already trust an OCI
// runtime: it runs every command as a container of runc or crun, or of whatever
// program has their command line and does as they do.
//
// The runtime is given by absolute path and SHA-256 digest. Its file, its loader
// and its libraries are measured when a Builder is made (package measure) and again
// before each use, and what is executed is a sealed copy of the bytes that were
// measured. Scripts are refused.
//
// # The container
//
// Each build has a bundle of its own (OCI runtime-spec 1.0.2, config.json): user,
// mount, pid, network, ipc, uts and cgroup namespaces; an empty read-only root with
// the inputs, read-only, at their paths; /out and /tmp as file systems of limited
// size; a read-only, masked /proc and the devices that the specification demands;
// the spec's user, group, umask and host name; no capabilities and no way to gain
// any; a system call filter; limits of memory, processes and CPU time. The root,
// /out and /tmp are mounted in a mount namespace that only the runtime shares, so
// that nothing of them outlives it.
//
// # What Achieved tells
//
// An adapter sees less than a sandbox of its own. Before the first build it has the
// runtime create a container, with the configuration that all builds have, and
// looks at the process that the runtime holds ready: its namespaces, privileges and
// limits, its mounts, and the limits of its control group. A container that is not
// what the configuration says is refused with CodeSetUp, as is a runtime that fails
// with CodeRuntime: nothing is ever run with less. Memory and process limits are
// granted only where they were read back from the control group. Two guarantees
// cannot be seen from outside while the command has not started, and rest on the
// runtime: Seccomp, which the specification has it apply or fail, and
// ClosedDescriptors beyond those that this package itself withholds.
//
// The filter allows what it does not name, and it names system calls as libseccomp
// does: a runtime whose libseccomp is older than a call lets that call through.
// Package sandbox, whose filter works by number, does not.
//
// A call of another architecture ends the thread that makes it, not the process.
//
// The exit status is the container's. Runtimes tell a signal N as status 128+N, so
// Exit.Signal stays empty; a build that ran out of memory ends with status 137 and
// no Exit.Limit.
//
// A number of processors (Spec.CPUs) is refused with CodeCPUs.
//
// # Other runtimes
//
// runc and crun do all of this alike. crun refuses a machine that has controllers in
// both versions of control groups, and it says so itself; where the second version is
// not mounted for this process, it works.
//
// The command line used is run, create, kill and delete with --root, --log,
// --log-format, --bundle and --pid-file, which runsc (gVisor) and kata-runtime (virtual
// machines) have too, so an adapter for them has this shape. It needs other eyes: their
// containers are no processes of this kernel, so what this package looks at is not
// there, and it refuses them.
//
// The package needs Linux and root; elsewhere it refuses with CodeUnsupported.
package ociruntime
