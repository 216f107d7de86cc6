// Package policy decides whether an artifact may go where somebody wants it to go,
// from evidence that verifiers accepted.
//
// A [Request] names the artifact by digest and carries attest.Verified values, the
// only form in which evidence enters: there is no way to hand an engine bytes that
// nobody verified. A [PolicyEngine] answers with a [Decision]. Its only boolean is
// [Decision.Allowed], which is false for the zero Decision, for every error, and
// outside of the time for which the decision holds.
//
// What flows in: a Request with Verified evidence. What flows out: a Decision that
// only an engine makes. This package may import attest alone; package rules and other
// leaves may import every room whose evidence they read.
//
// # Three verdicts
//
// [Deny] means that the evidence shows a violation, [Indeterminate] that the engine
// could not find out: evidence is missing, stale or unreadable, a rule panicked or
// took too long. Only [Allow] lets anything pass. Rules are combined in Kleene's
// three-valued logic (see [Node]), so that a violation is never outweighed by what
// could not be found out, and what could not be found out never counts as good.
//
// # Rules and their needs
//
// A [Rule] declares the evidence that it needs as a list of [Need] values: exact
// predicate types, principals, a threshold of distinct principals, independence of
// other needs, an age. The [Engine] meets the needs before it asks the rule. So no
// rule ever runs on an empty set; and evidence about another subject, by an
// authority that the engine was not told to accept, or by a signer that the need
// does not list, never reaches one.
//
// Every rule has a Budget of time, cost and bytes of evidence, and runs apart from its
// caller: one that exceeds its budget, panics or blocks is undetermined, and the others
// are judged all the same.
//
// An engine reads no clock, no network and no environment. The instant of judgement
// is part of the request, and equal requests give decisions with equal bytes.
//
// # Waivers
//
// A Waiver passes over one rule, for named artifacts, phases and environments, until
// it expires. It is a signed statement like all evidence, and Config.Waivers tells
// whose signatures make it hold: the author's and those of others who have no part in
// the matter. What it passes over is reported as Waived, with the reasons; it
// satisfies the policy and never a Level. A waiver of class ClassEmergency lasts a
// day at most and brings an Obligation: the decision allows nothing until somebody
// recorded it and Decision.Discharge was given the proof.
//
// # Beside deciding
//
// Engine.Explain finds the smallest set of facts that would turn a refusal into an
// Allow. Engine.Simulate judges at another instant, and gives a Simulation, which is
// no Decision. Engine.Specialize prepares an engine for one phase and target,
// Engine.Prepare a request that is judged again and again, and Cached keeps decisions
// for as long as they hold. Package doc reads policies from signed documents, packages
// cel and rego make rules of a Clause, and package vsa tells decisions to others.
//
// Package rules holds ready-made rules; package policytest holds fakes, synthetic
// evidence and the conformance kit for other implementations of PolicyEngine.
package policy
