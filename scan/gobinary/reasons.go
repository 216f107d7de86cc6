package gobinary

import "github.com/sealwright/sealwright/attest"

// The codes of the gaps that this package reports.
const (
	// CodeFormat: a file begins like an executable and does not parse as one.
	CodeFormat attest.Code = "scan.gobinary.format"
	// CodeStripped: the Go linker made the file, but its build information is gone
	// or unreadable.
	CodeStripped attest.Code = "scan.gobinary.stripped"
	// CodeLines: the build information has lines that are not understood.
	CodeLines attest.Code = "scan.gobinary.lines"
	// CodeNoModules: the file tells its Go release and no modules.
	CodeNoModules attest.Code = "scan.gobinary.no-modules"
	// CodePacked: the file is packed, so that its content cannot be seen.
	CodePacked attest.Code = "scan.gobinary.packed"
	// CodeReplaceLocal: a module was replaced by a directory, which has no version.
	CodeReplaceLocal attest.Code = "scan.gobinary.replace-local"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeFormat, CodeStripped, CodeLines, CodeNoModules, CodePacked, CodeReplaceLocal}
}
