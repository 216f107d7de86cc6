package rego_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/rego"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/compat"
	"github.com/sealwright/sealwright/policy/internal/inputs"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rego"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

// The compilers fit.
var (
	_ compat.RegoCompiler = rego.Foreign{}.Witness
	_ compat.RegoCompiler = rego.Foreign{}.ImagePolicy
)

// The modules that Witness tests itself with (go-witness v0.10.0, policy/rego_test.go and
// policy/policy_test.go; Apache License 2.0).
const (
	witnessClean = `package witness.test
deny[msg]{
	count(input.status) > 0
	msg := "unexpected changes to git repository"
}`
	witnessInvalid = `package witness.test
deny[msg] {
	input.commithash != "123abc"
	msg := 0
}`
	witnessCommand = `package test
deny[msg] {
	input.cmd != ["go", "build", "./"]
	msg := "unexpected cmd"
}`
	witnessExit = `package commandrun.exitcode
deny[msg] {
	input.exitcode != 0
	msg := "exitcode not 0"
}`
)

// Modules in the style of others'.
const (
	branches = `package git
import rego.v1
known := {"main", "release"}
deny contains msg if {
	not input.branch in known
	msg := sprintf("%v at %v is on no known branch", [input.branch, input.commithash])
}
deny contains "an unsigned tag" if input.tags[_].pgpsignature == ""
deny contains "a remote" if { some r in input.remotes; not startswith(r, "https://git.example.com/") }`
	labelled = `package x
deny["evil"] { object.get(input.labels, "tier", "none") == "evil" }
deny["rm"] { input.cmd == ["rm"] }
deny["env"] { input.env == {"A": "x"} }`
	compliant = `package sigstore
default isCompliant = false
isCompliant {
	input.predicateType == "https://example.com/test/v1"
	input.predicate.passed
	count(input.predicate.failures) == 0
	input.predicate.level >= 3
}`
	undefaulted = `package sigstore
isCompliant { input.predicate.level == 3 }`
)

const (
	git = `{"commithash":"123abc","status":{},"branch":"main","tags":[{"name":"v1","pgpsignature":"x"}],"remotes":["https://git.example.com/acme/app"]}`
	run = `{"cmd":["go","build","./"],"exitcode":0}`
	tst = `{"predicateType":"https://example.com/test/v1","predicate":{"passed":true,"failures":[],"level":3}}`
)

// original decides as the tool does that a module was written for: Witness as in
// go-witness v0.10.0, policy-controller as in cosign v2.5 (pkg/cosign/rego).
func original(t testing.TB, module, document string) bool {
	t.Helper()
	m, err := ast.ParseModuleWithOpts("m", module, ast.ParserOptions{RegoVersion: ast.RegoV0})
	require.NoError(t, err)
	entry := ".deny"
	if m.Package.Path.String() == "data.sigstore" {
		entry = ".isCompliant"
	}
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var input any
	require.NoError(t, d.Decode(&input))
	set, err := opa.New(opa.ParsedModule(m), opa.SetRegoVersion(ast.RegoV0), opa.Query(m.Package.Path.String()+entry), opa.Input(input)).Eval(context.Background())
	if err != nil {
		return false
	}
	if entry == ".isCompliant" {
		return set.Allowed()
	}
	for _, result := range set {
		if denials, ok := result.Expressions[0].Value.([]any); !ok || len(denials) > 0 {
			return false
		}
	}
	return true
}

func foreign(t testing.TB, f rego.Foreign, module string) compat.Deny {
	t.Helper()
	compile := f.Witness
	if strings.HasPrefix(module, "package sigstore") {
		compile = f.ImagePolicy
	}
	deny, err := compile("m", []byte(module))
	require.NoError(t, err)
	return deny
}

