// Package sandbox is the reproducible.Builder that isolates builds with Linux
// namespaces. It works as root and as any user who may create user namespaces,
// starts no daemon, needs no helper program, and asks nothing of the program that
// uses it.
//
// # The stage
//
// What becomes the command is not a copy of the caller's program, but a stage: an
// executable of a hundred bytes of code (testdata/stage) in sealed memory, which
// goes through a list of system calls that the monitor, the caller's process, has
// composed for this one build, and ends at the first result that is not the
// expected one. No argument, no environment variable and no file can add to it or
// change it. It starts in a fraction of a millisecond. When the stage has done
// everything but the last calls it waits, while the monitor reads back from the
// kernel (/proc/PID/status, mountinfo, ns) what was achieved, and decides.
//
// The inputs are verified while the stage works. The monitor does not decide before
// all of them are what their digests say, and are what the stage has mounted; until
// then nothing has looked into them. Limits.Wall does not count the time that this
// takes.
//
// # What the command sees
//
// The command is process 1 of its own pid namespace; when it ends, the kernel
// kills everything that it started. As process 1 it gets no signal that it has
// no handler for, except from outside. Its file tree is a read-only tmpfs that
// holds
//
//   - the inputs, and the host paths that the spec names: bind mounts, read-only,
//     nosuid, nodev;
//   - /out and /tmp: empty tmpfs of limited size, nosuid, nodev;
//   - /proc: only the build's own processes (subset=pid), read-only, so that
//     nothing of /proc/sys, /proc/kcore and the like exists;
//   - /dev: null, zero, full, random, urandom, and links fd, stdin, stdout,
//     stderr, shm.
//
// There is no network but a loopback of the build's own, which is up so that
// tests of servers can run; no capabilities in any set, and no way to get one;
// a new session without a terminal; standard input is /dev/null; descriptors
// from 3 on are closed. The clocks that count from the start of the machine count
// from that of the build, where the kernel has time namespaces. The files of inputs
// belong to whoever owns the store, as the build's user namespace shows that owner;
// a command should not look.
//
// A system call filter kills foreign architectures and x32, denies what no build
// needs (ptrace, foreign memory, mounts, namespaces, modules, bpf, perf, keys,
// userfaultfd, io_uring, terminal injection, sockets other than Unix and IP),
// and answers ENOSYS to calls newer than itself and to clone3, whose flags it
// cannot read; C libraries then use clone.
//
// Running generated code, also from a memfd, is allowed: compilers' own tools
// are built and run in builds, and whatever runs was made from inputs alone.
//
// # Three strengths
//
// A Sandbox over pinned inputs is the strongest: the tree above, made of content
// that digests name. HostTree lists the machine's own directories for
// Spec.HostPaths: all the namespaces, over files that nothing pins. NewThread needs
// no namespaces and no second program: Landlock and a filter on a plain
// process. Which guarantees each gives, Result.Achieved tells.
//
// # Watching
//
// With Config.Trace the monitor is told of every file that the command opens,
// writes, removes or runs, and of every address that it tries (package trace).
//
// # Determinism
//
// Locale, time zone and SOURCE_DATE_EPOCH are environment variables; host name,
// umask and ids are the spec's. Spec.CPUs is set by the command's affinity, which
// it then cannot change. With FixedClock every clock that tells the date says
// SOURCE_DATE_EPOCH. With SortedInputs, trees are not mounted but copied into a
// tmpfs in the order in which it then lists them, up to 256 MiB, which count to no
// limit of the build; /out and /tmp list in an order that depends on what the
// command did, and on the kernel.
//
// # Identity
//
// As root, the command runs as the machine's user 65534 (Config.HostUID);
// otherwise as the caller, with the caller's supplementary groups. Inside, both
// show the ids of the spec.
package sandbox
