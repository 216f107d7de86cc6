package cel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/cel"
	"github.com/sealwright/sealwright/policy/internal/inputs"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

const buildType = "https://example.com/build/v1"

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const predicate = `{"builder":"https://example.com/hosted","level":3,"hermetic":true,"at":"2026-05-01T10:00:00Z",
	"tags":["a","b"],"none":[],"labels":{"team":"core"},"noLabels":{},"parts":[{"name":"x","ok":true},{"name":"y","ok":true}]}`

func clause(text string) policy.Clause {
	return policy.Clause{
		ID: "condition", Text: text, Remedy: "build again",
		Need: policy.Need{PredicateTypes: []string{buildType}, Signers: []string{"platform"}},
		Inputs: []policy.Input{
			{Name: "builder", Pointer: "/builder", Type: "string"},
			{Name: "level", Pointer: "/level", Type: "int"},
			{Name: "hermetic", Pointer: "/hermetic", Type: "bool"},
			{Name: "at", Pointer: "/at", Type: "time"},
			{Name: "tags", Pointer: "/tags", Type: "list(string)"},
			{Name: "none", Pointer: "/none", Type: "list(string)"},
			{Name: "labels", Pointer: "/labels", Type: "map(string)"},
			{Name: "no_labels", Pointer: "/noLabels", Type: "map(string)"},
			{Name: "parts_ok", Pointer: "/parts/*/ok", Type: "list(bool)"},
		},
	}
}

func engine(t testing.TB, r policy.Rule) *policy.Engine {
	t.Helper()
	e, err := policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour, Budget: policy.Budget{Time: time.Minute},
	})
	require.NoError(t, err)
	return e
}

func request(t testing.TB, predicate string) policy.Request {
	t.Helper()
	subject := attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	s, err := attest.NewStatement(buildType, json.RawMessage(predicate), subject)
	require.NoError(t, err)
	v, err := policytest.Synthetic{Signers: []string{"platform"}}.Seal(s)
	require.NoError(t, err)
	return policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Target: policy.Target{Environment: "production"},
		Actor: attest.Identity{Issuer: "https://login.example", Subject: "ann"}, Evidence: []*attest.Verified{v}, Now: now}
}

func compile(t testing.TB, text string) *policy.Engine {
	t.Helper()
	r, err := cel.Compiler{}.Compile(clause(text))
	require.NoError(t, err, text)
	return engine(t, r)
}

func decide(t testing.TB, e *policy.Engine, predicate string) policy.Decision {
	t.Helper()
	d, err := e.Evaluate(context.Background(), request(t, predicate))
	require.NoError(t, err)
	return d
}

