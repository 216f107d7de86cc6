package tpm2_test

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"testing"
	"time"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// point returns a public key as a TPM writes it.
func point(t testing.TB, k *ecdsa.PrivateKey) *tpm.TPMSECCPoint {
	t.Helper()
	b, err := k.PublicKey.Bytes()
	require.NoError(t, err)
	return &tpm.TPMSECCPoint{X: tpm.TPM2BECCParameter{Buffer: b[1:33]}, Y: tpm.TPM2BECCParameter{Buffer: b[33:]}}
}

// ekPublic returns the public area of an ECC EK with k's key.
func ekPublic(t testing.TB, k *ecdsa.PrivateKey, edit func(*tpm.TPMTPublic)) []byte {
	t.Helper()
	p := tpm.ECCEKTemplate
	p.Unique = tpm.NewTPMUPublicID(tpm.TPMAlgECC, point(t, k))
	if edit != nil {
		edit(&p)
	}
	return tpm.Marshal(p)
}

// akPublic takes the public area of an AK out of the evidence of a fake.
func akPublic(t testing.TB) []byte {
	t.Helper()
	p, err := faketpm.New(faketpm.Config{Seed: "enrol"})
	require.NoError(t, err)
	ev, err := p.Quote(t.Context(), tee.Binding{Purpose: "test", Nonce: make([]byte, 32)})
	require.NoError(t, err)
	b, err := tpm2.ParseBundle(ev.Raw)
	require.NoError(t, err)
	return b.Public
}

