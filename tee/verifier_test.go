package tee_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
)

// certificate issues a certificate for the key of a seed; from a nil parent it
// issues a root.
func certificate(t *testing.T, seed string, notAfter time.Time, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: seed},
		NotBefore: teetest.Now().AddDate(-1, 0, 0), NotAfter: notAfter,
		BasicConstraintsValid: true, IsCA: parent == nil,
	}
	if parent == nil {
		parent, c.KeyUsage = c, x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, teetest.Key(seed).Public(), key)
	require.NoError(t, err)
	c, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return c
}

func Test_chains(t *testing.T) {
	t.Parallel()
	later, now := teetest.Now().AddDate(1, 0, 0), teetest.Now()
	key := teetest.Key("root")
	root := certificate(t, "root", later, nil, key)
	leaf := certificate(t, "leaf", later.AddDate(1, 0, 0), root, key)

	t.Run("a chain is valid as long as its shortest certificate", func(t *testing.T) {
		w, err := tee.Params{Time: now, Roots: []*x509.Certificate{root}}.VerifyChain(leaf, nil)
		require.NoError(t, err, "a root of nobody's fake needs no permission")
		require.Equal(t, root.NotAfter, w.NotAfter)
		require.Equal(t, root.NotBefore, w.NotBefore)
	})
	t.Run("an expired root is refused", func(t *testing.T) {
		_, err := tee.Params{Time: later.Add(time.Second), Roots: []*x509.Certificate{root}}.VerifyChain(leaf, nil)
		require.ErrorIs(t, err, attest.Is(tee.CodeChain))
	})
	t.Run("a root that is only an intermediate is refused", func(t *testing.T) {
		other := certificate(t, "other", later, nil, teetest.Key("other"))
		_, err := tee.Params{Time: now, Roots: []*x509.Certificate{other}}.VerifyChain(leaf, []*x509.Certificate{root})
		require.ErrorIs(t, err, attest.Is(tee.CodeChain))
	})
	t.Run("no roots never mean the roots of the system", func(t *testing.T) {
		_, err := tee.Params{Time: now}.VerifyChain(leaf, []*x509.Certificate{root})
		require.ErrorIs(t, err, attest.Is(tee.CodeRoots))
	})
	t.Run("a root in place of a leaf is refused", func(t *testing.T) {
		_, err := tee.Params{Time: now, Roots: []*x509.Certificate{root}}.VerifyChain(root, nil)
		require.ErrorIs(t, err, attest.Is(tee.CodeChain))
		_, err = tee.Params{Time: now, Roots: []*x509.Certificate{root}}.VerifyChain(nil, nil)
		require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	})
	t.Run("a throwaway root is known by its issuer, too", func(t *testing.T) {
		a, err := teetest.NewAuthority("a")
		require.NoError(t, err)
		p := a.Params()
		p.AllowThrowaway = false
		require.ErrorIs(t, p.Validate(), attest.Is(tee.CodeThrowaway))
	})
}
