package tpm2_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"testing"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/teetest/swtpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// machine is a software TPM with an AK and a throwaway authority.
type machine struct {
	device    *tpm2.Device
	ak        *tpm2.AK
	authority *teetest.Authority
}

func newMachine(t testing.TB) machine {
	t.Helper()
	device := tpm2.NewDevice(swtpm.Start(t))
	ak, err := device.CreateAK(context.Background())
	require.NoError(t, err)
	a, err := teetest.NewAuthority("swtpm")
	require.NoError(t, err)
	return machine{device, ak, a}
}

func publicKey(t testing.TB, public []byte) any {
	t.Helper()
	p, err := tpm.Unmarshal[tpm.TPMTPublic](public)
	require.NoError(t, err)
	k, err := tpm.Pub(*p)
	require.NoError(t, err)
	return k
}

func (m machine) akChain(t testing.TB) [][]byte {
	t.Helper()
	chain, err := m.authority.Issue(teetest.Leaf{
		Public: publicKey(t, m.ak.Public()), CommonName: "ak", CriticalName: true,
		Usages: []asn1.ObjectIdentifier{{2, 23, 133, 8, 3}},
	})
	require.NoError(t, err)
	return chain
}

func (m machine) ekChain(t testing.TB, ekPublic []byte) [][]byte {
	t.Helper()
	chain, err := m.authority.Issue(teetest.Leaf{
		Public: publicKey(t, ekPublic), CommonName: "ek", CriticalName: true,
		Usages: []asn1.ObjectIdentifier{{2, 23, 133, 8, 1}},
	})
	require.NoError(t, err)
	return chain
}

func foreign(t testing.TB) teetest.Foreign {
	t.Helper()
	f, err := faketpm.New(faketpm.Config{Seed: "foreign"})
	require.NoError(t, err)
	return teetest.Foreign{Quoter: f, Params: f.Authority().Params()}
}

func Test_conformanceOnSwtpm(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := newMachine(t)
	v, err := tpm2.NewVerifier()
	require.NoError(t, err)
	b := teetest.Backend{Verifier: v, Params: m.authority.Params(), Foreign: foreign(t), Stride: 13}

	b.Quoter, err = tpm2.NewQuoter(m.ak, tpm2.QuoterConfig{PCRs: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14}, Chain: m.akChain(t)})
	require.NoError(t, err)
	assert.NoError(t, teetest.Check(ctx, b), "a quote over more PCRs than one read returns")

	signer, err := m.device.NewSigner(ctx, "provenance")
	require.NoError(t, err)
	b.SPKI, err = x509.MarshalPKIXPublicKey(signer.Public())
	require.NoError(t, err)
	b.Quoter, err = tpm2.NewQuoter(m.ak, tpm2.QuoterConfig{PCRs: []int{7}, Chain: m.akChain(t), Signer: signer})
	require.NoError(t, err)
	b.Stride = 1
	assert.NoError(t, teetest.Check(ctx, b), "a quote with a certified key, every bit flipped")
}

// Test_enrolmentOnSwtpm enrols an AK by credential activation with both kinds
// of EK and then verifies a quote without any certificate in the evidence.
func Test_enrolmentOnSwtpm(t *testing.T) {
	t.Parallel()
	for name, ek := range map[string]tpm2.EK{"ECC": tpm2.EKECC, "RSA": tpm2.EKRSA} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			m := newMachine(t)
			r, err := m.ak.EnrolRequest(ctx, ek, [][]byte{{0}})
			require.NoError(t, err)
			r.EKChain = m.ekChain(t, r.EKPublic)

			c, pending, err := tpm2.NewChallenge(nil, *r, m.authority.Params())
			require.NoError(t, err)
			secret, err := m.ak.Activate(ctx, ek, *c)
			require.NoError(t, err)
			e, err := pending.Complete(secret)
			require.NoError(t, err)
			_, err = pending.Complete(secret)
			require.ErrorIs(t, err, attest.Is(tpm2.CodeActivation), "a second answer is refused")

			v, err := tpm2.NewVerifier(*e)
			require.NoError(t, err)
			q, err := tpm2.NewQuoter(m.ak, tpm2.QuoterConfig{PCRs: []int{0, 7}})
			require.NoError(t, err)
			require.NoError(t, teetest.Check(ctx, teetest.Backend{Quoter: q, Verifier: v, Params: m.authority.Params(), Foreign: foreign(t), Stride: 13}))
		})
	}
}

