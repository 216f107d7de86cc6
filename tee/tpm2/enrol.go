package tpm2

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"io"
	"sync"
	"time"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

// An EK names one of the endorsement keys that the TCG EK Credential Profile
// gives every TPM.
type EK uint8

// The endorsement keys that can be used here.
const (
	EKECC EK = iota // template L-2: ECC P-256
	EKRSA           // template L-1: RSA 2048
)

func (e EK) template() tpm.TPMTPublic {
	if e == EKRSA {
		return tpm.RSAEKTemplate
	}
	return tpm.ECCEKTemplate
}

// index is where the EK's certificate is kept (TCG EK Credential Profile,
// section 2.2.1.4).
func (e EK) index() tpm.TPMHandle {
	if e == EKRSA {
		return 0x01c00002
	}
	return 0x01c0000a
}

// An EnrolRequest is what an attester sends to be enrolled.
type EnrolRequest struct {
	EK       EK
	EKPublic []byte   // TPMT_PUBLIC
	EKChain  [][]byte // certificates in DER, leaf first, without the root
	AKPublic []byte   // TPMT_PUBLIC
}

// A Challenge is a secret that only the TPM with both keys can recover: the
// result of TPM2_MakeCredential.
type Challenge struct {
	Credential []byte // TPMS_ID_OBJECT
	Secret     []byte // TPM2B_ENCRYPTED_SECRET without its size
}

// An Enrolment is the verifier's own record that the AK with this Name is in
// the TPM with this EK. Whoever writes one vouches for it.
type Enrolment struct {
	AKName  []byte
	EKChain [][]byte // as in EnrolRequest
	At      time.Time
}

func (e Enrolment) clone() Enrolment {
	e.AKName, e.EKChain = bytes.Clone(e.AKName), cloneAll(e.EKChain)
	return e
}

// Pending is a challenge that awaits its answer, on the verifier's side.
type Pending struct {
	mu        sync.Mutex
	secret    []byte // nil once an answer was given
	enrolment Enrolment
}

// NewChallenge verifies that the EK's certificate chains to a root of p and is
// for the key in the request, that the EK is the one of its template, that the AK
// has the attributes of an attestation key, and encrypts a fresh secret for
// both. random is the source of the secret; nil means crypto/rand.
func NewChallenge(random io.Reader, r EnrolRequest, p tee.Params) (*Challenge, *Pending, error) {
	if random == nil {
		random = rand.Reader
	}
	ak, err := parseKey("EnrolRequest.AKPublic", r.AKPublic, true)
	if err != nil {
		return nil, nil, err
	}
	ek, err := parseEK(r)
	if err != nil {
		return nil, nil, err
	}
	leaf, _, err := verifyChain("EnrolRequest.EKChain", r.EKChain, ekUse(), p)
	if err != nil {
		return nil, nil, err
	}
	if err := sameKey(leaf, ek); err != nil {
		return nil, nil, err
	}
	encapsulate, err := tpm.ImportEncapsulationKey(ek)
	if err != nil {
		return nil, nil, attest.Refuse(CodeAlgorithm, "EnrolRequest.EKPublic", "a key to encrypt to", "").Because(err)
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, nil, attest.Refuse(CodeArgument, "random", "32 random bytes", "").Because(err)
	}
	credential, encrypted, err := tpm.CreateCredential(random, encapsulate, ak.name, secret)
	if err != nil {
		return nil, nil, attest.Refuse(CodeAlgorithm, "EnrolRequest.EKPublic", "a key to encrypt to", "").Because(err)
	}
	e := Enrolment{AKName: ak.name, EKChain: cloneAll(r.EKChain), At: p.Time}
	return &Challenge{credential, encrypted}, &Pending{secret: secret, enrolment: e}, nil
}

// parseEK demands the public area of a TCG template, whose attributes and
// policy make it a storage key that cannot leave the TPM and decrypts only
// credentials.
func parseEK(r EnrolRequest) (*tpm.TPMTPublic, error) {
	p, err := exact[tpm.TPMTPublic]("EnrolRequest.EKPublic", r.EKPublic)
	if err != nil {
		return nil, err
	}
	blank, template := *p, r.EK.template()
	blank.Unique = template.Unique
	if p.Type != template.Type || !bytes.Equal(tpm.Marshal(blank), tpm.Marshal(template)) {
		return nil, attest.Refuse(CodeAttributes, "EnrolRequest.EKPublic", "the TCG template of the EK", "another public area")
	}
	return p, nil
}

