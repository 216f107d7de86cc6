package folder

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeNil: a required argument is nil.
	CodeNil attest.Code = "attest.folder.nil"
	// CodeFile: a name in the directory is neither a regular file nor a directory,
	// or it cannot be read.
	CodeFile attest.Code = "attest.folder.file"
	// CodeLimit: the directory holds more or larger files than the limits allow.
	CodeLimit attest.Code = "attest.folder.limit"
	// CodeUnsealed: the directory has no seal.
	CodeUnsealed attest.Code = "attest.folder.unsealed"
	// CodeForm: the seal is not in the form that Seal writes.
	CodeForm attest.Code = "attest.folder.form"
	// CodeMissing: a sealed file is gone.
	CodeMissing attest.Code = "attest.folder.missing"
	// CodeExtra: a file is not sealed.
	CodeExtra attest.Code = "attest.folder.extra"
	// CodeChanged: a file's bytes are not those that were sealed.
	CodeChanged attest.Code = "attest.folder.changed"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeNil, CodeFile, CodeLimit, CodeUnsealed, CodeForm, CodeMissing, CodeExtra, CodeChanged}
}