// Test_activationFailsInAnotherTPM: the secret goes only to the TPM that holds
// both keys.
func Test_activationFailsInAnotherTPM(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m, other := newMachine(t), newMachine(t)
	r, err := m.ak.EnrolRequest(ctx, tpm2.EKECC, [][]byte{{0}})
	require.NoError(t, err)
	r.EKChain = m.ekChain(t, r.EKPublic)
	good := *r

	t.Run("a challenge for another EK is not recovered", func(t *testing.T) {
		c, _, err := tpm2.NewChallenge(nil, good, m.authority.Params())
		require.NoError(t, err)
		_, err = other.ak.Activate(ctx, tpm2.EKECC, *c)
		require.ErrorIs(t, err, attest.Is(tpm2.CodeTPM))
	})
	t.Run("a challenge for another AK is not recovered", func(t *testing.T) {
		forged := good
		forged.AKPublic = other.ak.Public()
		c, _, err := tpm2.NewChallenge(nil, forged, m.authority.Params())
		require.NoError(t, err)
		_, err = m.ak.Activate(ctx, tpm2.EKECC, *c)
		require.ErrorIs(t, err, attest.Is(tpm2.CodeTPM))
	})
	t.Run("an altered challenge is not recovered", func(t *testing.T) {
		c, _, err := tpm2.NewChallenge(nil, good, m.authority.Params())
		require.NoError(t, err)
		c.Credential[len(c.Credential)-1] ^= 1
		_, err = m.ak.Activate(ctx, tpm2.EKECC, *c)
		require.ErrorIs(t, err, attest.Is(tpm2.CodeTPM))
	})
	t.Run("a wrong secret is refused, and so is the right one after it", func(t *testing.T) {
		c, pending, err := tpm2.NewChallenge(nil, good, m.authority.Params())
		require.NoError(t, err)
		secret, err := m.ak.Activate(ctx, tpm2.EKECC, *c)
		require.NoError(t, err)
		_, err = pending.Complete(make([]byte, 32))
		require.ErrorIs(t, err, attest.Is(tpm2.CodeActivation))
		_, err = pending.Complete(secret)
		require.ErrorIs(t, err, attest.Is(tpm2.CodeActivation))
	})
}

// Test_factoryCertificateOnSwtpm enrols with the EK certificate that a tool not
// written here made and stored in the TPM.
func Test_factoryCertificateOnSwtpm(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	raw, authorities := swtpm.StartManufactured(t)
	ak, err := tpm2.NewDevice(raw).CreateAK(ctx)
	require.NoError(t, err)
	r, err := ak.EnrolRequest(ctx, tpm2.EKRSA, nil)
	require.NoError(t, err)
	var certs []*x509.Certificate
	for _, text := range authorities {
		block, _ := pem.Decode(text)
		require.NotNil(t, block)
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		certs = append(certs, c)
	}
	r.EKChain = append(r.EKChain, certs[0].Raw)
	leaf, err := x509.ParseCertificate(r.EKChain[0])
	require.NoError(t, err)
	p := tee.Params{Time: leaf.NotBefore.AddDate(0, 0, 1), Roots: certs[1:]}

	c, pending, err := tpm2.NewChallenge(nil, *r, p)
	require.NoError(t, err)
	secret, err := ak.Activate(ctx, tpm2.EKRSA, *c)
	require.NoError(t, err)
	_, err = pending.Complete(secret)
	require.NoError(t, err)
}

