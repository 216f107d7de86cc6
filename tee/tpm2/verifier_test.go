package tpm2_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"flag"
	"io"
	"math/big"
	"os"
	"strings"
	"testing"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// fixture is a fake, its verifier and one piece of its evidence.
func fixture(t testing.TB, c faketpm.Config) (*faketpm.Platform, tee.Verifier, *tee.Evidence) {
	t.Helper()
	p, err := faketpm.New(c)
	require.NoError(t, err)
	v, err := p.Verifier()
	require.NoError(t, err)
	ev, err := p.Quote(context.Background(), tee.Binding{Purpose: "test", Nonce: make([]byte, 32), SPKI: p.SPKI()})
	require.NoError(t, err)
	return p, v, ev
}

func Test_claimsOfAQuote(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]faketpm.Config{
		"with an AK certificate": {Seed: "a"},
		"enrolled":               {Seed: "a", Enrolled: true},
		"with a certified key":   {Seed: "a", HoldKey: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, v, ev := fixture(t, config)
			c, err := v.Verify(context.Background(), ev, p.Authority().Params())
			require.NoError(t, err)
			sum, err := ev.Binding.Digest(tpm2.Kind, sha256.Size)
			require.NoError(t, err)
			require.Equal(t, sum, c.ReportData)
			require.Equal(t, tee.No, c.Debug)
			require.Equal(t, tee.No, c.Migratable)
			require.Equal(t, tee.No, c.MemoryEncrypted)
			require.Equal(t, tee.TCBNotJudged, c.TCB)
			require.Equal(t, uint64(123456), c.Vendor[tpm2.VendorClock])
			require.Equal(t, uint32(7), c.Vendor[tpm2.VendorResetCount])
			require.Equal(t, uint32(1), c.Vendor[tpm2.VendorRestartCount])
			require.Equal(t, true, c.Vendor[tpm2.VendorSafe])
			require.Equal(t, uint64(0x2026), c.Vendor[tpm2.VendorFirmwareVersion])
			require.Equal(t, p.Enrolment().AKName, c.Vendor[tpm2.VendorAKName])
			require.Equal(t, config.Enrolled, len(c.HardwareID) == sha256.Size, "the EK where it is known, else the AK")
			var refs []tee.Reference
			for _, m := range c.Measurements {
				require.True(t, m.Selected)
				refs = append(refs, tee.Reference{Kind: tpm2.Kind, Register: m.Register, Index: m.Index, Allowed: p.References()[m.Index].Allowed[:1]})
			}
			require.Equal(t, p.References(), refs)
			if config.HoldKey {
				require.Equal(t, p.Signer().Public(), c.KeyPub)
				return
			}
			require.Nil(t, c.KeyPub)
		})
	}
}

// Test_anEnrolmentSpeaksForOneKeyOnly: the record of one AK does not vouch for
// another, and a certificate is never topped up by an enrolment.
func Test_anEnrolmentSpeaksForOneKeyOnly(t *testing.T) {
	t.Parallel()
	p, v, _ := fixture(t, faketpm.Config{Seed: "a", Enrolled: true})
	_, _, other := fixture(t, faketpm.Config{Seed: "b", Enrolled: true})
	_, err := v.Verify(context.Background(), other, p.Authority().Params())
	require.ErrorIs(t, err, attest.Is(tpm2.CodeUntrustedAK))

	b, _, certified := fixture(t, faketpm.Config{Seed: "b"})
	v, err = tpm2.NewVerifier(b.Enrolment())
	require.NoError(t, err)
	_, err = v.Verify(context.Background(), certified, p.Authority().Params())
	require.ErrorIs(t, err, attest.Is(tee.CodeChain), "roots do not know its issuer")
}

// Test_theLibraryAloneIsNotEnough shows why structures are compared with what
// the library writes: it reads one with trailing bytes as if nothing followed.
func Test_theLibraryAloneIsNotEnough(t *testing.T) {
	t.Parallel()
	_, _, ev := fixture(t, faketpm.Config{Seed: "a"})
	b, err := tpm2.ParseBundle(ev.Raw)
	require.NoError(t, err)
	_, err = tpm.Unmarshal[tpm.TPMSAttest](append(b.Quote, 0))
	require.NoError(t, err, "if this fails, the library has become strict")
}

