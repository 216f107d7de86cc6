package sign

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// A Config tells with whose help a Signer signs. All of it but Retry is needed.
type Config struct {
	// Client makes all requests. Give it a timeout, or give one to each context.
	Client   *http.Client
	Services Services
	// Token returns the identity token to sign with; it is called once for each
	// signature. It must be safe for concurrent use.
	Token func(ctx context.Context) (Token, error)
	// Verifier judges every bundle before it is returned. It must be of
	// certificates, and should be that of the signature's readers.
	Verifier *sigstore.Verifier
	Retry    Retry
}

// A Signer makes bundles. It implements attest.Attestor, is immutable and safe
// for concurrent use.
type Signer struct {
	caller   caller
	services Services
	token    func(ctx context.Context) (Token, error)
	verifier *sigstore.Verifier
}

// New returns a Signer. It refuses, with every fault at once, a configuration
// that lacks something or names a service that cannot be asked.
func New(c Config) (*Signer, error) {
	var errs []error
	for _, need := range []struct {
		name    string
		missing bool
	}{{"Client", c.Client == nil}, {"Token", c.Token == nil}, {"Verifier", c.Verifier == nil}} {
		if need.missing {
			errs = append(errs, attest.Refuse(CodeConfig, "Config."+need.name, "one", "nil"))
		}
	}
	if err := errors.Join(append(errs, c.Retry.check("Config.Retry"), c.Services.check())...); err != nil {
		return nil, err
	}
	services := c.Services
	services.Logs = append([]Log(nil), services.Logs...)
	services.Stampers = append([]string(nil), services.Stampers...)
	return &Signer{newCaller(c.Client, c.Retry), services, c.Token, c.Verifier}, nil
}

// Attest implements attest.Attestor: it signs a statement in a DSSE envelope.
func (s *Signer) Attest(ctx context.Context, statement *attest.Statement) (attest.Attestation, error) {
	if statement == nil || len(statement.Bytes()) == 0 {
		return attest.Attestation{}, attest.Refuse(attest.CodeNil, "statement", "a statement", "none")
	}
	payload := statement.Bytes()
	sum := sha256.Sum256(pae(attest.MediaTypeInToto, payload))
	m := &made{sum: sum[:]}
	sealed := func(signature []byte) {
		m.bundle.Envelope = &envelope{payload, attest.MediaTypeInToto, []envelopeSignature{{signature}}}
	}
	a, err := s.make(ctx, m, sealed)
	if err != nil {
		return attest.Attestation{}, err
	}
	got, err := s.verifier.Verify(ctx, a, attest.Want{AnySubject: true})
	if err == nil && !bytes.Equal(got.Statement().Bytes(), payload) {
		err = attest.Refuse(CodeRefused, "bundle", "the statement that was signed", "another")
	}
	if err != nil {
		return attest.Attestation{}, refused(err)
	}
	if err := s.complete(got.Inclusions(), got.Times()); err != nil {
		return attest.Attestation{}, err
	}
	return a, nil
}

// SignDigest signs the artifact of a SHA-256 digest, and returns a bundle with a
// message signature.
func (s *Signer) SignDigest(ctx context.Context, artifact digest.Digest) (attest.Attestation, error) {
	sum, err := hex.DecodeString(artifact.Hex)
	if err != nil || artifact.Algorithm != digest.SHA256 || artifact.Validate() != nil {
		return attest.Attestation{}, attest.Refuse(CodeDigest, "artifact", "a SHA-256 digest", string(artifact.Algorithm))
	}
	m := &made{sum: sum}
	sealed := func(signature []byte) {
		m.bundle.Message = &message{messageDigest{"SHA2_256", sum}, signature}
	}
	a, err := s.make(ctx, m, sealed)
	if err != nil {
		return attest.Attestation{}, err
	}
	got, err := s.verifier.VerifyArtifact(ctx, a, artifact)
	if err != nil {
		return attest.Attestation{}, refused(err)
	}
	if err := s.complete(got.Inclusions(), got.Times()); err != nil {
		return attest.Attestation{}, err
	}
	return a, nil
}

