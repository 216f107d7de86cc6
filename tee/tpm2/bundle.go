package tpm2

import (
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/internal/strictcbor"
)

// Kind is the kind of all evidence of this package.
const Kind tee.Kind = "tpm2"

// MediaTypeBundle is the media type of an encoded Bundle.
const MediaTypeBundle = "application/vnd.sealwright.tpm2-bundle.v1+cbor"

// maxBundle bounds an encoded bundle: 24 PCRs and two keys need under 2 KiB.
const maxBundle = 64 << 10

// A Bundle is the Raw of tee.Evidence: what the TPM returned, in the TPM's own
// encoding (TPM 2.0 part 2), and the PCR values that the quote covers.
type Bundle struct {
	// Public is the TPMT_PUBLIC of the AK.
	Public []byte `cbor:"public"`
	// Quote is the TPMS_ATTEST of TPM2_Quote, Signature its TPMT_SIGNATURE.
	Quote     []byte `cbor:"quote"`
	Signature []byte `cbor:"signature"`
	// PCRs are the values of the selected registers, in ascending order.
	PCRs []PCR `cbor:"pcrs"`
	// Key, when there is one, is a signing key of the same TPM. The list holds at
	// most one.
	Key []CertifiedKey `cbor:"key"`
}

// A PCR is the value of one register of the SHA-256 bank.
type PCR struct {
	Index int    `cbor:"index"`
	Value []byte `cbor:"value"` // 32 bytes
}

// A CertifiedKey is a key with the answer of TPM2_Certify.
type CertifiedKey struct {
	Public    []byte `cbor:"public"`    // TPMT_PUBLIC
	Certify   []byte `cbor:"certify"`   // TPMS_ATTEST of TPM2_Certify
	Signature []byte `cbor:"signature"` // TPMT_SIGNATURE by the AK
}

// Encode returns the deterministic CBOR of b.
func (b *Bundle) Encode() ([]byte, error) {
	out, err := strictcbor.Marshal(b)
	if err != nil {
		return nil, attest.Refuse(CodeEncoding, "Bundle", "content that CBOR can hold", "").Because(err)
	}
	return out, nil
}

// ParseBundle reads what Encode writes and refuses everything else. It checks
// the shape, not the TPM structures inside.
func ParseBundle(raw []byte) (*Bundle, error) {
	if len(raw) > maxBundle {
		return nil, attest.Refuse(CodeEncoding, "Bundle", "at most "+strconv.Itoa(maxBundle)+" bytes", strconv.Itoa(len(raw)))
	}
	var b Bundle
	if err := strictcbor.Unmarshal(raw, &b); err != nil {
		return nil, attest.Refuse(CodeEncoding, "Bundle", "deterministic CBOR of a bundle", "").Because(err)
	}
	if len(b.Key) > 1 {
		return nil, attest.Refuse(CodeEncoding, "Bundle.key", "at most one key", strconv.Itoa(len(b.Key)))
	}
	return &b, nil
}
