// Package tpm2 attests and verifies with a TPM 2.0 (TCG TPM 2.0 Library): a
// quote over PCRs of the SHA-256 bank by a restricted ECC P-256 attestation key
// (AK), and optionally a signing key that the TPM holds and certifies.
//
// On the attesting machine:
//
//	device := tpm2.NewDevice(transport)
//	ak, err := device.CreateAK(ctx)
//	signer, err := device.NewSigner(ctx, "provenance")
//	quoter, err := tpm2.NewQuoter(ak, tpm2.QuoterConfig{PCRs: []int{0, 7, 11}, Signer: signer})
//
// The verifier must know that the AK lives in a genuine TPM. There are two ways:
//
//   - An AK certificate whose chain the attester puts into the evidence
//     (QuoterConfig.Chain) and which ends in a root of tee.Params.
//   - Enrolment by credential activation (TPM 2.0 part 1, "Credential
//     Protection"): [NewChallenge] verifies the EK certificate and encrypts a
//     secret that only the TPM with both EK and AK can read ([AK.Activate]);
//     [Pending.Complete] returns the [Enrolment], which the verifier keeps and
//     gives to [NewVerifier].
//
// A quote tells what was measured since the machine started. It says nothing
// about memory, and PCR values mean only what the event log and the reference
// values make of them. Bytes between a discrete TPM and the processor can be
// tampered with by whoever can touch the bus.
package tpm2
