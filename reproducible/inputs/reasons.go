package inputs

import "github.com/sealwright/sealwright/attest"

// The codes of this package, beside those of packages digest, treehash and store.
const (
	// CodeConfig: the config is incomplete, or an argument is malformed.
	CodeConfig attest.Code = "reproducible.inputs.config"
	// CodeDigest: content is not what its digest says.
	CodeDigest attest.Code = "reproducible.inputs.digest"
	// CodeArchive: an archive is malformed.
	CodeArchive attest.Code = "reproducible.inputs.archive"
	// CodeName: the name of an entry is not clean, or leads over a link.
	CodeName attest.Code = "reproducible.inputs.name"
	// CodeDuplicate: an archive has two entries of one name.
	CodeDuplicate attest.Code = "reproducible.inputs.duplicate"
	// CodeType: an entry is of a kind that no tree can hold.
	CodeType attest.Code = "reproducible.inputs.type"
	// CodeLimit: an archive holds more than the limits allow.
	CodeLimit attest.Code = "reproducible.inputs.limit"
	// CodeImage: an image's manifest or configuration is not one, or does not agree
	// with its layers.
	CodeImage attest.Code = "reproducible.inputs.image"
	// CodeGit: git failed, or answered something else than it was asked for.
	CodeGit attest.Code = "reproducible.inputs.git"
	// CodeMachine: the private directory cannot be used.
	CodeMachine attest.Code = "reproducible.inputs.machine"
	// CodeCancelled: the context ended first.
	CodeCancelled attest.Code = "reproducible.inputs.cancelled"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeConfig, CodeDigest, CodeArchive, CodeName, CodeDuplicate, CodeType, CodeLimit, CodeImage, CodeGit, CodeMachine, CodeCancelled,
	}
}
