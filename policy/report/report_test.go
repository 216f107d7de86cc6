package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func sum(s string) digest.Digest { return digest.FromBytes([]byte(s)) }

const hostile = "</td><script>alert(1)</script>\x1b[2J\u202e<img src=x onerror=y>&\"'"

func reasons(got string) []policy.Reason {
	return []policy.Reason{{
		Reason:   attest.Reason{Code: "policy.builder.unlisted", Where: "/predicate/runDetails/builder/id", Want: "https://example.com/builders/1", Got: got},
		Evidence: sum("provenance"), Remedy: "build on a listed platform",
	}}
}

func seal(t testing.TB, change func(*policy.Report)) policy.Decision {
	t.Helper()
	r := policy.Report{
		Policy:  policy.PolicyRef{URI: "https://example.com/policy", Version: "3", Digest: sum("policy")},
		Verdict: policy.Allow, Subject: attest.Descriptor{Name: "app", Digest: sum("app").Set()}, Phase: policy.PhaseDeploy,
		Target: policy.Target{Environment: "production", Cluster: "eu"}, Actor: attest.Identity{Subject: "carol"},
		EvaluatedAt: now, ValidUntil: now.Add(time.Hour), Levels: []string{"SLSA_BUILD_LEVEL_3"},
		Findings: []policy.Finding{{Rule: "builder", Title: "a trusted platform built the artifact", Outcome: policy.Satisfied, Evidence: []digest.Digest{sum("provenance")},
			Controls: []policy.Control{{Catalog: "NIST SP 800-218", ID: "PS.3.2"}}}},
		Inputs: []policy.EvidenceRef{{Evidence: sum("provenance"), PredicateType: "https://slsa.dev/provenance/v1", Authority: "example.com/keys", Signers: []attest.Identity{{Subject: "platform"}}, Used: true}},
	}
	if change != nil {
		change(&r)
	}
	d, err := policy.Seal("example", r)
	require.NoError(t, err)
	return d
}

// refused has everything that a report can tell.
func refused(r *policy.Report) {
	r.Verdict, r.ValidUntil, r.Levels = policy.Deny, time.Time{}, nil
	r.Actor.Subject, r.Target.Environment = hostile, hostile
	r.Findings = []policy.Finding{
		{Rule: "approval", Title: hostile, Outcome: policy.Undetermined, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "policy.need.missing", Where: "evidence", Want: "an approval", Got: "none"}, Remedy: "have the evidence made, or pass it with the request"}}},
		{Rule: "builder", Title: "a trusted platform built the artifact", Outcome: policy.Violated, Reasons: reasons(hostile)},
		{Rule: "level", Outcome: policy.NotYetEffective, Reasons: reasons("x")},
		{Rule: "release", Outcome: policy.NotApplicable},
		{Rule: "sbom", Outcome: policy.Waived, Reasons: reasons("y")},
		{Rule: "source", Outcome: policy.Satisfied},
		{Rule: "target", Outcome: policy.Violated, Reasons: reasons("z")},
	}
	r.Waivers = []policy.WaiverRef{
		{Evidence: sum("waiver"), Authority: "a", Rule: "sbom", Class: policy.ClassStandard, Author: "ann", Approvers: []string{"bob", "cyd"}, Expires: now.Add(time.Hour), Used: true},
		{Evidence: sum("waiver 2"), Authority: "a", Rule: "builder", Class: policy.ClassStandard, Author: hostile, Expires: now, Reasons: reasons(hostile)},
	}
	r.Inputs[0].Signers[0].Subject, r.Inputs[0].Used = hostile, false
}

func decisions(t testing.TB) map[string]policy.Decision {
	return map[string]policy.Decision{"allow": seal(t, nil), "deny": seal(t, refused)}
}

func TestReportsAreAsTheyWere(t *testing.T) {
	for name, d := range decisions(t) {
		for suffix, write := range map[string]func(io.Writer, policy.Decision, time.Time) error{".txt": report.Text, ".html": report.HTML} {
			var b, again bytes.Buffer
			require.NoError(t, write(&b, d, now))
			require.NoError(t, write(&again, d, now))
			require.Equal(t, b.String(), again.String())
			golden := "testdata/" + name + suffix
			if *update {
				require.NoError(t, os.WriteFile(golden, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), b.String(), golden)
		}
	}
}

// Nothing of what somebody else wrote is markup, and nothing is loaded or run.
func TestHostileTextIsText(t *testing.T) {
	var page, text bytes.Buffer
	require.NoError(t, report.HTML(&page, seal(t, refused), now))
	for _, bad := range []string{"<script", "<img", "javascript:", "http-equiv=\"refresh", "src=", "href=", "\x1b", "\u202e"} {
		require.NotContains(t, strings.ReplaceAll(page.String(), "src=x", ""), bad)
	}
	require.Contains(t, page.String(), "&lt;script&gt;")
	d := xml.NewDecoder(&page)
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	tags := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			tags[start.Name.Local] = true
			for _, a := range start.Attr {
				require.False(t, strings.HasPrefix(a.Name.Local, "on"), a)
			}
		}
	}
	for _, tag := range []string{"script", "img", "a", "link", "iframe", "object", "form"} {
		require.False(t, tags[tag], tag)
	}
	require.NoError(t, report.Text(&text, seal(t, refused), now))
	for _, r := range text.String() {
		require.True(t, r == '\n' || r >= ' ' && r != 0x7f && r != '\u202e', "%q", r)
	}
}

