package rego_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rego"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

const buildType = "https://example.com/build/v1"

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const predicate = `{"builder":"https://example.com/hosted","level":3,"hermetic":true,"at":"2026-05-01T10:00:00Z","tags":["a","b"],"none":[],"labels":{"tier":"gold"},"version":"v1"}`

func clause(text string, names ...string) policy.Clause {
	all := []policy.Input{
		{Name: "builder", Pointer: "/builder", Type: "string"},
		{Name: "level", Pointer: "/level", Type: "int"},
		{Name: "hermetic", Pointer: "/hermetic", Type: "bool"},
		{Name: "at", Pointer: "/at", Type: "time"},
		{Name: "tags", Pointer: "/tags", Type: "list(string)"},
		{Name: "version", Pointer: "/version", Type: "string"},
	}
	for _, name := range names {
		all = append(all, policy.Input{Name: name, Pointer: "/" + name, Type: "list(string)"})
	}
	if strings.Contains(text, "labels") {
		all = append(all, policy.Input{Name: "labels", Pointer: "/labels", Type: "map(string)"})
	}
	return policy.Clause{
		ID: "condition", Text: "package p\n" + text, Remedy: "build again", Inputs: all,
		Need: policy.Need{PredicateTypes: []string{buildType}, Signers: []string{"platform"}},
	}
}

func engine(t testing.TB, r policy.Rule, budget policy.Budget) *policy.Engine {
	t.Helper()
	e, err := policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour, Budget: budget,
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
	return policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Target: policy.Target{Environment: "production"}, Evidence: []*attest.Verified{v}, Now: now}
}

func compile(t testing.TB, c policy.Clause) *policy.Engine {
	t.Helper()
	r, err := rego.Compiler{}.Compile(c)
	require.NoError(t, err, c.Text)
	return engine(t, r, policy.Budget{Time: time.Minute})
}

func decide(t testing.TB, e *policy.Engine, predicate string) policy.Decision {
	t.Helper()
	d, err := e.Evaluate(context.Background(), request(t, predicate))
	require.NoError(t, err)
	return d
}

const hosted = `
default allow := false
allow if {
	input.builder == "https://example.com/hosted"
	input.level >= 3
	input.hermetic
	every t in input.tags { t in {"a", "b"} }
	regex.match("^v[0-9]+$", input.version)
}`

const deny = `
deny contains "an unknown builder" if input.builder != "https://example.com/hosted"
deny contains concat(" ", ["a bad tag", t]) if { some t in input.tags; t == "c" }
deny contains "not hermetic" if input.hermetic == false
deny contains "late" if time.parse_rfc3339_ns(input.at) > time.parse_rfc3339_ns("2026-05-01T11:00:00Z")`

const negated = `
known := {"a", "b"}
strange contains t if { some t in input.tags; not t in known }
hosted if input.builder == "https://example.com/hosted"
default level := 0
level := input.level if input.hermetic
deny contains "an unknown builder" if not hosted
deny contains sprintf("level %d", [level]) if not level >= 3
deny contains "a bad tag" if count(strange) > 0
deny contains "early" if count([1 | some t in input.tags; t == "c"]) > 0`

