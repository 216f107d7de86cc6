package tpm2

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"strconv"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

// An AK is an attestation key: a restricted ECC P-256 primary key of the
// endorsement hierarchy. It follows from the TPM's endorsement seed, so that
// every CreateAK on one TPM gives the same key and certificates for it last.
type AK struct {
	object *object
}

// CreateAK loads the attestation key into the TPM. Close unloads it.
func (d *Device) CreateAK(ctx context.Context) (*AK, error) {
	o, _, err := d.createSigning(ctx, tpm.TPMRHEndorsement, signingTemplate(true))
	if err != nil {
		return nil, err
	}
	return &AK{o}, nil
}

// Public returns the key's public area, a TPMT_PUBLIC.
func (k *AK) Public() []byte { return bytes.Clone(k.object.public) }

// Close unloads the key from the TPM. Quoters on it fail from then on.
func (k *AK) Close(ctx context.Context) error { return k.object.close(ctx) }

// QuoterConfig makes a quoter. PCRs is mandatory.
type QuoterConfig struct {
	// PCRs are the registers of the SHA-256 bank to quote, 0 to 23.
	PCRs []int
	// Chain is the AK's certificate in DER, followed by the intermediates up to,
	// and without, the root. It is empty when the verifier enrolled the AK.
	Chain [][]byte
	// Signer, a key of the same Device, is certified in each quote, whose binding
	// must then name it. It is nil when the evidence certifies no key.
	Signer *Signer
}

type quoter struct {
	ak     *AK
	config QuoterConfig
}

// NewQuoter returns the tee.TEEQuoter that quotes with ak.
func NewQuoter(ak *AK, c QuoterConfig) (tee.TEEQuoter, error) {
	if ak == nil {
		return nil, attest.Refuse(attest.CodeNil, "AK", "an attestation key", "nil")
	}
	c.PCRs = slices.Clone(c.PCRs)
	slices.Sort(c.PCRs)
	c.PCRs = slices.Compact(c.PCRs)
	if len(c.PCRs) == 0 || c.PCRs[0] < 0 || c.PCRs[len(c.PCRs)-1] > maxPCR {
		return nil, attest.Refuse(CodeArgument, "QuoterConfig.PCRs", "PCRs from 0 to "+strconv.Itoa(maxPCR), "none, or others")
	}
	if c.Signer != nil && c.Signer.object.device != ak.object.device {
		return nil, attest.Refuse(CodeArgument, "QuoterConfig.Signer", "a key of the AK's device", "a key of another")
	}
	c.Chain = cloneAll(c.Chain)
	return &quoter{ak, c}, nil
}

func (*quoter) Kind() tee.Kind { return Kind }

func (q *quoter) Quote(ctx context.Context, b tee.Binding) (*tee.Evidence, error) {
	data, err := b.Digest(Kind, sha256.Size)
	if err != nil {
		return nil, err
	}
	if q.config.Signer != nil && !bytes.Equal(b.SPKI, q.config.Signer.spki) {
		return nil, attest.Refuse(CodeArgument, "Binding.SPKI", "the signer's key", "another key, or none")
	}
	bundle := &Bundle{Public: q.ak.Public()}
	err = q.ak.object.device.do(ctx, func(t transport.TPM) error {
		if err := q.quote(ctx, t, bundle, data); err != nil {
			return err
		}
		if q.config.Signer == nil {
			return nil
		}
		return q.certify(t, bundle, data)
	})
	if err != nil {
		return nil, err
	}
	raw, err := bundle.Encode()
	if err != nil {
		return nil, err
	}
	ev := &tee.Evidence{Kind: Kind, MediaType: MediaTypeBundle, Raw: raw, Binding: b}
	for _, der := range q.config.Chain {
		ev.Endorsements = append(ev.Endorsements, tee.Blob{MediaType: tee.MediaTypeCertificate, Body: der})
	}
	if err := ev.Validate(); err != nil {
		return nil, err
	}
	return ev.Clone(), nil
}

// quote reads the registers and quotes them. Somebody may extend one between
// the two commands; then the pair does not fit and is made anew.
func (q *quoter) quote(ctx context.Context, t transport.TPM, b *Bundle, data []byte) error {
	const attempts = 5
	for range attempts {
		if err := ctx.Err(); err != nil {
			return err
		}
		values, err := readPCRs(t, q.config.PCRs)
		if err != nil {
			return err
		}
		r, err := tpm.Quote{
			SignHandle:     q.ak.object.auth(),
			QualifyingData: tpm.TPM2BData{Buffer: data},
			InScheme:       tpm.TPMTSigScheme{Scheme: tpm.TPMAlgNull},
			PCRSelect:      selection(q.config.PCRs),
		}.Execute(t)
		if err != nil {
			return refused("TPM2_Quote", err)
		}
		a, err := r.Quoted.Contents()
		if err != nil {
			return refused("TPM2_Quote", err)
		}
		info, err := a.Attested.Quote()
		if err != nil {
			return refused("TPM2_Quote", err)
		}
		if _, err := measurements(info, values); err == nil {
			b.PCRs, b.Quote, b.Signature = values, r.Quoted.Bytes(), tpm.Marshal(r.Signature)
			return nil
		}
	}
	return attest.Refuse(CodePCRDigest, "TPM2_Quote", "registers that hold still", "values that changed each time")
}

func (q *quoter) certify(t transport.TPM, b *Bundle, data []byte) error {
	signer := q.config.Signer.object
	r, err := tpm.Certify{
		ObjectHandle:   signer.auth(),
		SignHandle:     q.ak.object.auth(),
		QualifyingData: tpm.TPM2BData{Buffer: data},
		InScheme:       tpm.TPMTSigScheme{Scheme: tpm.TPMAlgNull},
	}.Execute(t)
	if err != nil {
		return refused("TPM2_Certify", err)
	}
	b.Key = []CertifiedKey{{Public: signer.public, Certify: r.CertifyInfo.Bytes(), Signature: tpm.Marshal(r.Signature)}}
	return nil
}

// readPCRs reads registers, which are in ascending order. A TPM returns at most
// eight at a time.
func readPCRs(t transport.TPM, pcrs []int) ([]PCR, error) {
	const most = 8
	var out []PCR
	for chunk := range slices.Chunk(pcrs, most) {
		r, err := tpm.PCRRead{PCRSelectionIn: selection(chunk)}.Execute(t)
		if err != nil {
			return nil, refused("TPM2_PCR_Read", err)
		}
		if len(r.PCRValues.Digests) != len(chunk) {
			return nil, attest.Refuse(CodeBank, "TPM2_PCR_Read", strconv.Itoa(len(chunk))+" registers of the SHA-256 bank", strconv.Itoa(len(r.PCRValues.Digests)))
		}
		for i, p := range chunk {
			out = append(out, PCR{p, r.PCRValues.Digests[i].Buffer})
		}
	}
	return out, nil
}

func cloneAll(chain [][]byte) [][]byte {
	out := make([][]byte, len(chain))
	for i, der := range chain {
		out[i] = bytes.Clone(der)
	}
	return out
}
