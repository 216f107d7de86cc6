package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/policy"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	subject = "sha256:8e7478e0c3d94b2df0ab5b52e59337db4e9fef1bea4b2ae99b9ec603577b73be"
	instant = "2026-06-01T12:00:00Z"
)

// throwaway is a private key that anybody can make: it follows from the name.
func throwaway(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("throw-away key of " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// public is the file of a public key.
func public(t *testing.T, name string) []byte {
	t.Helper()
	text, err := key.MarshalPublicPEM(throwaway(name).Public())
	require.NoError(t, err)
	return text
}

// sign puts a statement into an envelope.
func sign(t *testing.T, statement []byte, names ...string) []byte {
	t.Helper()
	var signers []attest.Signer
	for _, name := range names {
		s, err := key.FromCryptoSigner(throwaway(name))
		require.NoError(t, err)
		signers = append(signers, s)
	}
	attestor, err := dsse.NewAttestor(signers...)
	require.NoError(t, err)
	parsed, err := attest.ParseStatement(statement, attest.Limits{})
	require.NoError(t, err)
	a, err := attestor.Attest(t.Context(), parsed)
	require.NoError(t, err)
	return a.Body
}

// statement is one of the statements of the cases, changed.
func statement(t *testing.T, name string, change ...string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/cases/statements/" + name + ".json")
	require.NoError(t, err)
	return []byte(strings.NewReplacer(change...).Replace(string(data)))
}

// people are those whose keys are in testdata/trust.
var people = []string{"alice", "bob", "carol", "dora", "ella", "manager", "platform", "scanner"}

// world writes what a check needs into a new directory: trust, and the evidence of a
// release that the policy allows.
func world(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range people {
		put(t, public(t, name), dir, "trust", name+pem)
	}
	for name, signers := range map[string][]string{
		"provenance": {"platform"}, "sbom": {"platform"}, "tests": {"platform"}, "vulnerabilities": {"scanner"},
		"review": {"alice", "bob"}, "released": {"manager"},
	} {
		body := sign(t, statement(t, name), signers...)
		put(t, body, dir, "signed", name+envelope)
		if name != "review" && name != "released" {
			put(t, body, dir, "early", name+envelope)
		}
	}
	return dir
}

func put(t *testing.T, data []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
	require.NoError(t, os.WriteFile(name, data, 0o666))
}

// policyProgram runs the program.
func policyProgram(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// asked runs check or explain in a world, with more flags.
func asked(t *testing.T, command, dir string, more ...string) (status int, stdout, stderr string) {
	t.Helper()
	return policyProgram(t, append([]string{command, "-policy", "testdata/release.yaml", "-evidence", filepath.Join(dir, "signed"),
		"-trust", filepath.Join(dir, "trust"), "-subject", subject, "-environment", "production", "-now", instant}, more...)...)
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		put(t, []byte(got), file)
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestTheSignedTestdataIsThatOfTheStatements(t *testing.T) {
	dir := world(t)
	for _, pattern := range []string{"trust/*", "signed/*", "early/*"} {
		made, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, made)
		for _, file := range made {
			name, err := filepath.Rel(dir, file)
			require.NoError(t, err)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			golden(t, name, string(data))
		}
		kept, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(t, err)
		require.Len(t, kept, len(made))
	}
}

// Every command of the example in the usage ends as it says there.
func TestTheUsageTellsTheTruth(t *testing.T) {
	t.Chdir("testdata")
	variables, ran := map[string]string{}, 0
	for line := range strings.SplitSeq(usage, "\n") {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, "="); ok && len(name) == 1 {
			variables["$"+name] = strings.ReplaceAll(strings.Trim(value, `"`), "$A", variables["$A"])
		}
		command, comment, ok := strings.Cut(line, "#")
		if !strings.HasPrefix(line, "/tmp/policy ") || !ok {
			continue
		}
		command = strings.ReplaceAll(command, "$P", variables["$P"])
		status, stdout, stderr := policyProgram(t, strings.Fields(command)[1:]...)
		assert.Equal(t, int(strings.TrimSpace(comment)[0]-'0'), status, "%s\n%s%s", line, stdout, stderr)
		assert.Empty(t, stderr)
		ran++
	}
	require.Equal(t, 5, ran)
}

func TestWhatIsPrinted(t *testing.T) {
	dir := world(t)
	for name, args := range map[string][]string{
		"test.txt":     {"test", "-policy", "testdata/release.yaml", "-cases", "testdata/cases"},
		"coverage.txt": {"coverage", "-policy", "testdata/release.yaml", "-cases", "testdata/cases"},
		"check.txt": {"check", "-policy", "testdata/release.yaml", "-evidence", dir + "/signed", "-trust", dir + "/trust",
			"-subject", subject, "-environment", "production", "-now", instant},
		"explain.txt": {"explain", "-policy", "testdata/release.yaml", "-evidence", dir + "/early", "-trust", dir + "/trust",
			"-subject", subject, "-environment", "production", "-now", instant},
	} {
		t.Run(name, func(t *testing.T) {
			_, stdout, stderr := policyProgram(t, args...)
			require.Empty(t, stderr)
			golden(t, "golden/"+name, stdout)
			_, again, _ := policyProgram(t, args...)
			require.Equal(t, stdout, again)
		})
	}
}

func TestCheckAnswersByItsExitStatus(t *testing.T) {
	vulnerable := []string{`"low"`, `"critical"`}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
		flags  []string
		status int
		told   string
	}{
		{name: "a good release is allowed", status: yes, told: "ALLOW"},
		{name: "a grave vulnerability is denied", status: no, told: "policy.vulnerabilities.found", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "vulnerabilities", vulnerable...), "scanner"), dir, "signed", "vulnerabilities"+envelope)
		}},
		{name: "a second scan, which is bad, is not hidden by a good one", status: no, told: "policy.vulnerabilities.found", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "vulnerabilities", vulnerable...), "scanner"), dir, "signed", "a"+envelope)
		}},
		{name: "a review that is missing is indeterminate", status: incomplete, told: "policy.need.signer", change: func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "signed", "review"+envelope)))
		}},
		{name: "unsigned provenance is no evidence", status: incomplete, told: "attest.dsse.no-signature", change: func(t *testing.T, dir string) {
			var e map[string]any
			require.NoError(t, json.Unmarshal(sign(t, statement(t, "provenance"), "platform"), &e))
			e["signatures"] = []any{}
			body, err := json.Marshal(e)
			require.NoError(t, err)
			put(t, body, dir, "signed", "provenance"+envelope)
		}},
		{name: "a bare statement is no evidence", status: incomplete, told: "attest.limit.exceeded", change: func(t *testing.T, dir string) {
			put(t, statement(t, "provenance"), dir, "signed", "provenance"+envelope)
		}},
		{name: "what a stranger signed is no evidence", status: incomplete, told: "attest.dsse.threshold", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "provenance"), "mallory"), dir, "signed", "provenance"+envelope)
		}},
		{name: "what a stranger adds to a good release stops it", status: incomplete, told: "INCOMPLETE", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "provenance"), "mallory"), dir, "signed", "x"+envelope)
		}},
		{name: "a file that tells escapes to a terminal is quoted", status: incomplete, told: `"\x1b[2J.dsse.json"`, change: func(t *testing.T, dir string) {
			put(t, []byte("\x1b[2J"), dir, "signed", "\x1b[2J"+envelope)
		}},
		{name: "a waiver that holds allows", status: yes, told: "[waived]", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "vulnerabilities", vulnerable...), "scanner"), dir, "signed", "vulnerabilities"+envelope)
			put(t, sign(t, statement(t, "waiver"), "alice", "ella"), dir, "signed", "waiver"+envelope)
		}},
		{name: "an expired waiver changes nothing", status: no, told: "policy.waiver.time", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "vulnerabilities", vulnerable...), "scanner"), dir, "signed", "vulnerabilities"+envelope)
			put(t, sign(t, statement(t, "waiver", "2026-06-03T00:00:00Z", "2026-06-01T12:00:00Z"), "alice", "ella"), dir, "signed", "waiver"+envelope)
		}},
		{name: "a waiver that its author approves changes nothing", status: no, told: "policy.waiver.approver", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "vulnerabilities", vulnerable...), "scanner"), dir, "signed", "vulnerabilities"+envelope)
			put(t, sign(t, statement(t, "waiver"), "alice"), dir, "signed", "waiver"+envelope)
		}},
		{name: "an emergency waiver waits for its record", status: incomplete, told: "Obligations", change: func(t *testing.T, dir string) {
			put(t, sign(t, statement(t, "vulnerabilities", vulnerable...), "scanner"), dir, "signed", "vulnerabilities"+envelope)
			waiver := statement(t, "waiver", "standard", "emergency", "2026-05-30T00:00:00Z", "2026-06-01T11:00:00Z", "2026-06-03T00:00:00Z", "2026-06-01T18:00:00Z")
			put(t, sign(t, waiver, "alice", "dora", "ella"), dir, "signed", "waiver"+envelope)
		}},
		{name: "the same evidence does not serve another artifact", status: incomplete, told: "policy.need.subject",
			flags: []string{"-subject", "sha256:" + strings.Repeat("a1", 32)}},
		{name: "who reviewed cannot ask", status: no, told: "policy.review.self", flags: []string{"-actor", "alice"}},
		{name: "an expired policy judges nothing", status: incomplete, told: "policy.rules.expired", flags: []string{"-now", "2027-06-01T00:00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := world(t)
			if c.change != nil {
				c.change(t, dir)
			}
			status, stdout, stderr := asked(t, "check", dir, c.flags...)
			require.Equal(t, c.status, status, "%s%s", stdout, stderr)
			require.Empty(t, stderr)
			require.Contains(t, stdout, c.told)
			require.NotContains(t, stdout, "\x1b")

			status, stdout, stderr = asked(t, "check", dir, append(c.flags, "-json")...)
			require.Equal(t, c.status, status)
			require.Empty(t, stderr)
			var told struct {
				Status   int
				Decision struct{ Verdict string }
			}
			require.NoError(t, json.Unmarshal([]byte(stdout), &told))
			require.Equal(t, c.status, told.Status)
			require.Contains(t, []string{"allow", "deny", "indeterminate"}, told.Decision.Verdict)

			status, _, stderr = asked(t, "explain", dir, c.flags...)
			require.Equal(t, c.status, status, "explain and check differ")
			require.Empty(t, stderr)
		})
	}
}

