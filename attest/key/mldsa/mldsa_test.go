package mldsa_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	impl "filippo.io/mldsa"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key/mldsa"
	"github.com/sealwright/sealwright/attest/tlog"
)

func private(t testing.TB, p impl.Parameters, label string) *impl.PrivateKey {
	t.Helper()
	d := digest.FromBytes([]byte(label))
	k, err := impl.NewPrivateKey(p, []byte(d.Hex[:32]))
	require.NoError(t, err)
	return k
}

func signer(t testing.TB, p impl.Parameters, label string) attest.Signer {
	t.Helper()
	s, err := mldsa.NewSigner(private(t, p, label))
	require.NoError(t, err)
	return s
}

func requireCode(t testing.TB, code attest.Code, err error) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

func TestEveryParameterSetSignsAndIsReadFromPEM(t *testing.T) {
	for _, p := range []impl.Parameters{impl.MLDSA44(), impl.MLDSA65(), impl.MLDSA87()} {
		t.Run(p.String(), func(t *testing.T) {
			k := private(t, p, "a")
			secret, err := mldsa.MarshalPrivatePEM(k)
			require.NoError(t, err)
			s, err := mldsa.ParsePrivatePEM(secret)
			require.NoError(t, err)
			text, err := mldsa.MarshalPublicPEM(k.PublicKey())
			require.NoError(t, err)
			public, err := mldsa.ParsePublicPEM(text)
			require.NoError(t, err)
			sig, err := s.Sign(t.Context(), []byte("message"))
			require.NoError(t, err)
			require.NoError(t, mldsa.Verify(public, []byte("message"), sig))
			requireCode(t, mldsa.CodeSignature, mldsa.Verify(public, []byte("other"), sig))
			requireCode(t, mldsa.CodeSignature, mldsa.Verify(public, []byte("message"), sig[1:]))
			requireCode(t, mldsa.CodeSignature, mldsa.Verify(public, []byte("message"), append(sig, 0)))
			for bit := 0; bit < len(sig)*8; bit += 997 {
				bad := bytes.Clone(sig)
				bad[bit/8] ^= 1 << (bit % 8)
				requireCode(t, mldsa.CodeSignature, mldsa.Verify(public, []byte("message"), bad))
			}
			inContext, err := k.Sign(nil, []byte("message"), &impl.Options{Context: "c"})
			require.NoError(t, err)
			requireCode(t, mldsa.CodeSignature, mldsa.Verify(public, []byte("message"), inContext))
			for name, bad := range map[string][]byte{
				"nothing": nil, "text before": append([]byte("x\n"), text...), "two keys": append(bytes.Clone(text), text...), "a private key": secret,
				"a cut key": bytes.Replace(text, text[60:64], nil, 1),
			} {
				_, err := mldsa.ParsePublicPEM(bad)
				require.Error(t, err, name)
			}
			_, err = mldsa.ParsePrivatePEM(text)
			requireCode(t, mldsa.CodePEM, err)
		})
	}
	_, err := mldsa.NewSigner(nil)
	requireCode(t, attest.CodeNil, err)
	_, err = mldsa.Fingerprint(nil)
	requireCode(t, attest.CodeNil, err)
	requireCode(t, attest.CodeNil, mldsa.Verify(nil, nil, nil))
	_, err = mldsa.ParsePublicPEM(make([]byte, 1<<20))
	requireCode(t, attest.CodeLimit, err)
}

func TestACosignatureIsVerifiedInPackageTlog(t *testing.T) {
	s, err := tlog.NewSigner("w.example", tlog.MLDSA44, signer(t, impl.MLDSA44(), "w"), mldsa.Verify44)
	require.NoError(t, err)
	want, err := mldsa.Fingerprint(private(t, impl.MLDSA44(), "w").PublicKey())
	require.NoError(t, err)
	got, err := s.Key().Fingerprint()
	require.NoError(t, err)
	require.Equal(t, want, got, "both packages encode a key alike")
	require.False(t, mldsa.Verify44(nil, nil, nil))
	_, err = tlog.NewSigner("w.example", tlog.MLDSA44, signer(t, impl.MLDSA65(), "w"), mldsa.Verify44)
	requireCode(t, tlog.CodeKey, err)
}

// hybrid is a principal with a classical and an ML-DSA key.
func hybrid(t testing.TB, p impl.Parameters, label string) (attest.Attestor, attest.Attestor, mldsa.HybridTrust) {
	t.Helper()
	classical := attesttest.Signer(label)
	plain, err := dsse.NewAttestor(classical)
	require.NoError(t, err)
	both, err := mldsa.NewHybridAttestor(plain, signer(t, p, label))
	require.NoError(t, err)
	v, err := dsse.NewVerifier(dsse.Trust{Authority: "test:classical", Keys: []dsse.Key{{Principal: "release", Public: classical.Public()}}, Threshold: 1})
	require.NoError(t, err)
	return plain, both, mldsa.HybridTrust{
		Authority: "test:hybrid", Classical: v, Threshold: 1,
		Keys: []mldsa.Key{{Principal: "release", Public: private(t, p, label).PublicKey()}},
	}
}

