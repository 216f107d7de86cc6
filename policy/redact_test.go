package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// planted is a secret with characters that Go and JSON escape.
const planted = "hunter2-<\u00e9>\n\"correct horse\""

// withSecret is a request whose review holds secret values at /token, within /env, and
// beside them one at /open that is none.
func withSecret(t testing.TB, secret string) policy.Request {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"token": secret, "open": "in the open", "env": []any{map[string]any{"value": secret + secret}, map[string]any{"value": 90210}},
	})
	require.NoError(t, err)
	return request(seal(t, statement(t, reviewType, string(body)), policytest.Synthetic{Signers: []string{"alice"}}))
}

// telling is a rule that tells text, in each part of a reason.
func telling(text string) policy.Rule {
	return with("a", func(context.Context, *policy.Facts) policy.Result {
		return policy.Result{Reasons: []policy.Reason{{
			Reason: attest.Reason{Code: attest.Code("test." + text), Where: "/" + text, Want: "not " + text, Got: text}, Remedy: "change " + text,
		}}}
	})
}

// outputs are all texts that tell of the request.
func outputs(t testing.TB, e *policy.Engine, req policy.Request) string {
	t.Helper()
	d, err := e.Evaluate(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, policy.Deny, d.Verdict())
	report, err := d.MarshalJSON()
	require.NoError(t, err)
	x, err := e.Explain(t.Context(), req)
	require.NoError(t, err)
	s, err := e.Simulate(t.Context(), req, now)
	require.NoError(t, err)
	simulated, err := s.MarshalJSON()
	require.NoError(t, err)
	return fmt.Sprintf("%s\n%v\n%+v\n%+v\n%+v\n%s", report, d.Err(), attest.Reasons(d.Err()), d.Report(), x, simulated)
}

// redacting is an engine whose rule tells text.
func redacting(t testing.TB, text string, pointers ...string) *policy.Engine {
	t.Helper()
	c := config(policy.Rules(telling(text)))
	c.Redact = pointers
	e, err := policy.New(c)
	require.NoError(t, err)
	return e
}

func aSecretIsInNoOutput(t *testing.T) {
	asJSON, err := json.Marshal(planted)
	require.NoError(t, err)
	told := map[string]string{
		"plain": planted, "quoted by Go": strconv.Quote(planted), "in ASCII": strconv.QuoteToASCII(planted), "as JSON": string(asJSON),
		"within other text": "the token " + planted + " is wrong", "its beginning": planted[:12], "its end": planted[len(planted)-12:],
		"behind much else": strings.Repeat("x", 295) + planted, "twice": planted + planted, "cut": planted[3:13] + "...",
	}
	for name, text := range told {
		for _, pointer := range []string{"/token", "/env/*/value", "/env", "/env/0"} {
			got := outputs(t, redacting(t, text, pointer), withSecret(t, planted))
			for i := 0; i+8 <= len(planted); i++ {
				require.NotContains(t, got, planted[i:i+8], "%s, %s", name, pointer)
			}
			require.True(t, strings.Contains(got, "[red"), name) // a long text ends within the mark
		}
	}
	assert.Contains(t, outputs(t, redacting(t, planted), withSecret(t, planted)), "correct horse", "undeclared, it is told")
}

func TestWhatIsNotDeclaredIsStillTold(t *testing.T) {
	got := outputs(t, redacting(t, "in the open", "/token", "/absent", "/env/7"), withSecret(t, planted))
	assert.Contains(t, got, "not in the open")
	assert.NotContains(t, got, "redacted")
}

func TestAShortSecretAndANumberAreRedactedWhole(t *testing.T) {
	assert.Contains(t, outputs(t, redacting(t, "pin 1234.", "/token"), withSecret(t, "1234")), "pin [redacted: 4 bytes].")
	assert.Contains(t, outputs(t, redacting(t, "zip 90210.", "/env/1/value"), withSecret(t, "x")), "zip [redacted: 5 bytes].")
}

func TestARuleDeclaresWhatNoRuleMayTell(t *testing.T) {
	declares := with("b", satisfied)
	declares.spec.Redact = []string{"/token"}
	e := engine(t, telling(planted), declares)
	assert.NotContains(t, outputs(t, e, withSecret(t, planted)), "correct horse")
	special, err := e.Specialize(policy.PhaseDeploy, policy.Target{Environment: "production"})
	require.NoError(t, err)
	assert.NotContains(t, outputs(t, special, withSecret(t, planted)), "correct horse")
}

func TestAPanicTellsNoSecret(t *testing.T) {
	c := config(policy.Rules(with("a", func(context.Context, *policy.Facts) policy.Result { panic("bad token " + planted) })))
	c.Redact = []string{"/token"}
	e, err := policy.New(c)
	require.NoError(t, err)
	d := decide(t, e, withSecret(t, planted))
	assert.NotContains(t, fmt.Sprint(d.Err(), d.Report()), "correct")
	assert.Contains(t, fmt.Sprint(d.Err()), "bad token [redacted: ")
}

func TestTooManySecretsWithholdEveryText(t *testing.T) {
	for name, secret := range map[string]string{"much": strings.Repeat("abcdefghijk", 2000), "none": ""} {
		got := outputs(t, redacting(t, "harmless", "/token"), withSecret(t, secret))
		assert.Equal(t, name == "none", strings.Contains(got, "harmless"), name)
	}
}

func TestAPointerThatIsNoneIsRefused(t *testing.T) {
	c := config(policy.Rules(telling("x")))
	for _, pointers := range [][]string{{"token"}, {""}, make([]string, 65)} {
		c.Redact = pointers
		_, err := policy.New(c)
		require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
	}
	r := with("a", satisfied)
	r.spec.Redact = []string{"token"}
	_, err := policy.New(config(policy.Rules(r)))
	require.ErrorIs(t, err, attest.Is(policy.CodeConfig))
}
