package dsse_test

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"testing"

	wire "github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
)

// device is a signer that answers as it is told.
type device struct {
	pub  crypto.PublicKey
	sign func(ctx context.Context, message []byte) ([]byte, error)
}

func (d device) Public() crypto.PublicKey { return d.pub }
func (d device) Sign(ctx context.Context, message []byte) ([]byte, error) {
	return d.sign(ctx, message)
}

func TestSignersThatAreRefused(t *testing.T) {
	alice := attesttest.Signer("alice")
	var many []attest.Signer
	for i := range dsse.MaxSignatures + 1 {
		many = append(many, attesttest.Signer(string(rune('a'+i))))
	}
	tests := []struct {
		name    string
		signers []attest.Signer
		code    attest.Code
	}{
		{"none", nil, dsse.CodeSigners},
		{"too many", many, dsse.CodeSigners},
		{"nil", []attest.Signer{alice, nil}, attest.CodeNil},
		{"one key twice", []attest.Signer{alice, attesttest.Signer("alice")}, dsse.CodeSigners},
		{"a signer without key", []attest.Signer{device{}}, dsse.CodeSigners},
		{"a signer with an unknown key", []attest.Signer{device{pub: "key"}}, key.CodeType},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := dsse.NewAttestor(test.signers...)
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, a)
		})
	}
	_, err := dsse.NewAttestor(many[:dsse.MaxSignatures]...)
	require.NoError(t, err)
}

func TestASignerThatFailsOrLiesFailsTheAttestation(t *testing.T) {
	alice, bob := attesttest.Signer("alice"), attesttest.Signer("bob")
	locked := errors.New("the device is locked")
	for name, sign := range map[string]func(context.Context, []byte) ([]byte, error){
		"fails":                     func(context.Context, []byte) ([]byte, error) { return nil, locked },
		"returns nothing":           func(context.Context, []byte) ([]byte, error) { return nil, nil },
		"returns garbage":           func(context.Context, []byte) ([]byte, error) { return make([]byte, 64), nil },
		"signs with another key":    alice.Sign,
		"signs something else":      func(ctx context.Context, m []byte) ([]byte, error) { return bob.Sign(ctx, m[1:]) },
		"signs what it has changed": func(ctx context.Context, m []byte) ([]byte, error) { m[0] ^= 1; return bob.Sign(ctx, m) },
	} {
		t.Run("a signer that "+name, func(t *testing.T) {
			a, err := dsse.NewAttestor(alice, device{bob.Public(), sign})
			require.NoError(t, err)
			out, err := a.Attest(t.Context(), aStatement(t))
			require.ErrorIs(t, err, attest.Is(dsse.CodeSigner))
			assert.Zero(t, out, "a partly signed envelope is none")
			if name == "fails" {
				assert.ErrorIs(t, err, locked)
			}
		})
	}
}

func TestAttestHandsOnItsContext(t *testing.T) {
	type mark struct{}
	alice := attesttest.Signer("alice")
	a, err := dsse.NewAttestor(device{alice.Public(), func(ctx context.Context, m []byte) ([]byte, error) {
		assert.Equal(t, true, ctx.Value(mark{}))
		return alice.Sign(ctx, m)
	}})
	require.NoError(t, err)
	_, err = a.Attest(context.WithValue(t.Context(), mark{}, true), aStatement(t))
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	stop := device{alice.Public(), func(ctx context.Context, m []byte) ([]byte, error) {
		calls++
		defer cancel()
		return alice.Sign(ctx, m)
	}}
	a, err = dsse.NewAttestor(stop, attesttest.Signer("bob"))
	require.NoError(t, err)
	for range 2 {
		out, err := a.Attest(ctx, aStatement(t))
		assert.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
		assert.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, out)
	}
	assert.Equal(t, 1, calls)
}

func TestAttestRefusesWhatIsNoStatement(t *testing.T) {
	a, err := dsse.NewAttestor(attesttest.Signer("alice"))
	require.NoError(t, err)
	for _, s := range []*attest.Statement{nil, {}} {
		out, err := a.Attest(t.Context(), s)
		assert.ErrorIs(t, err, attest.Is(attest.CodeNil))
		assert.Zero(t, out)
	}
}

// The library that gave the wire types is the partner of these tests.

// provider is a signer as go-securesystemslib sees it.
type provider struct {
	attest.Signer
	id string
}

func (p provider) KeyID() (string, error) { return p.id, nil }
func (p provider) Verify(_ context.Context, data, sig []byte) error {
	return key.Verify(p.Public(), data, sig)
}

func TestTheLibraryReadsOurEnvelopes(t *testing.T) {
	a := sign(t, "alice", "bob")
	var e wire.Envelope
	require.NoError(t, json.Unmarshal(a.Body, &e))
	lib, err := wire.NewMultiEnvelopeVerifier(2,
		provider{attesttest.Signer("alice"), e.Signatures[0].KeyID}, provider{attesttest.Signer("bob"), e.Signatures[1].KeyID})
	require.NoError(t, err)
	_, payload, err := lib.VerifyAndDecode(t.Context(), &e)
	require.NoError(t, err)
	assert.Equal(t, aStatement(t).Bytes(), payload)
}

func TestWeReadTheLibrarysEnvelopes(t *testing.T) {
	lib, err := wire.NewEnvelopeSigner(provider{attesttest.Signer("alice"), "some id"}, provider{attesttest.Signer("bob"), ""})
	require.NoError(t, err)
	e, err := lib.SignPayload(t.Context(), attest.MediaTypeInToto, aStatement(t).Bytes())
	require.NoError(t, err)
	body, err := json.MarshalIndent(e, "", "  ")
	require.NoError(t, err)
	v := verifier(t, trust(2, "alice", "bob"))
	assert.Equal(t, []string{"alice", "bob"}, principals(t, v, attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}))
}
