package policy

import "github.com/sealwright/sealwright/attest"

// Codes of requests, reports and decisions.
const (
	// CodeRequestSubject: the subject has no well-formed, collision-resistant digest.
	CodeRequestSubject attest.Code = "policy.request.subject"
	// CodeRequestPhase: the phase is not one of the four.
	CodeRequestPhase attest.Code = "policy.request.phase"
	// CodeRequestNow: the instant of judgement is missing.
	CodeRequestNow attest.Code = "policy.request.now"
	// CodeRequestEvidence: a piece of evidence is nil or zero.
	CodeRequestEvidence attest.Code = "policy.request.evidence"
	// CodeRequestWaiver: a waiver is nil or zero.
	CodeRequestWaiver attest.Code = "policy.request.waiver"
	// CodeRequestScope: the engine is specialized for another phase or target.
	CodeRequestScope attest.Code = "policy.request.scope"
	// CodeRequestLimit: the request holds more than the engine's limits allow.
	CodeRequestLimit attest.Code = "policy.request.limit"

	// CodeReportSource: a report names no engine or no policy.
	CodeReportSource attest.Code = "policy.report.source"
	// CodeReportVerdict: a report's verdict is unknown or follows from nothing.
	CodeReportVerdict attest.Code = "policy.report.verdict"
	// CodeReportValidity: a report allows, but ends before it begins.
	CodeReportValidity attest.Code = "policy.report.validity"
	// CodeReportFinding: a finding has no rule, no reason, or is repeated.
	CodeReportFinding attest.Code = "policy.report.finding"
	// CodeReportTesting: a report used synthetic evidence and does not say so.
	CodeReportTesting attest.Code = "policy.report.testing"
	// CodeReportWaiver: a rule is waived without a waiver, or beyond it, or without
	// the obligation that it brings.
	CodeReportWaiver attest.Code = "policy.report.waiver"
	// CodeReportLevel: a report claims a level and does not allow.
	CodeReportLevel attest.Code = "policy.report.level"
	// CodeReportEncoding: a report does not marshal to JSON.
	CodeReportEncoding attest.Code = "policy.report.encoding"

	// CodeZero: the decision is the zero Decision.
	CodeZero attest.Code = "policy.decision.zero"
	// CodeDenied: the policy is violated.
	CodeDenied attest.Code = "policy.decision.denied"
	// CodeIndeterminate: the policy could not be judged.
	CodeIndeterminate attest.Code = "policy.decision.indeterminate"
	// CodeObligation: an obligation is open, or is not discharged by such evidence.
	CodeObligation attest.Code = "policy.decision.obligation"
	// CodeUnmarshal: somebody tried to make a decision from a document.
	CodeUnmarshal attest.Code = "policy.decision.unmarshal"
)

// Codes of an engine's configuration, all given by New.
const (
	// CodeConfig: a required field of Config is missing or out of range.
	CodeConfig attest.Code = "policy.config.field"
	// CodeConfigAuthority: no authority is accepted, or a synthetic one outside
	// of testing.
	CodeConfigAuthority attest.Code = "policy.config.authority"
	// CodeConfigNode: a combinator is empty or can never be satisfied.
	CodeConfigNode attest.Code = "policy.config.node"
	// CodeConfigRule: a rule is nil, misnamed, repeated, or refuses its own
	// configuration.
	CodeConfigRule attest.Code = "policy.config.rule"
	// CodeConfigNeed: a need is incomplete or contradicts itself.
	CodeConfigNeed attest.Code = "policy.config.need"
	// CodeConfigWaivers: the waiver terms are incomplete or contradict themselves.
	CodeConfigWaivers attest.Code = "policy.config.waivers"
	// CodeConfigLevel: a level has no name, or rules that do not exist.
	CodeConfigLevel attest.Code = "policy.config.level"
	// CodeConfigCache: a cache has no engine or no bound. Cached gives it.
	CodeConfigCache attest.Code = "policy.config.cache"
)

// Codes of waivers that are refused. The rule stays as it was judged.
const (
	// CodeWaiverFormat: the statement is no waiver, or an incomplete one.
	CodeWaiverFormat attest.Code = "policy.waiver.format"
	// CodeWaiverAuthority: it is by an authority that is not accepted.
	CodeWaiverAuthority attest.Code = "policy.waiver.authority"
	// CodeWaiverSubject: it is for another artifact.
	CodeWaiverSubject attest.Code = "policy.waiver.subject"
	// CodeWaiverRule: it is for a rule that does not exist, or cannot be waived.
	CodeWaiverRule attest.Code = "policy.waiver.rule"
	// CodeWaiverVersion: the rule has changed since.
	CodeWaiverVersion attest.Code = "policy.waiver.version"
	// CodeWaiverScope: it is for another phase or environment.
	CodeWaiverScope attest.Code = "policy.waiver.scope"
	// CodeWaiverTime: it does not hold yet, no longer, or for too long.
	CodeWaiverTime attest.Code = "policy.waiver.time"
	// CodeWaiverTerms: the policy accepts no waivers of its class.
	CodeWaiverTerms attest.Code = "policy.waiver.terms"
	// CodeWaiverAuthor: its author did not sign.
	CodeWaiverAuthor attest.Code = "policy.waiver.author"
	// CodeWaiverApprover: too few signed who may approve and have no part in the
	// matter.
	CodeWaiverApprover attest.Code = "policy.waiver.approver"
)

