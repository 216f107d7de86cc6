// Package predicate holds the in-toto predicates that accompany provenance, as Go
// types that are read and written strictly:
//
//	VSA           https://slsa.dev/verification_summary/v1
//	SVR           https://in-toto.io/attestation/svr/v0.1
//	SCAI          https://in-toto.io/attestation/scai/v0.3
//	TestResult    https://in-toto.io/attestation/test-result/v0.1
//	Vulns         https://in-toto.io/attestation/vulns/v0.2
//	Release       https://in-toto.io/attestation/release/v0.1
//	Link          https://in-toto.io/attestation/link/v0.3
//	RuntimeTrace  https://in-toto.io/attestation/runtime-trace/v0.1
//
// [Encode] makes a statement of one, [Decode] reads one back. Objects whose form is
// left to producers are kept as their exact bytes. [DecodeBill] recognises bills of
// materials in CycloneDX and SPDX by their headers and leaves the rest to their own
// libraries.
//
// A predicate that can be read says what somebody claims. Whether they may be
// believed is for an attest.Verifier to say.
package predicate
