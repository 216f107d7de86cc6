package tee_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
)

func exampleBinding() tee.Binding {
	nonce := make([]byte, 32)
	for i := range nonce {
		nonce[i] = byte(i)
	}
	return tee.Binding{
		Purpose: "build-provenance", Nonce: nonce, Statement: sha256Of("statement"),
		Audience: "relying party", BuildID: "job 1",
	}
}

// Test_bindingDigestVector compares with digests that a Python program computed
// from the documented construction.
func Test_bindingDigestVector(t *testing.T) {
	for size, want := range map[int]string{
		32: "fce12dc26635fd2ba76f8acfa181a4b10651c56097ed6e814edbad4119bd2e84",
		64: "af8c0fe1eda81f756c1c5ebe9774f8306bdbda6053cdf84d6393f99e3b552822cf8ac9348d841acc846692b2f9e15126a25653b3b41205dfcf86f1db41f0d073",
	} {
		got, err := exampleBinding().Digest("tpm2", size)
		require.NoError(t, err)
		require.Equal(t, want, hex.EncodeToString(got))
	}
}

func Test_everyFieldChangesTheDigest(t *testing.T) {
	seen := map[string]string{}
	add := func(name string, k tee.Kind, edit func(*tee.Binding)) {
		b := exampleBinding()
		edit(&b)
		sum, err := b.Digest(k, 32)
		require.NoError(t, err, name)
		other, twice := seen[string(sum)]
		require.False(t, twice, "%s and %s have one digest", name, other)
		seen[string(sum)] = name
	}
	add("nothing", "tpm2", func(*tee.Binding) {})
	add("kind", "toy", func(*tee.Binding) {})
	add("purpose", "tpm2", func(b *tee.Binding) { b.Purpose = "boot" })
	add("nonce", "tpm2", func(b *tee.Binding) { b.Nonce = bytes.Repeat([]byte{1}, 32) })
	add("nonce, shorter", "tpm2", func(b *tee.Binding) { b.Nonce = b.Nonce[:31] })
	add("nonce, zero-padded", "tpm2", func(b *tee.Binding) { b.Nonce = append(b.Nonce, 0) })
	add("key", "tpm2", func(b *tee.Binding) { b.SPKI = spki(t, "a") })
	add("another key", "tpm2", func(b *tee.Binding) { b.SPKI = spki(t, "b") })
	add("statement", "tpm2", func(b *tee.Binding) { b.Statement = sha256Of("another") })
	add("no statement", "tpm2", func(b *tee.Binding) { b.Statement = digest.Digest{} })
	add("audience", "tpm2", func(b *tee.Binding) { b.Audience = "" })
	add("build", "tpm2", func(b *tee.Binding) { b.BuildID = "" })
	add("fields split elsewhere", "tpm2", func(b *tee.Binding) { b.Audience, b.BuildID = "relying partyj", "ob 1" })
	add("fields swapped", "tpm2", func(b *tee.Binding) { b.Audience, b.BuildID = b.BuildID, b.Audience })
}

func Test_malformedBindingsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		code attest.Code
		edit func(*tee.Binding)
	}{
		"the zero binding":           {tee.CodePurpose, func(b *tee.Binding) { *b = tee.Binding{} }},
		"no purpose":                 {tee.CodePurpose, func(b *tee.Binding) { b.Purpose = "" }},
		"no nonce":                   {tee.CodeNonceSize, func(b *tee.Binding) { b.Nonce = nil }},
		"a nonce of 15 bytes":        {tee.CodeNonceSize, func(b *tee.Binding) { b.Nonce = b.Nonce[:15] }},
		"a nonce of 65 bytes":        {tee.CodeNonceSize, func(b *tee.Binding) { b.Nonce = make([]byte, 65) }},
		"a key that is no SPKI":      {tee.CodeBinding, func(b *tee.Binding) { b.SPKI = []byte("key") }},
		"a key with trailing bytes":  {tee.CodeBinding, func(b *tee.Binding) { b.SPKI = append(spki(t, "a"), 0) }},
		"a huge key":                 {tee.CodeBinding, func(b *tee.Binding) { b.SPKI = make([]byte, 9000) }},
		"a malformed digest":         {tee.CodeBinding, func(b *tee.Binding) { b.Statement.Hex = "00" }},
		"a digest that can collide":  {tee.CodeBinding, func(b *tee.Binding) { b.Statement = digest.Digest{Algorithm: digest.MD5, Hex: strings.Repeat("0", 32)} }},
		"a digest that nobody knows": {tee.CodeBinding, func(b *tee.Binding) { b.Statement = digest.Digest{Algorithm: "best", Hex: "00"} }},
		"a control character":        {tee.CodeBinding, func(b *tee.Binding) { b.BuildID = "a\nb" }},
		"text that is not UTF-8":     {tee.CodeBinding, func(b *tee.Binding) { b.Audience = "\xff" }},
		"a huge text":                {tee.CodeBinding, func(b *tee.Binding) { b.Purpose = strings.Repeat("a", 1025) }},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			b := exampleBinding()
			c.edit(&b)
			require.ErrorIs(t, b.Validate(), attest.Is(c.code))
			_, err := b.Digest("tpm2", 32)
			require.ErrorIs(t, err, attest.Is(c.code))
		})
	}
	for _, size := range []int{0, 16, 31, 33, 48, 63, 65} {
		_, err := exampleBinding().Digest("tpm2", size)
		require.ErrorIs(t, err, attest.Is(tee.CodeDigestSize))
	}
	for _, k := range []tee.Kind{"", "TPM", "1a", "a b", "a/b", tee.Kind(strings.Repeat("a", 33))} {
		_, err := exampleBinding().Digest(k, 32)
		require.ErrorIs(t, err, attest.Is(tee.CodeKind), "%q", k)
	}
}
