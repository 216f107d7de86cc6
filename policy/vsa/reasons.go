package vsa

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeDecision: the decision cannot be told: it is zero, owes something, was made
	// in testing, or by a policy without digest; or it is not Allow and would be an SVR.
	CodeDecision attest.Code = "policy.vsa.decision"
	// CodeOptions: Options are incomplete.
	CodeOptions attest.Code = "policy.vsa.options"
	// CodeWant: a Want is incomplete.
	CodeWant attest.Code = "policy.vsa.want"
	// CodeAuthority: the evidence is zero, or by an authority that is not accepted.
	CodeAuthority attest.Code = "policy.vsa.authority"
	// CodeType: the predicate type is another one.
	CodeType attest.Code = "policy.vsa.type"
	// CodeFormat: the predicate cannot be read, or lacks a field.
	CodeFormat attest.Code = "policy.vsa.format"
	// CodeSubject: the summary is about another artifact.
	CodeSubject attest.Code = "policy.vsa.subject"
	// CodeVerifier: no signer may speak for the verifier.
	CodeVerifier attest.Code = "policy.vsa.verifier"
	// CodeResource: the resourceUri is another one.
	CodeResource attest.Code = "policy.vsa.resource"
	// CodeResult: the result is not exactly PASSED.
	CodeResult attest.Code = "policy.vsa.result"
	// CodeLevel: a wanted level or property is missing, or the levels contradict
	// each other.
	CodeLevel attest.Code = "policy.vsa.level"
	// CodePolicy: the policy is another one.
	CodePolicy attest.Code = "policy.vsa.policy"
	// CodeTime: the summary has no time, is from the future, too old, or has ended.
	CodeTime attest.Code = "policy.vsa.time"
	// CodeWaived: rules were waived.
	CodeWaived attest.Code = "policy.vsa.waived"
	// CodeTesting: the decision was made in testing.
	CodeTesting attest.Code = "policy.vsa.testing"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeDecision, CodeOptions, CodeWant, CodeAuthority, CodeType, CodeFormat, CodeSubject, CodeVerifier,
		CodeResource, CodeResult, CodeLevel, CodePolicy, CodeTime, CodeWaived, CodeTesting,
	}
}