// Test_verificationTouchesNothing: no flags, nothing on the standard streams.
func Test_verificationTouchesNothing(t *testing.T) {
	flag.VisitAll(func(f *flag.Flag) {
		require.True(t, strings.HasPrefix(f.Name, "test."), "flag %s is registered", f.Name)
	})
	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	p, v, ev := fixture(t, faketpm.Config{Seed: "a"})
	_, okErr := v.Verify(context.Background(), ev, p.Authority().Params())
	ev.Raw[len(ev.Raw)-1] ^= 1
	_, badErr := v.Verify(context.Background(), ev, p.Authority().Params())
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, w.Close())
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, out)
	require.NoError(t, okErr)
	require.Error(t, badErr)
}

func Test_quotersAreConstructedStrictly(t *testing.T) {
	t.Parallel()
	_, err := tpm2.NewQuoter(nil, tpm2.QuoterConfig{PCRs: []int{0}})
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	for _, pcrs := range [][]int{nil, {}, {-1}, {24}, {0, 64}} {
		_, err := tpm2.NewQuoter(&tpm2.AK{}, tpm2.QuoterConfig{PCRs: pcrs})
		require.ErrorIs(t, err, attest.Is(tpm2.CodeArgument), "%v", pcrs)
	}
}

func Test_reasonsAreWellFormedAndDistinct(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range append(tpm2.Codes(), tee.Codes()...) {
		require.Regexp(t, `^tee(\.tpm2)?(\.[a-z0-9-]+){2}$`, string(c))
		require.False(t, seen[c], c)
		seen[c] = true
	}
}

// BenchmarkVerify compares the verification of a quote with the one signature
// that no verifier can do without.
func BenchmarkVerify(b *testing.B) {
	for name, c := range map[string]faketpm.Config{
		"enrolled":    {Seed: "a", Enrolled: true},
		"certificate": {Seed: "a"},
		"held-key":    {Seed: "a", HoldKey: true},
	} {
		b.Run(name, func(b *testing.B) {
			p, v, ev := fixture(b, c)
			params := p.Authority().Params()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), ev, params); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("baseline-p256", func(b *testing.B) {
		p, _, ev := fixture(b, faketpm.Config{Seed: "a"})
		bundle, err := tpm2.ParseBundle(ev.Raw)
		require.NoError(b, err)
		s, err := tpm.Unmarshal[tpm.TPMTSignature](bundle.Signature)
		require.NoError(b, err)
		sig, err := s.Signature.ECDSA()
		require.NoError(b, err)
		public, err := tpm.Unmarshal[tpm.TPMTPublic](bundle.Public)
		require.NoError(b, err)
		pub, err := tpm.Pub(*public)
		require.NoError(b, err)
		r, t := new(big.Int).SetBytes(sig.SignatureR.Buffer), new(big.Int).SetBytes(sig.SignatureS.Buffer)
		require.NotNil(b, p)
		b.ReportAllocs()
		for b.Loop() {
			sum := sha256.Sum256(bundle.Quote)
			if !ecdsa.Verify(pub.(*ecdsa.PublicKey), sum[:], r, t) {
				b.Fatal("does not verify")
			}
		}
	})
}

// BenchmarkFakeQuote is the cost of a platform and of a quote in tests.
func BenchmarkFakeQuote(b *testing.B) {
	b.Run("platform", func(b *testing.B) {
		for b.Loop() {
			if _, err := faketpm.New(faketpm.Config{Seed: "a"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("quote", func(b *testing.B) {
		p, _, _ := fixture(b, faketpm.Config{Seed: "a"})
		for b.Loop() {
			if _, err := p.Quote(context.Background(), tee.Binding{Purpose: "test", Nonce: make([]byte, 32)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