func TestMisuseAndMachineAreToldApart(t *testing.T) {
	dir := world(t)
	write := func(name, text string) string {
		put(t, []byte(text), dir, name)
		return filepath.Join(dir, name)
	}
	document, err := os.ReadFile("testdata/release.yaml")
	require.NoError(t, err)
	swap := func(name, old, new string) string {
		require.Contains(t, string(document), old)
		return write(name, strings.Replace(string(document), old, new, 1))
	}
	for _, c := range []struct {
		name   string
		args   []string
		status int
		told   string
	}{
		{"no command", nil, misused, "check, explain, test, coverage"},
		{"an unknown command", []string{"allow"}, misused, "check, explain, test, coverage"},
		{"an unknown flag", []string{"check", "-force"}, misused, "-force"},
		{"an argument too many", []string{"check", "x"}, misused, "got 1 arguments"},
		{"test without cases", []string{"test", "-policy", "testdata/release.yaml"}, misused, "-cases"},
		{"an instant that is none", []string{"check", "-now", "yesterday"}, misused, "yesterday"},
		{"a tag for a subject", []string{"-subject", "app:v1.2.3"}, misused, "policy.request.subject"},
		{"a digest that is cut", []string{"-subject", subject[:70]}, misused, "-subject"},
		{"an authority that the document does not accept", []string{"-authority", "example.org"}, misused, "-authority"},
		{"a phase that is none", []string{"-phase", "ship"}, misused, "policy.request.phase"},
		{"an empty document", []string{"-policy", write("empty.yaml", "")}, misused, "policy.doc.format"},
		{"a document that is no YAML", []string{"-policy", write("broken.yaml", "a: [")}, misused, "policy.doc.yaml"},
		{"a document with an alias", []string{"-policy", swap("alias.yaml", "version: 1", "version: &v 1")}, misused, "policy.doc.yaml"},
		{"a misspelt rule", []string{"-policy", swap("rule.yaml", "use: builder", "use: buildr")}, misused, "policy.doc.rule"},
		{"a misspelt parameter", []string{"-policy", swap("parameter.yaml", "threshold: 2}", "treshold: 2}")}, misused, "policy.doc.parameters"},
		{"a misspelt field", []string{"-policy", swap("field.yaml", "validity:", "valid:")}, misused, "policy.doc.format"},
		{"a condition that holds of nothing", []string{"-policy", swap("vacuous.yaml", `text: result == "PASSED" && passed.size() >= 1`, "text: 'true'")}, misused, "policy.cel"},
		{"a condition that does not compile", []string{"-policy", swap("cel.yaml", `text: result ==`, "text: result +")}, misused, "policy.doc.condition"},
		{"a threshold that nobody can meet", []string{"-policy", swap("threshold.yaml", "threshold: 2}", "threshold: 4}")}, misused, "policy.config"},
		{"a document that is not there", []string{"-policy", dir + "/none.yaml"}, failed, "none.yaml"},
		{"evidence that is not there", []string{"-evidence", dir + "/none"}, failed, "none"},
		{"evidence of another kind of file", []string{"-evidence", dir + "/trust"}, misused, envelope},
		{"trust that holds no keys", []string{"-trust", dir + "/signed"}, misused, pem},
	} {
		t.Run(c.name, func(t *testing.T) {
			var status int
			var stdout, stderr string
			if len(c.args) == 2 && strings.HasPrefix(c.args[0], "-") {
				status, stdout, stderr = asked(t, "check", dir, c.args...)
			} else {
				status, stdout, stderr = policyProgram(t, c.args...)
			}
			require.Equal(t, c.status, status, stderr)
			require.Contains(t, stderr, c.told)
			require.Empty(t, stdout)
		})
	}
}

