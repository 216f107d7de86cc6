package deploy

import (
	"github.com/sealwright/sealwright/attest"
)

// The codes of this package. Leaf packages of deploy list their own.
const (
	// CodeNil: a required interface, pointer or context is nil.
	CodeNil attest.Code = "deploy.argument.nil"

	// CodePlace: an environment, cluster, namespace or target name is missing or
	// not written as ValidName demands.
	CodePlace attest.Code = "deploy.place.name"

	// CodeSubject: a request names no artifact, too many, one twice, one without
	// a SHA-256 digest, or one with parts that a request may not carry.
	CodeSubject attest.Code = "deploy.request.subject"
	// CodeAction: the action is not deploy, rollback or remove.
	CodeAction attest.Code = "deploy.request.action"
	// CodePin: the configuration or the policy is not named by a SHA-256 digest.
	CodePin attest.Code = "deploy.request.pin"
	// CodeRequestGeneration: the generation is zero; the first is one.
	CodeRequestGeneration attest.Code = "deploy.request.generation"
	// CodeText: the requester or the reason is missing, too long, or not plain
	// text.
	CodeText attest.Code = "deploy.request.text"
	// CodeNonce: the nonce is too short, too long, or not of its alphabet.
	CodeNonce attest.Code = "deploy.request.nonce"
	// CodeWindow: the window of validity has no start, no end, or is empty.
	CodeWindow attest.Code = "deploy.request.window"

	// CodeApproval: a statement is not an approval as NewApproval writes it.
	CodeApproval attest.Code = "deploy.approval.invalid"
	// CodeApprovalType: verified evidence is of another predicate type.
	CodeApprovalType attest.Code = "deploy.approval.type"
	// CodeApprovalRequest: an approval is of another request: another artifact,
	// place, configuration, policy, generation, window or requester.
	CodeApprovalRequest attest.Code = "deploy.approval.other-request"
	// CodeApprovalExpired: an approval's time is over.
	CodeApprovalExpired attest.Code = "deploy.approval.expired"
	// CodeApprovalAuthority: an approval was verified under an authority that the
	// quorum does not list.
	CodeApprovalAuthority attest.Code = "deploy.approval.authority"
	// CodeApprovalPrincipal: an approver is not one of the quorum's principals.
	CodeApprovalPrincipal attest.Code = "deploy.approval.principal"
	// CodeApprovalExcluded: an approver is the requester or is excluded by name.
	CodeApprovalExcluded attest.Code = "deploy.approval.excluded"
	// CodeApprovalRepeated: a principal approved before; it counts once.
	CodeApprovalRepeated attest.Code = "deploy.approval.repeated"
	// CodeApprovalDenied: a principal who may approve denies the request.
	CodeApprovalDenied attest.Code = "deploy.approval.denied"
	// CodeApprovalCount: there are more approvals than a quorum looks at.
	CodeApprovalCount attest.Code = "deploy.approval.count"

	// CodeQuorum: a quorum has no threshold, no principals or no authorities, or
	// cannot be reached.
	CodeQuorum attest.Code = "deploy.quorum.invalid"
	// CodeQuorumShort: fewer distinct principals approve than the threshold.
	CodeQuorumShort attest.Code = "deploy.quorum.short"

	// CodeGate: a gate lists no engine or no policy.
	CodeGate attest.Code = "deploy.gate.invalid"
	// CodeGateEnvironment: a request is for an environment that the gate does not
	// guard.
	CodeGateEnvironment attest.Code = "deploy.gate.environment"
	// CodeGatePolicy: a request names a policy that the gate does not accept.
	CodeGatePolicy attest.Code = "deploy.gate.policy"
	// CodeGateEarly: it is before the request's window.
	CodeGateEarly attest.Code = "deploy.gate.early"
	// CodeGateLate: it is after the request's window.
	CodeGateLate attest.Code = "deploy.gate.late"
	// CodeDecisionRefused: a decision does not allow, or no longer does; the
	// cause tells the engine's reasons.
	CodeDecisionRefused attest.Code = "deploy.decision.refused"
	// CodeDecisionEngine: a decision comes from an engine that the gate does not
	// list.
	CodeDecisionEngine attest.Code = "deploy.decision.engine"
	// CodeDecisionSubject: a decision is about an artifact that is not requested.
	CodeDecisionSubject attest.Code = "deploy.decision.subject"
	// CodeDecisionMissing: an artifact of the request has no decision.
	CodeDecisionMissing attest.Code = "deploy.decision.missing"
	// CodeDecisionPhase: a decision is of another phase than deployment.
	CodeDecisionPhase attest.Code = "deploy.decision.phase"
	// CodeDecisionTarget: a decision is for another place.
	CodeDecisionTarget attest.Code = "deploy.decision.target"
	// CodeDecisionPolicy: a decision was made by another policy.
	CodeDecisionPolicy attest.Code = "deploy.decision.policy"
	// CodeDecisionActor: a decision was made for another principal than the
	// requester.
	CodeDecisionActor attest.Code = "deploy.decision.actor"
	// CodeDecisionCount: there are more decisions than a gate looks at.
	CodeDecisionCount attest.Code = "deploy.decision.count"

	// CodeUnauthorized: the zero Authorization was used.
	CodeUnauthorized attest.Code = "deploy.authorization.zero"
	// CodeAuthorizationWindow: an authorization was used outside its window.
	CodeAuthorizationWindow attest.Code = "deploy.authorization.window"

	// CodeTransition: a state does not admit an event.
	CodeTransition attest.Code = "deploy.state.transition"

	// CodeRecord: a statement is not a record as Record.Statement writes it.
	CodeRecord attest.Code = "deploy.record.invalid"
	// CodeRecordType: verified evidence is of another predicate type.
	CodeRecordType attest.Code = "deploy.record.type"
	// CodeRecordRequest: the request in a record is not the one that its digest
	// names.
	CodeRecordRequest attest.Code = "deploy.record.request-digest"
	// CodeRecordOutcome: the outcome is neither succeeded nor failed.
	CodeRecordOutcome attest.Code = "deploy.record.outcome"
	// CodeRecordTimes: a deployment finished before it started, or a time is
	// missing.
	CodeRecordTimes attest.Code = "deploy.record.times"

	// CodeGeneration: the generation is not the next of its place: another
	// deployment came first.
	CodeGeneration attest.Code = "deploy.timeline.generation"
	// CodePrevious: a record does not follow the place's last record.
	CodePrevious attest.Code = "deploy.timeline.previous"
	// CodeReplay: the request was recorded before, with another result.
	CodeReplay attest.Code = "deploy.timeline.replay"
	// CodeDowngrade: a deploy brings back artifacts that were replaced; that
	// takes a rollback.
	CodeDowngrade attest.Code = "deploy.timeline.downgrade"
	// CodeRollback: a rollback is to something that never ran in the place, or
	// that runs there now.
	CodeRollback attest.Code = "deploy.timeline.rollback"
	// CodeRemoval: a removal is of something that does not run in the place.
	CodeRemoval attest.Code = "deploy.timeline.removal"
	// CodeClock: a record ends before the place's previous one.
	CodeClock attest.Code = "deploy.timeline.clock"

	// CodeQuery: a query asks for nothing, or cannot be read.
	CodeQuery attest.Code = "deploy.query.invalid"
	// CodeReceipt: a receipt cannot be read, or contradicts itself.
	CodeReceipt attest.Code = "deploy.receipt.invalid"
)