func Test_signerOnSwtpm(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := newMachine(t)
	s, err := m.device.NewSigner(ctx, "a")
	require.NoError(t, err)
	sig, err := s.Sign(ctx, []byte("message"))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte("message"))
	require.True(t, ecdsa.VerifyASN1(s.Public().(*ecdsa.PublicKey), sum[:], sig))
	require.NoError(t, s.Close(ctx))

	again, err := m.device.NewSigner(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, s.Public(), again.Public(), "one label, one key")
	require.NoError(t, again.Close(ctx))
	other, err := m.device.NewSigner(ctx, "b")
	require.NoError(t, err)
	require.NotEqual(t, s.Public(), other.Public(), "another label, another key")

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = other.Sign(cancelled, []byte("message"))
	require.ErrorIs(t, err, context.Canceled)

	require.NoError(t, other.Close(ctx))
	_, err = other.Sign(ctx, []byte("message"))
	require.ErrorIs(t, err, attest.Is(tpm2.CodeTPM), "a closed key does not sign")
}

// meddler is a TPM in which somebody extends PCR 14 just before each of the
// first quotes.
type meddler struct {
	transport.TPM
	times int
}

func (m *meddler) Send(command []byte) ([]byte, error) {
	const quote = 0x158 // TPM_CC_Quote
	if binary.BigEndian.Uint32(command[6:]) == quote && m.times > 0 {
		m.times--
		if err := extend(m.TPM, 14, [32]byte{1}); err != nil {
			return nil, err
		}
	}
	return m.TPM.Send(command)
}

func extend(t transport.TPM, pcr int, event [32]byte) error {
	_, err := tpm.PCRExtend{
		PCRHandle: tpm.AuthHandle{Handle: tpm.TPMHandle(pcr), Auth: tpm.PasswordAuth(nil)},
		Digests:   tpm.TPMLDigestValues{Digests: []tpm.TPMTHA{{HashAlg: tpm.TPMAlgSHA256, Digest: event[:]}}},
	}.Execute(t)
	return err
}

// Test_registersThatMove: a PCR that is extended between reading and quoting
// leads to another attempt, and one that never holds still to an error.
func Test_registersThatMove(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := &meddler{TPM: swtpm.Start(t), times: 2}
	ak, err := tpm2.NewDevice(m).CreateAK(ctx)
	require.NoError(t, err)
	q, err := tpm2.NewQuoter(ak, tpm2.QuoterConfig{PCRs: []int{14}})
	require.NoError(t, err)
	b := tee.Binding{Purpose: "test", Nonce: make([]byte, 32)}
	_, err = q.Quote(ctx, b)
	require.NoError(t, err)
	require.Zero(t, m.times)
	m.times = 1000
	_, err = q.Quote(ctx, b)
	require.ErrorIs(t, err, attest.Is(tpm2.CodePCRDigest))
}

// Test_quoteFollowsPCR: what is measured into a register shows in the claims.
func Test_quoteFollowsPCR(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	raw := swtpm.Start(t)
	device := tpm2.NewDevice(raw)
	ak, err := device.CreateAK(ctx)
	require.NoError(t, err)
	m := machine{device, ak, nil}
	m.authority, err = teetest.NewAuthority("swtpm")
	require.NoError(t, err)
	q, err := tpm2.NewQuoter(ak, tpm2.QuoterConfig{PCRs: []int{14}, Chain: m.akChain(t)})
	require.NoError(t, err)
	v, err := tpm2.NewVerifier()
	require.NoError(t, err)

	value := func(want [32]byte) {
		ev, err := q.Quote(ctx, tee.Binding{Purpose: "test", Nonce: make([]byte, 32)})
		require.NoError(t, err)
		c, err := v.Verify(ctx, ev, m.authority.Params())
		require.NoError(t, err)
		require.Len(t, c.Measurements, 1)
		require.Equal(t, hex.EncodeToString(want[:]), c.Measurements[0].Value.Hex)
	}
	value([32]byte{})
	event := sha256.Sum256([]byte("event"))
	require.NoError(t, extend(raw, 14, event))
	value(sha256.Sum256(append(make([]byte, 32), event[:]...)))
}