func TestConditions(t *testing.T) {
	const allow, deny, unknown = policy.Allow, policy.Deny, policy.Indeterminate
	for text, want := range map[string]policy.Verdict{
		`builder == "https://example.com/hosted" && level >= 3 && hermetic`: allow,
		`level > 3`:                                                       deny,
		`level + 1 == 4 && level * 2 - 6 == 0`:                            allow,
		`tags.all(t, t in ["a", "b", "c"])`:                               allow,
		`tags.exists(t, t == "b")`:                                        allow,
		`tags.exists_one(t, t == "c")`:                                    deny,
		`tags.filter(t, t == "a").size() == 1`:                            allow,
		`tags.map(t, t + "x")[0] == "ax"`:                                 allow,
		`"a" in tags && !("c" in tags)`:                                   allow,
		`parts_ok.all(ok, ok)`:                                            allow,
		`has(labels.team) && labels.team == "core"`:                       allow,
		`has(labels.owner) && labels.owner == "core"`:                     deny,
		`labels["team"] == "core"`:                                        allow,
		`at < timestamp("2026-05-01T11:00:00Z")`:                          allow,
		`at + duration("1h") == timestamp("2026-05-01T11:00:00Z")`:        allow,
		`builder.startsWith("https://example.com/")`:                      allow,
		`builder.matches("^https://example\\.com/(hosted|other)$")`:       allow,
		`subject["sha256"].size() == 64`:                                  allow,
		`signers == ["platform"] && actor == "https://login.example#ann"`: allow,
		`phase == "deploy" && environment == "production" && hermetic`:    allow,
		`hermetic ? level == 3 : level == 4`:                              allow,
		`size(none) == 0 || none.all(t, t == "a")`:                        allow, // an author who says so

		// Negative cases 28, 29, 31 and F6: nothing, and errors that CEL would absorb.
		`none.all(t, t == "a")`:                     unknown,
		`none.exists(t, t == "a")`:                  unknown,
		`none.map(t, t).all(t, t == "a")`:           unknown,
		`!none.all(t, t == "a")`:                    unknown,
		`no_labels.all(k, k == "a")`:                unknown,
		`"a" in none`:                               unknown,
		`!("a" in none)`:                            unknown,
		`tags.filter(t, t == "c").all(t, t == "a")`: unknown,
		`labels.owner == "x" || hermetic`:           unknown,
		`labels.owner != "x"`:                       unknown,
		`level / 0 == 1 || hermetic`:                unknown,
		`!(level / 0 == 1 && !hermetic)`:            unknown,
		`tags[7] == "a" || level == 3`:              unknown,
		`tags.exists(t, tags[9] == t || t == "a")`:  unknown,
		`tags.all(t, labels[t] == "x" || hermetic)`: unknown,
		`9223372036854775807 + level > 0`:           unknown,
		`timestamp("yesterday") < at`:               unknown,
	} {
		t.Run(text, func(t *testing.T) {
			d := decide(t, compile(t, text), predicate)
			require.Equal(t, want, d.Verdict(), "%v", d.Err())
			require.Equal(t, want == allow, d.Allowed(now))
			switch want {
			case deny:
				require.ErrorIs(t, d.Err(), attest.Is(cel.CodeFalse))
				require.Equal(t, "build again", d.Report().Findings[0].Reasons[0].Remedy)
			case unknown:
				require.ErrorIs(t, d.Err(), attest.Is(cel.CodeFailed))
			}
		})
	}
}

func TestAClauseThatIsUnsafeIsRefused(t *testing.T) {
	for text, code := range map[string]attest.Code{
		`level`:                              cel.CodeResult, // negative case 32
		`"true"`:                             cel.CodeVacuous,
		`builder`:                            cel.CodeResult,
		`tags`:                               cel.CodeResult,
		`labels`:                             cel.CodeResult,
		`true`:                               cel.CodeVacuous,
		`1 == 1`:                             cel.CodeVacuous,
		`phase == "deploy"`:                  cel.CodeVacuous,
		`[1].all(level, level == 1)`:         cel.CodeFunction,
		`!has(labels.team)`:                  cel.CodeVacuous,
		`!has(labels.team) || hermetic`:      cel.CodeVacuous,
		`has(labels.team) || hermetic`:       cel.CodeVacuous,
		`has(labels.team) == false`:          cel.CodeVacuous,
		`has(labels.team) ? hermetic : true`: cel.CodeVacuous,
		`!tags.exists(t, t == "c")`:          cel.CodeVacuous,
		`!tags.exists_one(t, t == "c")`:      cel.CodeVacuous,
		`dyn(level) == 3`:                    cel.CodeFunction,
		`type(level) == int`:                 cel.CodeFunction,
		`at.getFullYear() == 2026`:           cel.CodeFunction,
		`builder.contains("example.com")`:    cel.CodeFunction,
		`string(level) == "3"`:               cel.CodeFunction,
		`now() > at`:                         cel.CodeFunction,
		`random() == level`:                  cel.CodeFunction,
		`http.send(builder) == 1`:            cel.CodeFunction, // negative case 50
		`google.protobuf.Int64Value{value: level} == 3`: cel.CodeFunction,
		`builder.matches("example.com")`:                cel.CodeAnchor, // negative case 37
		`builder.matches("^github.com")`:                cel.CodeAnchor,
		`builder.matches("github.com$")`:                cel.CodeAnchor,
		`builder.matches("^a$|b$")`:                     cel.CodeAnchor,
		`builder.matches("^a\\$")`:                      cel.CodeAnchor,
		`builder.matches(builder)`:                      cel.CodeAnchor,
		`builder.startsWith("https://github.com/acme")`: cel.CodeAnchor,
		`builder.startsWith("")`:                        cel.CodeAnchor,
		`builder.endsWith("acme/app")`:                  cel.CodeAnchor,
		`levle == 3`:                                    cel.CodeSyntax, // negative case 26
		`level == "3"`:                                  cel.CodeSyntax,
		`level == 3.0`:                                  cel.CodeSyntax,
		`predicate.level == 3`:                          cel.CodeSyntax,
		`level == `:                                     cel.CodeSyntax,
		`level == 3 // comment` + "\n; true":            cel.CodeSyntax,
		``:                                              cel.CodeConfig,
		strings.Repeat(" ", 9000) + "hermetic":          cel.CodeConfig,
		strings.Repeat("(", 200) + "hermetic" + strings.Repeat(")", 200): cel.CodeSyntax,
		"hermetic" + strings.Repeat(" && hermetic", 600):                 cel.CodeSyntax,
	} {
		t.Run(fmt.Sprintf("%.60s", text), func(t *testing.T) {
			r, err := cel.Compiler{}.Compile(clause(text))
			require.ErrorIs(t, err, attest.Is(code))
			require.Nil(t, r)
		})
	}
	c := clause(`level == 3`)
	c.Inputs = nil
	_, err := cel.Compiler{}.Compile(c)
	require.ErrorIs(t, err, attest.Is(inputs.CodeDeclaration))
	_, err = cel.Compiler{Cost: -1}.Compile(clause(`hermetic`))
	require.ErrorIs(t, err, attest.Is(cel.CodeConfig))
}