func TestModules(t *testing.T) {
	change := func(old, replacement string) string { return strings.Replace(predicate, old, replacement, 1) }
	for _, c := range []struct {
		name, text, predicate string
		want                  policy.Verdict
		code                  attest.Code
	}{
		{"allow", hosted, predicate, policy.Allow, ""},
		{"not allowed", hosted, change(`"level":3`, `"level":2`), policy.Deny, rego.CodeDenied},
		{"one tag not allowed", hosted, change(`"b"`, `"c"`), policy.Deny, rego.CodeDenied},
		{"no denial by what is not so", negated, predicate, policy.Allow, ""},
		{"no denial", deny, predicate, policy.Allow, ""},
		{"a denial", deny, change(`hosted`, `other`), policy.Deny, rego.CodeDenied},
		{"a denial of one tag", deny, change(`"b"`, `"c"`), policy.Deny, rego.CodeDenied},
		{"a denial by time", deny, change(`T10`, `T11`) + " ", policy.Allow, ""},
		{"the request", `default allow := false
			allow if { input.request.phase == "deploy"; input.request.environment == "production"; "platform" in input.request.signers; input.request.actor == "" }`, predicate, policy.Allow, ""},
		{"an allow that says nothing", `allow if input.level > 3`, predicate, policy.Indeterminate, rego.CodeUndefined},
		{"F4 a built-in function that fails", `default allow := true_or_false
			true_or_false := false`, "", policy.Deny, ""},
		{"F2 a date that does not parse", deny, change(`"2026-05-01T10:00:00Z"`, `"soon"`), policy.Indeterminate, inputs.CodeType},
		{"F4 a division by nothing", `deny contains "x" if input.level / (input.level - 3) == 1`, predicate, policy.Indeterminate, rego.CodeFailed},
		{"F4 a pattern that is none", `deny contains "x" if regex.match(input.builder, "(")
			deny contains "y" if regex.match("(", input.builder)`, predicate, policy.Indeterminate, rego.CodeFailed},
		{"F4 a version that is none", `deny contains "x" if semver.compare(input.version, "1.0.0") < 0`, predicate, policy.Indeterminate, rego.CodeFailed},
		{"28 a missing field", deny, change(`"builder":"https://example.com/hosted",`, ``), policy.Indeterminate, inputs.CodeMissing},
		{"28 a field in other case", deny, change(`"builder"`, `"Builder"`), policy.Indeterminate, inputs.CodeMissing},
		{"28 a field of another type", deny, change(`"level":3`, `"level":"3"`), policy.Indeterminate, inputs.CodeType},
		{"28 an empty list", deny, change(`["a","b"]`, `[]`), policy.Indeterminate, rego.CodeEmpty},
		{"32 a denial that is no text", `deny contains 1 if input.level == 3`, predicate, policy.Indeterminate, rego.CodeUndefined},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.predicate == "" {
				_, err := rego.Compiler{}.Compile(clause(c.text))
				require.Error(t, err)
				return
			}
			d := decide(t, compile(t, clause(c.text)), c.predicate)
			require.Equal(t, c.want, d.Verdict(), "%v", d.Err())
			if c.code != "" {
				require.ErrorIs(t, d.Err(), attest.Is(c.code))
				require.NotEmpty(t, d.Report().Findings[0].Reasons[0].Remedy)
			}
		})
	}
}

func TestAModuleThatIsUnsafeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		code attest.Code
	}{
		"F1 a module without an entry point":          {`x := 1`, rego.CodeEntrypoint},
		"F1 two entry points":                         {hosted + deny, rego.CodeEntrypoint},
		"F2 an entry point misspelt":                  {`denny contains "x" if input.level == 3`, rego.CodeEntrypoint},
		"F2 a deny that is no set":                    {`deny := "x" if input.level == 3`, rego.CodeEntrypoint},
		"F2 a deny that is a map":                     {`deny["x"] := "y" if input.level == 3`, rego.CodeEntrypoint},
		"F2 a field misspelt":                         {`deny contains "x" if input.levle != 3`, rego.CodeSyntax},
		"32 an allow that is a text":                  {`allow := "true" if input.level == 3`, rego.CodeEntrypoint},
		"32 an allow that is a number":                {`allow := 1`, rego.CodeEntrypoint},
		"an allow that is a set":                      {`allow contains "x" if input.level == 3`, rego.CodeEntrypoint},
		"an allow that is allowed by default":         {"default allow := true\nallow := false if input.level != 3", rego.CodeConstruct},
		"F3 a denial by another rule":                 {"level := 3 if input.level == 3\ndeny contains \"x\" if level != 3", rego.CodeConstruct},
		"F3 a denial by a function":                   {"f(x) := x if x == 3\ndeny contains \"x\" if f(input.level) != 3", rego.CodeConstruct},
		"F3 an index":                                 {`deny contains "x" if input.tags[7] != "a"`, rego.CodeConstruct},
		"F3 a computed index":                         {`deny contains "x" if { i := 7; input.tags[i] != "a" }`, rego.CodeConstruct},
		"F3 an index of a part":                       {`deny contains "x" if { p := split(input.builder, "/"); p[9] == "evil" }`, rego.CodeConstruct},
		"F3 all of input":                             {`deny contains "x" if count(input) == 0`, rego.CodeConstruct},
		"F3 a computed member":                        {`deny contains "x" if input[input.builder] == 1`, rego.CodeConstruct},
		"data from elsewhere":                         {`deny contains "x" if data.other.x != 1`, rego.CodeConstruct},
		"F6 every one of a comprehension":             {"allow if { every t in {x | some x in input.tags; x == \"z\"} { t == \"a\" } }", rego.CodeConstruct},
		"F3 a value that may be none, in a condition": {"level := 3 if input.level == 3\nallow if not level == 2", rego.CodeConstruct},
		"F3 a value that may be none, in a call":      {"tag := t if { some t in input.tags; t == \"z\" }\ndeny contains \"x\" if startswith(tag, \"z\")", rego.CodeConstruct},
		"F3 a value that may be none, in a message":   {"tag := t if { some t in input.tags; t == \"z\" }\ndeny contains tag if input.level == 3", rego.CodeConstruct},
		"F3 a value that may be none, passed on":      {"level := 3 if input.level == 3\nother := level\ndeny contains \"x\" if other != 3", rego.CodeConstruct},
		"F3 a function for some arguments":            {"f(3) := 3\ndeny contains \"x\" if f(input.level) != 3", rego.CodeConstruct},
		"F3 a function for equal arguments":           {"f(x, x) := 3\ndeny contains \"x\" if f(input.level, 4) != 4", rego.CodeConstruct},
		"F3 a pattern":                                {`deny contains "x" if { [_, host] := split(input.builder, "//"); host == "evil" }`, rego.CodeConstruct},
		"F3 a pattern that unifies":                   {`deny contains "x" if { [_, host] = split(input.builder, "//"); host == "evil" }`, rego.CodeConstruct},
		"F3 a pattern for a result":                   {`deny contains "x" if { split(input.builder, "//", [_, host]); host == "evil" }`, rego.CodeConstruct},
		"F3 a pattern for an element":                 {`deny contains "x" if { some [_, b] in [split(input.builder, "/")]; b == "evil" }`, rego.CodeConstruct},
		"F3 a pattern for an argument":                {"bad([_, b]) if b == \"evil\"\ndeny contains \"x\" if bad(split(input.builder, \"/\"))", rego.CodeConstruct},
		"F3 elements of an element":                   {`deny contains "x" if input.tags[_][_] == "evil"`, rego.CodeConstruct},
		"F3 elements of what may be none":             {`deny contains "x" if { some t in object.get({}, "k", "text"); t == "evil" }`, rego.CodeConstruct},
		"F3 membership in what may be no list":        {"in_it(list) if \"evil\" in list\ndeny contains \"x\" if in_it(input.tags)", rego.CodeConstruct},
		"F3 a name that is now a list, now a text":    {`deny contains "x" if { some y in [x | some x in input.tags]; "evil" in y }`, rego.CodeConstruct},
		"F3 no element is not each":                   {`deny contains "x" if not input.tags[_] == "evil"`, rego.CodeConstruct},
		"F3 a key":                                    {`deny contains "x" if input.labels["tier"] == "evil"`, rego.CodeConstruct},
		"F3 a table of helpers":                       {"level[t] := 3 if some t in input.tags\ndeny contains \"x\" if level[\"a\"] != 3", rego.CodeConstruct},
		"F3 a dotted helper":                          {"a.b := 3 if input.level == 3\ndeny contains \"x\" if input.level == 4", rego.CodeConstruct},
		"F6 every one of a set rule":                  {"good contains t if { some t in input.tags; t == \"z\" }\nallow if { every t in good { t == \"a\" } }", rego.CodeConstruct},
		"a helper with the name of a function":        {"lower(x) := \"y\"\nallow if lower(input.builder) == \"y\"", rego.CodeConstruct},
		"a template":                                  {`allow if $"{input.level}" == "3"`, rego.CodeConstruct},
		"with":                                        {`allow if input.level == 3 with input.level as 3`, rego.CodeConstruct},
		"an import":                                   {"import data.other\nallow if input.level == 3", rego.CodeConstruct},
		"50 a request over the network":               {`allow if http.send({"method": "get", "url": input.builder}).status_code == 200`, rego.CodeBuiltin},
		"50 a name looked up":                         {`allow if count(net.lookup_ip_addr(input.builder)) > 0`, rego.CodeBuiltin},
		"50 the process":                              {`allow if opa.runtime() != {}`, rego.CodeBuiltin},
		"50 the clock":                                {`allow if time.now_ns() > 0`, rego.CodeBuiltin},
		"50 randomness":                               {`allow if rand.intn("x", 2) == 1`, rego.CodeBuiltin},
		"50 a random name":                            {`allow if uuid.rfc4122("x") != ""`, rego.CodeBuiltin},
		"50 a schema from elsewhere":                  {`allow if json.match_schema(input.builder, {"$ref": "http://example.com"})[0]`, rego.CodeBuiltin},
		"50 a token":                                  {`allow if io.jwt.decode(input.builder)[0] != ""`, rego.CodeBuiltin},
		"51 a long range":                             {`allow if count(numbers.range(1, 20000000)) > 0`, rego.CodeBuiltin},
		"51 a text that doubles":                      {`allow if replace(input.builder, "", input.builder) != ""`, rego.CodeBuiltin},
		"print":                                       {"allow if { print(input.level); input.level == 3 }", rego.CodeBuiltin},
		"a recursion":                                 {"a if b\nb if a\nallow if a", rego.CodeSyntax},
		"a type that does not fit":                    {`allow if input.level == "3"`, rego.CodeSyntax},
		"an old form":                                 {`allow { input.level == 3 }`, rego.CodeSyntax},
		"nonsense":                                    {`allow if`, rego.CodeSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rego.Compiler{}.Compile(clause(c.text))
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, r)
		})
	}
	for _, bad := range []policy.Clause{{}, {Text: strings.Repeat("x", 1<<17)}} {
		_, err := rego.Compiler{}.Compile(bad)
		require.ErrorIs(t, err, attest.Is(rego.CodeConfig))
	}
	_, err := rego.Compiler{Steps: -1}.Compile(clause(hosted))
	require.ErrorIs(t, err, attest.Is(rego.CodeConfig))
}

