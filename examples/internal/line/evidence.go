package line

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// Evidence is a folder read back: nothing in it is taken from the memory of the
// program that wrote it.
type Evidence struct {
	Terms    *Terms
	Document []byte // of the terms
	Artifact attest.Descriptor
	// Verified are the attestations by file name.
	Verified map[string]*attest.Verified
	Hardware *tee.Result
	Operator attest.Verifier
	LogKey   crypto.PublicKey
}

// Load verifies what the builder and the approver signed, the artifact's digest
// and the hardware's quote. trust is the directory with the keys to believe.
func Load(ctx context.Context, root, trust *os.Root) (*Evidence, error) {
	people, operator, logKey, err := Trust(trust)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	e := &Evidence{Verified: map[string]*attest.Verified{}, Operator: operator, LogKey: logKey}
	if e.Document, err = Read(root, TermsFile); err != nil {
		return nil, err
	}
	if e.Terms, err = ParseTerms(e.Document); err != nil {
		return nil, fmt.Errorf("%s: %w", TermsFile, err)
	}
	names, all, err := Attestations(root)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, name := range names {
		v, err := people.Verify(ctx, all[name], attest.Want{AnySubject: true})
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		e.Verified[name] = v
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if err := e.artifact(ctx, root); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if err := e.appraise(ctx, root, trust); err != nil {
		return nil, fmt.Errorf("%s: %w", HardwareFile, err)
	}
	return e, nil
}

// List returns the evidence for a policy, in order of file name.
func (e *Evidence) List() []*attest.Verified {
	var list []*attest.Verified
	for _, name := range slices.Sorted(maps.Keys(e.Verified)) {
		list = append(list, e.Verified[name])
	}
	return list
}

// Digests returns the digests of the evidence.
func (e *Evidence) Digests() []digest.Digest {
	var list []digest.Digest
	for _, v := range e.List() {
		list = append(list, v.Evidence())
	}
	return list
}

// Decide judges the evidence by the terms. An engine's decision is a function of
// its request, so that a stranger gets the same bytes.
func (e *Evidence) Decide(ctx context.Context) (policy.Decision, error) {
	engine, err := e.Terms.Engine(e.Document)
	if err != nil {
		return policy.Decision{}, err
	}
	return engine.Evaluate(ctx, e.Terms.Request(e.Artifact, e.List()))
}

// artifact demands that the one file in the artifact directory is what the first
// build made.
func (e *Evidence) artifact(ctx context.Context, root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ArtifactDir)
	if err != nil || len(entries) != 1 {
		return errors.Join(err, fmt.Errorf("want one file, got %d", len(entries)))
	}
	first := e.Verified[ProvenanceFile+"1"+Suffix]
	if first == nil {
		return errors.New("no provenance of the first build")
	}
	build, err := slsa.Decode(first.Statement())
	if err != nil {
		return err
	}
	if len(build.Outputs) != 1 {
		return fmt.Errorf("want one output in the provenance, got %d", len(build.Outputs))
	}
	want := build.Outputs[0].Digest
	sum, err := digest.SumFile(ctx, root, path.Join(ArtifactDir, entries[0].Name()), digest.Options{})
	if err != nil {
		return err
	}
	if err := sum.Digests.Match(want); err != nil {
		return err
	}
	e.Artifact = attest.Descriptor{Name: entries[0].Name(), Digest: want}
	return nil
}

// appraise judges the quote: it must be fresh for the terms' nonce, speak for the
// first build's provenance and the builder's key, and be cited by the builder.
func (e *Evidence) appraise(ctx context.Context, root, trust *os.Root) error {
	raw, err := Read(root, HardwareFile)
	if err != nil {
		return err
	}
	ev, err := tee.DecodeEvidence(raw)
	if err != nil {
		return err
	}
	cited := e.Verified[path.Join(AttestationDir, "hardware"+Suffix)]
	if cited == nil {
		return errors.New("no attestation cites it")
	}
	asserted, err := tee.ParseAssertion(cited.Statement())
	if err != nil {
		return err
	}
	if err := asserted.Cites(ev); err != nil {
		return err
	}
	roots, enrolled, err := Machine(trust)
	if err != nil {
		return err
	}
	appraiser, err := e.Terms.Hardware.Appraiser(roots, enrolled)
	if err != nil {
		return err
	}
	text, err := Read(trust, path.Base(KeyFile(Builder)))
	if err != nil {
		return err
	}
	builder, err := key.ParsePublicPEM(text)
	if err != nil {
		return err
	}
	first := e.Verified[ProvenanceFile+"1"+Suffix].Statement()
	e.Hardware, err = appraiser.Appraise(ctx, tee.Expect{
		Purpose: Purpose, Nonce: e.Terms.Hardware.Nonce, Key: builder, Audience: Audience,
		Statement: digest.FromBytes(first.Bytes()), At: e.Terms.At,
	}, ev)
	if err != nil {
		return err
	}
	return e.Hardware.Err()
}

// Appraiser judges quotes of the machine that h approves. It accepts h's nonce
// once, wherever the quote is judged: that the nonce was fresh when it was quoted
// is what the terms vouch for.
func (h Hardware) Appraiser(roots []*x509.Certificate, enrolled []tpm2.Enrolment) (*tee.Appraiser, error) {
	verifier, err := tpm2.NewVerifier(enrolled...)
	if err != nil {
		return nil, err
	}
	return tee.NewAppraiser(tee.Config{
		Backends: []tee.Backend{{Verifier: verifier, Roots: roots}},
		Policy: tee.Policy{
			ID: BuilderID + "/hardware", Required: []tee.Kind{tpm2.Kind}, References: h.References,
			HardwareKey: true, AllowThrowaway: h.Throwaway,
		},
		Nonces: recorded{h.Nonce},
	})
}

// recorded is a tee.NonceStore that knows one nonce, which was recorded when it
// was issued. It is for judging again what was judged before, so that it does not
// forbid a second use.
type recorded struct{ nonce []byte }

func (r recorded) Issue(context.Context, string) ([]byte, error) {
	return nil, errors.New("a recorded nonce store issues nothing")
}

func (r recorded) Consume(_ context.Context, _ string, nonce []byte) error {
	if !bytes.Equal(nonce, r.nonce) {
		return errors.New("another nonce than the recorded one")
	}
	return nil
}