func TestModulesOfOtherToolsDecideAsThere(t *testing.T) {
	change := func(document, old, replacement string) string {
		require.Contains(t, document, old)
		return strings.Replace(document, old, replacement, 1)
	}
	for _, c := range []struct {
		name, module, document string
		want                   []string // nil for none
		code                   attest.Code
	}{
		{"a clean repository", witnessClean, git, nil, ""},
		{"a changed one", witnessClean, change(git, `"status":{}`, `"status":{"test":{"staging":"Modified"}}`), []string{"unexpected changes to git repository"}, ""},
		{"one of which nothing is told", witnessClean, change(git, `"status":{},`, ``), nil, inputs.CodeMissing},
		{"a status that is a text", witnessClean, change(git, `"status":{}`, `"status":""`), nil, inputs.CodeType},
		{"the commit", witnessInvalid, git, nil, ""},
		{"a denial that is no text", witnessInvalid, change(git, "123abc", "123"), nil, rego.CodeUndefined},
		{"the command", witnessCommand, run, nil, ""},
		{"another command", witnessCommand, change(run, `"go"`, `"rm"`), []string{"unexpected cmd"}, ""},
		{"no command", witnessCommand, `{"exitcode":0}`, nil, inputs.CodeMissing},
		{"success", witnessExit, run, nil, ""},
		{"failure", witnessExit, change(run, `:0`, `:1`), []string{"exitcode not 0"}, ""},
		{"a code that is null", witnessExit, change(run, `:0`, `:null`), nil, inputs.CodeType},
		{"a branch", branches, git, nil, ""},
		{"another branch", branches, change(git, `"main"`, `"topic"`), []string{"topic at 123abc is on no known branch"}, ""},
		{"an element's member", branches, change(git, `"pgpsignature":"x"`, `"pgpsignature":""`), []string{"an unsigned tag"}, ""},
		{"an element without it", branches, change(git, `,"pgpsignature":"x"`, ``), nil, inputs.CodeMissing},
		{"a bad element", branches, change(git, `git.example.com`, `evil.example`), []string{"a remote"}, ""},
		{"nothing to go through", branches, change(git, `["https://git.example.com/acme/app"]`, `[]`), nil, rego.CodeEmpty},
		{"compliance", compliant, tst, nil, ""},
		{"no compliance", compliant, change(tst, `"level":3`, `"level":2`), []string{"isCompliant is false"}, ""},
		{"a truth that is a text", compliant, change(tst, `"passed":true`, `"passed":"false"`), nil, inputs.CodeType},
		{"a level that is a text", compliant, change(tst, `"level":3`, `"level":"1"`), nil, inputs.CodeType},
		{"a member in other case", compliant, change(tst, `"level":3`, `"Level":3`), nil, inputs.CodeMissing},
		{"compliance without a default", undefaulted, tst, nil, ""},
		{"what is undefined", undefaulted, change(tst, `"level":3`, `"level":2`), nil, rego.CodeUndefined},
		{"a label", labelled, `{"labels":{"tier":"gold"},"cmd":["make"],"env":{"A":"b"}}`, nil, ""},
		{"a bad label", labelled, `{"labels":{"tier":"evil"},"cmd":["make"],"env":{"A":"b"}}`, []string{"evil"}, ""},
		{"a bad command", labelled, `{"labels":{"tier":"gold"},"cmd":["rm"],"env":{"A":"b"}}`, []string{"rm"}, ""},
		{"no arguments", labelled, `{"labels":{"tier":"gold"},"cmd":[],"env":{}}`, nil, ""},
		{"no JSON", witnessExit, `{"exitcode":0,"exitcode":1}`, nil, rego.CodeFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			reasons, err := foreign(t, rego.Foreign{}, c.module)(t.Context(), json.RawMessage(c.document))
			if c.code != "" {
				require.ErrorIs(t, err, attest.Is(c.code))
				require.Empty(t, reasons)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, reasonsOrNil(reasons))
			require.Equal(t, c.want == nil, original(t, c.module, c.document))
		})
	}
}

func reasonsOrNil(reasons []string) []string {
	if len(reasons) == 0 {
		return nil
	}
	return reasons
}

