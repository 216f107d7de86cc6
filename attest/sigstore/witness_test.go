package sigstore_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/rule"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tlog"
)

// witnesses makes witnesses by name.
func witnesses(t testing.TB, names ...string) (all []*virtual.Witness) {
	t.Helper()
	for _, name := range names {
		all = append(all, virtual.NewWitness(t, name))
	}
	return all
}

func TestAQuorumOfWitnessesIsDemanded(t *testing.T) {
	i := virtual.New(t)
	all := witnesses(t, "w1.example", "w2.example", "w3.example")
	stranger := virtual.NewWitness(t, "stranger.example")
	namesake := virtual.NewWitness(t, "w3.example")
	quorum := virtual.Quorum(t, 2, all...)
	v := verifierOf(t, i, func(x *sigstore.Trust) { x.Witnesses = quorum })
	forged := virtual.NewWitness(t, "w3.example")
	*forged = *all[2]
	forged.Line = func(line string) string { return swapSignature(t, line) }

	for name, test := range map[string]struct {
		by   []*virtual.Witness
		code attest.Code // "" where it is accepted
	}{
		"all":                               {all, ""},
		"as many as needed":                 {all[1:], ""},
		"a stranger beside":                 {append([]*virtual.Witness{stranger}, all[:2]...), ""},
		"another key under a witness' name": {append([]*virtual.Witness{namesake}, all[:2]...), ""},
		"nobody":                            {nil, tlog.CodeQuorum},
		"one":                               {all[:1], tlog.CodeQuorum},
		"one twice":                         {[]*virtual.Witness{all[0], all[0]}, tlog.CodeQuorum},
		"one and a stranger":                {[]*virtual.Witness{all[0], stranger}, tlog.CodeQuorum},
		"one and a namesake":                {[]*virtual.Witness{all[0], namesake}, tlog.CodeQuorum},
		"a forged one beside enough":        {[]*virtual.Witness{all[0], all[1], forged}, tlog.CodeSignature},
	} {
		for rekor, kind := range map[int]string{1: "Rekor v1", 2: "Rekor v2"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				a := bundle(t, i, virtual.Recipe{Rekor: rekor, Witnesses: test.by})
				got, err := v.VerifyEnvelope(t.Context(), a, attest.MediaTypeInToto)
				if test.code == "" {
					require.NoError(t, err)
					assert.GreaterOrEqual(t, len(got.Cosigners()), 2)
					return
				}
				require.ErrorIs(t, err, attest.Is(sigstore.CodeWitness))
				require.ErrorIs(t, err, attest.Is(test.code))
			})
		}
	}
	t.Run("who demands no witness does not look", func(t *testing.T) {
		_, err := verifierOf(t, i, nil).Verify(t.Context(), bundle(t, i, virtual.Recipe{Witnesses: []*virtual.Witness{forged}}), anything())
		require.NoError(t, err)
	})
	t.Run("a promise alone has nothing to cosign", func(t *testing.T) {
		_, err := v.Verify(t.Context(), bundle(t, i, virtual.Recipe{Version: 1, Witnesses: all}), anything())
		require.ErrorIs(t, err, attest.Is(sigstore.CodeWitness))
	})
	t.Run("each log's checkpoint, not one of them", func(t *testing.T) {
		two := virtual.NewAt(t, "two.example")
		r := virtual.Recipe{Witnesses: all, Also: []*virtual.Instance{two}}
		trust := func(x *sigstore.Trust) { x.Witnesses, x.Root = quorum, rootOf(t, i, virtual.With(t, two)) }
		_, err := verifierOf(t, i, trust).Verify(t.Context(), bundle(t, i, r), anything())
		require.NoError(t, err)
		r.Entry = func(e *virtual.Entry) {
			if e.Key == two.Log {
				e.Tree.Witnesses = all[:1]
			}
		}
		_, err = verifierOf(t, i, trust).Verify(t.Context(), bundle(t, i, r), anything())
		require.ErrorIs(t, err, attest.Is(sigstore.CodeWitness))
	})
	t.Run("for keys too", func(t *testing.T) {
		k := keyVerifierOf(t, i, func(x *sigstore.KeyTrust) { x.Witnesses = quorum })
		_, err := k.Verify(t.Context(), bundle(t, i, virtual.Recipe{LongLived: true, Witnesses: all}), anything())
		require.NoError(t, err)
		_, err = k.Verify(t.Context(), bundle(t, i, virtual.Recipe{LongLived: true}), anything())
		require.ErrorIs(t, err, attest.Is(sigstore.CodeWitness))
	})
}

