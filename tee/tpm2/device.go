package tpm2

import (
	"context"
	"errors"

	tpm "github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/sealwright/sealwright/attest"
)

// A Device is a TPM that several keys share. A TPM does one thing at a time, and
// so does a Device: it is safe for concurrent use, whatever the transport is.
// The endorsement and owner hierarchies must have empty authorization, as
// they have unless somebody set one.
type Device struct {
	transport transport.TPM
	turn      chan struct{} // holds one token while a command sequence runs
}

// NewDevice returns the TPM behind t, of which it takes possession.
func NewDevice(t transport.TPM) *Device {
	return &Device{transport: t, turn: make(chan struct{}, 1)}
}

// do runs f alone. A command that has been sent is not interrupted.
func (d *Device) do(ctx context.Context, f func(transport.TPM) error) error {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	if err := ctx.Err(); err != nil {
		return err
	}
	return f(d.transport)
}

// refused reports a command that the TPM did not carry out.
func refused(command string, err error) error {
	return attest.Refuse(CodeTPM, command, "success", "").Because(err)
}

// An object is a key that is loaded in the TPM.
type object struct {
	device *Device
	handle tpm.TPMHandle
	name   tpm.TPM2BName
	public []byte // TPMT_PUBLIC
}

// createSigning loads a primary signing key and demands that the TPM made what
// the template asks for.
func (d *Device) createSigning(ctx context.Context, hierarchy tpm.TPMHandle, template tpm.TPMTPublic) (*object, *key, error) {
	var o *object
	var k *key
	err := d.do(ctx, func(t transport.TPM) (err error) {
		if o, err = d.createPrimary(t, hierarchy, template); err != nil {
			return err
		}
		if k, err = parseKey("TPM2_CreatePrimary", o.public, template.ObjectAttributes.Restricted); err != nil {
			return errors.Join(err, o.flush(t))
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return o, k, nil
}

// createPrimary loads a primary key for a caller whose turn it is.
func (d *Device) createPrimary(t transport.TPM, hierarchy tpm.TPMHandle, template tpm.TPMTPublic) (*object, error) {
	r, err := tpm.CreatePrimary{PrimaryHandle: hierarchy, InPublic: tpm.New2B(template)}.Execute(t)
	if err != nil {
		return nil, refused("TPM2_CreatePrimary", err)
	}
	return &object{d, r.ObjectHandle, r.Name, r.OutPublic.Bytes()}, nil
}

// auth authorizes use of o, whose authorization is empty.
func (o *object) auth() tpm.AuthHandle {
	return tpm.AuthHandle{Handle: o.handle, Name: o.name, Auth: tpm.PasswordAuth(nil)}
}

// close unloads o from the TPM; the key itself can be created again.
func (o *object) close(ctx context.Context) error {
	return o.device.do(ctx, o.flush)
}

// flush is close for a caller whose turn it is.
func (o *object) flush(t transport.TPM) error {
	if _, err := (tpm.FlushContext{FlushHandle: o.handle}).Execute(t); err != nil {
		return refused("TPM2_FlushContext", err)
	}
	return nil
}

// signingTemplate is the template of both kinds of signing key.
func signingTemplate(restricted bool) tpm.TPMTPublic {
	return tpm.TPMTPublic{
		Type: tpm.TPMAlgECC, NameAlg: tpm.TPMAlgSHA256,
		ObjectAttributes: tpm.TPMAObject{
			SignEncrypt: true, Restricted: restricted, FixedTPM: true, FixedParent: true,
			SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true,
		},
		Parameters: tpm.NewTPMUPublicParms(tpm.TPMAlgECC, &tpm.TPMSECCParms{
			CurveID: tpm.TPMECCNistP256,
			Scheme: tpm.TPMTECCScheme{
				Scheme:  tpm.TPMAlgECDSA,
				Details: tpm.NewTPMUAsymScheme(tpm.TPMAlgECDSA, &tpm.TPMSSigSchemeECDSA{HashAlg: tpm.TPMAlgSHA256}),
			},
		}),
	}
}
