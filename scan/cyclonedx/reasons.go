package cyclonedx

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeSubject: the subject has no name, or no digest that CycloneDX can tell.
	CodeSubject attest.Code = "scan.cyclonedx.subject"
	// CodeEncode: the document could not be written.
	CodeEncode attest.Code = "scan.cyclonedx.encode"
	// CodeJSON: the document is not strict JSON of a CycloneDX bill.
	CodeJSON attest.Code = "scan.cyclonedx.json"
	// CodeFormat: the document is not CycloneDX, or of a version that is not read.
	CodeFormat attest.Code = "scan.cyclonedx.format"
	// CodeUnbound: the bill is of another subject, or does not say of which.
	CodeUnbound attest.Code = "scan.cyclonedx.unbound"
	// CodeReference: a component has no name, two have one bom-ref, or a
	// dependency leads to no component of the document.
	CodeReference attest.Code = "scan.cyclonedx.reference"
	// CodeLimit: the document exceeds its limits.
	CodeLimit attest.Code = "scan.cyclonedx.limit"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{CodeSubject, CodeEncode, CodeJSON, CodeFormat, CodeUnbound, CodeReference, CodeLimit}
}
