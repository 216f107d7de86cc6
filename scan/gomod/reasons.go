package gomod

import "github.com/sealwright/sealwright/attest"

// The codes of the gaps that this package reports.
const (
	// CodeMalformed: a go.mod, go.sum, go.work or modules.txt does not parse.
	CodeMalformed attest.Code = "scan.gomod.malformed"
	// CodeReplaceLocal: a module is replaced by a directory, which has no version.
	CodeReplaceLocal attest.Code = "scan.gomod.replace-local"
	// CodeSumMissing: go.sum has no hash of a required module version.
	CodeSumMissing attest.Code = "scan.gomod.sum-missing"
	// CodeSumConflict: go.sum has two hashes of one module version.
	CodeSumConflict attest.Code = "scan.gomod.sum-conflict"
	// CodeUnpruned: go.mod is older than Go 1.17 and does not list the requirements
	// of its requirements; no vendor directory does either.
	CodeUnpruned attest.Code = "scan.gomod.unpruned"
	// CodeVendor: vendor/modules.txt contradicts go.mod, or has none beside it.
	CodeVendor attest.Code = "scan.gomod.vendor-inconsistent"
	// CodeNoModule: a go.sum without a go.mod beside it.
	CodeNoModule attest.Code = "scan.gomod.no-module"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeMalformed, CodeReplaceLocal, CodeSumMissing, CodeSumConflict, CodeUnpruned,
		CodeVendor, CodeNoModule,
	}
}
