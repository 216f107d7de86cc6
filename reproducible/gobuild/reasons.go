package gobuild

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of packages reproducible, command and
// store.
const (
	// CodeConfig: the config is incomplete, or a field is malformed.
	CodeConfig attest.Code = "reproducible.gobuild.config"
	// CodeSource: the source is not the directory of a main module.
	CodeSource attest.Code = "reproducible.gobuild.source"
	// CodeToolchain: the toolchain is incomplete, or holds what is no file.
	CodeToolchain attest.Code = "reproducible.gobuild.toolchain"
	// CodeModules: the modules cannot be had, or go.sum does not name them all.
	CodeModules attest.Code = "reproducible.gobuild.modules"
	// CodeGo: the go command failed or gave an unexpected answer.
	CodeGo attest.Code = "reproducible.gobuild.go-command"
	// CodeParameter: a recorded parameter is not what a plan of this package has.
	CodeParameter attest.Code = "reproducible.gobuild.parameter"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeSource, CodeToolchain, CodeModules, CodeGo, CodeParameter,
	}
}
