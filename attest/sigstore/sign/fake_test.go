package sign_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
)

// tampered returns a client that changes requests to one service on their way.
func tampered(w *signtest.World, service string, change func(r *http.Request, body []byte) []byte) *http.Client {
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == service+"."+virtual.Host {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(bytes.NewReader(change(r, body)))
		}
		return w.Client().Transport.RoundTrip(r)
	})}
}

// replace returns a change of the first of a text.
func replace(old, new string) func(*http.Request, []byte) []byte {
	return func(_ *http.Request, b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

// header returns a change of a header.
func header(name, value string) func(*http.Request, []byte) []byte {
	return func(r *http.Request, b []byte) []byte { r.Header.Set(name, value); return b }
}

// flip returns a change of one byte, counted from the end.
func flip(fromEnd int) func(*http.Request, []byte) []byte {
	return func(_ *http.Request, b []byte) []byte { b[len(b)-fromEnd] ^= 1; return b }
}

// TestTheServicesRefuseWhatIsNotTheProtocol holds the fakes themselves against the
// protocol: else a request that no real service takes would pass every test here.
func TestTheServicesRefuseWhatIsNotTheProtocol(t *testing.T) {
	type tamper = func(*http.Request, []byte) []byte
	for service, changes := range map[string]map[string]tamper{
		signtest.Fulcio: {
			"another content type": header("Content-Type", "text/plain"),
			"another token":        header("Authorization", "Bearer e30.e30.e30"),
			"no token":             header("Authorization", ""),
			"another method":       func(r *http.Request, b []byte) []byte { r.Method = http.MethodPut; return b },
			"another path":         func(r *http.Request, b []byte) []byte { r.URL.Path = "/api/v1/signingCert"; return b },
			"an unknown field":     replace(`{"publicKeyRequest"`, `{"more":1,"publicKeyRequest"`),
			"another algorithm":    replace(`"ECDSA"`, `"RSA"`),
			"another key":          replace("BEGIN PUBLIC", "BEGIN PRIVATE"),
			"no proof":             replace(`"proofOfPossession":"`, `"proofOfPossession":"AAAA`),
		},
		signtest.Stamper: {
			"another content type": header("Content-Type", "application/json"),
			"trailing bytes":       func(_ *http.Request, b []byte) []byte { return append(b, 0) },
			"no certificate asked": flip(1),
			"another digest kind": func(_ *http.Request, b []byte) []byte {
				return bytes.Replace(b, []byte{0x65, 3, 4, 2, 1}, []byte{0x65, 3, 4, 2, 2}, 1)
			},
		},
		signtest.Rekor1: {
			"another content type": header("Content-Type", "text/plain"),
			"an unknown kind":      replace(`"kind":"`, `"kind":"x`),
			"another version":      replace(`"0.0.1"`, `"0.0.2"`),
			"an unknown field":     replace(`{"apiVersion"`, `{"more":1,"apiVersion"`),
			"another statement":    replace(`payload\":\"e`, `payload\":\"f`),
		},
		signtest.Rekor2: {
			"another content type": header("Content-Type", "text/plain"),
			"another algorithm":    replace("SHA_256", "SHA_384"),
			"an unknown field":     replace(`{"hashedRekordRequestV002"`, `{"more":1,"hashedRekordRequestV002"`),
			"another digest":       replace(`"digest":"`, `"digest":"AAAA`),
		},
	} {
		for name, change := range changes {
			t.Run(strings.Join([]string{service, name}, " "), func(t *testing.T) {
				w := signtest.New(t)
				c := configOf(t, w, 2)
				if service == signtest.Rekor1 {
					c = configOf(t, w, 1)
				}
				c.Client = tampered(w, service, change)
				s, err := sign.New(c)
				require.NoError(t, err)
				_, err = s.Attest(t.Context(), aStatement(t))
				require.ErrorIs(t, err, attest.Is(sign.CodeStatus))
				assert.Contains(t, err.Error(), "got 400")
			})
		}
	}
}
