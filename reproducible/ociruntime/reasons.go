package ociruntime

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of packages reproducible and measure.
const (
	// CodeUnsupported: this operating system, architecture or user cannot run
	// containers this way.
	CodeUnsupported attest.Code = "reproducible.ociruntime.unsupported"
	// CodeConfig: the config is incomplete.
	CodeConfig attest.Code = "reproducible.ociruntime.config"
	// CodeDigest: the runtime's file does not have the digest of the config.
	CodeDigest attest.Code = "reproducible.ociruntime.digest"
	// CodeRuntime: the runtime failed, or did not run the container.
	CodeRuntime attest.Code = "reproducible.ociruntime.failed"
	// CodeSetUp: the container that the runtime made is not what it was told to make;
	// Where names what differs.
	CodeSetUp attest.Code = "reproducible.ociruntime.set-up"
	// CodeLimits: the control group of a container does not hold its limits.
	CodeLimits attest.Code = "reproducible.ociruntime.limits"
	// CodeMachine: the adapter itself failed: no directory, no mount, no process, or
	// a container that cannot be deleted.
	CodeMachine attest.Code = "reproducible.ociruntime.machine"
)

// Codes returns every code that this package adds to reproducible.Codes.
func Codes() []attest.Code {
	return []attest.Code{CodeUnsupported, CodeConfig, CodeDigest, CodeRuntime, CodeSetUp, CodeLimits, CodeMachine}
}