func refused(err error) error {
	if errors.Is(err, attest.Is(attest.CodeCanceled)) {
		return err
	}
	return attest.Refuse(CodeRefused, "bundle", "a bundle that the verifier accepts", "").Because(err)
}

// complete reports, by a nil error, that each service contributed something that
// the verifier proved.
func (s *Signer) complete(inclusions []attest.Inclusion, times []attest.TrustedTime) error {
	promises := 0
	for _, l := range s.services.Logs {
		if l.Version == 1 {
			promises++
		}
	}
	var errs []error
	if len(inclusions) != len(s.services.Logs) {
		errs = append(errs, attest.Refuse(CodeUnproven, "Services.Logs", strconv.Itoa(len(s.services.Logs))+" inclusions", strconv.Itoa(len(inclusions))))
	}
	if want := len(s.services.Stampers) + promises; len(times) != want {
		errs = append(errs, attest.Refuse(CodeUnproven, "Services.Stampers", strconv.Itoa(want)+" trusted times", strconv.Itoa(len(times))))
	}
	return errors.Join(errs...)
}

// make signs what m tells and has all services vouch for it. seal puts the
// signature into the bundle.
func (s *Signer) make(ctx context.Context, m *made, seal func(signature []byte)) (attest.Attestation, error) {
	var none attest.Attestation
	if ctx.Err() != nil {
		return none, attest.Refuse(attest.CodeCanceled, "context", "a live context", "").Because(context.Cause(ctx))
	}
	t, err := s.token(ctx)
	if err != nil {
		return none, err
	}
	if t.IsZero() {
		return none, attest.Refuse(CodeToken, "Config.Token", "a token", "the zero Token")
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return none, attest.Refuse(CodeConfig, "key", "randomness", "").Because(err)
	}
	leaf, err := s.certify(ctx, t, k)
	if err != nil {
		return none, err
	}
	m.leaf = leaf.Raw
	if m.signature, err = ecdsa.SignASN1(rand.Reader, k, m.sum); err != nil {
		return none, attest.Refuse(CodeConfig, "key", "a signature", "").Because(err)
	}
	seal(m.signature)
	m.bundle.MediaType, m.bundle.Material.Certificate = sigstore.MediaTypeBundle03, certificate{leaf.Raw}
	if err := s.vouch(ctx, m); err != nil {
		return none, err
	}
	body, err := json.Marshal(m.bundle)
	if err != nil {
		return none, attest.Refuse(CodeConfig, "bundle", "JSON", "").Because(err)
	}
	return attest.Attestation{MediaType: sigstore.MediaTypeBundle03, Body: body}, nil
}

// vouch adds time-stamps and then log entries to the bundle.
func (s *Signer) vouch(ctx context.Context, m *made) error {
	for _, where := range s.services.Stampers {
		token, err := s.stamp(ctx, where, m.signature)
		if err != nil {
			return err
		}
		if m.bundle.Material.Timestamps == nil {
			m.bundle.Material.Timestamps = &timestamps{}
		}
		m.bundle.Material.Timestamps.Timestamps = append(m.bundle.Material.Timestamps.Timestamps, timestamp{token})
	}
	for _, l := range s.services.Logs {
		e, err := s.log(ctx, l, m)
		if err != nil {
			return err
		}
		m.bundle.Material.Entries = append(m.bundle.Material.Entries, *e)
	}
	return nil
}

// pae is DSSE's pre-authentication encoding (DSSE v1, protocol.md).
func pae(payloadType string, payload []byte) []byte {
	out := append([]byte("DSSEv1 "), strconv.Itoa(len(payloadType))...)
	out = append(append(append(out, ' '), payloadType...), ' ')
	out = append(strconv.AppendInt(out, int64(len(payload)), 10), ' ')
	return append(out, payload...)
}
