package rego_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rego"
)

// A pattern on ten megabytes is not tried where so much may not be read. Negative case
// 51.
func TestAPatternOnTenMegabytesIsNotTried(t *testing.T) {
	huge := strings.Replace(predicate, `https://example.com/hosted`, strings.Repeat("a", 10<<20), 1)
	r, err := rego.Compiler{}.Compile(clause(`allow if regex.match("^(a|aa|a?)*b$", input.builder)`))
	require.NoError(t, err)
	d := decide(t, engine(t, r, policy.Budget{}), huge)
	require.Equal(t, policy.Indeterminate, d.Verdict())
	require.ErrorIs(t, d.Err(), attest.Is(policy.CodeRuleInput))
}

// Nothing but a truth is one. Negative case 32.
func TestAResultThatIsNoTruthIsRefused(t *testing.T) {
	for _, text := range []string{
		`allow := null`, `allow := 1`, `allow := "true"`, `allow := []`, `allow := {}`, "allow := input.hermetic if false\ndefault allow := null",
		`allow := x if { x := null }`, `allow := x if { x := input.version }`,
	} {
		r, err := rego.Compiler{}.Compile(clause(text))
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err), text)
			continue
		}
		d := decide(t, engine(t, r, policy.Budget{}), predicate)
		require.NotEqual(t, policy.Allow, d.Verdict(), text)
		require.ErrorIs(t, d.Err(), attest.Is(rego.CodeUndefined), text)
	}
}
