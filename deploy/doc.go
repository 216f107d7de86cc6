// Package deploy decides who may change what runs where, and keeps a record of
// every change that a stranger can check years later.
//
// # In and out
//
// What flows in: a [Request] that pins artifacts, place, configuration, policy
// and generation by digest; one policy.Decision for each artifact; approvals as
// *attest.Verified. What flows out: an [Authorization], which only a [Gate]
// makes, and signed records, which a [DeploymentRecorder] keeps and a [Querier]
// answers from.
//
//	Request --Digest--> NewApproval --Attestor, Verifier--> approvals ---+
//	   |                                                                 |
//	   +--> policy.PolicyEngine --> decisions --> Gate.Authorize <-------+
//	                                                   |
//	     target <-- deployer <-- Authorization <-------+
//	                    |
//	                    +--> Record --> DeploymentRecorder --> Receipt
//
// # Rules
//
// Everything that an approver agrees to is under the request's digest, so an
// approval cannot be moved to another artifact, place, configuration, policy,
// generation or window. A quorum counts distinct principals, never the requester,
// and a denial wins. Every generation of a place is recorded once: records form a
// chain, and the second of two racing deployers is refused. The log is the truth;
// what a [Querier] answers is a fold of it (see [Timeline] and [Next]).
//
// A recorder orders records; it cannot stop two deployers from touching a machine
// at once. A target does that by holding the generation, as deploy/dirtarget does:
// it refuses one that is not newer than what it has.
//
// # Where to find it
//
// deploy/ledger records to files, deploy/dirtarget deploys to directories, and
// deploy/deploytest has fakes, the conformance kit of recorders and a crash
// harness. This package may import attest and policy, and nothing outside the
// module but the standard library.
package deploy
