// Package sealwright is a toolkit for the build and deploy half of a software
// supply chain: build where nobody can tamper, prove that the result is
// reproducible, sign and log what happened, scan it, judge it by policy, bind
// it to hardware, gate its deployment, and record what runs where. It
// implements Phase 2 (build and deploy) of the CD Foundation's CI/CD security
// guide, which maps the tasks of NIST SP 800-218 (SSDF) to tools.
//
// This package holds no code. Callers import the rooms and wire them together
// along one line, on which data goes one way:
//
//	 inputs by digest                                             what runs where,
//	        |                                                      provably, for years
//	        v                                                              ^
//	reproducible.Builder -> artifacts -+-> scan -> findings, coverage      |
//	        |                          |              |                    |
//	        |                          +-> provenance -> Statement --> attest.Attestor
//	        +--> tee.TEEQuoter -> Evidence bound to key and statement      |
//	                                                                       v
//	deploy.DeploymentRecorder <- gates, approvals <- policy.PolicyEngine <- attest.Verifier
//
// What is unverified is bytes (attest.Attestation). What is verified is a type
// (attest.Verified) that only a verifier makes. A policy takes nothing but
// Verified, a gate nothing but a policy.Decision, and a deployment record cites
// the digests of them all. The zero value of every verdict refuses, and every
// refusal is an *attest.Error with a stable reason code.
//
// Where to start:
//
//   - [github.com/sealwright/sealwright/attest]: statements, signing, verifying.
//     It compiles with the standard library alone; open it first.
//   - [github.com/sealwright/sealwright/attest/digest]: digests of artifacts.
//   - [github.com/sealwright/sealwright/reproducible]: builds whose inputs are
//     given by digest, in a sandbox that is required or refused.
//   - [github.com/sealwright/sealwright/provenance]: who built what from what.
//   - [github.com/sealwright/sealwright/scan]: inventory and known
//     vulnerabilities, with a ledger of what was not looked at.
//   - [github.com/sealwright/sealwright/tee]: evidence from hardware.
//   - [github.com/sealwright/sealwright/policy]: decisions that cannot fail open.
//   - [github.com/sealwright/sealwright/deploy]: approvals, gates and the
//     append-only record of what runs where.
//
// Each interface comes with a fake and a conformance kit in the room's test
// package (attesttest, policytest, ...), in the manner of testing/fstest.
// examples/pipeline walks the whole line on real input.
package sealwright