// What a module says of what is there is what becomes of it, also where it says it by
// what is not so; and where something is missing, or is something else, it says nothing.
func TestWhatIsNotSoIsJudgedOfWhatIsThere(t *testing.T) { // negative case 28, F3
	change := func(old, replacement string) string { return strings.Replace(predicate, old, replacement, 1) }
	evil, missing := change("hosted", "evil"), change(`"builder":"https://example.com/hosted",`, "")
	null, listed := change(`"https://example.com/hosted"`, "null"), change(`"https://example.com/hosted"`, `["https://example.com/hosted"]`)
	tagged, untagged := change(`"b"`, `"evil"`), change(`["a","b"]`, `[]`)
	for name, c := range map[string]struct{ text, bad, gone string }{
		"a negation":                {`deny contains "x" if not input.builder == "https://example.com/hosted"`, evil, missing},
		"a negation of null":        {`deny contains "x" if not input.builder == "https://example.com/hosted"`, evil, null},
		"a negation of a list":      {`deny contains "x" if not input.builder == "https://example.com/hosted"`, evil, listed},
		"a negated membership":      {`deny contains "x" if not input.builder in {"https://example.com/hosted"}`, evil, missing},
		"a negated boolean":         {`deny contains "x" if not input.hermetic`, change(":true", ":false"), change(`"hermetic":true,`, "")},
		"a negated function":        {"good(b) if b == \"https://example.com/hosted\"\ndeny contains \"x\" if not good(input.builder)", evil, missing},
		"a negated call":            {`deny contains "x" if not startswith(input.builder, concat("", ["https://example.com/", "h"]))`, evil, missing},
		"a negation in allow":       {"default allow := false\nallow if not endswith(input.builder, \"evil\")", evil, missing},
		"a negated helper":          {"bad if endswith(input.builder, \"evil\")\ndefault allow := false\nallow if not bad", evil, missing},
		"a helper of deny":          {"bad if endswith(input.builder, \"evil\")\ndeny contains \"x\" if bad", evil, missing},
		"a chain of helpers":        {"hosted if input.builder == \"https://example.com/hosted\"\ngood if { hosted; input.level >= 3 }\ndeny contains \"x\" if not good", evil, missing},
		"a value with a default":    {"default level := 0\nlevel := 3 if endswith(input.builder, \"hosted\")\ndeny contains \"x\" if level != 3", evil, missing},
		"a function with a default": {"default level(_) := 0\nlevel(b) := 3 if endswith(b, \"hosted\")\ndeny contains sprintf(\"level %d of %s\", [level(b), b]) if { b := input.builder; level(b) < 3 }", evil, missing},
		"an else":                   {"allow := true if endswith(input.builder, \"hosted\") else := false", evil, missing},
		"a helper with else":        {"level := 3 if endswith(input.builder, \"hosted\") else := 2 if input.level == 2 else := 0\ndefault allow := false\nallow if level == 3", evil, missing},
		"a refusal by condition":    {"bad if endswith(input.builder, \"evil\")\nallow := false if bad\nallow if not bad", evil, missing},
		"a comprehension":           {`deny contains "x" if count([t | some t in input.tags; t == "evil"]) > 0`, tagged, untagged},
		"no element":                {`deny contains "x" if count({t | some t in input.tags; t in {"a", "b"}}) != 2`, tagged, untagged},
		"an empty comprehension":    {"bad if \"evil\" in input.tags\ndefault allow := false\nallow if count([1 | bad]) == 0", tagged, untagged},
		"elements by a wildcard":    {`deny contains "x" if input.tags[_] == "evil"`, tagged, untagged},
		"a set of a rule":           {"known := {\"a\", \"b\"}\nstrange contains t if { some t in input.tags; not t in known }\ndeny contains sprintf(\"%v\", [strange]) if count(strange) > 0", tagged, untagged},
		"parts of a text":           {`deny contains "x" if { some p in split(input.builder, "/"); p == "evil" }`, evil, missing},
		"a list that is assigned":   {`deny contains "x" if { parts := split(input.builder, "/"); "evil" in parts }`, evil, missing},
		"every element of a map":    {"default allow := false\nallow if { every k, v in input.labels { k == \"tier\"; v == \"gold\" } }", change("gold", "evil"), change(`{"tier":"gold"}`, `{}`)},
		"a key with a default":      {`deny contains "x" if object.get(input.labels, "tier", "evil") != "gold"`, change("tier", "other"), change(`"labels":{"tier":"gold"},`, ``)},
		"old imports":               {"import rego.v1\nimport future.keywords.in\ndefault allow := false\nallow if input.builder in {\"https://example.com/hosted\"}", evil, missing},
	} {
		t.Run(name, func(t *testing.T) {
			e := compile(t, clause(c.text))
			d := decide(t, e, predicate)
			require.Equal(t, policy.Allow, d.Verdict(), "%v", d.Err())
			require.NotEqual(t, policy.Allow, decide(t, e, c.bad).Verdict())
			require.ErrorIs(t, decide(t, e, c.bad).Err(), attest.Is(rego.CodeDenied))
			require.Equal(t, policy.Indeterminate, decide(t, e, c.gone).Verdict())
		})
	}
}

