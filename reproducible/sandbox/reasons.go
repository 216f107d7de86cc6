package sandbox

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of package reproducible.
const (
	// CodeUnsupported: this operating system or architecture has no sandbox.
	CodeUnsupported attest.Code = "reproducible.sandbox.unsupported"
	// CodeConfig: the config is incomplete.
	CodeConfig attest.Code = "reproducible.sandbox.config"
	// CodeSetUp: the machine refused a step of the isolation; Where names it.
	CodeSetUp attest.Code = "reproducible.sandbox.set-up"
	// CodeMachine: the monitor itself failed: no descriptors, no memory, a broken
	// pipe.
	CodeMachine attest.Code = "reproducible.sandbox.machine"
)

// Codes returns every code that this package adds to reproducible.Codes.
func Codes() []attest.Code {
	return []attest.Code{CodeUnsupported, CodeConfig, CodeSetUp, CodeMachine}
}
