package attest

import (
	"context"
	"crypto"
)

// A Signer holds one private key, wherever it lives: in memory, in a KMS, an
// HSM, a TPM. Package key makes one from PEM and from any crypto.Signer.
//
// Sign signs message itself, not a digest of it; hashing and encoding follow
// from the key: Ed25519 as in RFC 8032; ECDSA in ASN.1 DER with SHA-256, -384
// or -512 for P-256, P-384 and P-521; RSA-PSS with SHA-256 and a salt of the
// digest's length. It hands ctx to remote keys and returns an error rather
// than a signature that Public would not verify.
//
// Implementations must be safe for concurrent use.
type Signer interface {
	Sign(ctx context.Context, message []byte) (signature []byte, err error)
	// Public returns the public key; it never returns nil and never changes.
	Public() crypto.PublicKey
}
