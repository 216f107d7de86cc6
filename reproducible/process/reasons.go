package process

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of package reproducible.
const (
	// CodeConfig: the config is incomplete.
	CodeConfig attest.Code = "reproducible.process.config"
	// CodeMachine: the private directory cannot be made or removed, or a process
	// cannot be waited for.
	CodeMachine attest.Code = "reproducible.process.machine"
)

// Codes returns every code that this package adds to reproducible.Codes.
func Codes() []attest.Code { return []attest.Code{CodeConfig, CodeMachine} }
