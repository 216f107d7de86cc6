package tsa_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/tsa"
)

// token returns a time-stamp of an instance and what it stamps.
func token(t testing.TB, i *virtual.Instance, change func(*virtual.Stamp)) (der, message []byte) {
	t.Helper()
	var doc struct {
		Material struct {
			Data struct {
				List []struct {
					Signed []byte `json:"signedTimestamp"`
				} `json:"rfc3161Timestamps"`
			} `json:"timestampVerificationData"`
		} `json:"verificationMaterial"`
		Message struct {
			Signature []byte `json:"signature"`
		} `json:"messageSignature"`
	}
	body := i.Bundle(t, virtual.Recipe{Message: true, Payload: []byte("x"), Stamp: change})
	require.NoError(t, json.Unmarshal(body, &doc))
	return doc.Material.Data.List[0].Signed, doc.Message.Signature
}

func authority(i *virtual.Instance, certs ...*x509.Certificate) tsa.Authority {
	return tsa.Authority{Name: "tsa", Certificates: append(certs, i.TSA.Intermediate, i.TSA.Root)}
}

func TestATokenIsVerifiedByConfiguredOrBroughtCertificate(t *testing.T) {
	i := virtual.New(t)
	configured, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	brought, err := tsa.NewVerifier(authority(i))
	require.NoError(t, err)
	bring := func(s *virtual.Stamp) { s.Certificates = []*x509.Certificate{i.Stamper} }

	der, message := token(t, i, nil)
	got, err := configured.Verify(der, message)
	require.NoError(t, err)
	assert.True(t, i.Now.Equal(got.Time))
	assert.Equal(t, "tsa", got.Authority)
	_, err = brought.Verify(der, message)
	assert.ErrorIs(t, err, attest.Is(tsa.CodeSigner), "nobody told the certificate")

	der, message = token(t, i, bring)
	for _, v := range []*tsa.Verifier{configured, brought} {
		_, err = v.Verify(der, message)
		require.NoError(t, err)
	}
}

func TestACertificateThatATokenBringsMustLeadToTheAuthority(t *testing.T) {
	i, other := virtual.New(t), virtual.New(t)
	v, err := tsa.NewVerifier(authority(i))
	require.NoError(t, err)
	forged := func(first, second *x509.Certificate) func(*virtual.Stamp) {
		return func(s *virtual.Stamp) { s.Certificates = []*x509.Certificate{first, second} }
	}
	// The other instance's certificates have the same names and serial numbers.
	der, message := token(t, other, forged(other.Stamper, i.Stamper))
	_, err = v.Verify(der, message)
	assert.NotEmpty(t, attest.Reasons(err), "a forged certificate before the true one")
	der, message = token(t, other, forged(i.Stamper, other.Stamper))
	_, err = v.Verify(der, message)
	assert.ErrorIs(t, err, attest.Is(tsa.CodeSignature), "a forged certificate after the true one")
}

func TestNoBitOfATokenThatIsSignedCanChange(t *testing.T) {
	i := virtual.New(t)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(t, err)
	der, message := token(t, i, nil)
	accepted := 0
	for bit := range len(der) * 8 {
		bad := append([]byte{}, der...)
		bad[bit/8] ^= 1 << (bit % 8)
		got, err := v.Verify(bad, message)
		if err == nil {
			accepted++
			require.True(t, i.Now.Equal(got.Time), "bit %d changes the time", bit)
		}
	}
	// CMS has parts that nobody signs and nobody reads: versions, the list of
	// digest algorithms, the outer content type (the signed one is read), the
	// kind of grant.
	assert.Less(t, accepted, len(der)*8/10)
	t.Logf("%d of %d bits are signed by nobody", accepted, len(der)*8)
}

func TestATokenNestedTooDeepOrNotInDERIsRefused(t *testing.T) {
	v, err := tsa.NewVerifier()
	require.NoError(t, err)
	for name, token := range map[string][]byte{
		"indefinite lengths": append(bytes.Repeat([]byte{0x30, 0x80}, 100), make([]byte, 200)...),
		"too deep":           nested(40),
	} {
		der := append([]byte{0x30, 0x82, byte((len(token) + 5) >> 8), byte(len(token) + 5), 0x30, 3, 2, 1, 0}, token...)
		_, err := v.Verify(der, nil)
		assert.ErrorIs(t, err, attest.Is(tsa.CodeFormat), name)
	}
}

// nested returns sequences in each other.
func nested(n int) []byte {
	out := []byte{}
	for range n {
		out = append([]byte{0x30, byte(len(out))}, out...)
	}
	return out
}

func FuzzVerify(f *testing.F) {
	i := virtual.New(f)
	v, err := tsa.NewVerifier(authority(i, i.Stamper))
	require.NoError(f, err)
	der, message := token(f, i, nil)
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := v.Verify(der, message)
		if err == nil && !got.Time.Equal(i.Now) {
			t.Fatal("a time that nobody stamped")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatalf("a refusal without reason: %v", err)
		}
	})
}
