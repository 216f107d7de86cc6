package sign_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
	"github.com/sealwright/sealwright/attest/tsa"
)

var _ attest.Attestor = (*sign.Signer)(nil)

func aStatement(t testing.TB) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement("https://example.com/p", map[string]int{"n": 1},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	return s
}

func verifierOf(t testing.TB, i *virtual.Instance, demand sigstore.Demand) *sigstore.Verifier {
	t.Helper()
	root, err := sigstore.ParseTrustedRoot(i.TrustedRoot(t, nil))
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{Authority: "test:sign", Root: root, Demand: demand,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject)}}})
	require.NoError(t, err)
	return v
}

func tokenOf(t testing.TB, w *signtest.World) func(context.Context) (sign.Token, error) {
	t.Helper()
	token, err := sign.ParseToken(w.Token)
	require.NoError(t, err)
	return func(context.Context) (sign.Token, error) { return token, nil }
}

func configOf(t testing.TB, w *signtest.World, logs ...int) sign.Config {
	t.Helper()
	return sign.Config{Client: w.Client(), Services: w.Services(logs...), Token: tokenOf(t, w), Verifier: verifierOf(t, w.Instance, sigstore.Demand{})}
}

func signerOf(t testing.TB, w *signtest.World, logs ...int) *sign.Signer {
	t.Helper()
	s, err := sign.New(configOf(t, w, logs...))
	require.NoError(t, err)
	return s
}

func TestAStatementAndADigestAreSignedWithEitherLog(t *testing.T) {
	for name, logs := range map[string][]int{"Rekor v1": {1}, "Rekor v2": {2}} {
		t.Run(name, func(t *testing.T) {
			w := signtest.New(t)
			s, v := signerOf(t, w, logs...), verifierOf(t, w.Instance, sigstore.Demand{})
			a, err := s.Attest(t.Context(), aStatement(t))
			require.NoError(t, err)
			assert.Equal(t, sigstore.MediaTypeBundle03, a.MediaType)
			got, err := v.Verify(t.Context(), a, attest.Want{AnySubject: true})
			require.NoError(t, err)
			assert.Equal(t, aStatement(t).Bytes(), got.Statement().Bytes())
			assert.Equal(t, virtual.Subject, got.Signers()[0].Subject)
			assert.Len(t, got.Inclusions(), 1)

			artifact := digest.FromBytes([]byte("an artifact"))
			a, err = s.SignDigest(t.Context(), artifact)
			require.NoError(t, err)
			_, err = v.VerifyArtifact(t.Context(), a, artifact)
			require.NoError(t, err)
		})
	}
}

func TestTheLogIsAskedLast(t *testing.T) {
	w := signtest.New(t)
	_, err := signerOf(t, w, 2).Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
	assert.Equal(t, []string{signtest.Fulcio, signtest.Stamper, signtest.Rekor2}, w.Calls())
}

func TestTheContractOfAnAttestor(t *testing.T) {
	w := signtest.New(t)
	attesttest.TestAttestor(t, signerOf(t, w, 2), verifierOf(t, w.Instance, sigstore.Demand{}))
}

