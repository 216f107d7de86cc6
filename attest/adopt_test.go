package attest_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

func TestAnAdoptedStatementIsReadAsAParsedOne(t *testing.T) {
	s, err := attest.NewStatement("https://example.com/p", map[string]string{"k": "v"}, attest.Descriptor{Name: "a", Digest: digest.FromBytes(nil).Set()})
	require.NoError(t, err)
	body := s.Bytes()
	parsed, err := attest.ParseStatement(body, attest.Limits{})
	require.NoError(t, err)
	adopted, err := attest.AdoptStatement(bytes.Clone(body), attest.Limits{})
	require.NoError(t, err)
	assert.Equal(t, parsed, adopted)

	for name, limits := range map[string]attest.Limits{"bytes": {Bytes: len(body) - 1}, "depth": {Depth: 1}} {
		_, err = attest.AdoptStatement(bytes.Clone(body), limits)
		assert.ErrorIs(t, err, attest.Is(attest.CodeLimit), name)
	}
	_, err = attest.AdoptStatement([]byte(`{"_type":"x","_type":"y"}`), attest.Limits{})
	assert.ErrorIs(t, err, attest.Is(attest.CodeJSON))
	few := testing.AllocsPerRun(5, func() { _, _ = attest.AdoptStatement(body, attest.Limits{}) })
	more := testing.AllocsPerRun(5, func() { _, _ = attest.ParseStatement(body, attest.Limits{}) })
	assert.Less(t, few, more, "it copies nothing")
}
