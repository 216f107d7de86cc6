package dsse

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// NewVerifier returns a Verifier of DSSE envelopes (attest.MediaTypeDSSE) that
// signers of trust made. It refuses, with every fault at once, a trust without
// authority or keys, a key that cannot be used, stands twice or has no
// principal, and a threshold that is zero or cannot be met.
//
// The Verified that it makes names every trusted principal who signed, each
// once, in the order of Trust.Keys.
func NewVerifier(trust Trust) (attest.Verifier, error) {
	keys, err := trust.check()
	if err != nil {
		return nil, err
	}
	return &verifier{trust.Authority, keys, trust.Threshold, trust.EveryKey, trust.Limits}, nil
}

type verifier struct {
	authority string
	keys      []trustedKey
	threshold int
	everyKey  bool
	limits    attest.Limits
}

func (v *verifier) Verify(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	wantErr := want.Validate()
	if a.MediaType != attest.MediaTypeDSSE {
		return nil, errors.Join(wantErr, attest.Refuse(attest.CodeMediaType, "Attestation.MediaType", attest.MediaTypeDSSE, excerpt.Quote(a.MediaType)))
	}
	e, err := parse(a.Body, v.limits.Bytes)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	signers, err := v.signers(ctx, e)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	statement, err := attest.AdoptStatement(e.payload, v.limits)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	if err := want.Check(statement); err != nil {
		return nil, err
	}
	return attest.Seal(attest.Facts{
		Authority: v.authority,
		Statement: statement,
		Evidence:  digest.FromBytes(a.Body),
		Signers:   signers,
	})
}

// signers returns the principals who signed, or the reason of each signature
// that did not count where they are too few.
func (v *verifier) signers(ctx context.Context, e *envelope) ([]attest.Identity, error) {
	signed := make([]bool, len(v.keys))
	var faults []error
	for i, s := range e.signatures {
		k, err := v.keyOf(ctx, e.pae, s)
		switch {
		case err != nil:
			return nil, err
		case k < 0:
			faults = append(faults, attest.Refuse(CodeSignature, at(i), "a signature by a trusted key", "another, of keyid "+excerpt.Quote(s.hint)))
		case signed[k]:
			faults = append(faults, attest.Refuse(CodeRepeated, at(i), "another key's signature", "a second one by "+v.keys[k].identity.Key.String()))
		default:
			signed[k] = true
		}
	}
	var signers []attest.Identity
	for k, yes := range signed {
		one := v.keys[k].identity
		if v.everyKey && !v.wholly(one.Principal(), signed) {
			continue
		}
		if yes && !slices.ContainsFunc(signers, func(i attest.Identity) bool { return i.Principal() == one.Principal() }) {
			signers = append(signers, one)
		}
	}
	if len(signers) < v.threshold {
		short := attest.Refuse(CodeThreshold, "/signatures", strconv.Itoa(v.threshold)+" principals", tell(signers))
		return nil, errors.Join(append([]error{short}, faults...)...)
	}
	return signers, nil
}

// wholly reports whether every key of a principal signed.
func (v *verifier) wholly(principal string, signed []bool) bool {
	for k, yes := range signed {
		if !yes && v.keys[k].identity.Principal() == principal {
			return false
		}
	}
	return true
}

// keyOf returns the index of the key that verifies s, -1 if none does. The key
// that the hint names is tried first.
func (v *verifier) keyOf(ctx context.Context, pae []byte, s signature) (int, error) {
	hinted := slices.IndexFunc(v.keys, func(k trustedKey) bool { return keyID(k.identity.Key) == s.hint })
	if hinted >= 0 && verify(v.keys[hinted].public, pae, s.bytes) == nil {
		return hinted, nil
	}
	for i, k := range v.keys {
		if err := alive(ctx); err != nil {
			return -1, err
		}
		if i != hinted && verify(k.public, pae, s.bytes) == nil {
			return i, nil
		}
	}
	return -1, nil
}

// keyID is the keyid that this package writes for a key: the hexadecimal SHA-256
// digest of its SubjectPublicKeyInfo.
func keyID(print digest.Digest) string { return print.Hex }

func tell(signers []attest.Identity) string {
	names := make([]string, len(signers))
	for i, s := range signers {
		names[i] = strconv.Quote(s.Principal())
	}
	if len(names) == 0 {
		return "none"
	}
	return strconv.Itoa(len(names)) + ": " + strings.Join(names, ", ")
}

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "", "").Because(context.Cause(ctx))
	}
	return nil
}