// What a tool denies never passes here, and what a missing, retyped, repeated or empty
// node hides from it is not hidden here.
func TestNoMutationOfAForeignDenialPasses(t *testing.T) {
	for module, document := range map[string]string{
		witnessCommand: strings.Replace(run, "go", "rm", 1), witnessExit: strings.Replace(run, ":0", ":1", 1), witnessInvalid: strings.Replace(git, "123abc", "123", 1),
		labelled:  `{"labels":{"tier":"evil"},"cmd":["rm"],"env":{"A":"x"}}`,
		branches:  strings.NewReplacer(`"main"`, `"topic"`, "git.example.com", "evil.example", `"x"`, `""`).Replace(git),
		compliant: strings.Replace(tst, `"level":3`, `"level":2`, 1), undefaulted: strings.Replace(tst, `"level":3`, `"level":2`, 1),
	} {
		deny := foreign(t, rego.Foreign{}, module)
		parsed, err := provenancetest.ParseDocument([]byte(document))
		require.NoError(t, err)
		hidden := 0
		for m := range parsed.Mutations(provenancetest.Structural()...) {
			if m.Op == provenancetest.Empty && m.Pointer == "/exitcode" {
				continue // 0 is success
			}
			reasons, err := deny(t.Context(), json.RawMessage(m.Document))
			require.True(t, err != nil || len(reasons) > 0, "%s: %v", module, m)
			if json.Valid([]byte(m.Document)) && original(t, module, string(m.Document)) {
				hidden++
			}
		}
		if strings.Contains(module, "deny") && module != witnessInvalid {
			assert.NotZero(t, hidden, "the mutations show nothing")
		}
	}
}

func TestAModuleOfAnotherToolIsRefusedByItsClause(t *testing.T) {
	for name, c := range map[string]struct {
		module string
		code   attest.Code
		at     string
	}{
		"no deny":                                {"package x\ndenny[msg] { input.a == 1; msg := \"x\" }", rego.CodeEntrypoint, "Text:module.rego:1"},
		"a deny that is a map":                   {"package x\nimport rego.v1\ndeny[msg] if { input.a == 1; msg := \"x\" }", rego.CodeEntrypoint, "Text:module.rego:3"},
		"the other's entry point":                {"package x\nallow { input.a == 1 }", rego.CodeEntrypoint, "Text:module.rego:1"},
		"two inputs of no known type":            {"package x\ndeny[\"x\"] { input.a == input.b }", rego.CodeConstruct, "Text:module.rego:2"},
		"an input that is null":                  {"package x\ndeny[\"x\"] { input.a == null }", rego.CodeConstruct, "Text:module.rego:2"},
		"an input of two types":                  {"package x\ndeny[\"x\"] { input.a == 1 }\ndeny[\"y\"] { input.a == \"1\" }", rego.CodeConstruct, "Text:module.rego:3"},
		"all of the input":                       {"package x\ndeny[\"x\"] { count(input) == 0 }", rego.CodeConstruct, "Text:module.rego:2"},
		"a computed member":                      {"package x\ndeny[\"x\"] { some k; input[k] == 1 }", rego.CodeConstruct, "Text:module.rego:2"},
		"a member called *":                      {"package x\ndeny[\"x\"] { input.a[\"*\"] == 1 }", rego.CodeConstruct, "Text:module.rego:2"},
		"a member in a key":                      {"package x\nf(y) = y { y > 1 }\nt = {\"a\": 1}\ndeny[\"x\"] { t[input.a] == 2 }", rego.CodeConstruct, "Text:module.rego:4"},
		"an input that only a body within reads": {"package x\ndeny[\"x\"] { count([1 | input.b == input.c]) > 0; input.a }", rego.CodeConstruct, "Text:module.rego:2"},
		"an index":                               {"package x\ndeny[\"x\"] { input.cmd[7] == \"rm\" }", rego.CodeConstruct, "Text:module.rego:2"},
		"a member of what is gone through":       {"package x\nimport rego.v1\ndeny contains \"x\" if { some p in input.packages; p.name == \"y\" }", rego.CodeConstruct, "Text:module.rego:3"},
		"the network":                            {"package x\ndeny[\"x\"] { http.send({\"method\": \"get\", \"url\": input.url}).status_code != 200 }", rego.CodeBuiltin, "Text:module.rego:2"},
		"the clock":                              {"package x\ndeny[\"x\"] { time.now_ns() > 0 }", rego.CodeBuiltin, "Text:module.rego:2"},
		"rules from elsewhere":                   {"package x\ndeny[\"x\"] { data.y.z }", rego.CodeConstruct, "Text:module.rego:2"},
		"no Rego":                                {"package x\ndeny[", rego.CodeSyntax, "Text"},
		"nothing":                                {"", rego.CodeConfig, "Text"},
		"another package":                        {"package signature\nallow { input.a == 1 }", rego.CodeEntrypoint, "Text:module.rego:1"},
		"a set of results":                       {"package sigstore\nisCompliant[response] { response := {\"result\": input.ok, \"error\": \"x\"}; input.ok }", rego.CodeEntrypoint, "Text:module.rego:2"},
		"compliance by default":                  {"package sigstore\ndefault isCompliant = true\nisCompliant = false { input.a == 1 }", rego.CodeConstruct, "Text:module.rego:2"},
	} {
		t.Run(name, func(t *testing.T) {
			f := rego.Foreign{}
			compile := f.Witness
			if strings.HasPrefix(c.module, "package sig") {
				compile = f.ImagePolicy
			}
			_, err := compile("m", []byte(c.module))
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Equal(t, c.at, attest.Reasons(err)[0].Where)
		})
	}
}

