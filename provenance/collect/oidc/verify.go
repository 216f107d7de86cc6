package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/collect"
)

// mostToken bounds a token, in bytes.
const mostToken = 16 << 10

// A Token is the claims of a token that was verified. Only Verify makes one.
type Token struct {
	issuer string
	claims *collect.Members
	digest digest.Digest
}

// Source returns the claims for rules to read, as facts that the platform signed.
func (t *Token) Source() collect.Source {
	return collect.Source{Kind: "claim", Trust: collect.PlatformSigned, Evidence: t.digest, Text: t.claims.Text}
}

// Claim returns a claim as text; false if it is absent, null or no scalar.
func (t *Token) Claim(name string) (string, bool) {
	text, ok, err := t.claims.Text(name)
	return text, ok && err == nil
}

// Issuer returns the pinned issuer.
func (t *Token) Issuer() string { return t.issuer }

// Digest returns the SHA-256 digest of the token in its compact form. It lets whoever
// has the token recognise it, and tells nobody else anything.
func (t *Token) Digest() digest.Digest { return t.digest }

// A header is what may stand in the header of a token: nothing that names a key but
// its id, and nothing that changes what a signature covers.
type header struct {
	Algorithm  string `json:"alg"`
	KeyID      string `json:"kid"`
	Type       string `json:"typ"`
	Thumbprint string `json:"x5t"`
	Thumb256   string `json:"x5t#S256"`
}

// Verify reports that trust's issuer signed the token for trust's audience, and that it
// is valid at env.Now. It uses env.Fetch if the keys are not pinned.
func Verify(ctx context.Context, env collect.Environment, trust Trust, token string) (*Token, error) {
	algorithms, err := trust.algorithms()
	if err != nil {
		return nil, err
	}
	if env.Now.IsZero() {
		return nil, attest.Refuse(collect.CodeCapability, "Environment.Now", "an instant", "none")
	}
	head, payload, err := split(token)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(algorithms, jose.SignatureAlgorithm(head.Algorithm)) {
		return nil, attest.Refuse(CodeAlgorithm, "alg", "an algorithm that the caller allows", "another one")
	}
	key, err := trust.key(ctx, env, head)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, attest.Refuse(CodeToken, "", "a compact JWS", "something else")
	}
	verified, err := signed.Verify(key)
	if err != nil || string(verified) != string(payload) {
		return nil, attest.Refuse(CodeSignature, "", "a signature of the issuer's key", "another one")
	}
	claims, err := trust.judge(payload, env.Now)
	if err != nil {
		return nil, err
	}
	return &Token{trust.Issuer, claims, digest.FromBytes([]byte(token))}, nil
}

// split takes a token apart as RFC 7515 section 7.1 writes it: three parts of base64url
// in canonical form.
func split(token string) (*header, []byte, error) {
	refuse := func(want string) (*header, []byte, error) {
		return nil, nil, attest.Refuse(CodeToken, "", want, "a text of "+strconv.Itoa(len(token))+" bytes")
	}
	if len(token) > mostToken {
		return refuse("at most " + strconv.Itoa(mostToken) + " bytes")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return refuse("three parts")
	}
	raw := make([][]byte, 3)
	for i, part := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || len(b) == 0 || strings.ContainsAny(part, "\r\n") {
			return refuse("base64url in each part")
		}
		raw[i] = b
	}
	var h header
	if err := strictjson.Unmarshal(raw[0], &h, strictjson.Options{Bytes: mostToken, Depth: 4}); err != nil {
		return nil, nil, attest.Refuse(CodeHeader, "", "alg, kid, typ, x5t and nothing else, in strict JSON", "something else")
	}
	if h.KeyID == "" || len(h.KeyID) > 256 {
		return nil, nil, attest.Refuse(CodeHeader, "kid", "a key id", "none")
	}
	if h.Type != "" && !strings.EqualFold(h.Type, "JWT") {
		return nil, nil, attest.Refuse(CodeHeader, "typ", "JWT", "another type")
	}
	return &h, raw[1], nil
}

// judge checks the registered claims of RFC 7519 section 4.1.
func (t Trust) judge(payload []byte, now time.Time) (*collect.Members, error) {
	claims, err := collect.ParseMembers(payload, "claim")
	if err != nil {
		return nil, attest.Refuse(CodeToken, "claims", "a strict JSON object", "something else").Because(err)
	}
	var registered struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		Expires  *int64          `json:"exp"`
		Before   *int64          `json:"nbf"`
		Issued   *int64          `json:"iat"`
	}
	if strictjson.Unmarshal(payload, &registered, strictjson.Options{Bytes: mostToken, AllowUnknown: true}) != nil {
		return nil, attest.Refuse(CodeClaim, "iss, sub, aud, exp, nbf, iat", "texts and integers", "something else")
	}
	if registered.Issuer != t.Issuer {
		return nil, attest.Refuse(CodeIssuer, "iss", t.Issuer, "another issuer")
	}
	if registered.Subject == "" {
		return nil, attest.Refuse(CodeClaim, "sub", "a text", "none")
	}
	if !t.addressed(registered.Audience) {
		return nil, attest.Refuse(CodeAudience, "aud", "the pinned audience and no other", "something else")
	}
	return claims, t.timely(registered.Issued, registered.Before, registered.Expires, now)
}

func (t Trust) addressed(raw json.RawMessage) bool {
	var one string
	if strictjson.Unmarshal(raw, &one, strictjson.Options{}) == nil {
		return one == t.Audience
	}
	var many []string
	return strictjson.Unmarshal(raw, &many, strictjson.Options{}) == nil && len(many) == 1 && many[0] == t.Audience
}

// timely demands iat and exp, and nbf where there is one. Numbers are held to years
// that RFC 3339 can write, so that no sum overflows.
func (t Trust) timely(issued, before, expires *int64, now time.Time) error {
	const lastSecond = 253402300799 // 9999-12-31T23:59:59Z
	for _, at := range []*int64{issued, before, expires} {
		if at != nil && (*at < 0 || *at > lastSecond) {
			return attest.Refuse(CodeTime, "iat, nbf, exp", "an instant before the year 10000", "another number")
		}
	}
	if issued == nil || expires == nil {
		return attest.Refuse(CodeTime, "iat, exp", "both", "fewer")
	}
	from, until := time.Unix(*issued, 0), time.Unix(*expires, 0)
	lifetime := t.Lifetime
	if lifetime == 0 {
		lifetime = mostLifetime
	}
	switch {
	case !until.After(from) || until.Sub(from) > lifetime:
		return attest.Refuse(CodeTime, "exp", "a lifetime of at most "+lifetime.String(), until.Sub(from).String())
	case !now.Before(until.Add(t.Skew)):
		return attest.Refuse(CodeTime, "exp", "after "+now.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	case from.After(now.Add(t.Skew)):
		return attest.Refuse(CodeTime, "iat", "not after "+now.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339))
	case before != nil && time.Unix(*before, 0).After(now.Add(t.Skew)):
		return attest.Refuse(CodeTime, "nbf", "not after "+now.UTC().Format(time.RFC3339), time.Unix(*before, 0).UTC().Format(time.RFC3339))
	}
	return nil
}
