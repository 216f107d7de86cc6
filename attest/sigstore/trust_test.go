package sigstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tsa"
)

func TestATrustThatCannotBeMetIsRefused(t *testing.T) {
	i := virtual.New(t)
	root := rootOf(t, i, nil)
	good := sigstore.Trust{Authority: "test:x", Root: root, Identities: identities()}
	for name, change := range map[string]func(*sigstore.Trust){
		"no authority": func(x *sigstore.Trust) { x.Authority = "" },
		"no root":      func(x *sigstore.Trust) { x.Root = nil },
		"a root without authority": func(x *sigstore.Trust) {
			x.Root = rootOf(t, i, func(root map[string]any) { root["certificateAuthorities"] = []any{} })
		},
		"nobody who may sign":         func(x *sigstore.Trust) { x.Identities = nil },
		"an identity without issuer":  func(x *sigstore.Trust) { x.Identities[0].Issuer = sigstore.Match{} },
		"an identity without subject": func(x *sigstore.Trust) { x.Identities[0].Subject = sigstore.Exactly("") },
		"a condition on nothing":      func(x *sigstore.Trust) { x.Identities[0].Fields = map[chain.Field]sigstore.Match{9: {}} },
		"a condition on no field": func(x *sigstore.Trust) {
			x.Identities[0].Fields = map[chain.Field]sigstore.Match{99: sigstore.Exactly("x")}
		},
		"more logs than there are":      func(x *sigstore.Trust) { x.Demand.Logs = 2 },
		"more stamps than there are":    func(x *sigstore.Trust) { x.Demand.Timestamps = 2 },
		"more SCTs than there are":      func(x *sigstore.Trust) { x.Demand.SCTs = 2 },
		"more times than there are":     func(x *sigstore.Trust) { x.Demand.Times = 3 },
		"certificates without any time": func(x *sigstore.Trust) { x.Demand.Times = sigstore.None },
		"a threshold below none":        func(x *sigstore.Trust) { x.Demand.Logs = -2 },
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			bad.Identities = identities()
			change(&bad)
			v, err := sigstore.NewVerifier(bad)
			require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust))
			assert.Nil(t, v)
		})
	}
	k := sigstore.Key{Principal: "k", Public: i.Signer.Public()}
	for name, trust := range map[string]sigstore.KeyTrust{
		"no keys":             {Authority: "a", Root: root},
		"a key without name":  {Authority: "a", Root: root, Keys: []sigstore.Key{{Public: k.Public}}},
		"no key in it":        {Authority: "a", Root: root, Keys: []sigstore.Key{{Principal: "k"}}},
		"one key twice":       {Authority: "a", Root: root, Keys: []sigstore.Key{k, {Principal: "l", Public: k.Public, Hint: "h"}}},
		"one hint twice":      {Authority: "a", Root: root, Keys: []sigstore.Key{{Principal: "k", Public: k.Public, Hint: "h"}, {Principal: "l", Public: i.Log.Public(), Hint: "h"}}},
		"logs without a root": {Authority: "a", Keys: []sigstore.Key{k}},
		"SCTs of keys":        {Authority: "a", Root: root, Keys: []sigstore.Key{k}, Demand: sigstore.Demand{SCTs: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := sigstore.NewKeyVerifier(trust)
			require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust))
			assert.Nil(t, v)
		})
	}
}

func TestDemandsBeyondTheDefault(t *testing.T) {
	i := virtual.New(t)
	both := verifierOf(t, i, func(x *sigstore.Trust) { x.Demand = sigstore.Demand{Times: 2, Timestamps: 1} })
	_, err := both.Verify(t.Context(), bundle(t, i, virtual.Recipe{}), anything())
	require.NoError(t, err)
	_, err = both.Verify(t.Context(), bundle(t, i, virtual.Recipe{Rekor: 2}), anything())
	assert.ErrorIs(t, err, attest.Is(sigstore.CodeTimeThreshold))
	_, err = both.Verify(t.Context(), bundle(t, i, virtual.Recipe{Unstamped: true}), anything())
	assert.ErrorIs(t, err, attest.Is(sigstore.CodeTimestampThreshold))

	waived := verifierOf(t, i, func(x *sigstore.Trust) { x.Demand = sigstore.Demand{Logs: sigstore.None, SCTs: sigstore.None} })
	_, err = waived.Verify(t.Context(), bundle(t, i, virtual.Recipe{Unlogged: true, SCTs: func([]*virtual.SCT) []*virtual.SCT { return nil }}), anything())
	require.NoError(t, err)
}