// Test_unfitEnrolmentsAreRefused: no challenge goes to keys that are not what
// they seem.
func Test_unfitEnrolmentsAreRefused(t *testing.T) {
	t.Parallel()
	a, err := teetest.NewAuthority("maker")
	require.NoError(t, err)
	selfMade, err := teetest.NewAuthority("self-made")
	require.NoError(t, err)
	ek := teetest.Key("ek")
	usage := func(last int) []asn1.ObjectIdentifier { return []asn1.ObjectIdentifier{{2, 23, 133, 8, last}} }
	issue := func(a *teetest.Authority, l teetest.Leaf) [][]byte {
		if l.Public == nil {
			l.Public = ek.Public()
		}
		if l.Usages == nil {
			l.Usages = usage(1)
		}
		l.CriticalName = true
		chain, err := a.Issue(l)
		require.NoError(t, err)
		return chain
	}
	request := func() tpm2.EnrolRequest {
		return tpm2.EnrolRequest{EK: tpm2.EKECC, EKPublic: ekPublic(t, ek, nil), EKChain: issue(a, teetest.Leaf{}), AKPublic: akPublic(t)}
	}
	_, _, err = tpm2.NewChallenge(nil, request(), a.Params())
	require.NoError(t, err, "the control: nothing unfit")

	attr := func(f func(*tpm.TPMAObject)) func(*tpm2.EnrolRequest) {
		return func(r *tpm2.EnrolRequest) {
			r.EKPublic = ekPublic(t, ek, func(p *tpm.TPMTPublic) { f(&p.ObjectAttributes) })
		}
	}
	for name, c := range map[string]struct {
		code attest.Code
		edit func(*tpm2.EnrolRequest)
	}{
		"the zero request":                      {tpm2.CodeTrailing, func(r *tpm2.EnrolRequest) { *r = tpm2.EnrolRequest{} }},
		"no EK certificate":                     {tpm2.CodeCertificate, func(r *tpm2.EnrolRequest) { r.EKChain = nil }},
		"a certificate of another EK":           {tpm2.CodeCertificate, func(r *tpm2.EnrolRequest) { r.EKChain = issue(a, teetest.Leaf{Public: teetest.Key("other").Public()}) }},
		"an EK that the certificate is not for": {tpm2.CodeCertificate, func(r *tpm2.EnrolRequest) { r.EKPublic = ekPublic(t, teetest.Key("other"), nil) }},
		"an AK certificate for the EK":          {tpm2.CodeCertificate, func(r *tpm2.EnrolRequest) { r.EKChain = issue(a, teetest.Leaf{Usages: usage(3)}) }},
		"a self-made authority":                 {tee.CodeChain, func(r *tpm2.EnrolRequest) { r.EKChain = issue(selfMade, teetest.Leaf{}) }},
		"a root that the request brings":        {tee.CodeChain, func(r *tpm2.EnrolRequest) { r.EKChain = append(issue(selfMade, teetest.Leaf{}), selfMade.Root().Raw) }},
		"an expired EK certificate": {tee.CodeChain, func(r *tpm2.EnrolRequest) {
			r.EKChain = issue(a, teetest.Leaf{NotAfter: teetest.Now().Add(-time.Second)})
		}},
		"a certificate with trailing bytes": {tpm2.CodeCertificate, func(r *tpm2.EnrolRequest) { r.EKChain[0] = append(r.EKChain[0], 0) }},
		"an EK with trailing bytes":         {tpm2.CodeTrailing, func(r *tpm2.EnrolRequest) { r.EKPublic = append(r.EKPublic, 0) }},
		"an EK of the other template":       {tpm2.CodeAttributes, func(r *tpm2.EnrolRequest) { r.EK = tpm2.EKRSA }},
		"an EK that can be duplicated":      {tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.FixedTPM, a.FixedParent = false, false })},
		"an imported EK":                    {tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.SensitiveDataOrigin = false })},
		"an EK that is not restricted":      {tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.Restricted = false })},
		"an EK that anybody may use":        {tpm2.CodeAttributes, attr(func(a *tpm.TPMAObject) { a.UserWithAuth = true })},
		"an EK with another policy": {tpm2.CodeAttributes, func(r *tpm2.EnrolRequest) {
			r.EKPublic = ekPublic(t, ek, func(p *tpm.TPMTPublic) { p.AuthPolicy.Buffer = make([]byte, 32) })
		}},
		"an EK in place of the AK":  {tpm2.CodeAttributes, func(r *tpm2.EnrolRequest) { r.AKPublic = r.EKPublic }},
		"an AK with trailing bytes": {tpm2.CodeTrailing, func(r *tpm2.EnrolRequest) { r.AKPublic = append(r.AKPublic, 0) }},
		"an AK that is not restricted": {tpm2.CodeAttributes, func(r *tpm2.EnrolRequest) {
			r.AKPublic[5] &^= 1 // attribute bit 16
		}},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			r := request()
			c.edit(&r)
			challenge, pending, err := tpm2.NewChallenge(nil, r, a.Params())
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, challenge)
			require.Nil(t, pending)
		})
	}
	t.Run("throwaway roots are refused in production", func(t *testing.T) {
		p := a.Params()
		p.AllowThrowaway = false
		_, _, err := tpm2.NewChallenge(nil, request(), p)
		require.ErrorIs(t, err, attest.Is(tee.CodeThrowaway))
	})
	t.Run("a source of secrets that runs dry is an error", func(t *testing.T) {
		_, _, err := tpm2.NewChallenge(bytes.NewReader(nil), request(), a.Params())
		require.ErrorIs(t, err, attest.Is(tpm2.CodeArgument))
	})
	t.Run("incomplete enrolments are refused", func(t *testing.T) {
		for _, e := range []tpm2.Enrolment{{}, {AKName: make([]byte, 34)}, {AKName: []byte{1}, EKChain: [][]byte{{1}}}} {
			_, err := tpm2.NewVerifier(e)
			require.ErrorIs(t, err, attest.Is(tpm2.CodeArgument))
		}
	})
	t.Run("the zero Pending completes nothing", func(t *testing.T) {
		_, err := new(tpm2.Pending).Complete(nil)
		require.ErrorIs(t, err, attest.Is(tpm2.CodeActivation))
	})
}
