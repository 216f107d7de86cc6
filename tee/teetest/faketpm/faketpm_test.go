package faketpm_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

func backend(t *testing.T, c faketpm.Config) teetest.Backend {
	t.Helper()
	p, err := faketpm.New(c)
	require.NoError(t, err)
	v, err := p.Verifier()
	require.NoError(t, err)
	f, err := faketpm.New(faketpm.Config{Seed: c.Seed + " foreign"})
	require.NoError(t, err)
	return teetest.Backend{
		Quoter: p, Verifier: v, Params: p.Authority().Params(), SPKI: p.SPKI(), Forgeries: p.Forgeries(),
		Foreign: teetest.Foreign{Quoter: f, Params: f.Authority().Params()},
	}
}

// Test_conformance runs the whole kit on every form of the fake's evidence, and
// flips every bit of the one that has all the parts.
func Test_conformance(t *testing.T) {
	for name, c := range map[string]struct {
		config faketpm.Config
		stride int
	}{
		"an AK with a certificate":                     {faketpm.Config{Seed: "a"}, 13},
		"an AK with a certificate and a certified key": {faketpm.Config{Seed: "b", HoldKey: true}, 1},
		"an enrolled AK":                               {faketpm.Config{Seed: "c", Enrolled: true}, 13},
		"an enrolled AK and a certified key":           {faketpm.Config{Seed: "d", Enrolled: true, HoldKey: true}, 13},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := backend(t, c.config)
			b.Stride = c.stride
			require.NoError(t, teetest.Check(context.Background(), b))
		})
	}
}

// Test_equalSeedsAreOnePlatform: the same evidence, byte for byte, and another
// for another seed.
func Test_equalSeedsAreOnePlatform(t *testing.T) {
	t.Parallel()
	b := tee.Binding{Purpose: "test", Nonce: make([]byte, 32)}
	quote := func(seed string) []byte {
		p, err := faketpm.New(faketpm.Config{Seed: seed})
		require.NoError(t, err)
		ev, err := p.Quote(context.Background(), b)
		require.NoError(t, err)
		raw, err := ev.Encode()
		require.NoError(t, err)
		return raw
	}
	require.Equal(t, quote("a"), quote("a"))
	require.NotEqual(t, quote("a"), quote("b"))
}

func Test_theHeldKeySigns(t *testing.T) {
	t.Parallel()
	p, err := faketpm.New(faketpm.Config{Seed: "a", HoldKey: true})
	require.NoError(t, err)
	sig, err := p.Signer().Sign(context.Background(), []byte("message"))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte("message"))
	require.True(t, ecdsa.VerifyASN1(p.Signer().Public().(*ecdsa.PublicKey), sum[:], sig))
	spki, err := x509.MarshalPKIXPublicKey(p.Signer().Public())
	require.NoError(t, err)
	require.Equal(t, spki, p.SPKI())

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = p.Signer().Sign(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Quote(context.Background(), tee.Binding{Purpose: "test", Nonce: make([]byte, 32)})
	require.ErrorIs(t, err, attest.Is(tpm2.CodeArgument), "a binding must name the key that is certified")
}
