package oidc

import (
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

// The limits of a Trust.
const (
	mostSkew     = 5 * time.Minute
	mostLifetime = 24 * time.Hour
)

// A Trust is what tokens are believed. The zero Trust believes none.
type Trust struct {
	// Issuer is the exact iss, an https address without user information, query and
	// final slash.
	Issuer string
	// Audience is the one aud that the token must have. Choose one that nobody else
	// asks for.
	Audience string
	// Keys is a JSON Web Key Set (RFC 7517). If it is nil, the issuer is asked for its
	// keys.
	Keys []byte
	// Algorithms are among RS256, RS384, RS512, ES256 and ES384; nil means RS256 and
	// ES256.
	Algorithms []string
	// Skew is by how much clocks may differ, at most five minutes.
	Skew time.Duration
	// Lifetime bounds exp minus iat; 0 means the maximum, 24 hours.
	Lifetime time.Duration
}

// algorithms checks t and returns what it allows.
func (t Trust) algorithms() ([]jose.SignatureAlgorithm, error) {
	if err := collect.CheckBase(t.Issuer); err != nil {
		return nil, attest.Refuse(CodeTrust, "Issuer", "an https address without final slash", "something else")
	}
	if t.Audience == "" {
		return nil, attest.Refuse(CodeTrust, "Audience", "a text", "none")
	}
	if t.Skew < 0 || t.Skew > mostSkew || t.Lifetime < 0 || t.Lifetime > mostLifetime {
		return nil, attest.Refuse(CodeTrust, "Skew, Lifetime", "at most "+mostSkew.String()+" and "+mostLifetime.String(), "other durations")
	}
	names := t.Algorithms
	if names == nil {
		names = []string{"RS256", "ES256"}
	}
	var out []jose.SignatureAlgorithm
	for _, name := range names {
		if !slices.Contains([]string{"RS256", "RS384", "RS512", "ES256", "ES384"}, name) {
			return nil, attest.Refuse(CodeTrust, "Algorithms", "RS256, RS384, RS512, ES256, ES384", strings.ToValidUTF8(name, "?"))
		}
		out = append(out, jose.SignatureAlgorithm(name))
	}
	if len(out) == 0 {
		return nil, attest.Refuse(CodeTrust, "Algorithms", "at least one", "none")
	}
	return out, nil
}
