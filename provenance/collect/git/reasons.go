package git

import "github.com/sealwright/sealwright/attest"

// The codes of this package. Those of package collect come with them.
const (
	// CodeLayout: the repository is not a directory of its own, or borrows objects.
	CodeLayout attest.Code = "provenance.collect.git-layout"
	// CodeObject: an object does not have the id under which it is stored, or not the
	// form of its kind.
	CodeObject attest.Code = "provenance.collect.git-object"
	// CodeWorktree: the working tree cannot be read, or changed meanwhile.
	CodeWorktree attest.Code = "provenance.collect.git-worktree"
)

// Codes returns every code of this package.
func Codes() []attest.Code { return []attest.Code{CodeLayout, CodeObject, CodeWorktree} }
