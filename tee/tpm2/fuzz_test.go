package tpm2

import (
	"context"
	"crypto/x509"
	"testing"
	"time"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

// FuzzStructures: whatever is read as one TPM structure is written back byte
// for byte, and nothing panics.
func FuzzStructures(f *testing.F) {
	point := &tpm.TPMSECCPoint{X: tpm.TPM2BECCParameter{Buffer: make([]byte, 32)}, Y: tpm.TPM2BECCParameter{Buffer: make([]byte, 32)}}
	public := signingTemplate(true)
	public.Unique = tpm.NewTPMUPublicID(tpm.TPMAlgECC, point)
	f.Add(tpm.Marshal(public))
	f.Add(tpm.Marshal(tpm.RSAEKTemplate))
	f.Add(tpm.Marshal(tpm.ECCEKTemplate))
	for kind, u := range map[tpm.TPMST]tpm.TPMUAttest{
		tpm.TPMSTAttestQuote:   tpm.NewTPMUAttest(tpm.TPMSTAttestQuote, &tpm.TPMSQuoteInfo{PCRSelect: selection([]int{0, 7})}),
		tpm.TPMSTAttestCertify: tpm.NewTPMUAttest(tpm.TPMSTAttestCertify, &tpm.TPMSCertifyInfo{}),
		tpm.TPMSTAttestTime:    tpm.NewTPMUAttest(tpm.TPMSTAttestTime, &tpm.TPMSTimeAttestInfo{}),
		tpm.TPMSTAttestNV:      tpm.NewTPMUAttest(tpm.TPMSTAttestNV, &tpm.TPMSNVCertifyInfo{}),
	} {
		f.Add(tpm.Marshal(tpm.TPMSAttest{Magic: tpm.TPMGeneratedValue, Type: kind, Attested: u}))
	}
	f.Add(tpm.Marshal(tpm.TPMTSignature{SigAlg: tpm.TPMAlgECDSA, Signature: tpm.NewTPMUSignature(tpm.TPMAlgECDSA, &tpm.TPMSSignatureECC{Hash: tpm.TPMAlgSHA256})}))
	f.Add([]byte{0, 0x10})
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := exact[tpm.TPMSAttest]("fuzz", b); err == nil {
			require.Equal(t, b, tpm.Marshal(*a))
			if q, err := a.Attested.Quote(); err == nil {
				_, err := measurements(q, nil)
				require.Error(t, err, "no values satisfy no selection")
			}
		} else {
			require.NotEmpty(t, attest.Reasons(err))
		}
		if s, err := exact[tpm.TPMTSignature]("fuzz", b); err == nil {
			require.Equal(t, b, tpm.Marshal(*s))
		}
		if k, err := parseKey("fuzz", b, true); err == nil {
			_, err := x509.MarshalPKIXPublicKey(k.public)
			require.NoError(t, err)
			require.Error(t, k.verify("fuzz", b, b))
		}
		_, err := parseEK(EnrolRequest{EKPublic: b})
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
		}
	})
}

// FuzzBundle: whatever parses encodes to the same bytes, and no bundle without
// a certificate is ever accepted.
func FuzzBundle(f *testing.F) {
	b := &Bundle{Public: []byte{1}, Quote: []byte{2}, Signature: []byte{3}, PCRs: []PCR{{0, make([]byte, 32)}}}
	raw, err := b.Encode()
	require.NoError(f, err)
	f.Add(raw)
	b.Key = []CertifiedKey{{Public: []byte{4}, Certify: []byte{5}, Signature: []byte{6}}}
	raw, err = b.Encode()
	require.NoError(f, err)
	f.Add(raw)
	v, err := NewVerifier()
	require.NoError(f, err)
	root := &x509.Certificate{Raw: []byte{1}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if b, err := ParseBundle(raw); err == nil {
			again, err := b.Encode()
			require.NoError(t, err)
			require.Equal(t, raw, again)
		}
		ev := &tee.Evidence{Kind: Kind, MediaType: MediaTypeBundle, Raw: raw, Binding: tee.Binding{Purpose: "fuzz", Nonce: make([]byte, 32)}}
		c, err := v.Verify(context.Background(), ev, tee.Params{Time: time.Unix(1800000000, 0), Roots: []*x509.Certificate{root}})
		require.Nil(t, c)
		require.NotEmpty(t, attest.Reasons(err))
	})
}
