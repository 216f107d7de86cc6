package layout

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeTrust: the trust is incomplete, or its threshold out of range.
	CodeTrust attest.Code = "attest.layout.trust"
	// CodeFormat: a document is not strict JSON of a layout or link, in a metablock
	// or DSSE envelope.
	CodeFormat attest.Code = "attest.layout.format"
	// CodeLimit: a limit on bytes, artifacts, rules, depth or work is exceeded.
	CodeLimit attest.Code = "attest.layout.limit"
	// CodeFile: a link cannot be read.
	CodeFile attest.Code = "attest.layout.file"
	// CodeSignature: a signature by a key that counts does not verify.
	CodeSignature attest.Code = "attest.layout.signature"
	// CodeOwners: too few owners signed the layout.
	CodeOwners attest.Code = "attest.layout.owners"
	// CodeExpired: the layout, or a sublayout, has expired.
	CodeExpired attest.Code = "attest.layout.expired"
	// CodeStep: a layout has no steps, or a step whose name, keys or threshold cannot
	// be used.
	CodeStep attest.Code = "attest.layout.step"
	// CodeKey: a key in the layout is malformed, private, or of an unknown kind.
	CodeKey attest.Code = "attest.layout.key"
	// CodeInspection: the layout has an inspection of which the caller brings no
	// result, or the other way round.
	CodeInspection attest.Code = "attest.layout.inspection"
	// CodeParameter: the parameters are not exactly those that the layout names, or
	// one has a value that would mean more than itself.
	CodeParameter attest.Code = "attest.layout.parameter"
	// CodeThreshold: too few functionaries signed a link for a step.
	CodeThreshold attest.Code = "attest.layout.threshold"
	// CodeLink: a link is for another step.
	CodeLink attest.Code = "attest.layout.link"
	// CodeDisagree: functionaries of one step report different artifacts.
	CodeDisagree attest.Code = "attest.layout.disagree"
	// CodePath: the path of an artifact escapes, or means the same as another.
	CodePath attest.Code = "attest.layout.path"
	// CodeDigest: an artifact has no digest that means anything.
	CodeDigest attest.Code = "attest.layout.digest"
	// CodeRule: an artifact rule or its pattern is malformed, or refers to a step
	// that there is not.
	CodeRule attest.Code = "attest.layout.rule"
	// CodeDisallowed: an artifact is left for a DISALLOW rule.
	CodeDisallowed attest.Code = "attest.layout.disallowed"
	// CodeRequired: an artifact that a REQUIRE rule demands is missing.
	CodeRequired attest.Code = "attest.layout.required"
)

// Codes returns every code that this package itself can give. It also gives
// attest.CodeNil and attest.CodeCanceled.
func Codes() []attest.Code {
	return []attest.Code{
		CodeTrust, CodeFormat, CodeLimit, CodeFile, CodeSignature, CodeOwners, CodeExpired, CodeStep, CodeKey,
		CodeInspection, CodeParameter, CodeThreshold, CodeLink, CodeDisagree, CodePath, CodeDigest, CodeRule,
		CodeDisallowed, CodeRequired,
	}
}
