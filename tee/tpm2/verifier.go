package tpm2

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strconv"

	tpm "github.com/google/go-tpm/tpm2"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

// The keys of tee.Claims.Vendor: TPMS_CLOCK_INFO and the firmware version of
// the quote (TPM 2.0 part 2, section 10.11).
const (
	VendorClock           = "tpm.clock"            // uint64, milliseconds
	VendorResetCount      = "tpm.resetCount"       // uint32
	VendorRestartCount    = "tpm.restartCount"     // uint32
	VendorSafe            = "tpm.safe"             // bool: the clock never ran backwards
	VendorFirmwareVersion = "tpm.firmwareVersion"  // uint64, vendor specific
	VendorAKName          = "tpm.attestationKey"   // []byte, the Name of the AK
	VendorKeyName         = "tpm.certifiedKeyName" // []byte, the Name of Claims.KeyPub
)

type verifier struct {
	enrolled map[string]Enrolment // by Name of the AK
}

// NewVerifier returns the tee.Verifier for Kind. It trusts an AK whose
// certificate is in the evidence and chains to a root of tee.Params, or whose
// Name is in one of the enrolments; the EK certificate of an enrolment must
// then chain to such a root, at the time of verification. Evidence that comes
// with certificates is judged by those alone.
//
// It accepts an AK that is an ECDSA key on P-256 with SHA-256 and a primary key
// of the endorsement or owner hierarchy, and PCRs of the SHA-256 bank. Where a
// certificate speaks for the AK, its issuer vouches that the key is restricted:
// a key that signs anything could sign a public area to its liking.
//
// Claims.HardwareID is the SHA-256 digest of the EK's SubjectPublicKeyInfo for
// an enrolled AK, else the Name of the AK.
func NewVerifier(enrolments ...Enrolment) (tee.Verifier, error) {
	v := verifier{enrolled: map[string]Enrolment{}}
	for i, e := range enrolments {
		if len(e.AKName) != 2+sha256.Size || len(e.EKChain) == 0 {
			return nil, attest.Refuse(CodeArgument, "enrolments/"+strconv.Itoa(i), "an AK name and an EK certificate", "less")
		}
		v.enrolled[string(e.AKName)] = e.clone()
	}
	return v, nil
}

func (verifier) Kind() tee.Kind { return Kind }

func (v verifier) Verify(ctx context.Context, ev *tee.Evidence, p tee.Params) (*tee.Claims, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	b, err := open(ev)
	if err != nil {
		return nil, err
	}
	ak, err := parseKey("Bundle.public", b.Public, true)
	if err != nil {
		return nil, err
	}
	hardware, window, err := v.trust(ak, ev.Endorsements, p)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	quote, err := ak.parseAttest("Bundle.quote", b.Quote, b.Signature, tpm.TPMSTAttestQuote)
	if err != nil {
		return nil, err
	}
	c, err := quoteClaims(quote, b.PCRs)
	if err != nil {
		return nil, err
	}
	c.HardwareID, c.NotBefore, c.NotAfter = hardware, window.NotBefore, window.NotAfter
	c.Vendor[VendorAKName] = ak.name
	for i := range b.Key {
		if err := certified(c, ak, &b.Key[i]); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// open checks everything about evidence that needs no cryptography.
func open(ev *tee.Evidence) (*Bundle, error) {
	if err := ev.Validate(); err != nil {
		return nil, err
	}
	if ev.Kind != Kind {
		return nil, attest.Refuse(tee.CodeEvidenceKind, "Evidence.Kind", string(Kind), string(ev.Kind))
	}
	if ev.MediaType != MediaTypeBundle {
		return nil, attest.Refuse(tee.CodeMediaType, "Evidence.MediaType", MediaTypeBundle, strconv.Quote(ev.MediaType))
	}
	for i, e := range ev.Endorsements {
		if e.MediaType != tee.MediaTypeCertificate {
			return nil, attest.Refuse(tee.CodeMediaType, "Evidence.Endorsements/"+strconv.Itoa(i), tee.MediaTypeCertificate, strconv.Quote(e.MediaType))
		}
	}
	return ParseBundle(ev.Raw)
}

// trust finds who vouches that ak lives in a TPM.
func (v verifier) trust(ak *key, endorsements []tee.Blob, p tee.Params) (hardware []byte, w tee.Window, err error) {
	if len(endorsements) > 0 {
		chain := make([][]byte, len(endorsements))
		for i, e := range endorsements {
			chain[i] = e.Body
		}
		w, err = verifyAKChain(chain, ak, p)
		return bytes.Clone(ak.name), w, err
	}
	e, ok := v.enrolled[string(ak.name)]
	if !ok {
		return nil, w, attest.Refuse(CodeUntrustedAK, "Bundle.public", "an AK with a certificate or an enrolment", "neither")
	}
	ek, w, err := verifyChain("Enrolment.EKChain", e.EKChain, ekUse(), p)
	if err != nil {
		return nil, w, err
	}
	id := sha256.Sum256(ek.RawSubjectPublicKeyInfo)
	return id[:], w, nil
}

// quoteClaims reads the claims of a quote whose signature was verified.
func quoteClaims(a *tpm.TPMSAttest, values []PCR) (*tee.Claims, error) {
	q, err := a.Attested.Quote()
	if err != nil {
		return nil, attest.Refuse(CodeType, "Bundle.quote", "quote information", "").Because(err)
	}
	m, err := measurements(q, values)
	if err != nil {
		return nil, err
	}
	return &tee.Claims{
		ReportData:   bytes.Clone(a.ExtraData.Buffer),
		Measurements: m,
		// A TPM has no debug mode and fixedTPM, fixedParent were demanded; it
		// encrypts no memory, and publishes nothing to judge its firmware by.
		Debug: tee.No, Migratable: tee.No, MemoryEncrypted: tee.No, TCB: tee.TCBNotJudged,
		Vendor: map[string]any{
			VendorClock:           a.ClockInfo.Clock,
			VendorResetCount:      a.ClockInfo.ResetCount,
			VendorRestartCount:    a.ClockInfo.RestartCount,
			VendorSafe:            bool(a.ClockInfo.Safe),
			VendorFirmwareVersion: a.FirmwareVersion,
		},
	}, nil
}

// certified adds the key to c if the AK certified it for the same binding as
// the quote: the same qualifying data, a Name that is the digest of the public
// area, and attributes that keep it in the TPM.
func certified(c *tee.Claims, ak *key, k *CertifiedKey) error {
	held, err := parseKey("Bundle.key.public", k.Public, false)
	if err != nil {
		return err
	}
	a, err := ak.parseAttest("Bundle.key.certify", k.Certify, k.Signature, tpm.TPMSTAttestCertify)
	if err != nil {
		return err
	}
	if !bytes.Equal(a.ExtraData.Buffer, c.ReportData) {
		return attest.Refuse(CodeQualifyingData, "Bundle.key.certify", "the qualifying data of the quote", "another value")
	}
	info, err := a.Attested.Certify()
	if err != nil {
		return attest.Refuse(CodeType, "Bundle.key.certify", "certify information", "").Because(err)
	}
	if !bytes.Equal(info.Name.Buffer, held.name) {
		return attest.Refuse(CodeName, "Bundle.key.certify", "the Name of Bundle.key.public", "another Name")
	}
	c.KeyPub = held.public
	c.Vendor[VendorKeyName] = held.name
	return nil
}