// Codes returns every code that this package itself can give.
func Codes() []attest.Code {
	return []attest.Code{
		CodeNil, CodePlace, CodeSubject, CodeAction, CodePin, CodeRequestGeneration, CodeText,
		CodeNonce, CodeWindow, CodeApproval, CodeApprovalType, CodeApprovalRequest,
		CodeApprovalExpired, CodeApprovalAuthority, CodeApprovalPrincipal, CodeApprovalExcluded,
		CodeApprovalRepeated, CodeApprovalDenied, CodeApprovalCount, CodeQuorum, CodeQuorumShort,
		CodeGate, CodeGateEnvironment, CodeGatePolicy, CodeGateEarly, CodeGateLate,
		CodeDecisionRefused, CodeDecisionEngine, CodeDecisionSubject, CodeDecisionMissing,
		CodeDecisionPhase, CodeDecisionTarget, CodeDecisionPolicy, CodeDecisionActor,
		CodeDecisionCount, CodeUnauthorized, CodeAuthorizationWindow, CodeTransition, CodeRecord,
		CodeRecordType, CodeRecordRequest, CodeRecordOutcome, CodeRecordTimes, CodeGeneration,
		CodePrevious, CodeReplay, CodeDowngrade, CodeRollback, CodeRemoval, CodeClock, CodeQuery,
		CodeReceipt,
	}
}
