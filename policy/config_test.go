package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

// named returns a rule with that id that is satisfied.
func named(id string) rule {
	return rule{policy.Spec{ID: id, Needs: []policy.Need{reviewNeed()}}, satisfied}
}

type misconfigured struct{ rule }

func (misconfigured) Spec() (policy.Spec, error) { return policy.Spec{}, errors.New("no threshold") }

func TestNewRefusesAPolicyThatDemandsNothing(t *testing.T) {
	ok := policy.Rules(named("a"))
	spoilt := func(spoil func(*policy.Need)) func(*policy.Config) {
		return func(c *policy.Config) {
			n := reviewNeed()
			spoil(&n)
			c.Root = policy.Rules(needing(n))
		}
	}
	root := func(n policy.Node) func(*policy.Config) { return func(c *policy.Config) { c.Root = n } }
	for name, c := range map[string]struct {
		spoil func(*policy.Config)
		code  attest.Code
	}{
		"no root":                               {root(policy.Node{}), policy.CodeConfigNode},
		"no rules":                              {root(policy.Rules()), policy.CodeConfigRule},
		"an empty AllOf":                        {root(policy.AllOf()), policy.CodeConfigNode},
		"an empty AnyOf beside a rule":          {root(policy.AllOf(ok, policy.AnyOf())), policy.CodeConfigNode},
		"a zero node beside a rule":             {root(policy.AllOf(ok, policy.Node{})), policy.CodeConfigNode},
		"AtLeast of none":                       {root(policy.AtLeast(0, ok)), policy.CodeConfigNode},
		"AtLeast of a negative number":          {root(policy.AtLeast(-1, ok)), policy.CodeConfigNode},
		"AtLeast of more than there are":        {root(policy.AtLeast(2, ok)), policy.CodeConfigNode},
		"When without a condition":              {root(policy.When(policy.Condition{}, ok)), policy.CodeConfigNode},
		"When with an unknown phase":            {root(policy.When(policy.Condition{Phases: []policy.Phase{"deplyo"}}, ok)), policy.CodeConfigNode},
		"a nil rule":                            {root(policy.Rules(nil)), policy.CodeConfigRule},
		"a rule that refuses its configuration": {root(policy.Rules(misconfigured{})), policy.CodeConfigRule},
		"a rule id twice":                       {root(policy.AnyOf(ok, policy.AllOf(policy.Rules(named("b")), policy.Rules(named("a"))))), policy.CodeConfigRule},
		"a rule without an id":                  {root(policy.Rules(named(""))), policy.CodeConfigRule},
		"a rule id in capitals":                 {root(policy.Rules(named("Rule"))), policy.CodeConfigRule},
		"a rule id that ends in a dot":          {root(policy.Rules(named("rule."))), policy.CodeConfigRule},
		"a rule id with a line break":           {root(policy.Rules(named("rule\nx"))), policy.CodeConfigRule},
		"a rule without needs":                  {root(policy.Rules(needing())), policy.CodeConfigNeed},
		"a need without a name":                 {spoilt(func(n *policy.Need) { n.Name = "" }), policy.CodeConfigNeed},
		"a need without predicate types":        {spoilt(func(n *policy.Need) { n.PredicateTypes = nil }), policy.CodeConfigNeed},
		"a predicate type that is no URI":       {spoilt(func(n *policy.Need) { n.PredicateTypes = []string{"*"} }), policy.CodeConfigNeed},
		"a need without signers":                {spoilt(func(n *policy.Need) { n.Signers = nil }), policy.CodeConfigNeed},
		"a need with signers and any":           {spoilt(func(n *policy.Need) { n.AnySigner = true }), policy.CodeConfigNeed},
		"a signer without a name":               {spoilt(func(n *policy.Need) { n.Signers = []string{"alice", ""} }), policy.CodeConfigNeed},
		"a negative threshold":                  {spoilt(func(n *policy.Need) { n.Threshold = -1 }), policy.CodeConfigNeed},
		"a threshold out of reach":              {spoilt(func(n *policy.Need) { n.Threshold = 3 }), policy.CodeConfigNeed},
		"a negative MaxAge":                     {spoilt(func(n *policy.Need) { n.MaxAge = -1 }), policy.CodeConfigNeed},
		"TimeAt without MaxAge":                 {spoilt(func(n *policy.Need) { n.TimeAt = "/x" }), policy.CodeConfigNeed},
		"TimeAt that is no pointer":             {spoilt(func(n *policy.Need) { n.TimeAt, n.MaxAge = "x", 1 }), policy.CodeConfigNeed},
		"an unknown quantifier":                 {spoilt(func(n *policy.Need) { n.Quantifier = 2 }), policy.CodeConfigNeed},
		"independence of an unknown need":       {spoilt(func(n *policy.Need) { n.NotSameAs = []string{"author"} }), policy.CodeConfigNeed},
		"independence of itself":                {spoilt(func(n *policy.Need) { n.NotSameAs = []string{"review"} }), policy.CodeConfigNeed},
		"a need twice":                          {root(policy.Rules(needing(reviewNeed(), reviewNeed()))), policy.CodeConfigNeed},
		"no authorities":                        {func(c *policy.Config) { c.Authorities = nil }, policy.CodeConfigAuthority},
		"an authority without a name":           {func(c *policy.Config) { c.Authorities = []string{""} }, policy.CodeConfigAuthority},
		"a synthetic authority":                 {func(c *policy.Config) { c.Testing = false }, policy.CodeConfigAuthority},
		"no validity":                           {func(c *policy.Config) { c.Validity = 0 }, policy.CodeConfig},
		"a negative validity":                   {func(c *policy.Config) { c.Validity = -time.Hour }, policy.CodeConfig},
		"a negative rule timeout":               {func(c *policy.Config) { c.Budget.Time = -1 }, policy.CodeConfig},
		"a negative limit":                      {func(c *policy.Config) { c.Limits.Evidence = -1 }, policy.CodeConfig},
		"no policy URI":                         {func(c *policy.Config) { c.Policy.URI = "" }, policy.CodeConfig},
		"no policy version":                     {func(c *policy.Config) { c.Policy.Version = "" }, policy.CodeConfig},
		"a malformed policy digest":             {func(c *policy.Config) { c.Policy.Digest.Algorithm = "sha256" }, policy.CodeConfig},
	} {
		t.Run(name, func(t *testing.T) {
			config := config(ok)
			c.spoil(&config)
			e, err := policy.New(config)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, e)
		})
	}
}

func TestNewReportsEveryFault(t *testing.T) {
	_, err := policy.New(policy.Config{})
	for _, code := range []attest.Code{policy.CodeConfig, policy.CodeConfigAuthority, policy.CodeConfigNode, policy.CodeConfigRule} {
		require.ErrorIs(t, err, attest.Is(code))
	}
}

func TestTheZeroEngineRefuses(t *testing.T) {
	for _, e := range []*policy.Engine{nil, {}} {
		d, err := e.Evaluate(t.Context(), request())
		require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
		require.True(t, d.IsZero())
	}
}

func TestAnEngineIsNotChangedThroughItsConfig(t *testing.T) {
	n := reviewNeed()
	c := config(policy.Rules(needing(n)))
	e := engineOf(t, c)
	n.Signers[0] = "mallory"
	c.Authorities[0] = "test:other"
	require.True(t, decide(t, e, request(review(t, "alice"))).Allowed(now))
	require.False(t, decide(t, e, request(review(t, "mallory"))).Allowed(now))
}
