package layout

import (
	"context"
	"crypto"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Link is in-toto's record of one step.
type Link = in_toto.Link

// An Owner is who may sign the layout. Two keys of one principal count once.
type Owner struct {
	Principal string
	Public    crypto.PublicKey
}

// Trust tells which layouts are believed. Owners and Threshold are required.
type Trust struct {
	Owners []Owner
	// Threshold is the number of principals that must have signed the layout.
	Threshold int
	// Parameters replace the markers "{name}" in the layout's rules, and must be
	// exactly those that it names. Sublayouts get none.
	Parameters map[string]string
	Limits     Limits
}

// Limits bound a verification. A zero field means its default.
type Limits struct {
	DocumentBytes int64 // of a layout or link; default 16 MiB
	TotalBytes    int64 // of all; default 256 MiB
	Steps         int   // and inspections, of all layouts; default 256
	Keys          int   // of a layout; default 256
	Rules         int   // of all layouts; default 10,000
	Artifacts     int   // of all links; default 1,000,000
	Depth         int   // of sublayouts; default 4
	// Work bounds the comparisons of characters that patterns cost; default 2^30.
	Work int64
}

func (l Limits) withDefaults() Limits {
	set(&l.DocumentBytes, 16<<20)
	set(&l.TotalBytes, 256<<20)
	set(&l.Steps, 256)
	set(&l.Keys, 256)
	set(&l.Rules, 10_000)
	set(&l.Artifacts, 1_000_000)
	set(&l.Depth, 4)
	set(&l.Work, 1<<30)
	return l
}

func set[T int | int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Evidence is what is verified.
type Evidence struct {
	// Layout is the signed layout.
	Layout []byte
	// Links holds the links as in-toto names their files: "<step>.<first 8 digits of
	// the key id>.link", and those of a sublayout in the directory "<step>.<8
	// digits>".
	Links fs.FS
	// Inspections are what the layout's inspections found, by their names. The caller
	// vouches for them. Sublayouts cannot have inspections.
	Inspections map[string]Link
}

// A Result tells what a layout and its links prove.
type Result struct {
	// Owners are the principals that signed the layout, in the order of the trust.
	Owners []string
	// Expires is when the first of the layout and its sublayouts does.
	Expires time.Time
	// Functionaries are, for each step, the SHA-256 digests of the keys (their
	// SubjectPublicKeyInfo) that signed its link.
	Functionaries map[string][]digest.Digest
	// Materials are those of the first step, Products those of the last.
	Materials, Products Artifacts
	// OtherCommands are the steps for which a link reports another command than the
	// layout expects. This is no reason to refuse: functionaries report it
	// themselves.
	OtherCommands []string
}

// A Verifier verifies layouts of one trust. It is immutable and safe for
// concurrent use.
type Verifier struct {
	trust Trust
}

// NewVerifier checks the trust.
func NewVerifier(t Trust) (*Verifier, error) {
	principals, keys := map[string]bool{}, map[digest.Digest]bool{}
	for _, o := range t.Owners {
		print, err := key.Fingerprint(o.Public)
		if err != nil {
			return nil, attest.Refuse(CodeTrust, "Trust.Owners", "a key", excerpt.Quote(o.Principal)).Because(err)
		}
		if o.Principal == "" || keys[print] {
			return nil, attest.Refuse(CodeTrust, "Trust.Owners", "a name, and a key of one owner", excerpt.Quote(o.Principal))
		}
		principals[o.Principal], keys[print] = true, true
	}
	if t.Threshold < 1 || t.Threshold > len(principals) || len(t.Owners) > maxSignatures {
		return nil, attest.Refuse(CodeTrust, "Trust.Threshold", "1 to "+strconv.Itoa(len(principals))+", of at most "+strconv.Itoa(maxSignatures)+" keys", strconv.Itoa(t.Threshold))
	}
	t.Limits = t.Limits.withDefaults()
	t.Owners, t.Parameters = slices.Clone(t.Owners), maps.Clone(t.Parameters)
	return &Verifier{t}, nil
}

// Verify decides whether the layout is believed at the instant now and its links
// fulfil it. It reads Links and nothing else, and runs nothing.
func (v *Verifier) Verify(ctx context.Context, e Evidence, now time.Time) (*Result, error) {
	if v == nil || e.Links == nil {
		return nil, attest.Refuse(attest.CodeNil, "Verify", "a verifier and links", "nil")
	}
	if now.IsZero() {
		return nil, attest.Refuse(CodeExpired, "now", "an instant", "the zero time")
	}
	w := &work{limits: v.trust.Limits, ctx: ctx, now: now}
	if err := w.spendBytes(int64(len(e.Layout)), "layout"); err != nil {
		return nil, err
	}
	d, err := parseDocument(e.Layout, "layout")
	if err != nil {
		return nil, err
	}
	if d.layout == nil {
		return nil, attest.Refuse(CodeFormat, "layout", "a layout", "a link")
	}
	signed, err := v.owners(d)
	if err != nil {
		return nil, err
	}
	if err := substitute(d.layout, v.trust.Parameters); err != nil {
		return nil, err
	}
	r, err := w.layout(d.layout, e.Links, e.Inspections, 0, "")
	if err != nil {
		return nil, err
	}
	r.Owners, r.Expires = signed, w.expires
	return r, nil
}

// owners returns the principals that signed the layout. A signature's key id says
// nothing: each is tried under each key.
func (v *Verifier) owners(d *document) ([]string, error) {
	var signed []string
	seen := map[string]bool{}
	for _, o := range v.trust.Owners {
		for _, s := range d.signatures {
			if !seen[o.Principal] && key.Verify(o.Public, d.message, s.bytes) == nil {
				seen[o.Principal] = true
				signed = append(signed, o.Principal)
			}
		}
	}
	if len(signed) < v.trust.Threshold {
		return nil, attest.Refuse(CodeOwners, "layout", strconv.Itoa(v.trust.Threshold)+" owners", strconv.Itoa(len(signed)))
	}
	return signed, nil
}

// work is the budget of one verification. It is not safe for concurrent use.
type work struct {
	ctx    context.Context
	now    time.Time
	limits Limits

	expires             time.Time // the earliest so far
	bytes, matching     int64
	steps, rules, paths int
}

func exceeded(where, what string, most int64) error {
	return attest.Refuse(CodeLimit, where, "at most "+strconv.FormatInt(most, 10)+" "+what, "more")
}

func (w *work) spendBytes(n int64, where string) error {
	if n > w.limits.DocumentBytes {
		return exceeded(where, "bytes", w.limits.DocumentBytes)
	}
	if w.bytes += n; w.bytes > w.limits.TotalBytes {
		return exceeded(where, "bytes in all", w.limits.TotalBytes)
	}
	return nil
}

func (w *work) spendArtifacts(n int, where string) error {
	if w.paths += n; w.paths > w.limits.Artifacts {
		return exceeded(where, "artifacts in all", int64(w.limits.Artifacts))
	}
	return nil
}

func (w *work) spend(n int64, where string) error {
	if w.matching += n; w.matching > w.limits.Work {
		return exceeded(where, "comparisons by patterns", w.limits.Work)
	}
	return w.alive()
}

func (w *work) alive() error {
	if w.ctx.Err() != nil {
		return attest.Refuse(attest.CodeCanceled, "", "", "").Because(context.Cause(w.ctx))
	}
	return nil
}

var errNoLink = errors.New("no such link")
