package key

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"

	"github.com/sealwright/sealwright/attest"
)

// FromCryptoSigner makes a Signer of any crypto.Signer whose public key Check
// accepts, by the algorithm that belongs to the key. A private key of the
// standard library works in memory; any other is taken for a remote device: its
// signature is verified once before it is returned and withheld with CodeFault
// if that fails, for a faulty signature can betray the key.
//
// crypto.Signer knows no context: Sign looks at ctx before and after the call,
// but cannot end it. A KMS client that takes a context implements attest.Signer
// itself. s must be safe for concurrent use.
func FromCryptoSigner(s crypto.Signer) (attest.Signer, error) {
	if s == nil {
		return nil, attest.Refuse(attest.CodeNil, "signer", "a crypto.Signer", "nil")
	}
	remote := false
	switch s := s.(type) {
	case ed25519.PrivateKey:
		if len(s) != ed25519.PrivateKeySize {
			return nil, attest.Refuse(CodeMalformed, "private key", "64 bytes", "another length")
		}
	case *ecdsa.PrivateKey:
		if s == nil {
			return nil, attest.Refuse(attest.CodeNil, "signer", "a crypto.Signer", "nil")
		}
	case *rsa.PrivateKey:
		if s == nil {
			return nil, attest.Refuse(attest.CodeNil, "signer", "a crypto.Signer", "nil")
		}
	default:
		remote = true
	}
	public := s.Public()
	if err := Check(public); err != nil {
		return nil, err
	}
	return &signer{s, public, remote}, nil
}

type signer struct {
	private crypto.Signer
	public  crypto.PublicKey
	remote  bool
}

func (s *signer) Public() crypto.PublicKey { return s.public }

func (s *signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	var opts crypto.SignerOpts = hashOf(s.public)
	if _, ok := s.public.(*rsa.PublicKey); ok {
		opts = pssOptions()
	}
	sig, err := s.private.Sign(rand.Reader, hashFor(s.public, message), opts)
	if err != nil {
		return nil, attest.Refuse(CodeSigner, "private key", "a signature", "").Because(err)
	}
	if s.remote {
		if err := Verify(s.public, message, sig); err != nil {
			return nil, attest.Refuse(CodeFault, "private key", "a signature by "+describe(s.public), "another").Because(err)
		}
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	return sig, nil
}

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	return nil
}
