package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

const issuerURL = "https://token.example"

func environment() collect.Environment { return collecttest.World{}.Environment() }

func verify(t testing.TB, trust oidc.Trust, token string) (*oidc.Token, error) {
	t.Helper()
	got, err := oidc.Verify(t.Context(), environment(), trust, token)
	require.Equal(t, err == nil, got != nil)
	return got, err
}

func TestATokenOfThePinnedIssuerIsBelieved(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	token, err := verify(t, i.Trust(t), i.Token(t, map[string]any{"sha": "abc", "run": 7, "none": nil, "list": []int{1}}))
	require.NoError(t, err)
	sha, ok := token.Claim("sha")
	require.True(t, ok)
	require.Equal(t, "abc", sha)
	run, ok := token.Claim("run")
	require.True(t, ok)
	require.Equal(t, "7", run)
	for _, name := range []string{"none", "list", "absent"} {
		_, ok = token.Claim(name)
		require.False(t, ok, name)
	}
	require.Equal(t, issuerURL, token.Issuer())
	require.Equal(t, collect.PlatformSigned, token.Source().Trust)
	require.NoError(t, token.Digest().Validate())
}

func TestRSAKeysAreBelievedFrom2048To8192Bits(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &collecttest.Issuer{URL: issuerURL, KeyID: "rsa", Key: key}
	_, err = verify(t, i.Trust(t), i.Token(t, nil))
	require.NoError(t, err)
	for bits, code := range map[uint]attest.Code{2047: oidc.CodeKey, 2048: oidc.CodeSignature, 8192: oidc.CodeSignature, 8193: oidc.CodeKey} {
		modulus := new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1)
		set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &rsa.PublicKey{N: modulus, E: 65537}, KeyID: "rsa"}}})
		require.NoError(t, err)
		trust := i.Trust(t)
		trust.Keys = set
		_, err = verify(t, trust, i.Token(t, nil))
		collecttest.RequireCode(t, err, code)
	}
	trust := i.Trust(t)
	trust.Algorithms = []string{"ES256"}
	_, err = verify(t, trust, i.Token(t, nil))
	collecttest.RequireCode(t, err, oidc.CodeAlgorithm)
}

func TestKeysComeFromThePinnedIssuerOnly(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	trust := i.Trust(t)
	trust.Keys = nil
	run := func(change func(map[string]string)) error {
		answers := i.Answers(t)
		change(answers)
		_, err := oidc.Verify(t.Context(), collecttest.World{Answers: answers}.Environment(), trust, i.Token(t, nil))
		return err
	}
	const discovery = issuerURL + "/.well-known/openid-configuration"
	require.NoError(t, run(func(map[string]string) {}))
	for name, tc := range map[string]struct {
		body string
		code attest.Code
	}{
		"a discovery document of another issuer":  {`{"issuer":"https://evil.example","jwks_uri":"` + issuerURL + `/keys"}`, oidc.CodeKeys},
		"keys on another host":                    {`{"issuer":"` + issuerURL + `","jwks_uri":"https://evil.example/keys"}`, oidc.CodeKeys},
		"keys on a host with the issuer as user":  {`{"issuer":"` + issuerURL + `","jwks_uri":"https://token.example@evil.example/keys"}`, oidc.CodeKeys},
		"keys on another port":                    {`{"issuer":"` + issuerURL + `","jwks_uri":"https://token.example:444/keys"}`, oidc.CodeKeys},
		"keys without TLS":                        {`{"issuer":"` + issuerURL + `","jwks_uri":"http://token.example/keys"}`, oidc.CodeKeys},
		"a key address twice":                     {`{"issuer":"` + issuerURL + `","jwks_uri":"` + issuerURL + `/keys","jwks_uri":"` + issuerURL + `/keys"}`, oidc.CodeKeys},
		"a key address in another spelling":       {`{"issuer":"` + issuerURL + `","JWKS_URI":"` + issuerURL + `/keys"}`, oidc.CodeKeys},
		"a key address that answers nothing":      {`{"issuer":"` + issuerURL + `","jwks_uri":"` + issuerURL + `/other"}`, collect.CodeFetch},
		"no JSON":                                 {`<html>` + collecttest.Secret, oidc.CodeKeys},
		"a discovery document larger than limits": {strings.Repeat(" ", 5<<20), collect.CodeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			collecttest.RequireCode(t, run(func(a map[string]string) { a[discovery] = tc.body }), tc.code)
		})
	}
	collecttest.RequireCode(t, run(func(a map[string]string) { clear(a) }), collect.CodeFetch)
}

func TestACanceledContextIsToldAsSuch(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	trust := i.Trust(t)
	trust.Keys = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := oidc.Verify(ctx, environment(), trust, i.Token(t, nil))
	require.ErrorIs(t, err, context.Canceled)
	collecttest.RequireNoSecret(t, err)
}

