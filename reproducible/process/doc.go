// Package process is the reproducible.Builder for every operating system. It
// runs the command as a plain process of the caller and isolates nothing: the
// command can read and write whatever the caller can. What it does achieve, and
// all that Result.Achieved tells, is a clean environment, an end within the wall
// limit, and outputs and logs within theirs. A spec that requires anything more
// is refused.
//
// Each build gets a private directory that stands for the root of the command's
// tree: inputs are copied to their paths below it, outputs are expected in its
// out, TMPDIR and HOME lie in its tmp. A command that names its files relative
// to Spec.Dir therefore finds the same tree here as in a sandbox. Command[0] and
// Spec.Dir are taken below that directory too, unless one of Spec.HostPaths
// covers them. The host name, the umask, and the user and group stay the
// caller's; memory, processes, CPU time and scratch space are not limited. A number of processors,
// Spec.CPUs, is refused.
//
// A Confiner makes more of it: sandbox.Thread restricts the same plain processes
// with Landlock and seccomp. One that is a Preparer does so while inputs are copied.
package process
