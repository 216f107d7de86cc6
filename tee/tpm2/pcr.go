package tpm2

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/bits"
	"strconv"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
)

// maxPCR is the highest register that the PC Client Platform TPM Profile has.
const maxPCR = 23

// selected returns the registers that a quote covers, in ascending order. It
// demands one bank, SHA-256: a quote over the SHA-1 bank can be collided, and
// one over none proves nothing.
func selected(s tpm.TPMLPCRSelection) ([]int, error) {
	if len(s.PCRSelections) != 1 {
		return nil, attest.Refuse(CodeBank, "Quote.pcrSelect", "one bank", strconv.Itoa(len(s.PCRSelections)))
	}
	bank := s.PCRSelections[0]
	if bank.Hash != tpm.TPMAlgSHA256 {
		return nil, attest.Refuse(CodeBank, "Quote.pcrSelect", "the SHA-256 bank", "another")
	}
	var out []int
	for i, b := range bank.PCRSelect {
		for ; b != 0; b &= b - 1 {
			out = append(out, 8*i+bits.TrailingZeros8(b))
		}
	}
	if len(out) == 0 || out[len(out)-1] > maxPCR {
		return nil, attest.Refuse(CodeSelection, "Quote.pcrSelect", "PCRs from 0 to "+strconv.Itoa(maxPCR), "none, or others")
	}
	return out, nil
}

// measurements demands that values are exactly those of the selected registers
// and give the digest that the TPM signed: TPM 2.0 part 1, "Attesting to PCR",
// the hash of the values in ascending order under the key's hash. A value that
// is not selected is refused, so that nobody mistakes it for a measurement.
func measurements(q *tpm.TPMSQuoteInfo, values []PCR) ([]tee.Measurement, error) {
	want, err := selected(q.PCRSelect)
	if err != nil {
		return nil, err
	}
	if len(values) != len(want) {
		return nil, attest.Refuse(CodeSelection, "Bundle.pcrs", strconv.Itoa(len(want))+" values, as selected", strconv.Itoa(len(values)))
	}
	h := sha256.New()
	out := make([]tee.Measurement, len(values))
	for i, v := range values {
		if v.Index != want[i] || len(v.Value) != sha256.Size {
			return nil, attest.Refuse(CodeSelection, "Bundle.pcrs/"+strconv.Itoa(i), "32 bytes of PCR "+strconv.Itoa(want[i]), strconv.Itoa(len(v.Value))+" bytes of PCR "+strconv.Itoa(v.Index))
		}
		h.Write(v.Value)
		out[i] = tee.Measurement{
			Register: Register, Index: v.Index, Selected: true,
			Value: digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(v.Value)},
		}
	}
	if !bytes.Equal(h.Sum(nil), q.PCRDigest.Buffer) {
		return nil, attest.Refuse(CodePCRDigest, "Bundle.pcrs", "values with the digest that was signed", "others")
	}
	return out, nil
}

// Register is the name of a PCR in tee.Measurement and tee.Reference.
const Register = "PCR"

func selection(pcrs []int) tpm.TPMLPCRSelection {
	u := make([]uint, len(pcrs))
	for i, p := range pcrs {
		u[i] = uint(p)
	}
	return tpm.TPMLPCRSelection{PCRSelections: []tpm.TPMSPCRSelection{
		{Hash: tpm.TPMAlgSHA256, PCRSelect: tpm.PCClientCompatible.PCRs(u...)},
	}}
}