func TestAnErrorIsJSONToo(t *testing.T) {
	dir := world(t)
	status, stdout, stderr := asked(t, "check", dir, "-json", "-subject", "sha256:00")
	require.Equal(t, misused, status)
	require.NotEmpty(t, stderr)
	var told struct {
		Status int
		Error  string
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &told))
	require.Equal(t, misused, told.Status)
	require.Contains(t, told.Error, "-subject")
}

func TestAnInterruptIsIncomplete(t *testing.T) {
	dir := world(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, args := range [][]string{
		{"check", "-policy", "testdata/release.yaml", "-evidence", dir + "/signed", "-trust", dir + "/trust", "-subject", subject},
		{"test", "-policy", "testdata/release.yaml", "-cases", "testdata/cases"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, incomplete, run(ctx, args, &out, &errs))
		require.Empty(t, out.String())
		require.Contains(t, errs.String(), "canceled")
	}
}

func TestExplainTellsWhatNoEvidenceHelps(t *testing.T) {
	dir := world(t)
	put(t, sign(t, statement(t, "vulnerabilities", `"low"`, `"critical"`), "scanner"), dir, "signed", "vulnerabilities"+envelope)
	status, stdout, stderr := asked(t, "explain", dir)
	require.Equal(t, no, status, stderr)
	require.Contains(t, stdout, "DENY: no further evidence helps while these rules object\n  - vulnerabilities\n")

	require.NoError(t, os.Remove(filepath.Join(dir, "signed", "vulnerabilities"+envelope)))
	status, stdout, stderr = asked(t, "explain", dir, "-json")
	require.Equal(t, incomplete, status, stderr)
	var told struct {
		Possible, Minimal bool
		Missing           []policy.Fact
		Remedies          map[string][]string
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &told))
	require.True(t, told.Possible && told.Minimal)
	require.Equal(t, []policy.Fact{{PredicateType: "https://in-toto.io/attestation/vulns/v0.2", Signer: "scanner", Needs: []string{"vulnerabilities/evidence"}}}, told.Missing)
	require.NotEmpty(t, told.Remedies["vulnerabilities"])
}