func TestEvidenceThatLacksAnInputIsUndetermined(t *testing.T) { // negative case 35
	e := compile(t, `level == 3 || hermetic`)
	for name, c := range map[string]struct {
		old, replacement string
		code             attest.Code
	}{
		"missing":           {`"level":3,`, ``, inputs.CodeMissing},
		"in other case":     {`"level"`, `"Level"`, inputs.CodeMissing},
		"a text":            {`"level":3`, `"level":"3"`, inputs.CodeType},
		"null":              {`"level":3`, `"level":null`, inputs.CodeType},
		"a fraction":        {`"level":3`, `"level":3.0`, inputs.CodeType},
		"too large":         {`"level":3`, `"level":9223372036854775808`, inputs.CodeType}, // negative case 36
		"not even used":     {`"at":"2026-05-01T10:00:00Z"`, `"at":"now"`, inputs.CodeType},
		"one element of it": {`"ok":true},{`, `"ok":1},{`, inputs.CodeType},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, predicate, c.old)
			d := decide(t, e, strings.Replace(predicate, c.old, c.replacement, 1))
			require.Equal(t, policy.Indeterminate, d.Verdict())
			require.ErrorIs(t, d.Err(), attest.Is(c.code))
		})
	}
	d, err := e.Evaluate(t.Context(), policy.Request{Subject: request(t, predicate).Subject, Phase: policy.PhaseDeploy, Now: now})
	require.NoError(t, err)
	require.ErrorIs(t, d.Err(), attest.Is(policy.CodeNeedMissing))
}

// Bombs, negative case 51: they end by their cost, whatever the machine.
func TestAnExpressionThatCostsTooMuchIsUndetermined(t *testing.T) {
	long := strings.Replace(predicate, `"tags":["a","b"]`, `"tags":[`+strings.Repeat(`"a",`, 2000)+`"b"]`, 1)
	for _, text := range []string{
		`tags.all(a, tags.all(b, tags.all(c, a != "x")))`,
		`tags.map(a, tags.map(b, tags.map(c, a + b + c))).size() > 0`,
		`tags.map(a, tags).map(a, a + a).map(a, a + a).size() > 0 && tags.exists(t, t == "zz")`,
	} {
		d := decide(t, compile(t, text), long)
		require.Equal(t, policy.Indeterminate, d.Verdict(), text)
		var codes []attest.Code
		for _, r := range attest.Reasons(d.Err()) {
			codes = append(codes, r.Code)
		}
		assert.True(t, len(codes) > 1 && (codes[1] == cel.CodeCost || codes[1] == policy.CodeRuleCost), "%v of %s", codes, text)
	}
	r, err := cel.Compiler{Bytes: 100}.Compile(clause(`hermetic`))
	require.NoError(t, err)
	require.ErrorIs(t, decide(t, engine(t, r), predicate).Err(), attest.Is(policy.CodeRuleInput))
}