func TestADecisionIsToldAsItStands(t *testing.T) {
	read := func(d policy.Decision, at time.Time) string {
		var b bytes.Buffer
		require.NoError(t, report.Text(&b, d, at))
		first, _, _ := strings.Cut(b.String(), "\n")
		return first
	}
	require.Equal(t, "ALLOW: The policy is satisfied.", read(seal(t, nil), now))
	require.Equal(t, "ALLOW: The policy was satisfied, but the decision does not hold at 2026-05-01T13:00:00Z.", read(seal(t, nil), now.Add(time.Hour)))
	require.Equal(t, "ALLOW: The policy is satisfied, in a test: nothing real may pass.", read(seal(t, func(r *policy.Report) { r.Testing = true }), now))
	require.Equal(t, "DENY: The evidence breaks the policy.", read(seal(t, refused), now))
	require.Equal(t, "INDETERMINATE: The policy could not be judged, which lets nothing pass.", read(seal(t, func(r *policy.Report) {
		refused(r)
		r.Verdict, r.Findings = policy.Indeterminate, r.Findings[:1]
		r.Waivers = nil
	}), now))
	owes := seal(t, func(r *policy.Report) {
		r.Findings = append(r.Findings, policy.Finding{Rule: "sbom", Outcome: policy.Waived, Reasons: reasons("x")})
		r.Waivers = []policy.WaiverRef{{Evidence: sum("w"), Authority: "a", Rule: "sbom", Class: policy.ClassEmergency, Author: "ann", Approvers: []string{"bob"}, Expires: now.Add(time.Hour), Used: true}}
		r.Obligations = []policy.Obligation{{Kind: "record", ID: strings.Repeat("0", 64), Waiver: sum("w"), Signers: []string{"dan"}, Authorities: []string{"a"}}}
	})
	require.Equal(t, "ALLOW: The policy is satisfied, but nothing may pass before every obligation is discharged; open: 1.", read(owes, now))
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, owes, now))
	require.Contains(t, b.String(), `<span class="indeterminate">allow</span>`)
	require.Contains(t, b.String(), "<h2>Obligations</h2>")
}

func TestOnePersonIsNotToldAsTwo(t *testing.T) {
	d := seal(t, func(r *policy.Report) {
		r.Findings = append(r.Findings, policy.Finding{Rule: "sbom", Outcome: policy.Waived, Reasons: reasons("x")})
		r.Waivers = []policy.WaiverRef{{Evidence: sum("w"), Authority: "a", Rule: "sbom", Class: policy.ClassStandard, Author: "ann", Approvers: []string{"bob, cyd"}, Expires: now.Add(time.Hour), Used: true}}
		r.Inputs[0].Signers[0].Subject = "platform, auditor"
	})
	for _, write := range []func(io.Writer, policy.Decision, time.Time) error{report.Text, report.HTML} {
		var b bytes.Buffer
		require.NoError(t, write(&b, d, now))
		told := html.UnescapeString(b.String())
		require.Contains(t, told, `"bob, cyd"`)
		require.Contains(t, told, `"platform, auditor"`)
	}
}

func TestTheZeroDecisionIsRefused(t *testing.T) {
	require.ErrorIs(t, report.Text(io.Discard, policy.Decision{}, now), attest.Is(report.CodeDecision))
	require.ErrorIs(t, report.HTML(io.Discard, policy.Decision{}, now), attest.Is(report.CodeDecision))
	require.Equal(t, []attest.Code{report.CodeDecision}, report.Codes())
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAnErrorOfTheWriterIsTold(t *testing.T) {
	require.ErrorIs(t, report.Text(broken{}, seal(t, nil), now), io.ErrClosedPipe)
	require.ErrorIs(t, report.HTML(broken{}, seal(t, nil), now), io.ErrClosedPipe)
}

func ExampleText() {
	d, err := policy.Seal("example", policy.Report{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "3"}, Verdict: policy.Deny, Phase: policy.PhaseDeploy,
		Subject: attest.Descriptor{Digest: sum("app").Set()}, EvaluatedAt: now,
		Findings: []policy.Finding{{Rule: "builder", Title: "a trusted platform built the artifact", Outcome: policy.Violated, Reasons: reasons("https://example.org/")}},
		Inputs:   []policy.EvidenceRef{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var b strings.Builder
	if err := report.Text(&b, d, now); err != nil {
		fmt.Println(err)
		return
	}
	advice, _, _ := strings.Cut(b.String(), "\n\nSubject")
	fmt.Println(advice)
	// Output:
	// DENY: The evidence breaks the policy.
	//
	// What to do
	//   - build on a listed platform (builder)
}