func TestEachSignatureHasItsOwnKey(t *testing.T) {
	w := signtest.New(t)
	s, v := signerOf(t, w, 2), verifierOf(t, w.Instance, sigstore.Demand{})
	var mu sync.Mutex
	keys := map[digest.Digest]bool{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			a, err := s.Attest(t.Context(), aStatement(t))
			if !assert.NoError(t, err) {
				return
			}
			got, err := v.Verify(t.Context(), a, attest.Want{AnySubject: true})
			if assert.NoError(t, err) {
				mu.Lock()
				keys[got.Signers()[0].Key] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	assert.Len(t, keys, 8)
}

func TestAnEmailAddressIsWhatTheKeyIsProvenFor(t *testing.T) {
	w := signtest.New(t)
	w.Token = signtest.Token(map[string]any{"iss": virtual.Issuer, "sub": "4711", "aud": []string{"sigstore"}, "email": "a@example.com", "email_verified": true})
	_, err := signerOf(t, w, 2).Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
}

// at returns a function that changes the recipe of one service.
func at(service string, change func(*virtual.Recipe)) func(string, *virtual.Recipe) {
	return func(asked string, r *virtual.Recipe) {
		if asked == service {
			change(r)
		}
	}
}

// says returns a function that replaces the answer of one service.
func says(service string, change func(body []byte) []byte) func(string, *httptest.ResponseRecorder) {
	return func(asked string, w *httptest.ResponseRecorder) {
		if asked == service {
			w.Body = bytes.NewBuffer(change(w.Body.Bytes()))
		}
	}
}

// again returns what a service said first, again and again.
func again() func([]byte) []byte {
	var first []byte
	return func(b []byte) []byte {
		if first == nil {
			first = bytes.Clone(b)
		}
		return first
	}
}

// A lie is what a service does, and the code by which it is refused.
type lie struct {
	code   attest.Code
	logs   []int // default 2
	twice  bool  // the second signature is lied about
	tell   func(t *testing.T, w *signtest.World)
	within attest.Code // the reason inside of CodeRefused
}

func lies() map[string]lie {
	entry := func(service string, change func(*virtual.Entry)) func(*testing.T, *signtest.World) {
		return func(_ *testing.T, w *signtest.World) {
			w.Recipe = at(service, func(r *virtual.Recipe) { r.Entry = change })
		}
	}
	fulcio := func(change func(*virtual.Recipe)) func(*testing.T, *signtest.World) {
		return func(_ *testing.T, w *signtest.World) { w.Recipe = at(signtest.Fulcio, change) }
	}
	stamp := func(change func(*signtest.Stamp)) func(*testing.T, *signtest.World) {
		return func(_ *testing.T, w *signtest.World) { w.Stamp = change }
	}
	answer := func(service string, change func([]byte) []byte) func(*testing.T, *signtest.World) {
		return func(_ *testing.T, w *signtest.World) { w.Answer = says(service, change) }
	}
	text := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }
	stranger := func(t *testing.T) *virtual.Instance { return virtual.New(t) }
	return map[string]lie{
		"Fulcio certifies another key":             {code: sign.CodeCertificateKey, twice: true, tell: answer(signtest.Fulcio, again())},
		"Fulcio answers without certificate":       {code: sign.CodeCertificate, tell: answer(signtest.Fulcio, text(`{"signedCertificateEmbeddedSct":{"chain":{"certificates":[]}}}`))},
		"Fulcio answers something else than PEM":   {code: sign.CodeCertificate, tell: answer(signtest.Fulcio, text(`{"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}}`))},
		"Fulcio repeats a key of its answer":       {code: sign.CodeResponse, tell: answer(signtest.Fulcio, text(`{"a":1,"a":2}`))},
		"Fulcio answers no JSON":                   {code: sign.CodeResponse, tell: answer(signtest.Fulcio, text(`<html>`))},
		"Fulcio's certificate is of somebody else": {code: sign.CodeRefused, within: sigstore.CodeIdentity, tell: fulcio(func(r *virtual.Recipe) { r.Certificate = rename })},
		"Fulcio's certificate has no SCT":          {code: sign.CodeRefused, within: chain.CodeSCTMissing, tell: fulcio(func(r *virtual.Recipe) { r.SCTs = func([]*virtual.SCT) []*virtual.SCT { return nil } })},
		"Fulcio's certificate is by another authority": {code: sign.CodeRefused, within: chain.CodePath, tell: func(t *testing.T, w *signtest.World) {
			other := stranger(t)
			fulcio(func(r *virtual.Recipe) { r.CA = &other.CA })(t, w)
		}},
		"Fulcio's certificate is an authority's": {code: sign.CodeRefused, within: chain.CodeLeafIsCA, tell: fulcio(func(r *virtual.Recipe) {
			r.Certificate = func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }
		})},

		"the stamp has no nonce":       {code: sign.CodeStampNonce, tell: stamp(func(s *signtest.Stamp) { s.Nonce = nil })},
		"the stamp has another nonce":  {code: sign.CodeStampNonce, tell: stamp(func(s *signtest.Stamp) { s.Nonce = big.NewInt(7) })},
		"the stamp is an older one":    {code: sign.CodeStampNonce, twice: true, tell: answer(signtest.Stamper, again())},
		"the stamp is no stamp":        {code: sign.CodeResponse, tell: answer(signtest.Stamper, text("no"))},
		"the stamp is of another text": {code: sign.CodeRefused, within: tsa.CodeImprint, tell: stamp(func(s *signtest.Stamp) { s.Imprint = make([]byte, 32) })},
		"the stamp is later than the certificate": {code: sign.CodeRefused, within: chain.CodeTime, tell: stamp(func(s *signtest.Stamp) {
			s.Time = s.Time.Add(20 * time.Minute)
		})},
		"the stamp is before the certificate": {code: sign.CodeRefused, within: chain.CodeTime, tell: stamp(func(s *signtest.Stamp) {
			s.Time = s.Time.Add(-20 * time.Minute)
		})},
		"the stamp is signed by another key": {code: sign.CodeRefused, within: tsa.CodeSignature, tell: func(t *testing.T, w *signtest.World) {
			other := stranger(t)
			stamp(func(s *signtest.Stamp) { s.Key = other.Log })(t, w)
		}},
		"the stamp is by nobody trusted, and the log tells a time too": {code: sign.CodeUnproven, logs: []int{1}, tell: func(t *testing.T, w *signtest.World) {
			other := stranger(t)
			stamp(func(s *signtest.Stamp) {
				c := *other.Stamper
				c.SerialNumber = big.NewInt(5)
				s.Signer = &c
			})(t, w)
		}},

		"Rekor v1 answers the entry of something else": {code: sign.CodeRefused, within: sigstore.CodeEntrySignature, logs: []int{1}, twice: true, tell: answer(signtest.Rekor1, again())},
		"Rekor v2 answers the entry of something else": {code: sign.CodeRefused, within: sigstore.CodeEntrySignature, twice: true, tell: answer(signtest.Rekor2, again())},
		"Rekor v1 promises another entry": {code: sign.CodeRefused, within: sigstore.CodePromise, logs: []int{1}, tell: entry(signtest.Rekor1, func(e *virtual.Entry) {
			e.Promise = func(b []byte) []byte { return append(b, 0) }
		})},
		"Rekor v1 promises nothing":                  {code: sign.CodeEntry, logs: []int{1}, tell: entry(signtest.Rekor1, func(e *virtual.Entry) { e.NoPromise = true })},
		"Rekor v1 answers no entry":                  {code: sign.CodeEntry, logs: []int{1}, tell: answer(signtest.Rekor1, text(`{}`))},
		"Rekor v1 answers hashes that are none":      {code: sign.CodeEntry, logs: []int{1}, tell: answer(signtest.Rekor1, func(b []byte) []byte { return bytes.Replace(b, []byte(`"rootHash":"`), []byte(`"rootHash":"x`), 1) })},
		"Rekor v1 says a time outside of the window": {code: sign.CodeRefused, within: sigstore.CodeEntryTime, logs: []int{1}, tell: entry(signtest.Rekor1, func(e *virtual.Entry) { e.Time = e.Time.Add(time.Hour) })},
		"Rekor v2 answers without proof":             {code: sign.CodeEntry, tell: entry(signtest.Rekor2, func(e *virtual.Entry) { e.NoProof = true })},
		"Rekor v2 proves another tree": {code: sign.CodeRefused, within: sigstore.CodeInclusion, tell: entry(signtest.Rekor2, func(e *virtual.Entry) {
			e.Proof = func(p map[string]any) { p["hashes"] = []any{} }
		})},
		"Rekor v2 has a checkpoint of another origin": {code: sign.CodeRefused, within: sigstore.CodeCheckpoint, tell: entry(signtest.Rekor2, func(e *virtual.Entry) { e.Tree.Origin = virtual.Host + " - 123" })},
		"Rekor v2 is signed by another log's key": {code: sign.CodeRefused, within: sigstore.CodeCheckpointSignature, tell: func(t *testing.T, w *signtest.World) {
			other := stranger(t)
			entry(signtest.Rekor2, func(e *virtual.Entry) { e.Key = other.Log })(t, w)
		}},
	}
}