func TestIdentitiesMatchExactlyUnlessAPatternIsAskedFor(t *testing.T) {
	i := virtual.New(t)
	pattern := func(s string) sigstore.Match {
		m, err := sigstore.Pattern(s)
		require.NoError(t, err)
		return m
	}
	issuer := sigstore.Exactly(virtual.Issuer)
	for name, test := range map[string]struct {
		identity sigstore.Identity
		ok       bool
	}{
		"a prefix is not the subject":           {sigstore.Identity{Issuer: issuer, Subject: sigstore.Exactly("https://ci.example/")}, false},
		"a dot is a dot":                        {sigstore.Identity{Issuer: issuer, Subject: sigstore.Exactly("https://ci.exampl./workflow@refs/heads/main")}, false},
		"a pattern matches the whole":           {sigstore.Identity{Issuer: issuer, Subject: pattern(`https://ci\.example/workflow@.*`)}, true},
		"a pattern does not match a part":       {sigstore.Identity{Issuer: issuer, Subject: pattern(`ci\.example`)}, false},
		"alternatives are anchored as one":      {sigstore.Identity{Issuer: issuer, Subject: pattern(`https|x`)}, false},
		"a field that must hold and does":       {sigstore.Identity{Issuer: issuer, Subject: sigstore.Exactly(virtual.Subject), Fields: map[chain.Field]sigstore.Match{chain.FieldIssuerV2: issuer}}, true},
		"a field that must hold and is missing": {sigstore.Identity{Issuer: issuer, Subject: sigstore.Exactly(virtual.Subject), Fields: map[chain.Field]sigstore.Match{chain.FieldSourceRef: pattern("refs/.*")}}, false},
		"a subject of another issuer":           {sigstore.Identity{Issuer: sigstore.Exactly("https://other.example"), Subject: sigstore.Exactly(virtual.Subject)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifierOf(t, i, func(x *sigstore.Trust) { x.Identities = []sigstore.Identity{test.identity} })
			_, err := v.Verify(t.Context(), bundle(t, i, virtual.Recipe{}), anything())
			if test.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, attest.Is(sigstore.CodeIdentity))
			}
		})
	}
	for _, bad := range []string{"", ".*", "(", "a*"} {
		_, err := sigstore.Pattern(bad)
		assert.ErrorIs(t, err, attest.Is(sigstore.CodePattern), bad)
	}
}

func TestLongLivedKeys(t *testing.T) {
	i := virtual.New(t)
	recipe := virtual.Recipe{LongLived: true}
	refused := func(name string, code attest.Code, r virtual.Recipe, change func(*sigstore.KeyTrust)) {
		t.Run(name, func(t *testing.T) {
			_, err := keyVerifierOf(t, i, change).Verify(t.Context(), bundle(t, i, r), anything())
			require.ErrorIs(t, err, attest.Is(code))
		})
	}
	other := sigstore.Key{Principal: "other", Public: attesttest.Signer("other").Public()}
	refused("a certificate where a key is needed", sigstore.CodeKeyNeeded, virtual.Recipe{}, nil)
	refused("an unknown hint", sigstore.CodeKeyUnknown, recipe, func(x *sigstore.KeyTrust) { x.Keys = []sigstore.Key{other} })
	refused("another key under the hint", sigstore.CodeSignature, recipe, func(x *sigstore.KeyTrust) {
		x.Keys = []sigstore.Key{{Principal: "other", Public: i.Log.Public(), Hint: hintOf(t, i)}}
	})
	refused("a key after its window", sigstore.CodeKeyTime, recipe, func(x *sigstore.KeyTrust) { x.Keys[0].Window.End = i.Now.Add(-time.Second) })
	refused("a key before its window", sigstore.CodeKeyTime, recipe, func(x *sigstore.KeyTrust) { x.Keys[0].Window.Start = i.Now.Add(time.Second) })
	refused("an entry from after the key's window", sigstore.CodeEntryTime, recipe, func(x *sigstore.KeyTrust) { x.Keys[0].Window.End = i.Now.Add(-time.Second) })
	refused("a window without any time", sigstore.CodeKeyTime, virtual.Recipe{LongLived: true, Unlogged: true, Unstamped: true}, func(x *sigstore.KeyTrust) {
		x.Demand = sigstore.Demand{Logs: sigstore.None, Times: sigstore.None}
		x.Keys[0].Window.End = i.Now
	})
	refused("an entry of a certificate", sigstore.CodeEntrySigner, virtual.Recipe{LongLived: true, Body: func(b map[string]any) {
		at(b, "spec", "signatures", 0).(map[string]any)["verifier"] = []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	}}, nil)

	t.Run("no hint means any key", func(t *testing.T) {
		r := recipe
		r.Document = func(d map[string]any) { at(d, "verificationMaterial", "publicKey").(map[string]any)["hint"] = "" }
		v := keyVerifierOf(t, i, func(x *sigstore.KeyTrust) { x.Keys = append([]sigstore.Key{other}, x.Keys...) })
		got, err := v.Verify(t.Context(), bundle(t, i, r), anything())
		require.NoError(t, err)
		assert.Equal(t, "releases", got.Signers()[0].Subject)
	})
	t.Run("a key alone, without any log or time", func(t *testing.T) {
		v := keyVerifierOf(t, i, func(x *sigstore.KeyTrust) {
			x.Root, x.Demand = nil, sigstore.Demand{Logs: sigstore.None, Times: sigstore.None}
		})
		_, err := v.Verify(t.Context(), bundle(t, i, virtual.Recipe{LongLived: true, Unlogged: true, Unstamped: true}), anything())
		require.NoError(t, err)
	})
}