// swapSignature changes the last byte of a signature line's signature.
func swapSignature(t testing.TB, line string) string {
	t.Helper()
	at := strings.LastIndex(line, " ") + 1
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[at:]))
	require.NoError(t, err)
	return line[:at] + base64.StdEncoding.EncodeToString(flip(raw)) + "\n"
}

func TestRulesJudgeWhoAgrees(t *testing.T) {
	one, two, three := virtual.New(t), virtual.NewAt(t, "two.example"), virtual.NewAt(t, "three.example")
	url := func(host string) rule.Rule { return rule.Name("https://" + host) }
	tsaURL := func(host string) rule.Rule { return rule.Name("https://tsa." + host) }
	all := witnesses(t, "w1.example", "w2.example")
	root := rootOf(t, one, virtual.With(t, two, three))
	also := func(others ...*virtual.Instance) virtual.Recipe {
		return virtual.Recipe{Also: others, Witnesses: all}
	}
	both := rule.AllOf(url(virtual.Host), url("two.example"))
	for name, test := range map[string]struct {
		rules  sigstore.Rules
		recipe virtual.Recipe
		ok     bool
	}{
		"two logs by name":                 {sigstore.Rules{Logs: both}, also(two), true},
		"another second log":               {sigstore.Rules{Logs: both}, also(three), false},
		"two of three logs":                {sigstore.Rules{Logs: rule.Threshold(2, url(virtual.Host), url("two.example"), url("three.example"))}, also(three), true},
		"one of three logs where two must": {sigstore.Rules{Logs: rule.Threshold(2, url(virtual.Host), url("two.example"), url("three.example"))}, also(), false},
		"a timestamp authority by name":    {sigstore.Rules{Stampers: tsaURL("two.example")}, also(two), true},
		"another timestamp authority":      {sigstore.Rules{Stampers: tsaURL("two.example")}, also(three), false},
		"a witness by name":                {sigstore.Rules{Witnesses: rule.Name("w1.example")}, also(), true},
		"another witness":                  {sigstore.Rules{Witnesses: rule.Name("w3.example")}, also(), false},
	} {
		t.Run(name, func(t *testing.T) {
			v := verifierOf(t, one, func(x *sigstore.Trust) {
				x.Root, x.Rules, x.Witnesses = root, test.rules, virtual.Quorum(t, 1, all...)
			})
			_, err := v.Verify(t.Context(), bundle(t, one, test.recipe), anything())
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, attest.Is(sigstore.CodeRule))
		})
	}
}

func TestWitnessesAndRulesThatJudgeNothingAreRefused(t *testing.T) {
	i := virtual.New(t)
	good := sigstore.Trust{Authority: "test:x", Root: rootOf(t, i, nil), Identities: identities()}
	quorum := virtual.Quorum(t, 1, virtual.NewWitness(t, "w.example"))
	for name, change := range map[string]func(*sigstore.Trust){
		"the zero rule":                  func(x *sigstore.Trust) { x.Rules.Logs = rule.Rule{} },
		"a rule of nobody":               func(x *sigstore.Trust) { x.Rules.Stampers = rule.AnyOf() },
		"a rule of witnesses alone":      func(x *sigstore.Trust) { x.Rules.Witnesses = rule.Name("w.example") },
		"the zero witnesses":             func(x *sigstore.Trust) { x.Witnesses = &tlog.Witnesses{} },
		"witnesses without any log":      func(x *sigstore.Trust) { x.Witnesses, x.Demand.Logs = quorum, sigstore.None },
		"a rule of logs without any log": func(x *sigstore.Trust) { x.Rules.Logs, x.Demand.Logs = rule.Name("x"), sigstore.None },
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			change(&bad)
			_, err := sigstore.NewVerifier(bad)
			require.ErrorIs(t, err, attest.Is(sigstore.CodeTrust))
		})
	}
}