func statement(t testing.TB) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement("https://example.com/v1", map[string]string{}, attest.Descriptor{Digest: digest.Set{digest.SHA256: digest.FromBytes(nil).Hex}})
	require.NoError(t, err)
	return s
}

func TestTheHybridKeepsTheContracts(t *testing.T) {
	_, both, trust := hybrid(t, impl.MLDSA65(), "a")
	v, err := mldsa.NewHybridVerifier(trust)
	require.NoError(t, err)
	_, stranger, _ := hybrid(t, impl.MLDSA65(), "stranger")
	attesttest.TestAttestor(t, both, v)
	attesttest.TestVerifier(t, v, both, stranger)
}

func TestHalfOfAHybridIsRefused(t *testing.T) {
	plain, both, trust := hybrid(t, impl.MLDSA65(), "a")
	v, err := mldsa.NewHybridVerifier(trust)
	require.NoError(t, err)
	want := attest.Want{AnySubject: true}
	out, err := both.Attest(t.Context(), statement(t))
	require.NoError(t, err)
	verified, err := v.Verify(t.Context(), out, want)
	require.NoError(t, err)
	require.Equal(t, "release", verified.Signers()[0].Principal())
	require.Len(t, verified.Signers(), 1)
	_, err = trust.Classical.Verify(t.Context(), out, want)
	require.NoError(t, err, "a classical verifier reads it too")

	half, err := plain.Attest(t.Context(), statement(t))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), half, want)
	requireCode(t, mldsa.CodeThreshold, err)

	strangersClassical, err := dsse.NewAttestor(attesttest.Signer("b"))
	require.NoError(t, err)
	other, err := mldsa.NewHybridAttestor(strangersClassical, signer(t, impl.MLDSA65(), "a"))
	require.NoError(t, err)
	out, err = other.Attest(t.Context(), statement(t))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), out, want)
	requireCode(t, dsse.CodeThreshold, err)

	wrongPQ, err := mldsa.NewHybridAttestor(plain, signer(t, impl.MLDSA65(), "b"))
	require.NoError(t, err)
	out, err = wrongPQ.Attest(t.Context(), statement(t))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), out, want)
	requireCode(t, mldsa.CodeThreshold, err)

	trust.Keys[0].Principal = "somebody else"
	apart, err := mldsa.NewHybridVerifier(trust)
	require.NoError(t, err)
	out, err = both.Attest(t.Context(), statement(t))
	require.NoError(t, err)
	_, err = apart.Verify(t.Context(), out, want)
	requireCode(t, mldsa.CodeThreshold, err)
}

func TestAHybridThatDoesNotSayWhatItMeansIsRefused(t *testing.T) {
	_, _, good := hybrid(t, impl.MLDSA44(), "a")
	for name, change := range map[string]func(*mldsa.HybridTrust){
		"no authority": func(x *mldsa.HybridTrust) { x.Authority = "" }, "no classical": func(x *mldsa.HybridTrust) { x.Classical = nil },
		"no key": func(x *mldsa.HybridTrust) { x.Keys = nil }, "threshold zero": func(x *mldsa.HybridTrust) { x.Threshold = 0 },
		"a threshold above": func(x *mldsa.HybridTrust) { x.Threshold = 2 },
		"a key twice": func(x *mldsa.HybridTrust) {
			x.Keys = append(x.Keys, mldsa.Key{Principal: "b", Public: x.Keys[0].Public})
		},
		"no principal": func(x *mldsa.HybridTrust) { x.Keys = []mldsa.Key{{Public: x.Keys[0].Public}} },
		"a nil key":    func(x *mldsa.HybridTrust) { x.Keys = []mldsa.Key{{Principal: "a"}} },
	} {
		bad := good
		change(&bad)
		_, err := mldsa.NewHybridVerifier(bad)
		require.ErrorIs(t, err, attest.Is(mldsa.CodeTrust), name)
	}
	_, err := mldsa.NewHybridAttestor(nil)
	requireCode(t, mldsa.CodeSigner, err)
	_, err = mldsa.NewHybridAttestor(attesttest.New("a"), attesttest.Signer("a"))
	requireCode(t, mldsa.CodeSigner, err)
	fake, err := mldsa.NewHybridAttestor(attesttest.New("a"), signer(t, impl.MLDSA44(), "a"))
	require.NoError(t, err)
	_, err = fake.Attest(t.Context(), statement(t))
	requireCode(t, mldsa.CodeEnvelope, err)
}

func FuzzParsePublicPEM(f *testing.F) {
	text, err := mldsa.MarshalPublicPEM(private(f, impl.MLDSA44(), "a").PublicKey())
	require.NoError(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := mldsa.ParsePublicPEM(data)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		again, err := mldsa.MarshalPublicPEM(k)
		require.NoError(t, err)
		k2, err := mldsa.ParsePublicPEM(again)
		require.NoError(t, err)
		require.True(t, k.Equal(k2))
	})
}

func ExampleVerify() {
	key, err := impl.GenerateKey(impl.MLDSA65())
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := mldsa.NewSigner(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	sig, err := signer.Sign(context.Background(), []byte("message"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(sig), mldsa.Verify(key.PublicKey(), []byte("message"), sig))
	// Output: 3309 <nil>
}
