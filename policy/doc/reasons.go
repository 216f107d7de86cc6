package doc

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeFormat: the document is not strict JSON of the format, or incomplete.
	CodeFormat attest.Code = "policy.doc.format"
	// CodeNode: a node is not exactly one of its six forms.
	CodeNode attest.Code = "policy.doc.node"
	// CodeRule: the catalogue has no such rule.
	CodeRule attest.Code = "policy.doc.rule"
	// CodeParameters: a rule's parameters cannot be read, or it has others.
	CodeParameters attest.Code = "policy.doc.parameters"
	// CodeYAML: the document is YAML beyond the strict subset.
	CodeYAML attest.Code = "policy.doc.yaml"
	// CodeLanguage: a condition is in a language that the reader does not have.
	CodeLanguage attest.Code = "policy.doc.language"
	// CodeCondition: a condition does not compile; the cause follows.
	CodeCondition attest.Code = "policy.doc.condition"
	// CodeTrust: Trust is incomplete.
	CodeTrust attest.Code = "policy.doc.trust"
	// CodePin: the document is not the one that is pinned.
	CodePin attest.Code = "policy.doc.pin"
	// CodeSigned: the document is not signed as demanded.
	CodeSigned attest.Code = "policy.doc.signed"
	// CodeExpired: the document has expired.
	CodeExpired attest.Code = "policy.doc.expired"
	// CodeRollback: a later document, or another of the same version, was admitted
	// before.
	CodeRollback attest.Code = "policy.doc.rollback"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeFormat, CodeNode, CodeRule, CodeParameters, CodeYAML, CodeLanguage, CodeCondition, CodeTrust, CodePin, CodeSigned, CodeExpired, CodeRollback,
	}
}
