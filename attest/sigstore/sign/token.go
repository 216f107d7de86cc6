package sign

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Audience is for whom tokens are that Fulcio takes.
const Audience = "sigstore"

// maxToken bounds a token.
const maxToken = 64 << 10

// A Token is an OpenID Connect identity token, with which its bearer can sign in
// its subject's name until it expires. Nothing of this package prints it. What it
// says is not verified: that is Fulcio's to do.
type Token struct {
	raw       string
	issuer    string
	challenge string
	audience  []string
}

type wireClaims struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"`
	Email    string          `json:"email"`
	Verified json.RawMessage `json:"email_verified"`
}

// ParseToken reads a token: a JSON Web Token in compact form (RFC 7519) that
// names its issuer and subject.
func ParseToken(text string) (Token, error) {
	bad := func(want string, err error) (Token, error) {
		return Token{}, attest.Refuse(CodeToken, "token", want, "").Because(err)
	}
	parts := strings.Split(text, ".")
	if len(text) > maxToken || len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return bad("a signed JSON Web Token", nil)
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return bad("claims in base64", nil)
	}
	var w wireClaims
	if err := decode(CodeToken, "token", payload, &w, strictjson.Options{Bytes: maxToken, AllowUnknown: true}); err != nil {
		return Token{}, err
	}
	t := Token{raw: text, issuer: w.Issuer, challenge: w.Subject}
	// Fulcio takes the proof of possession over the name that it certifies.
	if w.Email != "" {
		if v := string(w.Verified); v != "true" && v != `"true"` {
			return bad("an email address that the issuer verified", nil)
		}
		t.challenge = w.Email
	}
	if t.issuer == "" || w.Subject == "" {
		return bad("an issuer and a subject", nil)
	}
	var one string
	if json.Unmarshal(w.Audience, &one) == nil {
		t.audience = []string{one}
	} else if json.Unmarshal(w.Audience, &t.audience) != nil {
		return bad("an audience", nil)
	}
	return t, nil
}

// IsZero reports whether t is no token.
func (t Token) IsZero() bool { return t.raw == "" }

// Issuer returns who the token says issued it.
func (t Token) Issuer() string { return t.issuer }

// Subject returns whom the token says it is for: the email address if it has one,
// else the subject.
func (t Token) Subject() string { return t.challenge }

// String returns issuer and subject, never the token.
func (t Token) String() string {
	return "token by " + excerpt.Quote(t.issuer) + " for " + excerpt.Quote(t.challenge)
}

// GoString is String.
func (t Token) GoString() string { return t.String() }

// forSigstore reports, by a nil error, that the token is meant for Fulcio.
func (t Token) forSigstore() error {
	if !slices.Contains(t.audience, Audience) {
		return attest.Refuse(CodeToken, "token", "audience "+Audience, excerpt.Quote(strings.Join(t.audience, " ")))
	}
	return nil
}