func TestAnIncompleteTrustBelievesNothing(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	token := i.Token(t, nil)
	for name, change := range map[string]func(*oidc.Trust){
		"zero":                          func(u *oidc.Trust) { *u = oidc.Trust{} },
		"no issuer":                     func(u *oidc.Trust) { u.Issuer = "" },
		"an issuer without TLS":         func(u *oidc.Trust) { u.Issuer = "http://token.example" },
		"an issuer with a final slash":  func(u *oidc.Trust) { u.Issuer += "/" },
		"an issuer with a user":         func(u *oidc.Trust) { u.Issuer = "https://u:" + collecttest.Secret + "@token.example" },
		"an issuer with a query":        func(u *oidc.Trust) { u.Issuer += "?a=b" },
		"no audience":                   func(u *oidc.Trust) { u.Audience = "" },
		"no algorithm":                  func(u *oidc.Trust) { u.Algorithms = []string{} },
		"the algorithm none":            func(u *oidc.Trust) { u.Algorithms = []string{"none"} },
		"a symmetric algorithm":         func(u *oidc.Trust) { u.Algorithms = []string{"ES256", "HS256"} },
		"a skew of an hour":             func(u *oidc.Trust) { u.Skew = time.Hour },
		"a negative skew":               func(u *oidc.Trust) { u.Skew = -1 },
		"a lifetime of more than a day": func(u *oidc.Trust) { u.Lifetime = 25 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			trust := i.Trust(t)
			change(&trust)
			_, err := verify(t, trust, token)
			collecttest.RequireCode(t, err, oidc.CodeTrust)
		})
	}
	e := environment()
	e.Now = time.Time{}
	_, err := oidc.Verify(t.Context(), e, i.Trust(t), token)
	collecttest.RequireCode(t, err, collect.CodeCapability)
	trust := i.Trust(t)
	trust.Keys = nil
	_, err = oidc.Verify(t.Context(), collect.Environment{Now: collecttest.Now()}, trust, token)
	collecttest.RequireCode(t, err, collect.CodeCapability)
}

func TestClaimsThatDoNotHoldAreRefused(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	now := collecttest.Now().Unix()
	for name, tc := range map[string]struct {
		claim string
		value any
		code  attest.Code
	}{
		"another issuer":                   {"iss", "https://evil.example", oidc.CodeIssuer},
		"the issuer with a slash":          {"iss", issuerURL + "/", oidc.CodeIssuer},
		"no issuer":                        {"iss", nil, oidc.CodeIssuer},
		"another audience":                 {"aud", "sts.amazonaws.com", oidc.CodeAudience},
		"an audience and a further one":    {"aud", []string{collecttest.Audience, "sts.amazonaws.com"}, oidc.CodeAudience},
		"an audience that begins as ours":  {"aud", collecttest.Audience + "/x", oidc.CodeAudience},
		"an empty list of audiences":       {"aud", []string{}, oidc.CodeAudience},
		"no audience":                      {"aud", nil, oidc.CodeAudience},
		"no subject":                       {"sub", nil, oidc.CodeClaim},
		"a subject that is no text":        {"sub", 1, oidc.CodeClaim},
		"expired":                          {"exp", now, oidc.CodeTime},
		"expired before it was issued":     {"exp", now - 10, oidc.CodeTime},
		"no expiry":                        {"exp", nil, oidc.CodeTime},
		"an expiry that is text":           {"exp", "9999999999", oidc.CodeClaim},
		"an expiry with a fraction":        {"exp", json.RawMessage("1e999"), oidc.CodeClaim},
		"an expiry that is negative":       {"exp", -1, oidc.CodeTime},
		"an expiry at the end of integers": {"exp", int64(1<<63 - 1), oidc.CodeTime},
		"valid for more than a day":        {"exp", now + 25*3600, oidc.CodeTime},
		"issued in the future":             {"iat", now + 200, oidc.CodeTime},
		"no time of issue":                 {"iat", nil, oidc.CodeTime},
		"not yet valid":                    {"nbf", now + 61, oidc.CodeTime},
	} {
		t.Run(name, func(t *testing.T) {
			trust := i.Trust(t)
			trust.Skew = time.Minute
			if name == "expired" {
				trust.Skew = 0
			}
			claims := map[string]any{tc.claim: tc.value}
			if name == "expired" {
				claims["iat"] = now - 60
			}
			_, err := verify(t, trust, i.Token(t, claims))
			collecttest.RequireCode(t, err, tc.code)
		})
	}
	_, err := verify(t, i.Trust(t), i.Token(t, map[string]any{"nbf": nil, "aud": []string{collecttest.Audience}}))
	require.NoError(t, err, "nbf is optional, and a list of our audience alone is ours")
}