func hintOf(t testing.TB, i *virtual.Instance) string {
	t.Helper()
	doc := i.Bundle(t, virtual.Recipe{LongLived: true, Payload: []byte("x")})
	return at(parsed(t, doc), "verificationMaterial", "publicKey", "hint").(string)
}

func TestARootWithAFaultIsRefusedWhole(t *testing.T) {
	i := virtual.New(t)
	key := func(root map[string]any, list string) map[string]any {
		return at(root, list, 0, "publicKey").(map[string]any)
	}
	certs := func(root map[string]any, list string) map[string]any {
		return at(root, list, 0, "certChain").(map[string]any)
	}
	for name, test := range map[string]struct {
		edit func(root map[string]any)
		code attest.Code
	}{
		"another media type":               {func(r map[string]any) { r["mediaType"] = "x" }, sigstore.CodeRootVersion},
		"an unknown field":                 {func(r map[string]any) { r["x"] = 1 }, sigstore.CodeRoot},
		"a log without window":             {func(r map[string]any) { delete(key(r, "tlogs"), "validFor") }, sigstore.CodeRootLog},
		"a log without the window's start": {func(r map[string]any) { key(r, "tlogs")["validFor"] = map[string]any{"end": i.Now} }, sigstore.CodeRootLog},
		"a window that ends before it starts": {func(r map[string]any) {
			key(r, "ctlogs")["validFor"] = map[string]any{"start": i.Now, "end": i.Now.Add(-1)}
		}, sigstore.CodeRootLog},
		"a log twice":                          {func(r map[string]any) { r["tlogs"] = append(r["tlogs"].([]any), at(r, "tlogs", 0)) }, sigstore.CodeRootLog},
		"a certificate log twice":              {func(r map[string]any) { r["ctlogs"] = append(r["ctlogs"].([]any), at(r, "ctlogs", 0)) }, chain.CodeLog},
		"an id that is not the key's":          {func(r map[string]any) { at(r, "tlogs", 0, "logId").(map[string]any)["keyId"] = make([]byte, 32) }, sigstore.CodeRootLog},
		"a certificate log's id not its key's": {func(r map[string]any) { at(r, "ctlogs", 0, "logId").(map[string]any)["keyId"] = make([]byte, 32) }, sigstore.CodeRootLog},
		"a key of another kind than told":      {func(r map[string]any) { key(r, "tlogs")["keyDetails"] = "PKIX_ED25519" }, sigstore.CodeRootLog},
		"a hash that is not SHA-256":           {func(r map[string]any) { at(r, "tlogs", 0).(map[string]any)["hashAlgorithm"] = "SHA2_512" }, sigstore.CodeRootLog},
		"a log without host":                   {func(r map[string]any) { at(r, "tlogs", 0).(map[string]any)["baseUrl"] = "" }, sigstore.CodeRootLog},
		"an authority without certificates":    {func(r map[string]any) { certs(r, "certificateAuthorities")["certificates"] = []any{} }, sigstore.CodeRootAuthority},
		"an authority that starts at a leaf": {func(r map[string]any) {
			certs(r, "certificateAuthorities")["certificates"] = certs(r, "timestampAuthorities")["certificates"]
		}, chain.CodeAuthorityPath},
		"an authority for another usage": {func(r map[string]any) {
			certs(r, "certificateAuthorities")["certificates"] = certs(r, "timestampAuthorities")["certificates"].([]any)[1:]
		}, chain.CodeAuthorityPath},
		"an authority in another order": {func(r map[string]any) {
			c := certs(r, "certificateAuthorities")["certificates"].([]any)
			c[0], c[1] = c[1], c[0]
		}, chain.CodeAuthorityPath},
		"an authority without root": {func(r map[string]any) {
			certs(r, "certificateAuthorities")["certificates"] = certs(r, "certificateAuthorities")["certificates"].([]any)[:1]
		}, chain.CodeAuthorityPath},
		"a stamper of another authority": {func(r map[string]any) {
			certs(r, "timestampAuthorities")["certificates"] = append(certs(r, "timestampAuthorities")["certificates"].([]any)[:1], certs(r, "certificateAuthorities")["certificates"].([]any)...)
		}, sigstore.CodeRootAuthority},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := sigstore.ParseTrustedRoot(i.TrustedRoot(t, test.edit))
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, r)
		})
	}
}