// Names that stand for each other stand for as much as there is.
func TestNamesForNamesAreBounded(t *testing.T) {
	module := "package x\ndeny[\"x\"] {\n\ta0 = input.a\n\tb0 = input.b\n"
	for range 500 {
		module += "\ta0 = b0\n\tb0 = a0\n"
	}
	_, err := rego.Foreign{}.Witness("m", []byte(module+"\ta0 == 1\n}"))
	if err != nil {
		require.NotEmpty(t, attest.Reasons(err))
	}
}

func TestTheCallerTellsWhatAModuleLeavesOpen(t *testing.T) {
	const same = "package x\ndeny[\"the same\"] { input.author == input.approver }"
	f := rego.Foreign{Types: []policy.Input{{Name: "a", Pointer: "/author", Type: "string"}, {Name: "b", Pointer: "/approver", Type: "string"}, {Name: "c", Pointer: "/elsewhere", Type: "int"}}}
	deny := foreign(t, f, same)
	for document, want := range map[string]int{`{"author":"a","approver":"b"}`: 0, `{"author":"a","approver":"a"}`: 1} {
		reasons, err := deny(t.Context(), json.RawMessage(document))
		require.NoError(t, err)
		require.Len(t, reasons, want)
	}
	_, err := deny(t.Context(), json.RawMessage(`{"author":1,"approver":"1"}`))
	require.ErrorIs(t, err, attest.Is(inputs.CodeType))

	const listed = "package x\nimport rego.v1\ndeny contains \"x\" if { some t in input.tags; t == input.bad }"
	f.Types = []policy.Input{{Name: "a", Pointer: "/tags", Type: "list(string)"}, {Name: "b", Pointer: "/bad", Type: "string"}}
	_, err = foreign(t, f, listed)(t.Context(), json.RawMessage(`{"tags":[["x"]],"bad":"x"}`))
	require.ErrorIs(t, err, attest.Is(inputs.CodeType))
	_, err = rego.Foreign{}.Witness("m", []byte(listed))
	require.ErrorIs(t, err, attest.Is(rego.CodeConstruct))

	f.Types[1].Type = "any"
	_, err = f.Witness("m", []byte(listed))
	require.ErrorIs(t, err, attest.Is(inputs.CodeDeclaration))
	_, err = rego.Foreign{Types: []policy.Input{{Name: "a", Pointer: "/exitcode", Type: "string"}}}.Witness("m", []byte(witnessExit))
	require.ErrorIs(t, err, attest.Is(rego.CodeConstruct), "the module says that it is a number")
}

