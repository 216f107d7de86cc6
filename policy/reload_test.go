package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/policy"
)

// An Allow that is remembered is one of the policy and the parameters that gave it: a
// new policy is a new engine, whose cache knows nothing of the old one's. Negative case
// 45.
func TestANewPolicyDoesNotInheritDecisions(t *testing.T) {
	old := config(policy.Rules(goodReview(reviewNeed())))
	bumped, stricter := old, old
	bumped.Policy.Version = "8"
	two := reviewNeed()
	two.Threshold = 2
	stricter.Root = policy.Rules(goodReview(two))
	req := request(review(t, "alice"))
	first := cached(t, engineOf(t, old), 10)
	for range 2 {
		require.Equal(t, "7", decide(t, first, req).Report().Policy.Version)
	}
	require.Equal(t, "8", decide(t, cached(t, engineOf(t, bumped), 10), req).Report().Policy.Version)
	requireRefused(t, decide(t, cached(t, engineOf(t, stricter), 10), req), policy.Indeterminate, policy.CodeNeedThreshold)
	require.True(t, decide(t, first, req).Allowed(now), "the old cache is the old policy's")
}