func rename(c *x509.Certificate) {
	c.URIs = []*url.URL{{Scheme: "https", Host: "evil.example", Path: "/"}}
}

func TestAServiceThatLiesIsRefused(t *testing.T) {
	for name, l := range lies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := signtest.New(t)
			l.tell(t, w)
			if l.logs == nil {
				l.logs = []int{2}
			}
			s := signerOf(t, w, l.logs...)
			if l.twice {
				_, err := s.Attest(t.Context(), aStatement(t))
				require.NoError(t, err)
			}
			for kind, do := range map[string]func() (attest.Attestation, error){
				"statement": func() (attest.Attestation, error) { return s.Attest(t.Context(), aStatement(t)) },
				"digest":    func() (attest.Attestation, error) { return s.SignDigest(t.Context(), digest.FromBytes([]byte("app"))) },
			} {
				a, err := do()
				require.ErrorIs(t, err, attest.Is(l.code), kind)
				if l.within != "" {
					assert.ErrorIs(t, err, attest.Is(l.within), kind)
				}
				assert.Zero(t, a, kind)
			}
		})
	}
}

func TestALogThatNobodyTrustsAddsNothing(t *testing.T) {
	w, other := signtest.New(t), virtual.New(t)
	foreign := virtual.New(t).Log
	w.Recipe = at(signtest.Rekor2, func(r *virtual.Recipe) {
		r.Entry = func(e *virtual.Entry) { e.LogID, e.Key = make([]byte, 32), foreign }
	})
	a, err := signerOf(t, w, 1, 2).Attest(t.Context(), aStatement(t))
	assert.ErrorIs(t, err, attest.Is(sign.CodeUnproven))
	assert.Zero(t, a)

	c := configOf(t, w, 1)
	c.Verifier = verifierOf(t, other, sigstore.Demand{})
	s, err := sign.New(c)
	require.NoError(t, err)
	_, err = s.Attest(t.Context(), aStatement(t))
	assert.ErrorIs(t, err, attest.Is(sign.CodeRefused), "a root of another instance")
}

