package reproducible

import (
	"context"

	"github.com/sealwright/sealwright/attest/digest"
)

// A Builder runs builds. How much it isolates them is the implementation's
// property; what it must never do is to hide how much.
//
// Build runs spec once and returns what came of it:
//
//   - It validates spec (Spec.Validate) and refuses a nil one, without running
//     anything. It refuses with an *UnmetError, naming every one, when it cannot
//     give the guarantees of spec.Require, and with CodeCPUs when it cannot give
//     the processors of spec.CPUs, again before anything runs.
//   - Every input is taken by its digest and verified; one that is absent or
//     altered is an error. Nothing is ever looked up by name or "latest".
//   - The command gets exactly the environment of Spec.Environment, except that
//     a Builder without a private file tree may point HOME and TMPDIR elsewhere.
//   - All paths are those of one tree: inputs at their paths, the outputs below
//     OutputDir, scratch space at ScratchDir. A command that names other paths
//     relative to Spec.Dir works under every Builder.
//   - Digests of outputs are taken after every process of the build has ended,
//     as far as the Builder can know it (KillTree).
//   - Only declared outputs become artifacts. A declared output that is missing,
//     or is anything but a regular file or a directory of regular files, is an
//     error; an undeclared file is a finding.
//   - When the command ran but did not succeed (it exited with another status
//     than 0, met a limit, or left wrong outputs), the error is a *RunError that
//     carries the Result, with the log and without artifacts. Result is nil with
//     every error.
//   - When ctx ends first, the build is stopped and the error wraps the cause.
//
// Build does not retain or change spec. Implementations must be safe for
// concurrent use; builds that run at the same time share nothing that a command
// can write.
type Builder interface {
	Build(ctx context.Context, spec *Spec) (*Result, error)
}

// Fixed paths in the tree that a command sees.
const (
	OutputDir  = "/out" // the only place for outputs; empty at the start
	ScratchDir = "/tmp" // private, empty at the start, thrown away
	HomeDir    = "/tmp/home"
)

// A RunError is a build whose command ran and did not succeed.
type RunError struct {
	Result *Result // never nil; holds no artifacts
	Err    error   // why; carries at least one attest.Reason
}

// Error tells why.
func (e *RunError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *RunError) Unwrap() error { return e.Err }

// invalidDigest reports whether d is no SHA-256 digest, the only kind by which
// inputs and artifacts are addressed.
func invalidDigest(d digest.Digest) bool {
	return d.Algorithm != digest.SHA256 || d.Validate() != nil
}
