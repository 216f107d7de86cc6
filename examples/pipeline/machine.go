package main

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	evidence "github.com/sealwright/sealwright/examples/internal/line"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// A machine is the TPM of the build machine, and what a relying party has to know
// to believe it.
type machine struct {
	name      string
	quoter    tee.TEEQuoter
	signer    attest.Signer // the builder's key, held by the TPM
	roots     []byte        // PEM
	enrolment *tpm2.Enrolment
	fake      *faketpm.Platform // nil if the TPM is real
	closers   []func() error
}

func openMachine(ctx context.Context, f *flags) (*machine, error) {
	if f.tpm != "" {
		return openTPM(ctx, f)
	}
	fake, err := faketpm.New(faketpm.Config{Seed: "pipeline", HoldKey: true})
	if err != nil {
		return nil, err
	}
	var roots []byte
	for _, c := range fake.Roots() {
		roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return &machine{name: "a fake TPM with a throwaway root: proves the wiring, not the machine", quoter: fake, signer: fake.Signer(), roots: roots, fake: fake}, nil
}

// openTPM makes an attestation key and the builder's key in the TPM, and enrols
// the former: the TPM shows, by activating a credential, that the key lives beside
// the endorsement key that its maker certified.
func openTPM(ctx context.Context, f *flags) (m *machine, err error) {
	m = &machine{name: "the TPM at " + f.tpm}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if m.roots, err = os.ReadFile(f.tpmRoots); err != nil {
		return m, err
	}
	t, err := dial(f.tpm)
	if err != nil {
		return m, err
	}
	m.closers = append(m.closers, t.Close)
	device := tpm2.NewDevice(t)
	ak, err := device.CreateAK(ctx)
	if err != nil {
		return m, err
	}
	m.closers = append(m.closers, func() error { return ak.Close(context.WithoutCancel(ctx)) })
	held, err := device.NewSigner(ctx, evidence.BuilderID)
	if err != nil {
		return m, err
	}
	m.signer = held
	m.closers = append(m.closers, func() error { return held.Close(context.WithoutCancel(ctx)) })
	if m.enrolment, err = enrol(ctx, ak, m.roots); err != nil {
		return m, err
	}
	m.quoter, err = tpm2.NewQuoter(ak, tpm2.QuoterConfig{PCRs: []int{0, 1, 2, 3, 4, 5, 6, 7}, Signer: held})
	return m, err
}

func dial(path string) (transport.TPMCloser, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&os.ModeSocket != 0 {
		return linuxudstpm.Open(path)
	}
	return linuxtpm.Open(path)
}

// enrol shows that the attestation key lives beside an endorsement key that the
// TPM's maker certified; which of the two kinds is up to the maker.
func enrol(ctx context.Context, ak *tpm2.AK, roots []byte) (*tpm2.Enrolment, error) {
	trusted, err := evidence.ParseRoots(roots)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, ek := range []tpm2.EK{tpm2.EKECC, tpm2.EKRSA} {
		e, err := enrolBeside(ctx, ak, ek, trusted)
		if err == nil {
			return e, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

// enrolBeside plays both sides of enrolment; elsewhere the challenger is a service.
func enrolBeside(ctx context.Context, ak *tpm2.AK, ek tpm2.EK, roots []*x509.Certificate) (*tpm2.Enrolment, error) {
	request, err := ak.EnrolRequest(ctx, ek, nil)
	if err != nil {
		return nil, err
	}
	challenge, pending, err := tpm2.NewChallenge(nil, *request, tee.Params{Time: time.Now(), Roots: roots})
	if err != nil {
		return nil, err
	}
	secret, err := ak.Activate(ctx, ek, *challenge)
	if err != nil {
		return nil, err
	}
	return pending.Complete(secret)
}

// writeTrust writes what a relying party pins.
func (m *machine) writeTrust(out *os.Root) error {
	err := out.WriteFile(evidence.HardwareRootPEM, m.roots, 0o644)
	if m.enrolment == nil {
		return err
	}
	document, marshalErr := strictjson.Marshal(m.enrolment)
	return errors.Join(err, marshalErr, out.WriteFile(evidence.EnrolmentFile, document, 0o644))
}

// terms approve the state that the TPM quoted. A line with a policy of its own
// would approve the values of a known image instead of taking those of the day.
func (m *machine) terms(ctx context.Context, ev *tee.Evidence, nonce []byte) (evidence.Hardware, error) {
	h := evidence.Hardware{Throwaway: m.fake != nil, Nonce: nonce}
	if m.fake != nil {
		h.References = m.fake.References()
		return h, nil
	}
	bundle, err := tpm2.ParseBundle(ev.Raw)
	if err != nil {
		return h, err
	}
	for _, pcr := range bundle.PCRs {
		value := digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(pcr.Value)}
		h.References = append(h.References, tee.Reference{Kind: tpm2.Kind, Register: "PCR", Index: pcr.Index, Allowed: []digest.Digest{value}})
	}
	return h, ctx.Err()
}

func (m *machine) close() error {
	var errs []error
	for _, c := range slices.Backward(m.closers) {
		errs = append(errs, c())
	}
	m.closers = nil
	return errors.Join(errs...)
}