func TestAnExpressionEndsWithItsContext(t *testing.T) {
	r, err := cel.Compiler{Cost: 1 << 40}.Compile(clause(`tags.all(a, tags.all(b, tags.all(c, tags.all(d, a != "x"))))`))
	require.NoError(t, err)
	long := strings.Replace(predicate, `"tags":["a","b"]`, `"tags":[`+strings.Repeat(`"a",`, 2000)+`"b"]`, 1)
	e, err := policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour,
		Budget: policy.Budget{Time: 20 * time.Millisecond, Cost: 1 << 40},
	})
	require.NoError(t, err)
	require.ErrorIs(t, decide(t, e, long).Err(), attest.Is(policy.CodeRuleTimeout))
}

// No structural change of the evidence turns a refusal into an Allow.
func TestNoMutationTurnsARefusalIntoAnAllow(t *testing.T) {
	bad := strings.NewReplacer(`"level":3`, `"level":2`, `"b"]`, `"c"]`, `"core"`, `"edge"`, "hosted", "other", `{"name":"y","ok":true}`, `{"name":"y","ok":false}`).Replace(predicate)
	var engines []*policy.Engine
	for _, text := range []string{
		`level == 3`, `tags.all(t, t in ["a", "b"]) && tags.size() == 2`, `labels.team == "core" || builder == "https://example.com/hosted"`,
		`parts_ok.all(ok, ok) && parts_ok.size() == 2`, `has(labels.team) && labels.team == "core"`,
	} {
		e := compile(t, text)
		require.Equal(t, policy.Allow, decide(t, e, predicate).Verdict())
		require.Equal(t, policy.Deny, decide(t, e, bad).Verdict())
		engines = append(engines, e)
	}
	doc, err := provenancetest.ParseDocument([]byte(bad))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 3000 {
		m := doc.Random(r, provenancetest.Structural()...)
		if m.Pointer == "/parts/1/ok" && m.Op != provenancetest.Delete {
			continue
		}
		s, err := attest.NewStatement(buildType, json.RawMessage(m.Document), request(t, predicate).Subject)
		if err != nil {
			continue
		}
		v, err := policytest.Synthetic{Signers: []string{"platform"}}.Seal(s)
		require.NoError(t, err)
		req := request(t, predicate)
		req.Evidence = []*attest.Verified{v}
		d, err := engines[n%len(engines)].Evaluate(t.Context(), req)
		require.NoError(t, err)
		require.NotEqual(t, policy.Allow, d.Verdict(), m)
	}
}

func FuzzCompile(f *testing.F) {
	for _, text := range []string{`level == 3`, `tags.all(t, t == "a")`, `has(labels.x) && labels.x == "y"`, `!none.exists(t, t == "")`, `"a" in tags || level / 0 == 1`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := cel.Compiler{Cost: 1000}.Compile(clause(text))
		if (r == nil) == (err == nil) {
			t.Fatal("a rule beside an error, or neither")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("refused without a reason", err)
		}
	})
}

func TestEveryCodeIsWellFormed(t *testing.T) {
	for _, c := range cel.Codes() {
		assert.Regexp(t, `^policy\.cel\.[a-z0-9-]+$`, string(c))
	}
}

// BenchmarkEvaluate measures one condition on evidence that is verified, and prepared.
func BenchmarkEvaluate(b *testing.B) {
	e := compile(b, `builder == "https://example.com/hosted" && level >= 3 && hermetic && tags.all(t, t in ["a", "b"])`)
	req := request(b, predicate)
	p, err := e.Prepare(b.Context(), req)
	require.NoError(b, err)
	b.Run("verified", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d, err := e.Evaluate(context.Background(), req); err != nil || !d.Allowed(now) {
				b.Fatal(err)
			}
		}
	})
	b.Run("prepared", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d, err := p.Evaluate(context.Background(), now); err != nil || !d.Allowed(now) {
				b.Fatal(err)
			}
		}
	})
}