func sameKey(leaf *x509.Certificate, ek *tpm.TPMTPublic) error {
	refuse := attest.Refuse(CodeCertificate, "EnrolRequest.EKChain/0", "a certificate for the EK", "one for another key")
	pub, err := tpm.Pub(*ek)
	if err != nil {
		return refuse.Because(err)
	}
	certified, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !certified.Equal(pub) {
		return refuse
	}
	return nil
}

// Complete returns the enrolment if secret is what the challenge held. There is
// one attempt: afterwards, right or wrong, every call is refused.
func (p *Pending) Complete(secret []byte) (*Enrolment, error) {
	p.mu.Lock()
	want := p.secret
	p.secret = nil
	p.mu.Unlock()
	if want == nil || subtle.ConstantTimeCompare(want, secret) != 1 {
		return nil, attest.Refuse(CodeActivation, "secret", "the secret of the challenge, once", "something else")
	}
	e := p.enrolment.clone()
	return &e, nil
}

// EnrolRequest describes the TPM for a verifier. ekChain may be nil; then the
// certificate that the TPM's maker left in the TPM is sent.
func (k *AK) EnrolRequest(ctx context.Context, ek EK, ekChain [][]byte) (*EnrolRequest, error) {
	r := &EnrolRequest{EK: ek, EKChain: cloneAll(ekChain), AKPublic: k.Public()}
	err := k.object.device.do(ctx, func(t transport.TPM) error {
		o, err := k.object.device.createPrimary(t, tpm.TPMRHEndorsement, ek.template())
		if err != nil {
			return err
		}
		r.EKPublic = o.public
		if err := o.flush(t); err != nil || len(ekChain) > 0 {
			return err
		}
		der, err := readNV(t, ek.index())
		r.EKChain = [][]byte{der}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Activate recovers the secret of a challenge that was made for this AK and
// the TPM's ek (TPM2_ActivateCredential).
func (k *AK) Activate(ctx context.Context, ek EK, c Challenge) ([]byte, error) {
	var secret []byte
	err := k.object.device.do(ctx, func(t transport.TPM) (err error) {
		o, err := k.object.device.createPrimary(t, tpm.TPMRHEndorsement, ek.template())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.flush(t)) }()
		r, err := tpm.ActivateCredential{
			ActivateHandle: k.object.auth(),
			KeyHandle:      tpm.AuthHandle{Handle: o.handle, Name: o.name, Auth: tpm.Policy(tpm.TPMAlgSHA256, 16, endorsementPolicy)},
			CredentialBlob: tpm.TPM2BIDObject{Buffer: c.Credential},
			Secret:         tpm.TPM2BEncryptedSecret{Buffer: c.Secret},
		}.Execute(t)
		if err != nil {
			return refused("TPM2_ActivateCredential", err)
		}
		secret = r.CertInfo.Buffer
		return nil
	})
	if err != nil {
		return nil, err
	}
	return secret, nil
}

// endorsementPolicy satisfies the policy of the EK templates: knowledge of the
// endorsement hierarchy's authorization, which is empty.
func endorsementPolicy(t transport.TPM, session tpm.TPMISHPolicy, nonce tpm.TPM2BNonce) error {
	_, err := tpm.PolicySecret{
		AuthHandle:    tpm.AuthHandle{Handle: tpm.TPMRHEndorsement, Auth: tpm.PasswordAuth(nil)},
		PolicySession: session, NonceTPM: nonce,
	}.Execute(t)
	return err
}

// readNV reads an NV index that anybody may read with the owner's empty
// authorization.
func readNV(t transport.TPM, index tpm.TPMHandle) ([]byte, error) {
	public, err := tpm.NVReadPublic{NVIndex: index}.Execute(t)
	if err != nil {
		return nil, refused("TPM2_NV_ReadPublic", err)
	}
	contents, err := public.NVPublic.Contents()
	if err != nil {
		return nil, refused("TPM2_NV_ReadPublic", err)
	}
	const most = 512 // every TPM returns that much at once
	var out []byte
	for len(out) < int(contents.DataSize) {
		r, err := tpm.NVRead{
			AuthHandle: tpm.AuthHandle{Handle: tpm.TPMRHOwner, Auth: tpm.PasswordAuth(nil)},
			NVIndex:    tpm.NamedHandle{Handle: index, Name: public.NVName},
			Size:       min(most, contents.DataSize-uint16(len(out))), Offset: uint16(len(out)),
		}.Execute(t)
		if err != nil {
			return nil, refused("TPM2_NV_Read", err)
		}
		if len(r.Data.Buffer) == 0 {
			return nil, attest.Refuse(CodeTPM, "TPM2_NV_Read", "data", "none")
		}
		out = append(out, r.Data.Buffer...)
	}
	return out, nil
}