// busy answers the first requests to a service with a status.
func busy(service string, status, times int) func(string, *httptest.ResponseRecorder) {
	var mu sync.Mutex
	return func(asked string, w *httptest.ResponseRecorder) {
		mu.Lock()
		defer mu.Unlock()
		if asked == service && times > 0 {
			times--
			w.Code = status
		}
	}
}

func TestOnlyWhatMayBeRepeatedIs(t *testing.T) {
	for service, repeated := range map[string]bool{signtest.Fulcio: false, signtest.Stamper: true, signtest.Rekor1: true, signtest.Rekor2: false} {
		t.Run(service, func(t *testing.T) {
			w := signtest.New(t)
			w.Answer = busy(service, http.StatusServiceUnavailable, 2)
			logs := []int{2}
			if service == signtest.Rekor1 {
				logs = []int{1}
			}
			c := configOf(t, w, logs...)
			c.Retry = sign.Retry{Times: 2, Pause: time.Microsecond}
			s, err := sign.New(c)
			require.NoError(t, err)
			_, err = s.Attest(t.Context(), aStatement(t))
			if repeated {
				require.NoError(t, err)
				assert.Len(t, w.Calls(), 5)
			} else {
				assert.ErrorIs(t, err, attest.Is(sign.CodeStatus))
			}
			w.Answer = busy(service, http.StatusServiceUnavailable, 1000)
			_, err = s.Attest(t.Context(), aStatement(t))
			assert.ErrorIs(t, err, attest.Is(sign.CodeStatus))
			w.Answer = busy(service, http.StatusBadRequest, 1)
			_, err = s.Attest(t.Context(), aStatement(t))
			assert.ErrorIs(t, err, attest.Is(sign.CodeStatus), "a fault of the request is not repeated")
		})
	}
}

func TestAnEntryThatTheLogHasAlreadyIsFetched(t *testing.T) {
	w := signtest.New(t)
	w.Known = true
	_, err := signerOf(t, w, 1).Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
	assert.Equal(t, []string{signtest.Fulcio, signtest.Stamper, signtest.Rekor1, signtest.Rekor1}, w.Calls())
	for name, location := range map[string]string{"none": "", "no number": "/api/v1/log/entries/..%2fx", "another host": "https://evil.example/x"} {
		w.Answer = func(service string, r *httptest.ResponseRecorder) { r.Header().Set("Location", location) }
		_, err = signerOf(t, w, 1).Attest(t.Context(), aStatement(t))
		assert.ErrorIs(t, err, attest.Is(sign.CodeResponse), name)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	for _, service := range []string{signtest.Fulcio, signtest.Stamper, signtest.Rekor2} {
		w := signtest.New(t)
		w.Answer = func(asked string, r *httptest.ResponseRecorder) {
			if asked == service {
				r.Code = http.StatusTemporaryRedirect
				r.Header().Set("Location", "https://stamper."+virtual.Host+"/evil")
			}
		}
		_, err := signerOf(t, w, 2).Attest(t.Context(), aStatement(t))
		require.ErrorIs(t, err, attest.Is(sign.CodeStatus), service)
		assert.Equal(t, service, w.Calls()[len(w.Calls())-1])
	}
}

// broken is a body that fails after some bytes, or never ends.
type broken struct{ endless bool }

func (b broken) Read(p []byte) (int, error) {
	if b.endless {
		return len(p), nil
	}
	return 0, io.ErrUnexpectedEOF
}
func (broken) Close() error { return nil }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnAnswerThatBreaksOffOrNeverEndsIsRefused(t *testing.T) {
	w := signtest.New(t)
	for name, c := range map[string]struct {
		code  attest.Code
		reply roundTrip
	}{
		"nobody answers": {sign.CodeTransport, func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }},
		"breaks off": {sign.CodeTransport, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: broken{}}, nil
		}},
		"never ends": {attest.CodeLimit, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: broken{true}}, nil
		}},
	} {
		config := configOf(t, w, 2)
		config.Client = &http.Client{Transport: c.reply}
		s, err := sign.New(config)
		require.NoError(t, err)
		_, err = s.Attest(t.Context(), aStatement(t))
		assert.ErrorIs(t, err, attest.Is(c.code), name)
		assert.NotContains(t, err.Error(), w.Token)
	}
}

