package cel_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/cel"
	"github.com/sealwright/sealwright/policy/policytest"
)

// A pattern on ten megabytes is not tried where so much may not be read, and where it
// may, it costs what it costs. Negative case 51.
func TestAPatternOnTenMegabytesEnds(t *testing.T) {
	huge := request(t, strings.Replace(predicate, `https://example.com/hosted`, strings.Repeat("a", 10<<20), 1))
	for name, c := range map[string]struct {
		compiler cel.Compiler
		code     attest.Code
	}{
		"as it comes":               {cel.Compiler{}, policy.CodeRuleInput},
		"with all of it to be read": {cel.Compiler{Bytes: 1 << 30}, policy.CodeRuleCost},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := c.compiler.Compile(clause(`builder.matches("^a*b$")`))
			require.NoError(t, err)
			e, err := policy.New(policy.Config{
				Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
				Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
				Budget: policy.Budget{Time: time.Minute, Cost: 1 << 40, Bytes: 1 << 30}, Limits: policy.Limits{PredicateBytes: 1 << 30},
			})
			require.NoError(t, err)
			d, err := e.Evaluate(t.Context(), huge)
			require.NoError(t, err)
			require.NotEqual(t, policy.Allow, d.Verdict())
			require.ErrorIs(t, d.Err(), attest.Is(c.code), "%v", d.Err())
		})
	}
}
