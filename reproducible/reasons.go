package reproducible

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Leaf packages of reproducible list their own.
const (
	// CodeSpecNil: there is no spec.
	CodeSpecNil attest.Code = "reproducible.spec.nil"
	// CodeSpecCommand: the command is empty or its program is no absolute path.
	CodeSpecCommand attest.Code = "reproducible.spec.command"
	// CodeSpecEnv: an environment variable has no proper name, or belongs to a
	// field of the spec.
	CodeSpecEnv attest.Code = "reproducible.spec.environment"
	// CodeSpecDigest: an input is not pinned by a SHA-256 digest.
	CodeSpecDigest attest.Code = "reproducible.spec.input-digest"
	// CodeSpecKind: an input has no known kind or role.
	CodeSpecKind attest.Code = "reproducible.spec.input-kind"
	// CodeSpecPath: a path is not absolute and clean, or is reserved.
	CodeSpecPath attest.Code = "reproducible.spec.path"
	// CodeSpecOverlap: two paths name the same place or lie within each other.
	CodeSpecOverlap attest.Code = "reproducible.spec.overlap"
	// CodeSpecOutput: outputs are missing or not clean relative paths.
	CodeSpecOutput attest.Code = "reproducible.spec.output"
	// CodeSpecIdentity: epoch, umask, ids or host name are out of range.
	CodeSpecIdentity attest.Code = "reproducible.spec.identity"
	// CodeSpecLimit: a limit is negative, or the spec itself is too large.
	CodeSpecLimit attest.Code = "reproducible.spec.limit"
	// CodeSpecText: a text holds NUL or is not UTF-8.
	CodeSpecText attest.Code = "reproducible.spec.text"

	// CodeGuarantee: a guarantee has an unknown name or is listed twice.
	CodeGuarantee attest.Code = "reproducible.guarantee.unknown"
	// CodeRequireUnmet: the builder cannot give what the spec requires; the
	// wrapped *UnmetError tells what is missing.
	CodeRequireUnmet attest.Code = "reproducible.require.unmet"

	// CodeCPUs: the builder cannot give the command as many processors as the spec
	// says.
	CodeCPUs attest.Code = "reproducible.require.cpus"

	// CodeExit: the command ended with another status than 0.
	CodeExit attest.Code = "reproducible.command.exit"
	// CodeStart: the command could not be started: no such program, no such
	// directory, not executable.
	CodeStart attest.Code = "reproducible.command.start"
	// CodeCancelled: the context ended before the build did.
	CodeCancelled attest.Code = "reproducible.command.cancelled"
	// CodeLimitWall: the run took longer than its limit.
	CodeLimitWall attest.Code = "reproducible.limit.wall"
	// CodeLimitMemory: the build was killed for want of memory.
	CodeLimitMemory attest.Code = "reproducible.limit.memory"
	// CodeLimitCPU: a process used up its CPU time.
	CodeLimitCPU attest.Code = "reproducible.limit.cpu"
	// CodeLimitLog: the command wrote more to standard output and error than its
	// limit.
	CodeLimitLog attest.Code = "reproducible.limit.log"
	// CodeLimitOutput: the outputs are larger or more than their limits.
	CodeLimitOutput attest.Code = "reproducible.limit.output"

	// CodeInput: an input cannot be had under its digest.
	CodeInput attest.Code = "reproducible.input.unavailable"

	// CodeOutputMissing: a declared output does not exist or holds no file.
	CodeOutputMissing attest.Code = "reproducible.output.missing"
	// CodeOutputType: an output is a link, a device, a pipe or a socket.
	CodeOutputType attest.Code = "reproducible.output.type"
	// CodeOutputLinked: an output is a hard link to something else.
	CodeOutputLinked attest.Code = "reproducible.output.hard-link"
	// CodeOutputMode: an output has a setuid, setgid or sticky bit, or its owner
	// may not read it.
	CodeOutputMode attest.Code = "reproducible.output.mode"
	// CodeOutputName: the name of an output is not clean, printable UTF-8, or is
	// too deep.
	CodeOutputName attest.Code = "reproducible.output.name"
	// CodeOutputChanged: an output changed while it was read.
	CodeOutputChanged attest.Code = "reproducible.output.changed"
	// CodeOutputUndeclared: the command wrote something that the spec does not
	// declare. It is a finding, not an error.
	CodeOutputUndeclared attest.Code = "reproducible.output.undeclared"
	// CodeHostPath: the command could read a path of the machine that no digest
	// pins. It is a finding, not an error.
	CodeHostPath attest.Code = "reproducible.input.host-path"

	// CodeResult: a result does not belong to its spec or is incomplete.
	CodeResult attest.Code = "reproducible.result.invalid"
	// CodeTrace: a trace is malformed, contradicts itself, or is not complete where
	// the spec requires it.
	CodeTrace attest.Code = "reproducible.trace.invalid"
	// CodeIncomparable: two results cannot be compared.
	CodeIncomparable attest.Code = "reproducible.compare.incomparable"
	// CodeDifferent: an output differs between two builds, or exists in one only.
	CodeDifferent attest.Code = "reproducible.compare.different"
	// CodeComparison: a comparison document is malformed or contradicts itself.
	CodeComparison attest.Code = "reproducible.compare.document"
	// CodeDescribe: provenance cannot be made from what was given.
	CodeDescribe attest.Code = "reproducible.describe.incomplete"
)

// Codes returns every code that this package itself can give, and those that
// every Builder shares.
func Codes() []attest.Code {
	return []attest.Code{
		CodeSpecNil, CodeSpecCommand, CodeSpecEnv, CodeSpecDigest, CodeSpecKind, CodeSpecPath,
		CodeSpecOverlap, CodeSpecOutput, CodeSpecIdentity, CodeSpecLimit, CodeSpecText,
		CodeGuarantee, CodeRequireUnmet, CodeCPUs,
		CodeExit, CodeStart, CodeCancelled, CodeLimitWall, CodeLimitMemory, CodeLimitCPU, CodeLimitLog, CodeLimitOutput,
		CodeInput,
		CodeOutputMissing, CodeOutputType, CodeOutputLinked, CodeOutputMode, CodeOutputName,
		CodeOutputChanged, CodeOutputUndeclared, CodeHostPath,
		CodeResult, CodeTrace, CodeIncomparable, CodeDifferent, CodeComparison, CodeDescribe,
	}
}
