package attesttest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
)

func aStatement(t *testing.T) *attest.Statement {
	s, err := attest.NewStatement("https://example.com/p", struct{}{}, attest.Descriptor{Digest: digest.FromBytes([]byte("app")).Set()})
	require.NoError(t, err)
	return s
}

func TestAFakeFollowsFromItsLabel(t *testing.T) {
	s := aStatement(t)
	first, err := attesttest.New("alice").Attest(t.Context(), s)
	require.NoError(t, err)
	second, err := attesttest.New("alice").Attest(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, first, second)

	v, err := attesttest.New("alice").Verify(t.Context(), first, attest.Want{AnySubject: true})
	require.NoError(t, err)
	assert.Equal(t, "test:alice", v.Authority())
	assert.Equal(t, []attest.Identity{attesttest.New("alice").Identity()}, v.Signers())

	_, err = attesttest.New("bob").Verify(t.Context(), first, attest.Want{AnySubject: true})
	assert.ErrorIs(t, err, attest.Is(attesttest.CodeSignature))
	assert.Panics(t, func() { attesttest.New("") })
}

func TestAFakeReadsOneSpellingOnly(t *testing.T) {
	fake := attesttest.New("alice")
	a, err := fake.Attest(t.Context(), aStatement(t))
	require.NoError(t, err)
	a.Body = append(a.Body, '\n')
	_, err = fake.Verify(t.Context(), a, attest.Want{AnySubject: true})
	assert.ErrorIs(t, err, attest.Is(attesttest.CodeFormat))
}

func TestSeal(t *testing.T) {
	s := aStatement(t)
	v := attesttest.Seal(t, s, "alice", "bob")
	assert.Equal(t, attesttest.SealAuthority, v.Authority())
	assert.Same(t, s, v.Statement())
	require.Len(t, v.Signers(), 2)
	assert.Equal(t, "bob", v.Signers()[1].Principal())
	assert.NoError(t, v.Signers()[0].Key.Validate())
	assert.Equal(t, v, attesttest.Seal(t, s, "alice", "bob"), "equal input gives equal output")
	assert.NotEqual(t, v.Evidence(), attesttest.Seal(t, s, "alice").Evidence())
	assert.Equal(t, "test", attesttest.Seal(t, s).Signers()[0].Principal())
}
