// Package key reads, judges and uses the keys that sign attestations.
//
// It makes an attest.Signer from a private key in PEM (PKCS #8) or from any
// crypto.Signer: a KMS, an HSM, a TPM. It verifies signatures under a public
// key in PEM (PKIX) or as the standard library holds it.
//
// The key alone decides the algorithm; nothing in the evidence can choose one:
//
//	Ed25519      RFC 8032, the message itself (never Ed25519ph or Ed25519ctx)
//	ECDSA P-256  SHA-256, ASN.1 DER
//	ECDSA P-384  SHA-384, ASN.1 DER
//	ECDSA P-521  SHA-512, ASN.1 DER
//	RSA          PSS with SHA-256, MGF1 with SHA-256, a salt of 32 bytes;
//	             2048 to 8192 bits, public exponent 65537 or more
//
// Every other key is refused, among them P-224, DSA, X25519 and keys behind a
// nil pointer.
//
// # Malleability
//
// Who sees a valid signature can make others. For each ECDSA signature (r, s)
// the pair (r, n-s) is valid too, and RSA-PSS and ECDSA keys make any number of
// signatures of one message. This package accepts them all, as FIPS 186-5 has
// it; it refuses a second encoding of one signature: DER that is not minimal or
// has trailing bytes, and an Ed25519 scalar that is not reduced. So a signature
// is no identifier: count keys, never signatures, and cite evidence by the
// digest of its bytes only to say which bytes were seen.
//
// Public keys come from the configuration of whoever verifies. Validity of a
// point on its curve is checked; keys that were made to be weak are not looked
// for.
package key