func TestWhatAToolLeavesOutIsEmptyOnlyIfTheCallerSaysSo(t *testing.T) {
	without := strings.Replace(git, `"status":{},`, ``, 1)
	f := rego.Foreign{Omitted: []string{"/status", "/remotes", "/elsewhere"}}
	reasons, err := foreign(t, f, witnessClean)(t.Context(), json.RawMessage(without))
	require.NoError(t, err)
	require.Empty(t, reasons)
	require.True(t, original(t, witnessClean, without))
	for document, code := range map[string]attest.Code{`[]`: inputs.CodeMissing, `{"status":null}`: inputs.CodeType, `""`: inputs.CodeMissing} {
		_, err = foreign(t, f, witnessClean)(t.Context(), json.RawMessage(document))
		require.ErrorIs(t, err, attest.Is(code), document)
	}
	_, err = foreign(t, f, branches)(t.Context(), json.RawMessage(strings.Replace(git, `,"remotes":["https://git.example.com/acme/app"]`, ``, 1)))
	require.ErrorIs(t, err, attest.Is(rego.CodeEmpty), "what is gone through has an element")
	_, err = foreign(t, rego.Foreign{Omitted: []string{"/predicate/failures"}}, compliant)(t.Context(), json.RawMessage(strings.Replace(tst, `"failures":[],`, ``, 1)))
	require.ErrorIs(t, err, attest.Is(inputs.CodeMissing), "nothing missing complies")
	_, err = rego.Foreign{Omitted: []string{"/exitcode"}}.Witness("m", []byte(witnessExit))
	require.ErrorIs(t, err, attest.Is(rego.CodeConstruct), "a number is not empty")
}

func TestAForeignEvaluationIsBounded(t *testing.T) {
	deny := foreign(t, rego.Foreign{Compiler: rego.Compiler{Steps: 1000}}, "package x\nimport rego.v1\ndeny contains \"x\" if { some a in input.l; some b in input.l; concat(\"\", [a, b]) == \"xyz\" }")
	_, err := deny(t.Context(), json.RawMessage(`{"l":[`+strings.Repeat(`"a",`, 500)+`"b"]}`))
	require.ErrorIs(t, err, attest.Is(rego.CodeCost))
	_, err = foreign(t, rego.Foreign{Compiler: rego.Compiler{Bytes: 10}}, witnessExit)(t.Context(), json.RawMessage(run))
	require.ErrorIs(t, err, attest.Is(rego.CodeFailed))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = foreign(t, rego.Foreign{}, witnessExit)(ctx, json.RawMessage(run))
	require.Error(t, err)
}

// signer returns a public key, in PEM, and who has it.
func signer(t testing.TB) (string, attest.Identity) {
	t.Helper()
	public, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), append(make([]byte, 31), 1))
	require.NoError(t, err)
	pem, err := key.MarshalPublicPEM(public.Public())
	require.NoError(t, err)
	fingerprint, err := key.Fingerprint(public.Public())
	require.NoError(t, err)
	return string(pem), attest.Identity{Subject: "builder", Key: fingerprint}
}

func decideOn(t testing.TB, root policy.Node, predicateType, predicate string, by attest.Identity) policy.Decision {
	t.Helper()
	subject := attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	s, err := attest.NewStatement(predicateType, json.RawMessage(predicate), subject)
	require.NoError(t, err)
	v, err := attest.Seal(attest.Facts{Authority: policytest.Authority, Statement: s, Evidence: digest.FromBytes(s.Bytes()),
		Signers: []attest.Identity{by}, Times: []attest.TrustedTime{{Time: now.Add(-time.Hour), Authority: "test:clock"}}})
	require.NoError(t, err)
	e, err := policy.New(policy.Config{Policy: policy.PolicyRef{URI: "https://example.com/p", Version: "1"}, Root: root,
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour})
	require.NoError(t, err)
	d, err := e.Evaluate(t.Context(), policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v}})
	require.NoError(t, err)
	return d
}

