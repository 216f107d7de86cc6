package sigstore

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Verifier verifies bundles under one trust. It implements attest.Verifier,
// is immutable and safe for concurrent use.
type Verifier struct {
	authority  string
	root       *TrustedRoot
	demand     Demand
	witnesses  *tlog.Witnesses // nil if none are demanded
	rules      Rules
	sha256     bool // as Trust.SHA256Signatures
	limits     attest.Limits
	identities []Identity   // of a verifier of certificates
	keys       []trustedKey // of a verifier of keys
}

// NewVerifier returns a Verifier of bundles signed under certificates. It
// refuses, with every fault at once, a trust that names nobody or demands what
// its root cannot give.
func NewVerifier(t Trust) (*Verifier, error) {
	demand, err := t.Demand.settle(t.Root, false)
	if err := errors.Join(t.check(), err, checkAgreement(demand, t.Witnesses, t.Rules)); err != nil {
		return nil, err
	}
	identities := append([]Identity(nil), t.Identities...)
	for i := range identities {
		fields := make(map[chain.Field]Match, len(identities[i].Fields))
		for f, m := range identities[i].Fields {
			fields[f] = m
		}
		identities[i].Fields = fields
	}
	return &Verifier{
		authority: t.Authority, root: t.Root, demand: demand, witnesses: t.Witnesses, rules: t.Rules,
		sha256: t.SHA256Signatures, limits: t.Limits, identities: identities,
	}, nil
}

// NewKeyVerifier returns a Verifier of bundles signed by long-lived keys. It
// refuses, with every fault at once, a trust without a usable key or that
// demands what its root cannot give.
func NewKeyVerifier(t KeyTrust) (*Verifier, error) {
	keys, err := t.check()
	demand, demandErr := t.Demand.settle(t.Root, true)
	if err := errors.Join(err, demandErr, checkAgreement(demand, t.Witnesses, t.Rules)); err != nil {
		return nil, err
	}
	root := t.Root
	if root == nil {
		root = &TrustedRoot{}
	}
	return &Verifier{
		authority: t.Authority, root: root, demand: demand, witnesses: t.Witnesses, rules: t.Rules,
		limits: t.Limits, keys: keys,
	}, nil
}

// signer is who a bundle says signed it.
type signer struct {
	public crypto.PublicKey
	scheme scheme
	spki   []byte
	leaf   *x509.Certificate // nil for a key
	above  []*x509.Certificate
	key    *trustedKey // nil for a certificate
}

// proof collects what was established of a bundle. Only Verifier.judge makes
// one, and only without error does it leave.
type proof struct {
	signer     attest.Identity
	claims     chain.Claims
	times      []attest.TrustedTime
	inclusions []attest.Inclusion
	cosigners  []string
}

// timers returns the authorities of the trusted times, each once.
func (p *proof) timers() (names []string) {
	for _, t := range p.times {
		names = appendNew(names, t.Authority)
	}
	return names
}

// Verify implements attest.Verifier for bundles whose DSSE envelope holds an
// in-toto Statement v1. A bundle with a message signature is refused with
// CodeContentKind: it has no statement.
func (v *Verifier) Verify(ctx context.Context, a attest.Attestation, want attest.Want) (*attest.Verified, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	wantErr := want.Validate()
	b, err := v.open(a)
	if err != nil {
		return nil, errors.Join(wantErr, err)
	}
	if !b.envelope || b.payloadType != attest.MediaTypeInToto {
		wantErr = errors.Join(wantErr, attest.Refuse(CodeContentKind, "", "an envelope of "+attest.MediaTypeInToto, excerpt.Quote(b.payloadType)))
	}
	p, err := v.judge(ctx, b)
	if err := errors.Join(wantErr, err); err != nil {
		return nil, err
	}
	statement, err := attest.AdoptStatement(b.payload, v.limits)
	if err != nil {
		return nil, err
	}
	if err := want.Check(statement); err != nil {
		return nil, err
	}
	return attest.Seal(attest.Facts{
		Authority: v.authority, Statement: statement, Evidence: digest.FromBytes(a.Body),
		Signers: []attest.Identity{p.signer}, Claims: p.claimed(), Times: p.times, Inclusions: p.inclusions,
	})
}

