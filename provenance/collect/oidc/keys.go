package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/go-jose/go-jose/v4"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/collect"
)

// The limits of a key set, and of the size of RSA keys in bits.
const (
	mostKeys  = 100
	leastBits = 2048
	mostBits  = 8192
)

// key returns the one key that has the header's key id.
func (t Trust) key(ctx context.Context, env collect.Environment, h *header) (any, error) {
	set := t.Keys
	if set == nil {
		document, err := t.ask(ctx, env)
		if err != nil {
			return nil, err
		}
		set = document.Body
	}
	var keys struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := collect.DecodeJSON(set, &keys, "key set"); err != nil {
		return nil, attest.Refuse(CodeKeys, "", "a JSON Web Key Set", "something else").Because(err)
	}
	if len(keys.Keys) == 0 || len(keys.Keys) > mostKeys {
		return nil, attest.Refuse(CodeKeys, "keys", "1 to "+strconv.Itoa(mostKeys), strconv.Itoa(len(keys.Keys)))
	}
	var found json.RawMessage
	for _, raw := range keys.Keys {
		var named struct {
			KeyID string `json:"kid"`
		}
		if err := collect.DecodeJSON(raw, &named, "key"); err != nil {
			return nil, attest.Refuse(CodeKeys, "keys", "objects with a kid", "something else").Because(err)
		}
		if named.KeyID != h.KeyID {
			continue
		}
		if found != nil {
			return nil, attest.Refuse(CodeKey, "kid", "one key of that id", "several")
		}
		found = raw
	}
	if found == nil {
		return nil, attest.Refuse(CodeKey, "kid", "a key of the issuer", "an id that none of its keys has")
	}
	return fit(found, h.Algorithm)
}

// ask finds the issuer's keys (OpenID Connect Discovery 1.0 section 4).
func (t Trust) ask(ctx context.Context, env collect.Environment) (*collect.Document, error) {
	document, err := env.Get(ctx, t.Issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		return nil, err
	}
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := collect.DecodeJSON(document.Body, &discovery, "discovery document"); err != nil {
		return nil, attest.Refuse(CodeKeys, "", "a discovery document", "something else").Because(err)
	}
	if discovery.Issuer != t.Issuer {
		return nil, attest.Refuse(CodeKeys, "issuer", t.Issuer, "another issuer")
	}
	pinned, err := url.Parse(t.Issuer)
	if err != nil {
		return nil, attest.Refuse(CodeTrust, "Issuer", "an address", "none")
	}
	at, err := url.Parse(discovery.Keys)
	if err != nil || at.Scheme != "https" || at.Host != pinned.Host || at.User != nil {
		return nil, attest.Refuse(CodeKeys, "jwks_uri", "an https address on "+pinned.Host, "another address")
	}
	return env.Get(ctx, discovery.Keys, nil)
}

// fit reads a public key and refuses one that is for another algorithm or use.
func fit(raw json.RawMessage, algorithm string) (any, error) {
	refuse := func(want string) (any, error) { return nil, attest.Refuse(CodeKey, "", want, "another key") }
	if strictjson.Check(raw, strictjson.Options{Bytes: 64 << 10, Depth: 8}) != nil {
		return refuse("a key in strict JSON")
	}
	var key jose.JSONWebKey
	if key.UnmarshalJSON(raw) != nil || !key.Valid() || !key.IsPublic() {
		return refuse("a public key")
	}
	if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != algorithm {
		return refuse("a key to sign with by " + algorithm)
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		if algorithm[:2] != "RS" || public.N.BitLen() < leastBits || public.N.BitLen() > mostBits {
			return refuse("a key for " + algorithm + " of a sound size")
		}
	case *ecdsa.PublicKey:
		if bits := public.Curve.Params().BitSize; !(algorithm == "ES256" && bits == 256 || algorithm == "ES384" && bits == 384) {
			return refuse("a key for " + algorithm)
		}
	default:
		return refuse("an RSA or ECDSA key")
	}
	return key.Key, nil
}
