package attest

// The codes of this package. Leaf packages of attest list their own.
const (
	// CodeNil: a required interface or pointer is nil.
	CodeNil Code = "attest.argument.nil"
	// CodeCanceled: the context ended before the work was done. Nothing was
	// decided; the cause is the context's.
	CodeCanceled Code = "attest.context.canceled"
	// CodeLimit: a document is larger, deeper or longer than its limits.
	CodeLimit Code = "attest.limit.exceeded"
	// CodeJSON: a document is not strict JSON of the expected shape; the cause
	// tells which rule it breaks.
	CodeJSON Code = "attest.json.invalid"
	// CodeStatementType: _type is not in-toto Statement v1.
	CodeStatementType Code = "attest.statement.type"
	// CodeNoSubject: a statement has no subject.
	CodeNoSubject Code = "attest.statement.no-subject"
	// CodeSubjectDigest: a subject has no digest, or a malformed one.
	CodeSubjectDigest Code = "attest.statement.subject-digest"
	// CodePredicateType: the predicate type is missing or not a URI.
	CodePredicateType Code = "attest.statement.predicate-type"
	// CodePredicate: the predicate is not a JSON object.
	CodePredicate Code = "attest.statement.predicate"
	// CodeDescriptor: a resource descriptor names nothing.
	CodeDescriptor Code = "attest.descriptor.empty"
	// CodeMediaType: a verifier was given evidence of a kind that it does not read.
	CodeMediaType Code = "attest.attestation.media-type"
	// CodeWantEmpty: a Want demands nothing.
	CodeWantEmpty Code = "attest.want.empty"
	// CodeWantSubject: no subject of the statement matches a wanted one.
	CodeWantSubject Code = "attest.want.subject"
	// CodeWantPredicateType: the predicate type is not one of the wanted ones.
	CodeWantPredicateType Code = "attest.want.predicate-type"
	// CodeSealAuthority: Seal was called without an authority.
	CodeSealAuthority Code = "attest.seal.authority"
	// CodeSealSigner: Seal was called without a signer, or with one that has no
	// name.
	CodeSealSigner Code = "attest.seal.signer"
	// CodeSealClaim: Seal was called with a claim of nobody who signed, or with one
	// twice.
	CodeSealClaim Code = "attest.seal.claim"
	// CodeSealStatement: Seal was called without a statement.
	CodeSealStatement Code = "attest.seal.statement"
	// CodeUnverified: a fact was asked of the zero Verified.
	CodeUnverified Code = "attest.verified.zero"
)

// Codes returns every code that this package itself can give.
func Codes() []Code {
	return []Code{
		CodeNil, CodeCanceled, CodeLimit, CodeJSON, CodeStatementType, CodeNoSubject, CodeSubjectDigest,
		CodePredicateType, CodePredicate, CodeDescriptor, CodeMediaType, CodeWantEmpty,
		CodeWantSubject, CodeWantPredicateType, CodeSealAuthority, CodeSealSigner, CodeSealClaim,
		CodeSealStatement, CodeUnverified,
	}
}
