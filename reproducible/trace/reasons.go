package trace

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of package reproducible.
const (
	// CodeConfig: the config is incomplete.
	CodeConfig attest.Code = "reproducible.trace.config"
	// CodeMachine: the tracer itself failed; the build was killed.
	CodeMachine attest.Code = "reproducible.trace.machine"
	// CodeMaterial: what was read cannot be named by digest.
	CodeMaterial attest.Code = "reproducible.trace.material"
)

// Codes returns every code that this package adds to reproducible.Codes.
func Codes() []attest.Code {
	return []attest.Code{CodeConfig, CodeMachine, CodeMaterial}
}
