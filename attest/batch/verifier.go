package batch

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// A Key is a key for batches and the principal that holds it.
type Key struct {
	Principal string   // as attest.Identity.Subject tells it; not empty
	Key       tlog.Key // of algorithm Ed25519 or MLDSA44
}

// Trust is what a verifier believes: who may sign, and how many must.
type Trust struct {
	// Authority names this trust, as policies list it; not empty.
	Authority string
	// Keys are the trusted keys. A principal may hold several, as for a hybrid of
	// two algorithms; a public key stands here once, under one name.
	Keys []Key
	// Threshold is how many distinct principals must sign: from one to their
	// number. Its zero value is refused.
	Threshold int
	// EveryKey demands a signature by each key of a principal who is to count: the
	// hybrid rule where a principal holds a classical and a post-quantum key.
	EveryKey bool
	// MLDSA44 verifies signatures of that algorithm; nil if no key needs it.
	MLDSA44 tlog.VerifyMLDSA44
	// Limits bound the statement; they also bound the attestation.
	Limits attest.Limits
}

// NewVerifier returns a Verifier of batch attestations. It refuses, with every
// fault at once, a trust that does not say what it means.
//
// The Verified that it makes names every principal who counts, once, with the first
// of its keys that signed, in the order of Trust.Keys.
func NewVerifier(t Trust) (attest.Verifier, error) {
	v := &verifier{trust: t}
	v.trust.Keys = slices.Clone(t.Keys)
	var faults []error
	refuse := func(where, want, got string, err error) {
		faults = append(faults, attest.Refuse(CodeTrust, where, want, got).Because(err))
	}
	if t.Authority == "" {
		refuse("Trust.Authority", "a name", "none", nil)
	}
	principals := map[string]bool{}
	seen := map[digest.Digest]bool{}
	for i, k := range t.Keys {
		where := "Trust.Keys[" + strconv.Itoa(i) + "]"
		print, err := k.Key.Fingerprint()
		switch {
		case err != nil:
			refuse(where, "a key", "", err)
		case k.Principal == "":
			refuse(where, "a principal", "none", nil)
		case k.Key.Algorithm == tlog.CosignatureV1 || k.Key.Algorithm == tlog.MLDSA44 && t.MLDSA44 == nil:
			refuse(where, "a key for batches and a verifier for it", "a witness's key, or no verifier", nil)
		case seen[print]:
			refuse(where, "each public key once", print.String(), nil)
		}
		seen[print] = true
		principals[k.Principal] = true
		v.keys = append(v.keys, k.Key)
		v.prints = append(v.prints, print)
	}
	if t.Threshold < 1 || t.Threshold > len(principals) {
		refuse("Trust.Threshold", "1 to "+strconv.Itoa(len(principals))+", the number of principals", strconv.Itoa(t.Threshold), nil)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return v, nil
}

type verifier struct {
	trust  Trust
	keys   []tlog.Key
	prints []digest.Digest
}

func (v *verifier) Verify(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	wantErr := want.Validate()
	if a.MediaType != MediaType {
		return nil, errors.Join(wantErr, attest.Refuse(attest.CodeMediaType, "Attestation.MediaType", MediaType, strconv.Quote(a.MediaType[:min(len(a.MediaType), 64)])))
	}
	payload, proof, err := parse(a.Body, v.trust.Limits.Bytes)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	signers, err := v.judge(proof, payload)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	statement, err := attest.ParseStatement(payload, v.trust.Limits)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	if err := want.Check(statement); err != nil {
		return nil, err
	}
	return attest.Seal(attest.Facts{Authority: v.trust.Authority, Statement: statement, Evidence: digest.FromBytes(a.Body), Signers: signers})
}

// judge verifies the checkpoint and the path to it, and returns who signed.
func (v *verifier) judge(proof tlog.Proof, payload []byte) ([]attest.Identity, error) {
	note, err := tlog.OpenNote(proof.Checkpoint, v.keys, v.trust.MLDSA44)
	if err != nil {
		return nil, err
	}
	head, err := tlog.ParseCheckpoint(note.Text)
	if err != nil {
		return nil, err
	}
	var faults []error
	if head.Origin != originOf(head.Root) || len(head.Extensions) > 0 {
		faults = append(faults, attest.Refuse(CodeRoot, "checkpoint", "the origin "+originOf(head.Root)+" and no extension", strconv.Quote(head.Origin[:min(len(head.Origin), 128)])))
	}
	if err := tlog.CheckInclusion(head, proof.Index, tlog.LeafHash(leafOf(payload)), proof.Hashes); err != nil {
		faults = append(faults, err)
	}
	signers := v.signers(note.Signatures)
	if len(signers) < v.trust.Threshold {
		faults = append(faults, attest.Refuse(CodeThreshold, "signatures", strconv.Itoa(v.trust.Threshold)+" principals", strconv.Itoa(len(signers))))
	}
	return signers, errors.Join(faults...)
}

// signers returns the principals who count.
func (v *verifier) signers(signatures []tlog.Signature) []attest.Identity {
	signed := func(k tlog.Key) bool {
		return slices.ContainsFunc(signatures, func(s tlog.Signature) bool { return s.Key.String() == k.String() })
	}
	missing := map[string]bool{} // principals of whom a key did not sign
	for _, k := range v.trust.Keys {
		missing[k.Principal] = missing[k.Principal] || !signed(k.Key)
	}
	var identities []attest.Identity
	named := map[string]bool{}
	for i, k := range v.trust.Keys {
		if !signed(k.Key) || named[k.Principal] || v.trust.EveryKey && missing[k.Principal] {
			continue
		}
		named[k.Principal] = true
		identities = append(identities, attest.Identity{Subject: k.Principal, Key: v.prints[i]})
	}
	return identities
}