func TestATokenThatFailsOrIsNoneSignsNothing(t *testing.T) {
	w := signtest.New(t)
	c := configOf(t, w, 2)
	c.Token = func(context.Context) (sign.Token, error) { return sign.Token{}, nil }
	s, err := sign.New(c)
	require.NoError(t, err)
	_, err = s.Attest(t.Context(), aStatement(t))
	assert.ErrorIs(t, err, attest.Is(sign.CodeToken))
	c.Token = func(context.Context) (sign.Token, error) {
		return sign.Token{}, attest.Refuse(sign.CodeTokenNone, "", "", "")
	}
	s, err = sign.New(c)
	require.NoError(t, err)
	_, err = s.Attest(t.Context(), aStatement(t))
	assert.ErrorIs(t, err, attest.Is(sign.CodeTokenNone))
	assert.Empty(t, w.Calls())
}

func TestAContextEndsARepetition(t *testing.T) {
	w := signtest.New(t)
	w.Answer = busy(signtest.Stamper, 500, 1000)
	c := configOf(t, w, 2)
	c.Retry = sign.Retry{Times: 3, Pause: time.Hour}
	s, err := sign.New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = s.Attest(ctx, aStatement(t))
	assert.ErrorIs(t, err, attest.Is(attest.CodeCanceled))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestADigestThatTheKeyCannotSignIsRefused(t *testing.T) {
	w := signtest.New(t)
	s := signerOf(t, w, 2)
	for _, d := range []digest.Digest{{}, {Algorithm: digest.SHA512, Hex: strings.Repeat("0", 128)}, {Algorithm: digest.SHA256, Hex: "00"}} {
		_, err := s.SignDigest(t.Context(), d)
		assert.ErrorIs(t, err, attest.Is(sign.CodeDigest))
	}
	assert.Empty(t, w.Calls())
}

func TestAConfigurationTellsAllItsFaults(t *testing.T) {
	_, err := sign.New(sign.Config{Retry: sign.Retry{Times: -1}, Services: sign.Services{Fulcio: "ftp://x", Stampers: []string{"https://a?b"}, Logs: []sign.Log{{URL: "https://user@x", Version: 3}}}})
	assert.Len(t, attest.Reasons(err), 8)
	for _, r := range attest.Reasons(err) {
		assert.Equal(t, sign.CodeConfig, r.Code)
	}
}

func TestServicesOfWhichNobodyTellsTheTimeAreRefusedBeforeAnythingIsLogged(t *testing.T) {
	w := signtest.New(t)
	c := configOf(t, w, 2)
	c.Services.Stampers = nil
	_, err := sign.New(c)
	assert.ErrorIs(t, err, attest.Is(sign.CodeConfig))
	c = configOf(t, w, 1)
	c.Services.Stampers = nil
	s, err := sign.New(c)
	require.NoError(t, err)
	_, err = s.Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
}

// BenchmarkAttest measures one signature. Most of it is the fake services' work;
// the client's is a key, two signatures and one verification.
func BenchmarkAttest(b *testing.B) {
	w := signtest.New(b)
	s, statement := signerOf(b, w, 2), aStatement(b)
	for b.Loop() {
		if _, err := s.Attest(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
}
