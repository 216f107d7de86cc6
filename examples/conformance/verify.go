package main

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// verify verifies a bundle of a file or of a digest.
func (m machine) verify(ctx context.Context, o options) error {
	if (o.identity == "" || o.issuer == "") == (o.key == "") || o.key != "" && o.identity+o.issuer != "" {
		return fmt.Errorf("%w: want either --certificate-identity with --certificate-oidc-issuer, or --key", errMisuse)
	}
	artifact, err := artifactOf(ctx, o.fileOrArtifact)
	if err != nil {
		return err
	}
	body, err := read(o.bundle)
	if err != nil {
		return err
	}
	// What a file does not tell is taken from the bundle: its media type, and its
	// name for the one key that the command line gives. The verifier reads the
	// bundle again, strictly.
	var head struct {
		MediaType string `json:"mediaType"`
		Material  struct {
			Key struct {
				Hint string `json:"hint"`
			} `json:"publicKey"`
		} `json:"verificationMaterial"`
	}
	_ = json.Unmarshal(body, &head)
	v, err := m.verifier(ctx, o, head.Material.Key.Hint)
	if err != nil {
		return err
	}
	a := attest.Attestation{MediaType: head.MediaType, Body: body}
	if err := check(ctx, v, a, artifact); err != nil {
		return err
	}
	fmt.Fprintln(m.out, "verified")
	return nil
}

// check accepts a bundle that signs the artifact, or a statement about it.
// artifact holds its digests; which one a message signature is of follows from
// the signer's key.
func check(ctx context.Context, v *sigstore.Verifier, a attest.Attestation, artifact []digest.Digest) error {
	var first error
	set := digest.Set{}
	for _, d := range artifact {
		_, err := v.VerifyArtifact(ctx, a, d)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		set[d.Algorithm] = d.Hex
	}
	if !errors.Is(first, attest.Is(sigstore.CodeContentKind)) {
		return first
	}
	want := attest.Want{Subjects: []digest.Set{set}}
	_, err := v.Verify(ctx, a, want)
	if errors.Is(err, attest.Is(attest.CodeStatementType)) {
		// Clients signed version 0.1 of statements until 2023, and the suite has some.
		_, err = v.VerifyStatementV01(ctx, a, want)
	}
	return err
}

// verifier makes the verifier of the options.
func (m machine) verifier(ctx context.Context, o options, hint string) (*sigstore.Verifier, error) {
	root, err := m.trustedRoot(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.key == "" {
		return sigstore.NewVerifier(sigstore.Trust{Authority: "conformance", Root: root, Identities: []sigstore.Identity{
			{Issuer: sigstore.Exactly(o.issuer), Subject: sigstore.Exactly(o.identity)}}})
	}
	text, err := read(o.key)
	if err != nil {
		return nil, err
	}
	public, err := key.ParsePublicPEM(text)
	if err != nil {
		return nil, err
	}
	return keyVerifier(root, public, hint)
}

// keyVerifier demands as much as the root can give: an entry of a log, or else a
// time-stamp, or else the key's signature alone, as the suite has it. A key that
// is given on the command line is valid at any time.
func keyVerifier(root *sigstore.TrustedRoot, public crypto.PublicKey, hint string) (*sigstore.Verifier, error) {
	trust := sigstore.KeyTrust{Authority: "conformance", Root: root, Keys: []sigstore.Key{{Principal: "key", Public: public, Hint: hint}}}
	var errs []error
	for _, demand := range []sigstore.Demand{
		{Logs: 1, Times: sigstore.None}, {Logs: sigstore.None, Times: 1, Timestamps: 1}, {Logs: sigstore.None, Times: sigstore.None},
	} {
		trust.Demand = demand
		v, err := sigstore.NewKeyVerifier(trust)
		if err == nil {
			return v, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}