func TestWindowsOfAuthoritiesAndLogsHold(t *testing.T) {
	i := virtual.New(t)
	ended := map[string]any{"start": i.Now.Add(-time.Hour), "end": i.Now.Add(-time.Minute)}
	for name, test := range map[string]struct {
		edit   func(root map[string]any)
		recipe virtual.Recipe
		code   attest.Code
	}{
		"a log's, Rekor v1":         {func(r map[string]any) { at(r, "tlogs", 0, "publicKey").(map[string]any)["validFor"] = ended }, virtual.Recipe{}, sigstore.CodeEntryTime},
		"a log's, Rekor v2":         {func(r map[string]any) { at(r, "tlogs", 0, "publicKey").(map[string]any)["validFor"] = ended }, virtual.Recipe{Rekor: 2}, sigstore.CodeEntryTime},
		"a certificate log's":       {func(r map[string]any) { at(r, "ctlogs", 0, "publicKey").(map[string]any)["validFor"] = ended }, virtual.Recipe{}, chain.CodeSCTTime},
		"a certificate authority's": {func(r map[string]any) { at(r, "certificateAuthorities", 0).(map[string]any)["validFor"] = ended }, virtual.Recipe{}, chain.CodeTime},
		"a timestamp authority's":   {func(r map[string]any) { at(r, "timestampAuthorities", 0).(map[string]any)["validFor"] = ended }, virtual.Recipe{}, tsa.CodeTime},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifierOf(t, i, func(x *sigstore.Trust) { x.Root = rootOf(t, i, test.edit) })
			_, err := v.Verify(t.Context(), bundle(t, i, test.recipe), anything())
			require.ErrorIs(t, err, attest.Is(test.code))
		})
	}
}

func TestATimestampBorrowsNoWindowOfAnotherAuthority(t *testing.T) {
	i := virtual.New(t)
	// The second authority is the same but for its window, which has ended; the
	// first one's tokens name it as well. Only one may vouch, in its own window.
	twin := func(r map[string]any) {
		list := r["timestampAuthorities"].([]any)
		copied := map[string]any{}
		for k, v := range list[0].(map[string]any) {
			copied[k] = v
		}
		copied["uri"] = "https://twin.example"
		copied["validFor"] = map[string]any{"start": i.Now.Add(-3 * time.Hour), "end": i.Now.Add(-2 * time.Hour)}
		r["timestampAuthorities"] = append([]any{copied}, list...)
	}
	v := verifierOf(t, i, func(x *sigstore.Trust) { x.Root = rootOf(t, i, twin) })
	got, err := v.Verify(t.Context(), bundle(t, i, virtual.Recipe{Rekor: 2}), anything())
	require.NoError(t, err)
	assert.Equal(t, "https://tsa."+virtual.Host, got.Times()[0].Authority)
}

func TestSixtyFourGoroutinesOnOneBundle(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	a := bundle(t, i, virtual.Recipe{})
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 3 {
				_, err := v.Verify(context.Background(), a, anything())
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
}

func TestNilAndGarbageAreRefusedWithoutPanic(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	for _, body := range []string{"", "null", "{}", "[]", "x", `{"mediaType":null}`, `{"verificationMaterial":{"certificate":null,"tlogEntries":[{}]},"dsseEnvelope":{}}`} {
		_, err := v.Verify(t.Context(), attest.Attestation{MediaType: sigstore.MediaTypeBundle03, Body: []byte(body)}, anything())
		assert.NotEmpty(t, attest.Reasons(err), "%q", body)
	}
	_, err := v.Verify(t.Context(), attest.Attestation{MediaType: attest.MediaTypeDSSE}, anything())
	assert.ErrorIs(t, err, attest.Is(attest.CodeMediaType))
}