// What fails somewhere fails as a whole, also where its absence would be good.
func TestAnErrorUnderANegationIsNoAnswer(t *testing.T) { // F4
	for _, text := range []string{
		`deny contains "x" if not input.level / (input.level - 3) == 1`,
		`deny contains "x" if not regex.match("(", input.builder)`,
		`deny contains "x" if count([1 | semver.compare(input.version, "1.0.0") > 0]) > 0`,
		"bad(v) if semver.compare(v, \"1.0.0\") < 0\nallow if not bad(input.version)",
		"level := 3 if semver.compare(input.version, \"1.0.0\") < 0 else := 4\nallow if level == 4",
		"level := 3 if input.level == 3\nlevel := 4 if input.hermetic\ndefault level := 0\nallow if level > 2",
	} {
		d := decide(t, compile(t, clause(text)), predicate)
		require.Equal(t, policy.Indeterminate, d.Verdict(), text)
		require.ErrorIs(t, d.Err(), attest.Is(rego.CodeFailed), text)
	}
}

func TestTextsAreBounded(t *testing.T) { // negative case 51
	doubling := "allow if {\n\ta0 := input.builder\n"
	for i := range 40 {
		doubling += fmt.Sprintf("\ta%d := concat(\"\", [a%d, a%d])\n", i+1, i, i)
	}
	for name, text := range map[string]string{
		"a text that doubles":    doubling + "\ta40 != \"\"\n}",
		"texts of pairs":         `allow if count([x | some a in input.tags; some b in input.tags; x := upper(concat(a, [input.builder, b]))]) > 0`,
		"a long separator":       `allow if count(concat(input.version, split(concat(",", input.tags), ""))) > 0`,
		"a width":                `allow if sprintf("%33554432s", ["x"]) != ""`,
		"a width that is given":  `allow if sprintf("%*s", [33554432, "x"]) != ""`,
		"a precision":            `allow if sprintf("%.33554432d", [1]) != ""`,
		"a width from the input": `allow if sprintf(input.version, ["x"]) != ""`,
		"an argument many times": `allow if sprintf("%[1]s%[1]s%[1]s", [input.builder]) != ""`,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rego.Compiler{}.Compile(clause(text))
			require.NoError(t, err)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e := engine(t, r, policy.Budget{Time: time.Minute})
			d := decide(t, e, strings.Replace(long(), `"v1"`, `"%999999999d`+strings.Repeat("x", 20_000)+`"`, 1))
			runtime.ReadMemStats(&after)
			require.Equal(t, policy.Indeterminate, d.Verdict())
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
		})
	}
}

