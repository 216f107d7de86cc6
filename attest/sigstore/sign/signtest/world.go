package signtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
)

// The services of a World.
const (
	Fulcio  = "fulcio"
	Rekor1  = "rekor1"
	Rekor2  = "rekor2"
	Stamper = "stamper"
)

// A World is a Sigstore instance. It is safe for concurrent use once its
// functions are set. All of them may be nil.
type World struct {
	Instance *virtual.Instance
	// Token is the only identity token that Fulcio takes.
	Token string
	// Recipe changes what a service makes.
	Recipe func(service string, r *virtual.Recipe)
	// Stamp changes a time-stamp before it is signed.
	Stamp func(*Stamp)
	// Answer replaces the answer of a service: it is called with what the service
	// is about to say.
	Answer func(service string, w *httptest.ResponseRecorder)
	// Known makes Rekor version 1 say that it has each entry already.
	Known bool

	t       testing.TB
	mu      sync.Mutex
	calls   []string
	entries map[string][]byte // of Rekor version 1, by number
}

// New returns a World that does what it should.
func New(t testing.TB) *World {
	return &World{
		Instance: virtual.New(t), t: t, entries: map[string][]byte{},
		Token: Token(map[string]any{"iss": virtual.Issuer, "sub": "repo:example/app", "aud": "sigstore"}),
	}
}

// Token returns a JSON Web Token of claims that nobody signed.
func Token(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		return ""
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part(body) + "." + part([]byte("signature"))
}

// url is where a service is.
func url(service string) string { return "https://" + service + "." + virtual.Host }

// StamperURL is the full URL of the time-stamp authority.
func StamperURL() string { return url(Stamper) + "/api/v1/timestamp" }

// Services returns all services, with logs of the API versions given.
func (w *World) Services(logs ...int) sign.Services {
	s := sign.Services{Fulcio: url(Fulcio), Stampers: []string{StamperURL()}}
	for _, version := range logs {
		s.Logs = append(s.Logs, sign.Log{URL: url(fmt.Sprint("rekor", version)), Version: version})
	}
	return s
}

// SigningConfig returns the signing configuration of the instance, with logs of
// the API versions given.
func (w *World) SigningConfig(logs ...int) []byte {
	valid := map[string]any{"start": w.Instance.Now.Add(-time.Hour)}
	service := func(url string, version int) map[string]any {
		return map[string]any{"url": url, "majorApiVersion": version, "validFor": valid, "operator": virtual.Host}
	}
	var rekors []any
	for _, version := range logs {
		rekors = append(rekors, service(url(fmt.Sprint("rekor", version)), version))
	}
	body, err := json.Marshal(map[string]any{
		"mediaType": sign.MediaTypeSigningConfig, "caUrls": []any{service(url(Fulcio), 1)},
		"rekorTlogUrls": rekors, "rekorTlogConfig": map[string]any{"selector": "ANY"},
		"tsaUrls": []any{service(StamperURL(), 1)}, "tsaConfig": map[string]any{"selector": "ALL"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}

// Calls returns the services in the order in which they were asked.
func (w *World) Calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// Client returns a client that reaches the services and nothing else.
func (w *World) Client() *http.Client { return &http.Client{Transport: transport{w}} }

type transport struct{ world *World }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := t.world
	service, found := strings.CutSuffix(r.URL.Host, "."+virtual.Host)
	serve := map[string]func(*http.Request) ([]byte, *refusal){
		Fulcio: w.fulcio, Rekor1: w.rekor1, Rekor2: w.rekor2, Stamper: w.stamper,
	}[service]
	if !found || serve == nil {
		return nil, fmt.Errorf("nobody at %q", r.URL.Host)
	}
	w.mu.Lock()
	w.calls = append(w.calls, service)
	w.mu.Unlock()
	out := httptest.NewRecorder()
	out.Header().Set("Content-Type", "application/json")
	body, bad := serve(r)
	switch {
	case bad != nil:
		if bad.location != "" {
			out.Header().Set("Location", bad.location)
		}
		out.WriteHeader(bad.status)
		fmt.Fprint(out, bad.why)
	case service == Fulcio || r.Method == http.MethodGet:
		out.Write(body)
	default:
		out.WriteHeader(http.StatusCreated)
		out.Write(body)
	}
	if w.Answer != nil {
		w.Answer(service, out)
	}
	// Not Result, which keeps the header of before Answer.
	return &http.Response{StatusCode: out.Code, Header: out.Header(), Body: io.NopCloser(out.Body), Request: r}, nil
}

// refusal is what a service answers instead of what it was asked for.
type refusal struct {
	status        int
	why, location string
}

func bad(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, why: fmt.Sprintf(format, args...)}
}

// recipe returns the recipe of a service, with its change.
func (w *World) recipe(service string, r virtual.Recipe) virtual.Recipe {
	if w.Recipe != nil {
		w.Recipe(service, &r)
	}
	return r
}