// Codes of unmet needs. Each names the furthest that any evidence came.
const (
	// CodeNeedMissing: there is no evidence of the wanted predicate types.
	CodeNeedMissing attest.Code = "policy.need.missing"
	// CodeNeedSubject: there is, but about other subjects only.
	CodeNeedSubject attest.Code = "policy.need.subject"
	// CodeNeedAuthority: there is, but by authorities that are not accepted.
	CodeNeedAuthority attest.Code = "policy.need.authority"
	// CodeNeedSigner: there is, but no wanted principal signed it.
	CodeNeedSigner attest.Code = "policy.need.signer"
	// CodeNeedStale: there is, but it is too old.
	CodeNeedStale attest.Code = "policy.need.stale"
	// CodeNeedFuture: a piece of evidence is dated after Now.
	CodeNeedFuture attest.Code = "policy.need.future"
	// CodeNeedUntimed: a piece of evidence has no time to tell its age by.
	CodeNeedUntimed attest.Code = "policy.need.untimed"
	// CodeNeedThreshold: too few distinct principals signed.
	CodeNeedThreshold attest.Code = "policy.need.threshold"
	// CodeNeedSame: enough principals signed, but some already answer another
	// need from which this one must be independent.
	CodeNeedSame attest.Code = "policy.need.same-principal"
)

// Codes of rules and combinators that an engine itself gives.
const (
	// CodeRulePanic: a rule panicked or ended its goroutine.
	CodeRulePanic attest.Code = "policy.rule.panic"
	// CodeRuleTimeout: a rule did not answer within its Budget.Time.
	CodeRuleTimeout attest.Code = "policy.rule.timeout"
	// CodeRuleCost: a rule spent more than its Budget.Cost.
	CodeRuleCost attest.Code = "policy.rule.cost"
	// CodeRuleInput: the evidence that meets a rule's needs is larger than its
	// Budget.Bytes. The rule was not asked.
	CodeRuleInput attest.Code = "policy.rule.input"
	// CodeRuleCancelled: the context ended before the rule was judged.
	CodeRuleCancelled attest.Code = "policy.rule.cancelled"
	// CodeRuleResult: a rule gave a result that contradicts itself.
	CodeRuleResult attest.Code = "policy.rule.result"
	// CodeRuleSilent: a rule is not satisfied and does not say why.
	CodeRuleSilent attest.Code = "policy.rule.silent"
	// CodeRuleReasons: a rule gave more reasons than are kept.
	CodeRuleReasons attest.Code = "policy.rule.reasons"
	// CodeNoneApplicable: no rule applies to the request.
	CodeNoneApplicable attest.Code = "policy.rules.none-applicable"
	// CodeExpired: the policy is not in force yet, or no longer.
	CodeExpired attest.Code = "policy.rules.expired"
	// CodeCombination: the satisfied rules do not suffice together.
	CodeCombination attest.Code = "policy.rules.combination"
)

// Codes returns every code that this package itself can give. Package rules
// lists its own.
func Codes() []attest.Code {
	return []attest.Code{
		CodeRequestSubject, CodeRequestPhase, CodeRequestNow, CodeRequestEvidence, CodeRequestLimit,
		CodeRequestWaiver, CodeRequestScope, CodeReportWaiver, CodeReportLevel, CodeObligation,
		CodeConfigWaivers, CodeConfigLevel, CodeConfigCache,
		CodeWaiverFormat, CodeWaiverAuthority, CodeWaiverSubject, CodeWaiverRule, CodeWaiverVersion, CodeWaiverScope,
		CodeWaiverTime, CodeWaiverTerms, CodeWaiverAuthor, CodeWaiverApprover,
		CodeReportSource, CodeReportVerdict, CodeReportValidity, CodeReportFinding, CodeReportTesting,
		CodeReportEncoding, CodeZero, CodeDenied, CodeIndeterminate, CodeUnmarshal,
		CodeConfig, CodeConfigAuthority, CodeConfigNode, CodeConfigRule, CodeConfigNeed,
		CodeNeedMissing, CodeNeedSubject, CodeNeedAuthority, CodeNeedSigner, CodeNeedStale, CodeNeedFuture,
		CodeNeedUntimed, CodeNeedThreshold, CodeNeedSame,
		CodeRulePanic, CodeRuleTimeout, CodeRuleCost, CodeRuleInput, CodeRuleCancelled, CodeRuleResult, CodeRuleSilent, CodeRuleReasons,
		CodeNoneApplicable, CodeExpired, CodeCombination,
	}
}
