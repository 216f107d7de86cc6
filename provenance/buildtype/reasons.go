package buildtype

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeNil: the build is nil.
	CodeNil attest.Code = "provenance.profile.argument-nil"
	// CodeUnknown: no profile knows the build type, or the profile is another's.
	CodeUnknown attest.Code = "provenance.profile.build-type"
	// CodeParameter: a parameter is missing, has another type, or is not one of the
	// build type's.
	CodeParameter attest.Code = "provenance.profile.parameter"
	// CodeSource: the source is no location of a Git repository.
	CodeSource attest.Code = "provenance.profile.source"
	// CodeCommit: the source is no input of the build, has no commit, or has two.
	CodeCommit attest.Code = "provenance.profile.commit"
	// CodeRef: the ref of the source differs from that of the input.
	CodeRef attest.Code = "provenance.profile.ref"
	// CodeDirty: the source had changes that no commit holds.
	CodeDirty attest.Code = "provenance.profile.dirty"
	// CodeClaim: a field differs from what the platform signed elsewhere.
	CodeClaim attest.Code = "provenance.profile.claim"
	// CodePublication: a statement is no publish attestation, or contradicts itself.
	CodePublication attest.Code = "provenance.profile.publication"
	// CodePublisher: nobody who signed is the Trusted Publisher.
	CodePublisher attest.Code = "provenance.profile.publisher"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeNil, CodeUnknown, CodeParameter, CodeSource, CodeCommit, CodeRef, CodeDirty, CodeClaim, CodePublication, CodePublisher}
}
