package sigstore_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/chain"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tsa"
)

// CVE-2026-24122: the validity of a certificate above the leaf was not looked at.
func TestAnIntermediateThatIsNotValidAtTheTrustedTimeIsRefused(t *testing.T) {
	i := virtual.New(t)
	for name, window := range map[string][2]time.Duration{
		"expired":           {-24 * time.Hour, -time.Second},
		"not yet valid":     {time.Second, 24 * time.Hour},
		"valid for a while": {-time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			authority := i.Between(t, i.Now.Add(window[0]), i.Now.Add(window[1]))
			v := verifierOf(t, i, func(x *sigstore.Trust) {
				x.Root = rootOf(t, i, func(root map[string]any) {
					at(root, "certificateAuthorities", 0).(map[string]any)["certChain"] = map[string]any{"certificates": []any{
						map[string]any{"rawBytes": authority.Intermediate.Raw}, map[string]any{"rawBytes": authority.Root.Raw},
					}}
				})
			})
			_, err := v.Verify(t.Context(), bundle(t, i, virtual.Recipe{CA: &authority}), anything())
			if name == "valid for a while" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, attest.Is(chain.CodeTime))
		})
	}
}

// A second timestamp must not move the time at which the certificate is judged:
// it must be valid at all of them.
func TestASecondBackdatedTimestampRefusesTheBundle(t *testing.T) {
	one, two := virtual.New(t), virtual.NewAt(t, "two.example")
	v := verifierOf(t, one, func(x *sigstore.Trust) { x.Root = rootOf(t, one, virtual.With(t, two)) })
	for name, shift := range map[string]time.Duration{"backdated": -30 * time.Minute, "late": 30 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			stamped := 0
			r := virtual.Recipe{Rekor: 2, Also: []*virtual.Instance{two}, Stamp: func(s *virtual.Stamp) {
				if stamped++; stamped == 2 {
					s.Time = s.Time.Add(shift)
				}
			}}
			_, err := v.Verify(t.Context(), bundle(t, one, r), anything())
			require.ErrorIs(t, err, attest.Is(chain.CodeTime))
		})
	}
	_, err := v.Verify(t.Context(), bundle(t, one, virtual.Recipe{Rekor: 2, Also: []*virtual.Instance{two}}), anything())
	require.NoError(t, err, "both at one time")
}

// An integrated time that no log signed is no trusted time, in Rekor v1 and v2.
func TestATimeWithoutAPromiseIsNoTrustedTime(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	for name, r := range map[string]virtual.Recipe{
		"Rekor v1": {Unstamped: true, Entry: func(e *virtual.Entry) { e.NoPromise = true }},
		"Rekor v2": {Rekor: 2, Unstamped: true, Entry: func(e *virtual.Entry) { e.Time = i.Now }},
	} {
		_, err := v.Verify(t.Context(), bundle(t, i, r), anything())
		require.ErrorIs(t, err, attest.Is(sigstore.CodeTimeThreshold), name)
	}
}

// The trusted root in a chain adds nothing; bundles of version 0.1 have it.
func TestTheTrustedRootInABundlesChainAddsNothing(t *testing.T) {
	i, other := virtual.New(t), virtual.New(t)
	v := verifierOf(t, i, nil)
	with := func(raw []byte) virtual.Recipe {
		return virtual.Recipe{Version: 1, Document: func(d map[string]any) {
			list := at(d, "verificationMaterial", "x509CertificateChain").(map[string]any)
			list["certificates"] = append(list["certificates"].([]any), map[string]any{"rawBytes": raw})
		}}
	}
	_, err := v.Verify(t.Context(), bundle(t, i, with(i.CA.Root.Raw)), anything())
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), bundle(t, i, with(other.CA.Root.Raw)), anything())
	require.ErrorIs(t, err, attest.Is(sigstore.CodeMaterial))
	r := with(other.CA.Root.Raw)
	r.CA = &other.CA
	_, err = v.Verify(t.Context(), bundle(t, i, r), anything())
	require.ErrorIs(t, err, attest.Is(chain.CodePath), "a chain that brings its own root")
}

// A verifier that demands logs or stamps of a root that has none cannot be made;
// one that waives them takes no timestamp for proven.
func TestNoTimestampAuthoritiesMeansNoTimestamps(t *testing.T) {
	i := virtual.New(t)
	none := rootOf(t, i, func(root map[string]any) { root["timestampAuthorities"] = []any{} })
	_, err := sigstore.NewVerifier(sigstore.Trust{Authority: "a", Root: none, Identities: identities(), Demand: sigstore.Demand{Timestamps: 1}})
	require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust))
	v := verifierOf(t, i, func(x *sigstore.Trust) { x.Root = none })
	_, err = v.Verify(t.Context(), bundle(t, i, virtual.Recipe{Rekor: 2}), anything())
	require.ErrorIs(t, err, attest.Is(sigstore.CodeTimeThreshold))
	require.ErrorIs(t, err, attest.Is(tsa.CodeSigner), "the reason is told")
}

