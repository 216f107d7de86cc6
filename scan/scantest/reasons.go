package scantest

import "github.com/sealwright/sealwright/attest"

// The codes of this package's fakes.
const (
	// CodeLine: the fake Scanner cannot read a line, or was ordered to fail; the
	// fake Database was ordered not to know.
	CodeLine attest.Code = "scan.scantest.line"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code { return []attest.Code{CodeLine} }
