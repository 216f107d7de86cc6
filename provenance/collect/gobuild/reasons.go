package gobuild

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Those of package collect come with them.
const (
	// CodeBinary: the file is no Go binary with build information, or changed
	// meanwhile.
	CodeBinary attest.Code = "provenance.collect.gobuild-binary"
)

// Codes returns every code of this package.
func Codes() []attest.Code { return []attest.Code{CodeBinary} }
