package tekton

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Those of package collect come with them.
const (
	// CodeRun: the record is not of the run that was asked for, or not as Tekton
	// documents it.
	CodeRun attest.Code = "provenance.collect.tekton-run"
	// CodeUnfinished: the run has not succeeded, or not yet.
	CodeUnfinished attest.Code = "provenance.collect.tekton-unfinished"
)

// Codes returns every code of this package.
func Codes() []attest.Code { return []attest.Code{CodeRun, CodeUnfinished} }