func TestEvidenceThatIsNoFileOfTheDirectoryIsNotRead(t *testing.T) {
	dir := world(t)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "signed", "x"+envelope), 0o666))
	status, _, stderr := asked(t, "check", dir)
	require.Equal(t, misused, status)
	require.Contains(t, stderr, "regular file")

	dir = world(t)
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "signed", "x"+envelope)))
	status, _, stderr = asked(t, "check", dir)
	require.Equal(t, failed, status)
	require.Contains(t, stderr, "escapes")
}

func TestHelpIsNoMisuse(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"check", "-h"}} {
		status, _, stderr := policyProgram(t, args...)
		require.Equal(t, 0, status)
		require.Contains(t, stderr, "A complete example")
	}
}

func TestABrokenKeyIsTold(t *testing.T) {
	dir := world(t)
	put(t, []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), dir, "trust", "eve"+pem)
	status, _, stderr := asked(t, "check", dir)
	require.Equal(t, misused, status)
	require.Contains(t, stderr, `"eve.pem"`)
	require.Contains(t, stderr, "attest.key.")
}

// casesOf writes cases beside the statements.
func casesOf(t *testing.T, cases map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/cases")))
	for name, text := range cases {
		put(t, []byte(text), dir, name)
	}
	return dir
}

func TestACaseThatIsNotAsExpectedFails(t *testing.T) {
	dir := casesOf(t, map[string]string{"wrong.json": `{"about": "hope", "like": "vulnerable", "expect": {"verdict": "allow", "reasons": {"sbom": ["policy.sbom.unbound"]}}}`})
	args := []string{"test", "-policy", "testdata/release.yaml", "-cases", dir}
	status, stdout, stderr := policyProgram(t, args...)
	require.Equal(t, no, status, stderr)
	for _, told := range []string{
		"FAIL  wrong", `verdict: want "allow", got deny`, "sbom: want policy.sbom.unbound, got no reasons",
		"vulnerabilities: want no reasons, got policy.vulnerabilities.found", "25 as expected, 1 not",
	} {
		require.Contains(t, stdout, told)
	}
	status, stdout, _ = policyProgram(t, append(args, "-json")...)
	require.Equal(t, no, status)
	var told struct{ Status, Passed, Failed int }
	require.NoError(t, json.Unmarshal([]byte(stdout), &told))
	require.Equal(t, struct{ Status, Passed, Failed int }{1, 25, 1}, told)
}