// claimed returns the extensions of Fulcio's arc in the signer's certificate; none of
// a key.
func (p *proof) claimed() []attest.Claim {
	var claims []attest.Claim
	principal := p.signer.Principal()
	for f, value := range p.claims.Fields {
		if value == "" {
			continue
		}
		if claims == nil {
			claims = make([]attest.Claim, 0, len(p.claims.Fields))
		}
		claims = append(claims, attest.Claim{Principal: principal, Name: chain.Field(f).OID(), Value: value})
	}
	return claims
}

// open reads a bundle of a media type that this package knows.
func (v *Verifier) open(a attest.Attestation) (*bundle, error) {
	if versionOf(a.MediaType) == 0 {
		return nil, attest.Refuse(attest.CodeMediaType, "Attestation.MediaType", MediaTypeBundle03, excerpt.Quote(a.MediaType))
	}
	limit := 0
	if v.limits.Bytes > 0 {
		limit = v.limits.Bytes/3*4 + 1<<20
	}
	return parse(a, limit)
}

func alive(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(err)
	}
	return nil
}

// judge makes every check of a bundle but those of its statement, and joins the
// faults of all.
func (v *Verifier) judge(ctx context.Context, b *bundle) (*proof, error) {
	s, err := v.signerOf(b)
	if err != nil {
		return nil, err
	}
	p := &proof{}
	errs := make([]error, 0, 8)
	if b.envelope {
		errs = append(errs, s.scheme.verifyMessage(s.public, b.pae, b.signature))
	} else {
		errs = append(errs, s.scheme.verifyDigest(s.public, b.artifact, b.signature))
	}
	logs, logErrs := v.entries(b, s, p)
	errs = append(errs, logErrs)
	if err := alive(ctx); err != nil {
		return nil, err
	}
	errs = append(errs, v.stamps(b, p))
	if n := len(p.timers()); n < v.demand.Times {
		errs = append(errs, attest.Refuse(CodeTimeThreshold, "/verificationMaterial", strconv.Itoa(v.demand.Times)+" authorities of a trusted time", strconv.Itoa(n)))
	}
	errs = append(errs, logs.check(p.times))
	if s.leaf != nil {
		errs = append(errs, v.certificate(s, p))
	} else {
		errs = append(errs, v.longLived(s, p))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// signerOf returns the signer of the kind that this verifier is for.
func (v *Verifier) signerOf(b *bundle) (*signer, error) {
	where := "/verificationMaterial"
	switch {
	case b.leaf != nil && v.identities == nil:
		return nil, attest.Refuse(CodeKeyNeeded, where, "a trusted key", "a certificate")
	case b.leaf == nil && v.identities != nil:
		return nil, attest.Refuse(CodeCertificateNeeded, where, "a certificate", "a key")
	case b.leaf != nil:
		how := scheme{sha256: v.sha256}
		if err := how.named(b.leaf.PublicKey); err != nil {
			return nil, attest.Refuse(CodeAlgorithm, where, "a usable key", "").Because(err)
		}
		return &signer{public: b.leaf.PublicKey, scheme: how, spki: b.leaf.RawSubjectPublicKeyInfo, leaf: b.leaf, above: b.above}, nil
	}
	var only *signer
	for i := range v.keys {
		k := &v.keys[i]
		s := &signer{public: k.Public, scheme: scheme{pss: k.PSS}, spki: k.spki, key: k}
		if b.hint == k.Hint {
			return s, nil
		}
		if b.hint == "" && (only == nil || b.signedBy(s)) {
			only = s
		}
	}
	if only == nil {
		return nil, attest.Refuse(CodeKeyUnknown, where+"/publicKey/hint", "a trusted key", excerpt.Quote(b.hint))
	}
	return only, nil
}

// signedBy reports whether s signed the content.
func (b *bundle) signedBy(s *signer) bool {
	if b.envelope {
		return s.scheme.verifyMessage(s.public, b.pae, b.signature) == nil
	}
	return s.scheme.verifyDigest(s.public, b.artifact, b.signature) == nil
}

// stamps verifies the timestamps of the signature. One by nobody trusted counts
// nothing; any other that fails is a fault.
func (v *Verifier) stamps(b *bundle, p *proof) error {
	var errs, unknown []error
	var seen []int
	var names []string
	for i, der := range b.timestamps {
		where := "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/" + strconv.Itoa(i)
		if v.root.stampers == nil {
			break
		}
		stamp, err := v.root.stampers.Verify(der, b.signature)
		switch {
		case err != nil && isUnknownStamper(err):
			unknown = append(unknown, err)
		case err != nil:
			errs = append(errs, err)
		case slices.Contains(seen, stamp.Index):
			errs = append(errs, attest.Refuse(CodeTimestampRepeated, where, "one timestamp by an authority", excerpt.Quote(stamp.Authority)))
		default:
			seen = append(seen, stamp.Index)
			names = appendNew(names, stamp.Authority)
			p.times = append(p.times, attest.TrustedTime{Time: stamp.Time, Authority: stamp.Authority})
		}
	}
	errs = append(errs, obey(v.rules.Stampers, "/verificationMaterial/timestampVerificationData", names))
	if len(names) < v.demand.Timestamps {
		errs = append(append(errs, attest.Refuse(CodeTimestampThreshold, "/verificationMaterial/timestampVerificationData",
			strconv.Itoa(v.demand.Timestamps)+" authorities", strconv.Itoa(len(names)))), unknown...)
	} else if len(p.timers()) < v.demand.Times {
		errs = append(errs, unknown...)
	}
	return errors.Join(errs...)
}

// certificate judges the certificate at every trusted time, and who it names.
func (v *Verifier) certificate(s *signer, p *proof) error {
	claims, err := chain.ParseClaims(s.leaf)
	errs := []error{err}
	if err == nil {
		errs = append(errs, v.maySign(claims))
	}
	path, err := v.root.authorities.Path(s.leaf)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, c := range s.above {
		if !path.Leads(c) {
			errs = append(errs, attest.Refuse(CodeMaterial, "/verificationMaterial/x509CertificateChain", "certificates of the trusted root", excerpt.Quote(c.Subject.String())))
		}
	}
	for _, t := range p.times {
		errs = append(errs, path.Check(t.Time))
	}
	errs = append(errs, v.root.ct.Check(s.leaf, path.Issuers(), v.demand.SCTs))
	print := digest.FromBytes(s.spki)
	p.claims, p.signer = claims, attest.Identity{Issuer: claims.Issuer, Subject: claims.Name, Key: print}
	return errors.Join(errs...)
}

// maySign reports, by a nil error, that the holder is one of those who may
// sign.
func (v *Verifier) maySign(c chain.Claims) error {
	for _, i := range v.identities {
		if i.matches(c) {
			return nil
		}
	}
	return attest.Refuse(CodeIdentity, "certificate", "one of "+strconv.Itoa(len(v.identities))+" identities", excerpt.Quote(c.Issuer)+" "+excerpt.Quote(c.Name))
}

// longLived judges a key's window at every trusted time.
func (v *Verifier) longLived(s *signer, p *proof) error {
	p.signer = attest.Identity{Subject: s.key.Principal, Key: s.key.print}
	w := s.key.Window
	if w == (chain.Window{}) {
		return nil
	}
	var errs []error
	if len(p.times) == 0 {
		errs = append(errs, attest.Refuse(CodeKeyTime, "key "+excerpt.Quote(s.key.Principal), "a trusted time in "+w.String(), "none"))
	}
	for _, t := range p.times {
		if !w.Contains(t.Time) {
			errs = append(errs, attest.Refuse(CodeKeyTime, "key "+excerpt.Quote(s.key.Principal), w.String(), t.Time.UTC().Format(time.RFC3339)))
		}
	}
	return errors.Join(errs...)
}
