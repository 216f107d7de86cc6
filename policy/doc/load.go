package doc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// ReleasePredicateType is the predicate type of the statement by which a document is
// released. Its subject is the document, by digest; its predicate is a Release.
const ReleasePredicateType = "https://github.com/sealwright/sealwright/policy/doc/release/v1"

// A Release tells which version of which policy a document is, and repeats what its
// readers must agree on before they look inside.
type Release struct {
	ID      string    `json:"id"`
	Version uint64    `json:"version"`
	Expires time.Time `json:"expires"`
	// Digest is that of the document, or of the canonical JSON of one in YAML. It is not
	// part of the predicate.
	Digest digest.Digest `json:"-"`
}

// NewRelease returns the statement that releases the document, to be signed.
func NewRelease(document []byte) (*attest.Statement, error) {
	document, err := inJSON(document)
	if err != nil {
		return nil, err
	}
	d, err := Parse(document)
	if err != nil {
		return nil, err
	}
	r := releaseOf(d, document)
	return attest.NewStatement(ReleasePredicateType, r, attest.Descriptor{Name: d.ID, Digest: digest.Set{r.Digest.Algorithm: r.Digest.Hex}})
}

func releaseOf(d *Document, document []byte) Release {
	sum := sha256.Sum256(document)
	return Release{d.ID, d.Version, d.Expires.Round(0).UTC(), digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}}
}

// A VersionStore remembers the latest release of each policy, so that an older one is
// not accepted again. Advance compares and replaces in one step: it keeps the given
// release if none of its ID is held or the held one has a smaller version, and
// returns the one that is held then. Implementations must be safe for concurrent
// use, and must not forget.
type VersionStore interface {
	Advance(ctx context.Context, r Release) (held Release, err error)
}

// Versions is a VersionStore in memory. The zero value is empty and ready.
type Versions struct {
	mu   sync.Mutex
	held map[string]Release
}

// Advance implements VersionStore.
func (v *Versions) Advance(ctx context.Context, r Release) (Release, error) {
	if err := ctx.Err(); err != nil {
		return Release{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if held, ok := v.held[r.ID]; ok && held.Version >= r.Version {
		return held, nil
	}
	if v.held == nil {
		v.held = map[string]Release{}
	}
	v.held[r.ID] = r
	return r, nil
}

// Trust tells which documents Load admits. Every field is required unless it says
// otherwise.
type Trust struct {
	// ID is the policy that is wanted.
	ID string
	// Verifier reads the signatures, and Authorities are what it may call itself.
	Verifier    attest.Verifier
	Authorities []string
	// At least Threshold distinct principals among Signers must have signed the
	// release, together or each on their own; 0 means 1.
	Signers   []string
	Threshold int
	// Versions keeps out documents older than those admitted before.
	Versions VersionStore
	// Pin, if not zero, is the digest of the only document that is admitted.
	Pin digest.Digest
	// Catalogue holds the rules that the document may name.
	Catalogue Catalogue
	// Languages are those of the document's conditions. Optional: without them a
	// document with conditions is refused.
	Languages Languages
	// Testing admits signatures of authorities that begin with "test:". Optional.
	Testing bool
}

// Load admits the document at the instant now and returns its policy, whose digest is
// the document's and which ends when the document expires; or everything that is
// wrong with it, and no policy. The store advances only for a document that is
// admitted in every other respect.
func Load(ctx context.Context, t Trust, document []byte, signatures []attest.Attestation, now time.Time) (policy.Config, error) {
	if t.Verifier == nil || t.Versions == nil || t.ID == "" || len(t.Signers) == 0 {
		return policy.Config{}, attest.Refuse(CodeTrust, "Trust", "an ID, a Verifier, Signers and Versions", "less")
	}
	document, err := inJSON(document)
	if err != nil {
		return policy.Config{}, err
	}
	d, err := Parse(document)
	if err != nil {
		return policy.Config{}, err
	}
	release := releaseOf(d, document)
	var errs []error
	if d.ID != t.ID {
		errs = append(errs, attest.Refuse(CodePin, "/id", t.ID, excerpt.Quote(d.ID)))
	}
	if !t.Pin.IsZero() && t.Pin != release.Digest {
		errs = append(errs, attest.Refuse(CodePin, "", t.Pin.String(), release.Digest.String()))
	}
	if !now.Before(d.Expires) {
		errs = append(errs, attest.Refuse(CodeExpired, "/expires", "after "+now.UTC().Format(time.RFC3339), d.Expires.UTC().Format(time.RFC3339)))
	}
	errs = append(errs, t.checkSigned(ctx, release, signatures, now))
	config, err := d.Config(t.Catalogue, t.Languages)
	config.Policy.Digest, config.Testing = release.Digest, t.Testing
	if err == nil {
		_, err = policy.New(config)
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return policy.Config{}, err
	}
	held, err := t.Versions.Advance(ctx, release)
	if err != nil {
		return policy.Config{}, attest.Refuse(CodeRollback, "/version", "a store that remembers", "an error").Because(err)
	}
	if held.ID != release.ID || held.Version != release.Version || held.Digest != release.Digest {
		return policy.Config{}, attest.Refuse(CodeRollback, "/version", fmt.Sprintf("version %d, %s", held.Version, held.Digest),
			fmt.Sprintf("version %d, %s", release.Version, release.Digest))
	}
	return config, nil
}

// checkSigned verifies each signature and lets a policy engine judge whether they
// suffice: a document is an artifact like others.
func (t *Trust) checkSigned(ctx context.Context, r Release, signatures []attest.Attestation, now time.Time) error {
	subject := digest.Set{r.Digest.Algorithm: r.Digest.Hex}
	engine, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: ReleasePredicateType, Version: "1"},
		Root:        policy.Rules(released{t, r}),
		Authorities: t.Authorities,
		Testing:     t.Testing,
		Validity:    time.Second,
	})
	if err != nil {
		return attest.Refuse(CodeTrust, "Trust", "usable terms", "").Because(err)
	}
	req := policy.Request{Subject: attest.Descriptor{Digest: subject}, Phase: policy.PhasePublish, Now: now}
	var errs []error
	for i, a := range signatures {
		v, err := t.Verifier.Verify(ctx, a, attest.Want{Subjects: []digest.Set{subject}, PredicateTypes: []string{ReleasePredicateType}})
		if err != nil {
			errs = append(errs, attest.Refuse(CodeSigned, fmt.Sprintf("signatures[%d]", i), "a release of the document", "").Because(err))
			continue
		}
		req.Evidence = append(req.Evidence, v)
	}
	d, err := engine.Evaluate(ctx, req)
	if err := errors.Join(append(errs, err, d.Err())...); err != nil {
		return attest.Refuse(CodeSigned, "", "a release signed as the trust demands", "").Because(err)
	}
	return nil
}

// released is the rule that every release says what the document says.
type released struct {
	trust   *Trust
	release Release
}

func (r released) Spec() (policy.Spec, error) {
	return policy.Spec{ID: "released", Needs: []policy.Need{{
		Name: "release", PredicateTypes: []string{ReleasePredicateType}, Signers: r.trust.Signers, Threshold: r.trust.Threshold,
	}}}, nil
}

func (r released) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return facts.Judge("release", func(e policy.Evidence) policy.Result {
		var said Release
		err := e.Statement().DecodePredicate(&said, false)
		said.Digest, said.Expires = r.release.Digest, said.Expires.UTC()
		if err != nil || said != r.release {
			return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{
				Code: CodeSigned, Where: "/predicate", Want: fmt.Sprintf("version %d of %s", r.release.Version, r.release.ID), Got: "something else",
			}}}}
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
}