// forge signs nothing: it joins a header, a payload and a signature.
func forge(head, payload, signature string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(head)) + "." + e([]byte(payload)) + "." + e([]byte(signature))
}

// signed signs a header of any text, as no library would.
func signed(t testing.TB, i *collecttest.Issuer, head, payload string) string {
	t.Helper()
	e := base64.RawURLEncoding.EncodeToString
	input := e([]byte(head)) + "." + e([]byte(payload))
	return input + "." + e(es256(t, i.Key.(*ecdsa.PrivateKey), input))
}

func TestHostileTokensAreRefused(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	raw, err := json.Marshal(i.Registered())
	require.NoError(t, err)
	payload := string(raw)
	good := i.Token(t, nil)
	parts := strings.Split(good, ".")
	twice := strings.Replace(payload, "{", `{"aud":"`+collecttest.Audience+`",`, 1)
	folded := strings.Replace(payload, "{", `{"AUD":"x",`, 1)
	head := `{"alg":"ES256","kid":"key-1"}`
	_, err = verify(t, i.Trust(t), signed(t, i, head, payload))
	require.NoError(t, err, "the test signs as it should")
	for name, tc := range map[string]struct {
		token string
		code  attest.Code
	}{
		"empty":                         {"", oidc.CodeToken},
		"a secret":                      {collecttest.Secret, oidc.CodeToken},
		"two parts":                     {parts[0] + "." + parts[1], oidc.CodeToken},
		"four parts":                    {good + ".e30", oidc.CodeToken},
		"the JSON serialization":        {`{"payload":"` + parts[1] + `","signatures":[]}`, oidc.CodeToken},
		"padded base64":                 {good + "=", oidc.CodeToken},
		"a line break":                  {parts[0] + ".\n" + parts[1] + "." + parts[2], oidc.CodeToken},
		"surrounding space":             {" " + good, oidc.CodeToken},
		"larger than its limit":         {parts[0] + "." + strings.Repeat("A", 20<<10) + "." + parts[2], oidc.CodeToken},
		"an empty payload":              {parts[0] + ".." + parts[2], oidc.CodeToken},
		"alg none":                      {forge(`{"alg":"none","kid":"key-1"}`, payload, "x"), oidc.CodeAlgorithm},
		"alg None and no signature":     {forge(`{"alg":"None","kid":"key-1"}`, payload, ""), oidc.CodeToken},
		"alg HS256 with the public key": {forge(`{"alg":"HS256","kid":"key-1"}`, payload, "x"), oidc.CodeAlgorithm},
		"alg RS256 under an EC key":     {forge(`{"alg":"RS256","kid":"key-1"}`, payload, "x"), oidc.CodeKey},
		"alg twice":                     {signed(t, i, `{"alg":"none","alg":"ES256","kid":"key-1"}`, payload), oidc.CodeHeader},
		"ALG beside alg":                {signed(t, i, `{"ALG":"none","alg":"ES256","kid":"key-1"}`, payload), oidc.CodeHeader},
		"no kid":                        {signed(t, i, `{"alg":"ES256"}`, payload), oidc.CodeHeader},
		"another kid":                   {signed(t, i, `{"alg":"ES256","kid":"key-2"}`, payload), oidc.CodeKey},
		"a kid that is a path":          {signed(t, i, `{"alg":"ES256","kid":"../../dev/null"}`, payload), oidc.CodeKey},
		"a kid that is a number":        {signed(t, i, `{"alg":"ES256","kid":1}`, payload), oidc.CodeHeader},
		"its own key":                   {signed(t, i, `{"alg":"ES256","kid":"key-1","jwk":{"kty":"EC"}}`, payload), oidc.CodeHeader},
		"a key address":                 {signed(t, i, `{"alg":"ES256","kid":"key-1","jku":"https://evil.example"}`, payload), oidc.CodeHeader},
		"a certificate":                 {signed(t, i, `{"alg":"ES256","kid":"key-1","x5c":[]}`, payload), oidc.CodeHeader},
		"a critical extension":          {signed(t, i, `{"alg":"ES256","kid":"key-1","crit":["b64"],"b64":false}`, payload), oidc.CodeHeader},
		"another type":                  {signed(t, i, `{"alg":"ES256","kid":"key-1","typ":"logout+jwt"}`, payload), oidc.CodeHeader},
		"a claim twice":                 {signed(t, i, head, twice), oidc.CodeToken},
		"a claim in two spellings":      {signed(t, i, head, folded), oidc.CodeToken},
		"a claim in another spelling":   {signed(t, i, head, strings.Replace(payload, `"iss"`, `"Iss"`, 1)), oidc.CodeClaim},
		"two values":                    {signed(t, i, head, payload+"{}"), oidc.CodeToken},
		"a payload that is a list":      {signed(t, i, head, "["+payload+"]"), oidc.CodeToken},
		"a payload that is null":        {signed(t, i, head, "null"), oidc.CodeToken},
		"a payload of another key":      {signed(t, collecttest.NewIssuer(t, issuerURL), head, payload), oidc.CodeSignature},
		"the signature of another one":  {signed(t, i, head, strings.Replace(payload, "job:1", "job:2", 1))[:len(signed(t, i, head, payload))-86] + strings.Repeat("A", 86), oidc.CodeSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(t, i.Trust(t), tc.token)
			collecttest.RequireCode(t, err, tc.code)
		})
	}
}