// A rule that is not obeyed, or that obeys nobody, is seen by its cases.
func TestAChangeOfThePolicyIsNoticed(t *testing.T) {
	document, err := os.ReadFile("testdata/release.yaml")
	require.NoError(t, err)
	for _, c := range []struct{ old, new string }{
		{"builders/hosted/v1: [platform]", "builders/hosted/v1: [platform, mallory]"},
		{"uri: git+https://example.com/acme/app\n", "uri: git+https://example.com/acme/app-evil\n"},
		{"level: 3}", "level: 2}"},
		{"complete: true", "complete: false"},
		{"deny: [pkg:golang/example.com/abandoned]", "deny: [pkg:golang/example.com/other]"},
		{"allow: [MIT, Apache-2.0, BSD-3-Clause]", "allow: [MIT, Apache-2.0, BSD-3-Clause, AGPL-3.0-only]"},
		{"at: high", "at: critical"},
		{"maxDatabaseAge: 48h", "maxDatabaseAge: 4800h"},
		{"builders: [platform]", "builders: [scanner]"},
		{`result == "PASSED" && passed.size() >= 1`, `result == "PASSED"`},
		{"environments: [production]", "environments: [staging]"},
		{"never: [builder, source, review]", "never: [source, review]"},
	} {
		t.Run(c.old, func(t *testing.T) {
			require.Contains(t, string(document), c.old)
			file := filepath.Join(t.TempDir(), "changed.yaml")
			put(t, []byte(strings.Replace(string(document), c.old, c.new, 1)), file)
			status, stdout, stderr := policyProgram(t, "test", "-policy", file, "-cases", "testdata/cases")
			require.Equal(t, no, status, "%s%s", stdout, stderr)
		})
	}
}

