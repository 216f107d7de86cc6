package rule

import "github.com/sealwright/sealwright/attest"

// The codes of this package.
const (
	// CodeZero: the zero Rule was evaluated or made part of another.
	CodeZero attest.Code = "attest.rule.zero"
	// CodeEmpty: a rule has no members.
	CodeEmpty attest.Code = "attest.rule.empty"
	// CodeThreshold: a threshold below one or above the number of its members.
	CodeThreshold attest.Code = "attest.rule.threshold"
	// CodeDuplicate: an authority stands in a rule twice.
	CodeDuplicate attest.Code = "attest.rule.duplicate"
	// CodeMatch: a match demands nothing, or its pattern is not a regular
	// expression.
	CodeMatch attest.Code = "attest.rule.match"
	// CodeSize: a rule has more than MaxMembers matches, or is nested deeper than
	// MaxDepth.
	CodeSize attest.Code = "attest.rule.size"
	// CodeAbsent: nobody matches.
	CodeAbsent attest.Code = "attest.rule.absent"
	// CodeNotMet: too few members of a rule are met, or too few distinct principals
	// meet them.
	CodeNotMet attest.Code = "attest.rule.not-met"
	// CodeQuorum: a quorum accepts no authority.
	CodeQuorum attest.Code = "attest.rule.quorum"
	// CodeAuthority: an attestation was verified by an authority that the quorum
	// does not accept. It does not count.
	CodeAuthority attest.Code = "attest.rule.authority"
)

// Codes returns every code that this package itself can give. It also gives codes
// of attest.
func Codes() []attest.Code {
	return []attest.Code{
		CodeZero, CodeEmpty, CodeThreshold, CodeDuplicate, CodeMatch, CodeSize,
		CodeAbsent, CodeNotMet, CodeQuorum, CodeAuthority,
	}
}
