package jenkins

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Those of package collect come with them.
const (
	// CodeSource: the controller records no checkout of the source, or it is not said
	// which of several is the source.
	CodeSource attest.Code = "provenance.collect.jenkins-source"
)

// Codes returns every code of this package.
func Codes() []attest.Code { return []attest.Code{CodeSource} }
