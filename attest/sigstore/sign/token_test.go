package sign_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
	"github.com/sealwright/sealwright/attest/sigstore/sign/signtest"
)

func claims(more map[string]any) map[string]any {
	out := map[string]any{"iss": "https://issuer.example", "sub": "me", "aud": "sigstore"}
	for name, value := range more {
		out[name] = value
	}
	return out
}

func TestATokenTellsItsHolderButNotItself(t *testing.T) {
	text := signtest.Token(claims(nil))
	token, err := sign.ParseToken(text)
	require.NoError(t, err)
	assert.Equal(t, "https://issuer.example", token.Issuer())
	assert.Equal(t, "me", token.Subject())
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, token), strings.Split(text, ".")[1])
	}
}

func TestATextThatIsNoTokenIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                 "",
		"not signed":            "e30.e30.",
		"two parts":             "e30.e30",
		"claims not in base64":  "e30.!.e30",
		"claims with padding":   "e30.e30=.e30",
		"no issuer":             signtest.Token(claims(map[string]any{"iss": ""})),
		"no subject":            signtest.Token(claims(map[string]any{"sub": ""})),
		"an unverified address": signtest.Token(claims(map[string]any{"email": "a@example.com"})),
		"an address denied":     signtest.Token(claims(map[string]any{"email": "a@example.com", "email_verified": false})),
		"an audience of number": signtest.Token(claims(map[string]any{"aud": 1})),
		"a repeated claim":      "e30.eyJpc3MiOiJhIiwiaXNzIjoiYiIsInN1YiI6ImEiLCJhdWQiOiJhIn0.e30",
		"too long":              signtest.Token(claims(map[string]any{"x": strings.Repeat("x", 64<<10)})),
	} {
		_, err := sign.ParseToken(text)
		assert.ErrorIs(t, err, attest.Is(sign.CodeToken), name)
	}
}

// machine is an Environment of variables, files and one HTTP answer.
type machine struct {
	vars  map[string]string
	files map[string]string
	reply func(*http.Request) (status int, header, body string)
}

func (m machine) environment() sign.Environment {
	return sign.Environment{
		Getenv: func(name string) string { return m.vars[name] },
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := m.files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
		Client: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if m.reply == nil {
				return nil, fmt.Errorf("no network")
			}
			status, header, body := m.reply(r)
			h := http.Header{}
			if header != "" {
				h.Set(header, "Google")
			}
			return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
		})},
	}
}

// machines are those that have a token, and check how they are asked for it.
func machines(t *testing.T, token string) map[string]machine {
	return map[string]machine{
		"GitHub Actions": {vars: map[string]string{"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://gh.example/t?api=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret"},
			reply: func(r *http.Request) (int, string, string) {
				assert.Equal(t, "GET https://gh.example/t?api=2&audience=sigstore", r.Method+" "+r.URL.String())
				assert.Equal(t, "bearer secret", r.Header.Get("Authorization"))
				return 200, "", `{"count":1,"value":"` + token + `"}`
			}},
		"GitLab": {vars: map[string]string{"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": token}},
		"Buildkite": {vars: map[string]string{"BUILDKITE": "true", "BUILDKITE_AGENT_ACCESS_TOKEN": "secret", "BUILDKITE_JOB_ID": "a/b", "BUILDKITE_AGENT_ENDPOINT": "https://bk.example/v3/"},
			reply: func(r *http.Request) (int, string, string) {
				assert.Equal(t, "POST https://bk.example/v3/jobs/a%2Fb/oidc/tokens", r.Method+" "+r.URL.String())
				assert.Equal(t, "Token secret", r.Header.Get("Authorization"))
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				assert.JSONEq(t, `{"audience":"sigstore"}`, string(body))
				return 200, "", `{"token":"` + token + `"}`
			}},
		"file": {files: map[string]string{"/var/run/sigstore/cosign/oidc-token": token + "\n"}},
		"Google": {files: map[string]string{"/sys/class/dmi/id/product_name": "Google Compute Engine\n"},
			reply: func(r *http.Request) (int, string, string) {
				assert.Equal(t, "Google", r.Header.Get("Metadata-Flavor"))
				assert.Equal(t, "sigstore", r.URL.Query().Get("audience"))
				assert.Equal(t, "metadata.google.internal", r.URL.Host)
				return 200, "Metadata-Flavor", token
			}},
	}
}

func TestEachMachineGivesItsToken(t *testing.T) {
	text := signtest.Token(claims(nil))
	for name, m := range machines(t, text) {
		got, err := sign.Ambient(t.Context(), m.environment())
		require.NoError(t, err, name)
		assert.Equal(t, "me", got.Subject(), name)
		assert.False(t, got.IsZero())
	}
}