func TestCoverageMissesWhatNoCaseTried(t *testing.T) {
	dir := casesOf(t, nil)
	for _, name := range []string{"tests-failed", "nothing-tested", "released-elsewhere"} {
		require.NoError(t, os.Remove(filepath.Join(dir, name+".json")))
	}
	args := []string{"coverage", "-policy", "testdata/release.yaml", "-cases", dir}
	status, stdout, stderr := policyProgram(t, args...)
	require.Equal(t, no, status, stderr)
	require.Equal(t, 2, strings.Count(stdout, "UNTRIED: never refused"), stdout)
	status, stdout, _ = policyProgram(t, append(args, "-json")...)
	require.Equal(t, no, status)
	require.Equal(t, 2, strings.Count(stdout, `"never refused"`))

	only := t.TempDir()
	put(t, []byte(`{"about": "nothing", "subject": "`+subject+`", "phase": "deploy", "now": "`+instant+`", "expect": {"verdict": "indeterminate"}}`), only, "nothing.json")
	status, stdout, stderr = policyProgram(t, "coverage", "-policy", "testdata/release.yaml", "-cases", only)
	require.Equal(t, no, status, stderr)
	require.Contains(t, stdout, "never satisfied")
}

func TestABrokenCaseIsMisuse(t *testing.T) {
	for _, c := range []struct{ name, text, told string }{
		{"a case that is no JSON", `{`, "strictjson"},
		{"a field that does not exist", `{"about": "", "likes": "good", "expect": {"verdict": "allow"}}`, "likes"},
		{"a key twice", `{"about": "", "about": "", "expect": {"verdict": "allow"}}`, "about"},
		{"a case that is like itself", `{"about": "", "like": "broken", "expect": {"verdict": "allow"}}`, "more than 8"},
		{"evidence without signers", `{"about": "", "like": "good", "evidence": {"x": {"statement": "statements/sbom.json"}}, "expect": {"verdict": "allow"}}`, "signers"},
		{"a pointer to nothing", `{"about": "", "like": "good", "evidence": {"sbom": {"set": {"/predicate/components/7/purl": 1}}}, "expect": {"verdict": "allow"}}`, "components"},
		{"a pointer into a text", `{"about": "", "like": "good", "evidence": {"sbom": {"set": {"/predicate/bomFormat/x": 1}}}, "expect": {"verdict": "allow"}}`, "bomFormat"},
		{"a pointer to the whole", `{"about": "", "like": "good", "evidence": {"sbom": {"set": {"": {}}}}, "expect": {"verdict": "allow"}}`, "pointer"},
		{"a statement that is none", `{"about": "", "like": "good", "evidence": {"sbom": {"set": {"/_type": "x"}}}, "expect": {"verdict": "allow"}}`, "attest."},
		{"no subject", `{"about": "", "expect": {"verdict": "allow"}}`, "policy.request.subject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := casesOf(t, map[string]string{"broken.json": c.text})
			status, stdout, stderr := policyProgram(t, "test", "-policy", "testdata/release.yaml", "-cases", dir)
			require.Equal(t, misused, status, stderr)
			require.Contains(t, stderr, c.told)
			require.Empty(t, stdout)
		})
	}
	status, _, stderr := policyProgram(t, "test", "-policy", "testdata/release.yaml", "-cases", t.TempDir())
	require.Equal(t, misused, status)
	require.Contains(t, stderr, "got none")

	dir := casesOf(t, map[string]string{"escape.json": `{"about": "", "like": "good", "evidence": {"sbom": {"statement": "../../../../etc/passwd", "signers": ["x"]}}, "expect": {"verdict": "allow"}}`})
	status, _, stderr = policyProgram(t, "test", "-policy", "testdata/release.yaml", "-cases", dir)
	require.Equal(t, failed, status)
	require.Contains(t, stderr, "escapes")
}