func long() string {
	return strings.Replace(predicate, `["a","b"]`, `[`+strings.Repeat(`"a",`, 500)+`"b"]`, 1)
}

const cubed = `allow if { some a in input.tags; some b in input.tags; some c in input.tags; concat("", [a, b, c]) == "xyz" }`

func TestAnEvaluationIsBounded(t *testing.T) { // negative case 51
	d := decide(t, compile(t, clause(cubed)), long())
	require.Equal(t, policy.Indeterminate, d.Verdict())
	require.ErrorIs(t, d.Err(), attest.Is(rego.CodeCost))

	r, err := rego.Compiler{Steps: 1 << 40}.Compile(clause(cubed))
	require.NoError(t, err)
	d = decide(t, engine(t, r, policy.Budget{Time: 20 * time.Millisecond, Cost: 1 << 40}), long())
	require.ErrorIs(t, d.Err(), attest.Is(policy.CodeRuleTimeout))

	r, err = rego.Compiler{Bytes: 100}.Compile(clause(hosted))
	require.NoError(t, err)
	require.ErrorIs(t, decide(t, engine(t, r, policy.Budget{}), predicate).Err(), attest.Is(policy.CodeRuleInput))
}

func TestACancelledEvaluationEnds(t *testing.T) {
	r, err := rego.Compiler{Steps: 1 << 40}.Compile(clause(cubed))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	d, err := engine(t, r, policy.Budget{Time: time.Minute, Cost: 1 << 40}).Evaluate(ctx, request(t, long()))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, d.Allowed(now))
}

// No structural change of the evidence turns a refusal into an Allow.
func TestNoMutationTurnsARefusalIntoAnAllow(t *testing.T) {
	bad := strings.NewReplacer(`"level":3`, `"level":2`, "hosted", "other", `"b"]`, `"c","c"]`, `T10`, `T13`, `"hermetic":true`, `"hermetic":false`).Replace(predicate)
	engines := []*policy.Engine{compile(t, clause(hosted)), compile(t, clause(deny)), compile(t, clause(negated))}
	for _, e := range engines {
		require.Equal(t, policy.Deny, decide(t, e, bad).Verdict())
	}
	doc, err := provenancetest.ParseDocument([]byte(bad))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 1000 {
		m := doc.Random(r, provenancetest.Structural()...)
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

func TestTheCapabilitiesAreAShortList(t *testing.T) {
	// Every deterministic function that is not on the list is refused as well; these
	// are those that a policy might be tempted by.
	for _, call := range []string{`crypto.sha256("x") == ""`, `object.remove({}, ["x"]) == {}`, `max([]) == 1`, `array.concat([1], [2]) == []`, `bounded.lower("x") == ""`, `walk([1], [_, 1])`, `regex.find_n("a", "a", 1) == []`, `yaml.unmarshal("x") == 1`, `trace("x")`, `graph.reachable({}, {}) == {}`} {
		_, err := rego.Compiler{}.Compile(clause("allow if " + call))
		assert.ErrorIs(t, err, attest.Is(rego.CodeBuiltin), call)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(hosted)
	f.Add(deny)
	f.Add(negated)
	f.Add(`allow if not input.x`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := rego.Compiler{Steps: 1000}.Compile(clause(text))
		if (r == nil) == (err == nil) {
			t.Fatal("a rule beside an error, or neither")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("refused without a reason", err)
		}
	})
}

func TestEveryCodeIsWellFormed(t *testing.T) {
	for _, c := range rego.Codes() {
		assert.Regexp(t, `^policy\.rego\.[a-z0-9-]+$`, string(c))
	}
}

// BenchmarkEvaluate measures one module on evidence that is verified.
func BenchmarkEvaluate(b *testing.B) {
	e, req := compile(b, clause(hosted)), request(b, predicate)
	b.ReportAllocs()
	for b.Loop() {
		if d, err := e.Evaluate(context.Background(), req); err != nil || !d.Allowed(now) {
			b.Fatal(err)
		}
	}
}
