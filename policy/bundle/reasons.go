package bundle

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeNil: a required argument is nil or empty.
	CodeNil attest.Code = "policy.bundle.nil"
	// CodeUnpinned: a reference has no digest.
	CodeUnpinned attest.Code = "policy.bundle.unpinned"
	// CodeType: an artifact is no policy, or a layer is not what stands there.
	CodeType attest.Code = "policy.bundle.type"
	// CodeUnsigned: a bundle has no signature.
	CodeUnsigned attest.Code = "policy.bundle.unsigned"
	// CodeLimit: a bundle has too many signatures, or is too large.
	CodeLimit attest.Code = "policy.bundle.limit"
	// CodeStore: the file of versions is missing, damaged or cannot be written.
	// Nothing is admitted then.
	CodeStore attest.Code = "policy.bundle.store"
	// CodeExists: a file of versions cannot be created where there is one.
	CodeExists attest.Code = "policy.bundle.exists"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest/oci and policy/doc.
func Codes() []attest.Code {
	return []attest.Code{CodeNil, CodeUnpinned, CodeType, CodeUnsigned, CodeLimit, CodeStore, CodeExists}
}