// An extension that is absent is not one that is empty, and neither meets a
// condition.
func TestVerifyIsSilentAndLeavesItsInputAlone(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	good := bundle(t, i, virtual.Recipe{})
	bad := bundle(t, i, virtual.Recipe{Signature: func(s []byte) []byte { return append(s, 0) }})
	before := [][]byte{bytes.Clone(good.Body), bytes.Clone(bad.Body)}

	read, write, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	_, goodErr := v.Verify(t.Context(), good, anything())
	_, badErr := v.Verify(t.Context(), bad, anything())
	os.Stdout, os.Stderr = stdout, stderr
	require.NoError(t, write.Close())
	require.NoError(t, goodErr)
	require.Error(t, badErr)
	said, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Empty(t, string(said))
	assert.Equal(t, before, [][]byte{good.Body, bad.Body})
}

func TestAnAbsentExtensionMeetsNoCondition(t *testing.T) {
	i := virtual.New(t)
	for name, m := range map[string]sigstore.Match{"": {}, "empty": sigstore.Exactly("")} {
		_, err := sigstore.NewVerifier(sigstore.Trust{Authority: "a", Root: rootOf(t, i, nil), Identities: []sigstore.Identity{{
			Issuer: sigstore.Exactly(virtual.Issuer), Subject: sigstore.Exactly(virtual.Subject), Fields: map[chain.Field]sigstore.Match{chain.FieldSourceRef: m},
		}}})
		require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust), name)
	}
	some, err := sigstore.Pattern(".+")
	require.NoError(t, err)
	v := verifierOf(t, i, func(x *sigstore.Trust) {
		x.Identities[0].Fields = map[chain.Field]sigstore.Match{chain.FieldSourceRef: some}
	})
	_, err = v.Verify(t.Context(), bundle(t, i, virtual.Recipe{}), anything())
	require.ErrorIs(t, err, attest.Is(sigstore.CodeIdentity))
}

// What the statement says is held against what is wanted, not against what it
// says most weakly.
func TestTheStatementMustBeTheWantedOne(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	weak, err := attest.NewStatement("https://example.com/p", map[string]int{}, attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA1: strings.Repeat("0", 40)}})
	require.NoError(t, err)
	app := digest.FromBytes([]byte("app")).Set()
	for name, test := range map[string]struct {
		recipe virtual.Recipe
		want   attest.Want
		code   attest.Code
	}{
		"a weak digest alone":       {virtual.Recipe{Payload: weak.Bytes()}, attest.Want{Subjects: []digest.Set{{digest.SHA1: strings.Repeat("0", 40)}}}, attest.CodeWantSubject},
		"another predicate type":    {virtual.Recipe{}, attest.Want{Subjects: []digest.Set{app}, PredicateTypes: []string{"https://example.com/q"}}, attest.CodeWantPredicateType},
		"another subject":           {virtual.Recipe{}, attest.Want{Subjects: []digest.Set{digest.FromBytes([]byte("x")).Set()}}, attest.CodeWantSubject},
		"one of two subjects":       {virtual.Recipe{}, attest.Want{Subjects: []digest.Set{app, digest.FromBytes([]byte("x")).Set()}}, attest.CodeWantSubject},
		"nothing in particular":     {virtual.Recipe{}, attest.Want{}, attest.CodeWantEmpty},
		"another type of statement": {virtual.Recipe{Payload: []byte(`{"_type":"https://in-toto.io/Statement/v2"}`)}, anything(), attest.CodeStatementType},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := v.Verify(t.Context(), bundle(t, i, test.recipe), test.want)
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, got)
		})
	}
}

func TestAStatementBeyondItsLimitsIsRefused(t *testing.T) {
	i := virtual.New(t)
	for name, limits := range map[string]attest.Limits{"bytes": {Bytes: 100}, "subjects": {Subjects: -1}, "depth": {Depth: 1}} {
		v := verifierOf(t, i, func(x *sigstore.Trust) { x.Limits = limits })
		_, err := v.Verify(t.Context(), bundle(t, i, virtual.Recipe{}), anything())
		require.ErrorIs(t, err, attest.Is(attest.CodeLimit), name)
	}
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	_, err := verifierOf(t, i, nil).Verify(t.Context(), bundle(t, i, virtual.Recipe{Payload: []byte(`{"predicate":{"a":` + deep + `}}`)}), anything())
	require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
}

func TestNoWayInTakesAMalformedBundle(t *testing.T) {
	i := virtual.New(t)
	v := verifierOf(t, i, nil)
	extra := func(d map[string]any) { d["extra"] = 1 }
	envelope := bundle(t, i, virtual.Recipe{Document: extra})
	message := bundle(t, i, virtual.Recipe{Message: true, Payload: []byte("x"), Document: extra})
	for name, verify := range map[string]func() error{
		"Verify":             func() error { _, err := v.Verify(t.Context(), envelope, anything()); return err },
		"VerifyEnvelope":     func() error { _, err := v.VerifyEnvelope(t.Context(), envelope, attest.MediaTypeInToto); return err },
		"VerifyStatementV01": func() error { _, err := v.VerifyStatementV01(t.Context(), envelope, anything()); return err },
		"VerifyArtifact": func() error {
			_, err := v.VerifyArtifact(t.Context(), message, digest.FromBytes([]byte("x")))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, verify(), attest.Is(sigstore.CodeBundle))
		})
	}
}