func TestATokenForAnotherAudienceIsRefused(t *testing.T) {
	for name, m := range machines(t, signtest.Token(claims(map[string]any{"aud": "https://elsewhere.example"}))) {
		_, err := sign.Ambient(t.Context(), m.environment())
		assert.ErrorIs(t, err, attest.Is(sign.CodeTokenSource), name)
		assert.ErrorIs(t, err, attest.Is(sign.CodeToken), name)
	}
}

func TestAMachineThatFailsIsNotReplacedByAnother(t *testing.T) {
	text := signtest.Token(claims(nil))
	for name, m := range map[string]machine{
		"GitHub without permission": {vars: map[string]string{"GITHUB_ACTIONS": "true"}},
		"GitHub with a URL of none": {vars: map[string]string{"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "://", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}},
		"GitLab without variable":   {vars: map[string]string{"GITLAB_CI": "1"}},
		"Buildkite without agent":   {vars: map[string]string{"BUILDKITE": "true"}},
		"an empty file":             {files: map[string]string{"/var/run/sigstore/cosign/oidc-token": ""}},
	} {
		if m.files == nil {
			m.files = map[string]string{"/var/run/sigstore/cosign/oidc-token": text}
		}
		_, err := sign.Ambient(t.Context(), m.environment())
		assert.ErrorIs(t, err, attest.Is(sign.CodeTokenSource), name)
	}
	for name, reply := range map[string]func(*http.Request) (int, string, string){
		"an error":                    func(*http.Request) (int, string, string) { return 403, "", "no" },
		"no JSON":                     func(*http.Request) (int, string, string) { return 200, "", "no" },
		"no field":                    func(*http.Request) (int, string, string) { return 200, "", "{}" },
		"a number":                    func(*http.Request) (int, string, string) { return 200, "", `{"value":1,"token":1}` },
		"a server that is not Google": func(*http.Request) (int, string, string) { return 200, "", text },
	} {
		for _, machine := range []string{"GitHub Actions", "Buildkite", "Google"} {
			m := machines(t, text)[machine]
			m.reply = reply
			_, err := sign.Ambient(t.Context(), m.environment())
			assert.ErrorIs(t, err, attest.Is(sign.CodeTokenSource), name+" "+machine)
		}
	}
}

func TestNoErrorTellsAToken(t *testing.T) {
	text := signtest.Token(claims(nil))
	for name, m := range machines(t, text) {
		if m.reply == nil {
			continue
		}
		for _, status := range []int{201, 500} {
			body := `{"value":"` + text + `","token":"` + text + `"}`
			m.reply = func(*http.Request) (int, string, string) { return status, "", body }
			_, err := sign.Ambient(t.Context(), m.environment())
			require.ErrorIs(t, err, attest.Is(sign.CodeStatus), name)
			assert.NotContains(t, err.Error(), text[:20], name)
		}
	}
}

func TestAFileThatCannotBeReadIsNoMissingFile(t *testing.T) {
	e := machine{}.environment()
	e.ReadFile = func(string) ([]byte, error) { return nil, fs.ErrPermission }
	_, err := sign.Ambient(t.Context(), e)
	assert.ErrorIs(t, err, attest.Is(sign.CodeTokenSource))
	assert.ErrorIs(t, err, fs.ErrPermission)
}

func TestARetryWithoutBoundIsRefused(t *testing.T) {
	for _, bad := range []sign.Retry{{Times: 11}, {Times: -1}, {Pause: -1}} {
		e := machine{}.environment()
		e.Retry = bad
		_, err := sign.Ambient(t.Context(), e)
		assert.ErrorIs(t, err, attest.Is(sign.CodeConfig))
	}
}

func TestAMachineWithoutTokenHasNone(t *testing.T) {
	_, err := sign.Ambient(t.Context(), machine{}.environment())
	assert.ErrorIs(t, err, attest.Is(sign.CodeTokenNone))
	_, err = sign.Ambient(t.Context(), sign.Environment{})
	assert.ErrorIs(t, err, attest.Is(sign.CodeConfig))
}

func FuzzParseToken(f *testing.F) {
	f.Add(signtest.Token(claims(nil)))
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := sign.ParseToken(text)
		if err != nil {
			if len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal without reason: %v", err)
			}
			return
		}
		if token.IsZero() || token.Issuer() == "" || token.Subject() == "" {
			t.Fatal("a token without holder")
		}
	})
}
