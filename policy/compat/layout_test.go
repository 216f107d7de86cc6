package compat_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/layout"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/compat"
	"github.com/sealwright/sealwright/policy/policytest"
)

const demo = "../../attest/layout/testdata/demo/"

// The demonstration of in-toto, with what its inspection would find.
func demonstration(t *testing.T) (*layout.Verifier, layout.Evidence) {
	t.Helper()
	pem, err := os.ReadFile(demo + "alice.pub")
	require.NoError(t, err)
	alice, err := key.ParsePublicPEM(pem)
	require.NoError(t, err)
	v, err := layout.NewVerifier(layout.Trust{Owners: []layout.Owner{{Principal: "alice", Public: alice}}, Threshold: 1})
	require.NoError(t, err)
	signed, err := os.ReadFile(demo + "demo.layout")
	require.NoError(t, err)
	var found layout.Link
	require.NoError(t, json.Unmarshal([]byte(`{"_type":"link","name":"untar","command":[],"byproducts":{},"environment":{},`+
		`"materials":{"foo.tar.gz":{"sha256":"`+archive+`"}},`+
		`"products":{"foo.tar.gz":{"sha256":"`+archive+`"},"foo.py":{"sha256":"74dc3727c6e89308b39e4dfedf787e37841198b1fa165a27c013544a60502549"}}}`), &found))
	return v, layout.Evidence{Layout: signed, Links: os.DirFS(demo), Inspections: map[string]layout.Link{"untar": found}}
}

const archive = "52947cb78b91ad01fe81cd6aef42d1f6817e92b9e6936c1e5aabb7c98514f355"

func TestALayoutThatHoldsIsEvidence(t *testing.T) {
	v, e := demonstration(t)
	proof, err := compat.Layout(t.Context(), v, e, now, policytest.Authority)
	require.NoError(t, err)
	again, err := compat.Layout(t.Context(), v, e, now, policytest.Authority)
	require.NoError(t, err)
	require.Equal(t, proof.Evidence(), again.Evidence())

	judge := func(r compat.LayoutRule, hex string, at time.Time, list ...*attest.Verified) policy.Decision {
		engine, err := policy.New(policy.Config{Policy: policy.PolicyRef{URI: "https://example.com/p", Version: "1"}, Root: policy.Rules(r),
			Authorities: []string{policytest.Authority}, Testing: true, Validity: 100_000 * time.Hour})
		require.NoError(t, err)
		d, err := engine.Evaluate(context.Background(), policy.Request{Subject: attest.Descriptor{Digest: digest.Set{digest.SHA256: hex}},
			Phase: policy.PhaseDeploy, Now: at, Evidence: list})
		require.NoError(t, err)
		return d
	}
	rule := compat.LayoutRule{Owners: []string{"alice"}}
	d := judge(rule, archive, now, proof)
	require.True(t, d.Allowed(now), "%v", d.Err())
	end := d.Report().ValidUntil
	require.NotEqual(t, policy.Allow, judge(rule, archive, end, proof).Verdict(), "the layout has expired")
	require.NotEqual(t, policy.Allow, judge(rule, "74dc3727c6e89308b39e4dfedf787e37841198b1fa165a27c013544a60502548", now, proof).Verdict())
	require.NotEqual(t, policy.Allow, judge(compat.LayoutRule{Owners: []string{"bob"}}, archive, now, proof).Verdict())
	require.NotEqual(t, policy.Allow, judge(compat.LayoutRule{Owners: []string{"alice"}, MaxAge: time.Hour}, archive, now.Add(time.Hour), proof).Verdict())
	require.NotEqual(t, policy.Allow, judge(rule, archive, now).Verdict())
	other := evidence(t, compat.LayoutType, `{"layout":{}}`, attest.Identity{Subject: "alice"})
	require.ErrorIs(t, judge(rule, artifact.Digest[digest.SHA256], now, other).Err(), attest.Is(compat.CodeLayout))
}

func TestALayoutThatDoesNotHoldIsNone(t *testing.T) {
	v, e := demonstration(t)
	_, err := compat.Layout(t.Context(), nil, e, now, policytest.Authority)
	require.ErrorIs(t, err, attest.Is(attest.CodeNil))
	e.Inspections = nil
	_, err = compat.Layout(t.Context(), v, e, now, policytest.Authority)
	require.ErrorIs(t, err, attest.Is(layout.CodeInspection), "it is not run")
}