func TestEveryFlippedBitOfATokenIsRefused(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	token := []byte(i.Token(t, nil))
	for n := range token {
		for bit := range 7 {
			token[n] ^= 1 << bit
			_, err := verify(t, i.Trust(t), string(token))
			require.Error(t, err, "byte %d bit %d", n, bit)
			token[n] ^= 1 << bit
		}
	}
}

func TestUnfitKeysAreRefused(t *testing.T) {
	i := collecttest.NewIssuer(t, issuerURL)
	var set struct{ Keys []map[string]any }
	require.NoError(t, json.Unmarshal(i.KeySet(t), &set))
	change := func(pairs ...any) map[string]any {
		key := map[string]any{}
		for k, v := range set.Keys[0] {
			key[k] = v
		}
		for n := 0; n < len(pairs); n += 2 {
			key[pairs[n].(string)] = pairs[n+1]
		}
		return key
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	private := jose.JSONWebKey{Key: i.Key, KeyID: "key-1"}
	keys := func(keys ...any) []byte {
		b, err := json.Marshal(map[string]any{"keys": keys})
		require.NoError(t, err)
		return b
	}
	for name, tc := range map[string]struct {
		set  []byte
		code attest.Code
	}{
		"no keys":                     {keys(), oidc.CodeKeys},
		"no set":                      {[]byte("[]"), oidc.CodeKeys},
		"two keys of one id":          {keys(change(), change()), oidc.CodeKey},
		"a key for encryption":        {keys(change("use", "enc")), oidc.CodeKey},
		"a key for another algorithm": {keys(change("alg", "ES384")), oidc.CodeKey},
		"a symmetric key":             {keys(map[string]any{"kty": "oct", "k": "AAAA", "kid": "key-1"}), oidc.CodeKey},
		"a private key":               {keys(private), oidc.CodeKey},
		"a point off the curve":       {keys(change("x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), oidc.CodeKey},
		"a curve of another size":     {keys(jose.JSONWebKey{Key: wide.Public(), KeyID: "key-1"}), oidc.CodeKey},
		"an RSA key":                  {keys(jose.JSONWebKey{Key: small.Public(), KeyID: "key-1"}), oidc.CodeKey},
		"a key member twice":          {[]byte(strings.Replace(string(i.KeySet(t)), `"kid"`, `"kid":"key-1","kid"`, 1)), oidc.CodeKeys},
	} {
		t.Run(name, func(t *testing.T) {
			trust := i.Trust(t)
			trust.Keys = tc.set
			_, err := verify(t, trust, i.Token(t, nil))
			collecttest.RequireCode(t, err, tc.code)
		})
	}
	for others, code := range map[int]attest.Code{99: "", 100: oidc.CodeKeys} {
		list := []any{change()}
		for n := range others {
			list = append(list, map[string]any{"kty": "unknown", "kid": strconv.Itoa(n)})
		}
		trust := i.Trust(t)
		trust.Keys = keys(list...)
		_, err := verify(t, trust, i.Token(t, nil))
		if code == "" {
			require.NoError(t, err, "as many keys as a set may have")
			continue
		}
		collecttest.RequireCode(t, err, code)
	}
	trust := i.Trust(t)
	trust.Keys = keys(change("kid", "other", "use", "enc"), map[string]any{"kty": "unknown"}, change())
	_, err = verify(t, trust, i.Token(t, nil))
	require.NoError(t, err, "keys of other kinds beside the right one are ignored")
}

func FuzzVerify(f *testing.F) {
	i := collecttest.NewIssuer(f, issuerURL)
	trust := i.Trust(f)
	good := i.Token(f, nil)
	f.Add(good)
	f.Add(forge(`{"alg":"none","kid":"key-1"}`, "{}", "x"))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		got, err := oidc.Verify(t.Context(), environment(), trust, token)
		if err == nil && got.Issuer() != issuerURL {
			t.Fatal("a token without its issuer")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("a refusal without a reason")
		}
	})
}