// The policy that Witness tests itself with: two modules on one attestation.
func TestAWitnessPolicyIsJudgedByItsModules(t *testing.T) {
	pem, by := signer(t)
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	document := func(modules ...string) []byte {
		var list []string
		for i, m := range modules {
			list = append(list, fmt.Sprintf(`{"name":"m%d","module":%q}`, i, encode(m)))
		}
		return fmt.Appendf(nil, `{"expires":"2027-01-01T00:00:00Z","publickeys":{"k":{"keyid":"k","key":%q}},"steps":{"step1":{"name":"step1",
			"functionaries":[{"type":"publickey","publickeyid":"k"}],"attestations":[{"type":"https://witness.dev/attestations/command-run/v0.1","regopolicies":[%s]}]}}}`,
			encode(pem), strings.Join(list, ","))
	}
	p, err := compat.Witness(document(witnessCommand, witnessExit), rego.Foreign{}.Witness)
	require.NoError(t, err)
	for attestation, want := range map[string]policy.Verdict{
		run: policy.Allow, strings.Replace(run, ":0", ":1", 1): policy.Deny, strings.Replace(run, "build", "test", 1): policy.Deny, `{"cmd":["go","build","./"]}`: policy.Indeterminate, `{}`: policy.Indeterminate,
	} {
		collection := `{"name":"step1","attestations":[{"type":"https://witness.dev/attestations/command-run/v0.1","attestation":` + attestation + `}]}`
		require.Equal(t, want, decideOn(t, p.Root, compat.CollectionType, collection, by).Verdict(), attestation)
	}
	_, err = compat.Witness(document(witnessCommand, "package x\nallow { input.a == 1 }"), rego.Foreign{}.Witness)
	require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
	require.ErrorIs(t, err, attest.Is(rego.CodeEntrypoint))
	require.Equal(t, "/steps/step1/attestations/0/regopolicies/1", attest.Reasons(err)[0].Where)
	require.Equal(t, "Text:module.rego:1", attest.Reasons(err)[1].Where)
}

// Of the policies that policy-controller tests itself with, one has a module.
func TestThePoliciesOfPolicyControllerAreJudgedByTheirModules(t *testing.T) {
	files, err := filepath.Glob("../compat/testdata/policy-controller/*/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 82)
	o := compat.Options{Fulcio: []string{"http://fulcio.fulcio-system.svc"}, Rekor: []string{"http://rekor.rekor-system.svc"}, Anchored: true, Rego: rego.Foreign{}.ImagePolicy}
	with := map[string]policy.Node{}
	for _, name := range files {
		document, err := os.ReadFile(name)
		require.NoError(t, err)
		p, err := compat.ClusterImagePolicy(document, o)
		if err != nil {
			for _, r := range attest.Reasons(err) {
				require.NotContains(t, string(r.Code), "policy.rego.", name)
			}
			continue
		}
		if o.Rego == nil || strings.Contains(string(document), "type: rego") {
			with[filepath.Base(name)] = p.Root
		}
	}
	require.Len(t, with, 1)
	root := with["cip-keyless-with-attestations-rego.yaml"]
	by := attest.Identity{Issuer: "https://kubernetes.default.svc", Subject: "https://kubernetes.io/namespaces/default/serviceaccounts/default"}
	const custom = "https://cosign.sigstore.dev/attestation/v1"
	for predicate, want := range map[string]policy.Verdict{
		`{"Data":"foobar e2e test","Timestamp":""}`: policy.Allow, `{"Data":"foobar"}`: policy.Deny, `{"data":"foobar e2e test"}`: policy.Indeterminate, `{"Data":["foobar e2e test"]}`: policy.Indeterminate,
	} {
		require.Equal(t, want, decideOn(t, root, custom, predicate, by).Verdict(), predicate)
	}
	by.Subject = "https://kubernetes.io/namespaces/evil/serviceaccounts/default"
	require.Equal(t, policy.Deny, decideOn(t, root, custom, `{"Data":"foobar e2e test"}`, by).Verdict())
}

// Whatever a module says, what passes here passes where it comes from.
func FuzzForeign(f *testing.F) {
	for _, m := range []string{witnessClean, witnessInvalid, witnessCommand, witnessExit, branches, compliant, undefaulted} {
		f.Add(m, git)
		f.Add(m, run)
		f.Add(m, tst)
	}
	f.Fuzz(func(t *testing.T, module, document string) {
		tool := rego.Foreign{Compiler: rego.Compiler{Steps: 1000}}
		compile := tool.Witness
		if strings.HasPrefix(module, "package sigstore") {
			compile = tool.ImagePolicy
		}
		deny, err := compile("m", []byte(module))
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		reasons, err := deny(t.Context(), json.RawMessage(document))
		if err == nil && len(reasons) == 0 {
			require.True(t, original(t, module, document), "%x", sha256.Sum256([]byte(module)))
		}
	})
}
