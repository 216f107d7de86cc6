// Package licences_test holds what package policy/rules makes of licence expressions to
// github.com/github/go-spdx, which lists the choices that an expression gives and so
// takes a time and memory that double with each of them.
package licences_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rules"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// licences have no versions that one could stand for another.
var licences = []string{"MIT", "ISC", "Zlib", "BSD-3-Clause", "LicenseRef-acme", "GPL-2.0-only WITH Classpath-exception-2.0"}

// random writes an expression of at most n licences.
func random(r *rand.Rand, n int) string {
	if n == 1 {
		return licences[r.IntN(len(licences))]
	}
	left := 1 + r.IntN(n-1)
	text := random(r, left) + []string{" AND ", " OR "}[r.IntN(2)] + random(r, n-left)
	if r.IntN(2) == 0 {
		return "(" + text + ")"
	}
	return text
}

// spoil leaves out, doubles or swaps a byte.
func spoil(r *rand.Rand, text string) string {
	at := r.IntN(len(text))
	switch r.IntN(3) {
	case 0:
		return text[:at] + text[at+1:]
	case 1:
		return text[:at] + text[at:at+1] + text[at:]
	}
	return text[:at] + string("() +AOW"[r.IntN(7)]) + text[at+1:]
}

// allowed asks the rule about a component under the expression.
func allowed(t *testing.T, e *policy.Engine, expression string) bool {
	t.Helper()
	subject := attest.Descriptor{Digest: digest.FromBytes([]byte("artifact")).Set()}
	text, err := json.Marshal(expression)
	require.NoError(t, err)
	s, err := attest.NewStatement("https://cyclonedx.org/bom", json.RawMessage(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"hashes":[{"alg":"SHA-256","content":"`+
		subject.Digest[digest.SHA256]+`"}]}},"components":[{"licenses":[{"expression":`+string(text)+`}]}]}`), subject)
	require.NoError(t, err)
	v, err := policytest.Synthetic{Signers: []string{"platform"}}.Seal(s)
	require.NoError(t, err)
	d, err := e.Evaluate(t.Context(), policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v}})
	require.NoError(t, err)
	return d.Allowed(now)
}

func TestExpressionsMeanWhatTheReferenceSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	yes, no := 0, 0
	for range 40 {
		var allow []string
		for _, l := range licences {
			if r.IntN(2) == 0 {
				allow = append(allow, l)
			}
		}
		if len(allow) == 0 {
			continue
		}
		e, err := policy.New(policy.Config{
			Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
			Root: policy.Rules(rules.Licences{Trust: rules.Trust{Signers: []string{"platform"}}, Allow: allow}),
		})
		require.NoError(t, err)
		for range 100 {
			expression := random(r, 1+r.IntN(6))
			want, err := spdxexp.Satisfies(expression, allow)
			require.NoError(t, err, expression)
			require.Equal(t, want, allowed(t, e, expression), "%s by %s", expression, allow)
			if want {
				yes++
			} else {
				no++
			}
			// The reference knows more spellings and versions of licences; what it cannot
			// read, or does not allow, is not allowed here.
			spoilt := spoil(r, expression)
			if ok, err := spdxexp.Satisfies(spoilt, allow); err != nil && !unknown(err) || err == nil && !ok {
				require.False(t, allowed(t, e, spoilt), "%q by %s: %v", spoilt, allow, err)
			}
		}
	}
	require.Greater(t, yes, 500)
	require.Greater(t, no, 500)
}

// unknown tells an id that is in no list, which is not for expressions to judge.
func unknown(err error) bool { return strings.Contains(err.Error(), "unknown license") }
