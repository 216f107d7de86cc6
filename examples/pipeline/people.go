package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/deploy"
	evidence "github.com/sealwright/sealwright/examples/internal/line"
	"github.com/sealwright/sealwright/policy"
)

// openKeys gives the approver and the operator keys for this one run; the
// builder's is in the TPM. A real line keeps keys in an HSM or KMS, behind
// attest.Signer. Only the public halves go into the folder.
func (l *line) openKeys() error {
	l.people = map[string]attest.Signer{evidence.Builder: l.machine.signer}
	for _, name := range []string{evidence.Approver, evidence.Operator} {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		if l.people[name], err = key.FromCryptoSigner(private); err != nil {
			return err
		}
	}
	for name, signer := range l.people {
		der, err := x509.MarshalPKIXPublicKey(signer.Public())
		if err != nil {
			return err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		if err := l.out.WriteFile(evidence.KeyFile(name), text, 0o644); err != nil {
			return err
		}
	}
	return l.machine.writeTrust(l.out)
}

// authorize asks for leave to deploy, has it approved, and passes the gate.
func (l *line) authorize(ctx context.Context, decision policy.Decision) error {
	random, err := nonce()
	if err != nil {
		return err
	}
	now := time.Now()
	request := deploy.Request{
		Subjects: []attest.Descriptor{l.artifact}, Environment: l.terms.Place.Environment, Target: l.terms.Place.Target,
		Action: deploy.ActionDeploy, Config: digest.FromBytes(nil), Policy: digest.FromBytes(l.read.Document),
		Generation: 1, Requester: evidence.Builder, Reason: "a run of the pipeline example", Nonce: random,
		NotBefore: l.terms.At, NotAfter: now.Add(10 * time.Minute),
	}
	ballot, err := deploy.NewApproval(request, deploy.Ballot{Decision: deploy.VoteApprove, Expires: now.Add(10 * time.Minute)})
	if err != nil {
		return err
	}
	if err := l.attest(ctx, evidence.Approver, evidence.ApprovalFile, ballot); err != nil {
		return err
	}
	trust, err := l.out.OpenRoot(evidence.TrustDir)
	if err != nil {
		return err
	}
	defer trust.Close()
	people, _, _, err := evidence.Trust(trust)
	if err != nil {
		return err
	}
	body, err := evidence.Read(l.out, evidence.ApprovalFile+evidence.Suffix)
	if err != nil {
		return err
	}
	approval, err := people.Verify(ctx, attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: body}, attest.Want{AnySubject: true})
	if err != nil {
		return err
	}
	l.leave, err = l.terms.Gate(l.read.Document).Authorize(ctx, request, deploy.AuthorizeInput{
		Decisions: []policy.Decision{decision}, Approvals: []*attest.Verified{approval}, Now: now,
	})
	return errors.Join(err, ctx.Err())
}
