package graph

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

func kinds(c *Conflicts) (out []Disagreement) {
	for _, x := range c.Conflicts {
		out = append(out, x.Kind)
	}
	return out
}

func TestConflictsTellWhatStatementsDisagreeAbout(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	place := func(content string) attest.Descriptor {
		return attest.Descriptor{URI: "git+https://example.com/r", Digest: sum(content).Set()}
	}
	one := buildOf("app", place("c1"))
	other := buildOf("app", place("c2"))
	other.Builder.ID = "https://example.com/elsewhere"
	add(t, s, "alice", encode(t, one))
	c, err := s.Conflicts(ctx, sum("app"), trusting("alice"))
	require.NoError(t, err)
	assert.Empty(t, c.Conflicts, "one statement does not disagree with itself")

	add(t, s, "bob", encode(t, other))
	c, err = s.Conflicts(ctx, sum("app"), trusting("alice", "bob"))
	require.NoError(t, err)
	assert.Equal(t, []Disagreement{BuildersDiffer, InputDiffers, InputsDiffer}, kinds(c))
	assert.Equal(t, "git+https://example.com/r sha256", c.Conflicts[1].About)
	assert.Len(t, c.Statements, 2)
	for _, x := range c.Conflicts {
		require.Len(t, x.Claims, 2)
		assert.NotEqual(t, x.Claims[0].Statements, x.Claims[1].Statements)
	}
	c, err = s.Conflicts(ctx, sum("app"), trusting("bob"))
	require.NoError(t, err)
	assert.Empty(t, c.Conflicts, "who is not believed cannot disagree")

	c, err = s.ConflictsAt(ctx, "git+https://example.com/r", trusting("alice", "bob"))
	require.NoError(t, err)
	assert.Equal(t, []Disagreement{ContentsOfPlace}, kinds(c))
	c, err = s.ConflictsAt(ctx, "git+https://example.com/other", trusting("alice", "bob"))
	require.NoError(t, err)
	assert.Empty(t, c.Conflicts)
}

func TestVerifiersAndRebuildsCanDisagree(t *testing.T) {
	s := newStore(t)
	vsa := func(result, levels string) *attest.Statement {
		st, err := attest.NewStatement("https://slsa.dev/verification_summary/v1", json.RawMessage(`{"verifier":{"id":"https://example.com/v"},
			"timeVerified":"2026-01-01T00:00:00Z","resourceUri":"https://example.com/app","policy":{"uri":"https://example.com/p"},
			"verificationResult":"`+result+`","verifiedLevels":["`+levels+`"]}`), artifact("app"))
		require.NoError(t, err)
		return st
	}
	compared := func(name string) *attest.Statement {
		st, err := attest.NewStatement(comparisonType, json.RawMessage(`{"verdict":"different","outputs":[
			{"path":"app","a":{"sha256":"sha256:`+sum("app").Hex+`"},"b":{"sha256":"sha256:`+sum(name).Hex+`"}},
			{"path":"log","a":{"sha256":"sha256:`+sum("log").Hex+`"},"b":{"sha256":"sha256:`+sum("log2").Hex+`"}}]}`), artifact("app"), artifact("log"))
		require.NoError(t, err)
		return st
	}
	add(t, s, "alice", vsa("PASSED", "SLSA_BUILD_LEVEL_2"), vsa("FAILED", "FAILED"), compared("app2"))
	c, err := s.Conflicts(context.Background(), sum("app"), trusting("alice"))
	require.NoError(t, err)
	assert.Equal(t, []Disagreement{RebuildDiffers, ResultsDiffer}, kinds(c))
	assert.Len(t, c.Conflicts[0].Claims, 2, "and not the log's")
	assert.Equal(t, []Claim{{"bad", c.Conflicts[1].Claims[0].Statements}, {"good", c.Conflicts[1].Claims[1].Statements}}, c.Conflicts[1].Claims)
}

func TestPagesAreStableAndTogetherWhole(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	q := trusting("alice")
	var all []Mention
	for round, change := range []func(){
		func() {}, func() { require.NoError(t, s.Flush(ctx)) }, func() { add(t, s, "alice", builds(t, "later", "hub")) },
		func() { require.NoError(t, s.Compact(ctx)) },
	} {
		if round == 0 {
			for i := range 7 {
				add(t, s, "alice", builds(t, string(rune('a'+i)), "hub"))
			}
			add(t, s, "alice", builds(t, "hub"))
			whole, err := s.Statements(ctx, sum("hub"), q, "", 100)
			require.NoError(t, err)
			require.Len(t, whole.Mentions, 8)
			all = whole.Mentions
		}
		first, err := s.Statements(ctx, sum("hub"), q, "", 3)
		require.NoError(t, err)
		change()
		rest, err := s.Statements(ctx, sum("hub"), q, first.Next, 100)
		require.NoError(t, err)
		got := append(first.Mentions, rest.Mentions...)
		assert.Equal(t, all, got[:8])
	}
	for _, bad := range []string{"x", "1", "99.1", "1.x"} {
		_, err := s.Statements(ctx, sum("hub"), q, bad, 3)
		assert.ErrorIs(t, err, attest.Is(CodeLimit))
	}
	_, err := s.Statements(ctx, sum("hub"), q, "", 0)
	assert.ErrorIs(t, err, attest.Is(CodeLimit))
	_, err = s.Statements(ctx, digest.Digest{}, q, "", 1)
	assert.ErrorIs(t, err, attest.Is(CodeDigest))
	p, err := s.StatementsNaming(ctx, builderID, q, "", 1)
	require.NoError(t, err)
	assert.Equal(t, "maker", p.Mentions[0].As)
}
