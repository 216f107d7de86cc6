// Package tee binds evidence of trusted hardware to keys, builds and
// statements, and judges it. The terms are those of RATS (RFC 9334):
//
//   - The attester is a [TEEQuoter]: it lets hardware sign a [Binding] and
//     returns [Evidence].
//   - A backend [Verifier] does the cryptography of one technology and returns
//     [Claims]: facts in common terms.
//   - The [Appraiser] is what RATS calls the verifier. It alone decides: it
//     recomputes the binding's digest from what the relying party expects,
//     compares it with what the hardware signed, lets each nonce count once,
//     compares measurements with reference values, refuses debug mode, and
//     returns a [Result] in the tiers and the trustworthiness vector of an EAT
//     Attestation Result (EAR, AR4SI).
//   - The relying party gives [Expect] and reads the Result.
//
// The split keeps the mistakes that cost most (no nonce, debug mode accepted,
// optional checks, a platform's name believed) out of reach of whoever writes
// a backend.
//
// A Binding, and the hardware's answer to it as Evidence, flows in; a Result, which
// only an Appraiser makes affirming, flows out, and a statement that cites the
// evidence. This package may import attest and CBOR; backends are leaf packages,
// which import it.
//
// # Flow
//
//  1. The relying party calls [Appraiser.Challenge] and sends the nonce.
//  2. The attester fills a Binding with the nonce, a purpose, and the key,
//     statement and build that it vouches for, and calls Quote.
//  3. Evidence travels as [Evidence.Encode]; [DecodeEvidence] reads it.
//  4. The relying party calls [Appraiser.Appraise]. A nil error means that the
//     hardware, in an approved and current state, signed exactly that binding.
//  5. [Assertion] makes the in-toto statement that cites the evidence by digest
//     beside a build's provenance.
//
// # Adding a technology
//
// A backend is a package of its own that exports a Kind, a TEEQuoter and a
// Verifier; the caller hands them over as values. It changes nothing here:
// there is no registry. Package teetest has the conformance kit; the example
// Example_thirdBackend is a complete backend.
//
// # Out of reach
//
// An affirming result tells what genuine hardware measured. It does not tell
// that the hardware cannot be beaten: interposers on memory or on the bus of a
// discrete TPM, voltage and clock glitches, cache and timing side channels,
// and stolen vendor keys are all outside. Nor does it tell that measured
// software is harmless: a build tool that lies is measured as faithfully as an
// honest one. A TPM proves what was measured into it at boot and that a key is
// inside it; it does not isolate or encrypt the machine's memory.
package tee
