package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	vulnspb "github.com/in-toto/attestation/go/predicates/vulns/v02"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/cyclonedx"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/osv"
	"github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/scan/scantest"
)

const sum = " h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

const project = `-- go.mod --
module example.com/main

go 1.26.2

require example.com/last v1.2.0
-- go.sum --
example.com/last v1.2.0` + sum

func scanned(t testing.TB, text string) *scan.Report {
	t.Helper()
	r, err := scan.Run(t.Context(), scantest.Text(text), scan.Limits{}, gomod.Scanner{})
	require.NoError(t, err)
	db, err := osv.Load(t.Context(), os.DirFS("../osv/testdata/db"), osv.Options{Ecosystems: []string{"Go"}})
	require.NoError(t, err)
	r, err = scan.Match(t.Context(), r, scan.Limits{}, db)
	require.NoError(t, err)
	return r
}

func at(hour int) time.Time { return time.Date(2026, 2, 1, hour, 0, 0, 0, time.UTC) }

func invocation() report.Invocation {
	return report.Invocation{
		URI: "https://example.com/scanner", Version: "1.0", Matcher: osv.Name,
		DB: report.Database{URI: "https://example.com/db", LastUpdate: at(0)}, Started: at(1), Finished: at(2),
	}
}

func codeOf(t testing.TB, err error) attest.Code {
	t.Helper()
	require.NotEmpty(t, attest.Reasons(err), "%v", err)
	return attest.Reasons(err)[0].Code
}

func TestAVulnerabilityStatementIsReadBack(t *testing.T) {
	r := scanned(t, project)
	s, err := report.VulnsStatement(r, invocation())
	require.NoError(t, err)
	v, err := report.ParseVulns(s)
	require.NoError(t, err)
	require.Len(t, v.Scanner.Result, 1)
	got := v.Scanner.Result[0]
	assert.Equal(t, "TEST-2026-0003", got.ID)
	assert.Equal(t, []report.Severity{{Method: "rating", Score: "critical"}, {Method: "CVSS_V3", Score: "9.8"}}, got.Severity)
	assert.Equal(t, "pkg:golang/example.com/last@v1.2.0", got.Annotations[0]["purl"])
	assert.Equal(t, r.Checks[1].Data.String(), v.Scanner.DB.Version, "the database is named by its digest")
	assert.Equal(t, r.Subject.Digest, s.Subjects()[0].Digest)
	again, err := report.VulnsStatement(scanned(t, project), invocation())
	require.NoError(t, err)
	assert.Equal(t, string(s.Bytes()), string(again.Bytes()))
}

func TestWhatIsKnownOfAFindingIsTold(t *testing.T) {
	last, fixed := scanned(t, project), scanned(t, strings.ReplaceAll(project, "/last", "/basic"))
	require.Empty(t, last.Findings[0].Advisory.Fixed)
	require.NotEmpty(t, fixed.Findings[0].Advisory.Fixed)
	p := func(v float64) *float64 { return &v }
	yes, no := true, false
	for name, c := range map[string]struct {
		report  *scan.Report
		known   *report.Known
		ratings []report.Severity
		fix     string
		want    attest.Code
	}{
		"nothing":                             {last, nil, nil, "unknown", ""},
		"nothing of what has a fix":           {fixed, nil, nil, "fixed", ""},
		"nothing, by somebody who looked":     {last, &report.Known{}, nil, "unknown", ""},
		"that nobody has fixed it":            {last, &report.Known{Fix: report.NotFixed}, nil, "not-fixed", ""},
		"that nobody will fix it":             {last, &report.Known{Fix: report.WontFix}, nil, "wont-fix", ""},
		"a fix that the record does not know": {last, &report.Known{Fix: report.Fixed}, nil, "fixed", ""},
		"the fix that the record knows":       {fixed, &report.Known{Fix: report.Fixed}, nil, "fixed", ""},
		"its exploitation":                    {last, &report.Known{EPSS: p(0.00042), Exploited: &no}, []report.Severity{{Method: "EPSS", Score: "0.00042"}, {Method: "KEV", Score: "false"}}, "unknown", ""},
		"that it is exploited":                {last, &report.Known{EPSS: p(1), Exploited: &yes}, []report.Severity{{Method: "EPSS", Score: "1"}, {Method: "KEV", Score: "true"}}, "unknown", ""},
		"no probability, as good as none":     {last, &report.Known{EPSS: p(math.Copysign(0, -1))}, []report.Severity{{Method: "EPSS", Score: "0"}}, "unknown", ""},
		"a probability above 1":               {last, &report.Known{EPSS: p(1.1)}, nil, "", report.CodeKnown},
		"a probability below 0":               {last, &report.Known{EPSS: p(-0.1)}, nil, "", report.CodeKnown},
		"a probability that is none":          {last, &report.Known{EPSS: p(math.NaN())}, nil, "", report.CodeKnown},
		"no fix where there is one":           {fixed, &report.Known{Fix: report.NotFixed}, nil, "", report.CodeKnown},
		"that a fix is not made, where it is": {fixed, &report.Known{Fix: report.WontFix}, nil, "", report.CodeKnown},
		"a state that there is not":           {last, &report.Known{Fix: "maybe"}, nil, "", report.CodeKnown},
	} {
		t.Run(name, func(t *testing.T) {
			in := invocation()
			if c.known != nil {
				in.Known = func(f scan.Finding) report.Known { require.NotNil(t, f.Advisory); return *c.known }
			}
			s, err := report.VulnsStatement(c.report, in)
			if c.want != "" {
				require.Nil(t, s)
				require.Equal(t, c.want, codeOf(t, err))
				return
			}
			require.NoError(t, err)
			v, err := report.ParseVulns(s)
			require.NoError(t, err)
			require.Equal(t, c.fix, v.Scanner.Result[0].Annotations[0]["fixState"])
			got := v.Scanner.Result[0].Severity
			require.Equal(t, c.ratings, append([]report.Severity(nil), got[len(got)-len(c.ratings):]...))
		})
	}
}

func TestTheReferenceTypesReadTheSame(t *testing.T) {
	for _, text := range []string{project, strings.ReplaceAll(project, "v1.2.0", "v1.5.0")} {
		s, err := report.VulnsStatement(scanned(t, text), invocation())
		require.NoError(t, err)
		var reference vulnspb.Vulns
		require.NoError(t, protojson.Unmarshal(s.Predicate(), &reference))
		v, err := report.ParseVulns(s)
		require.NoError(t, err)
		assert.Equal(t, v.Scanner.URI, reference.Scanner.Uri)
		assert.Equal(t, v.Scanner.Version, reference.Scanner.GetVersion())
		assert.Equal(t, v.Scanner.DB.Version, reference.Scanner.Db.GetVersion())
		assert.True(t, v.Scanner.DB.LastUpdate.Equal(reference.Scanner.Db.LastUpdate.AsTime()))
		assert.True(t, v.Metadata.ScanStartedOn.Equal(reference.Metadata.ScanStartedOn.AsTime()))
		assert.True(t, v.Metadata.ScanFinishedOn.Equal(reference.Metadata.ScanFinishedOn.AsTime()))
		require.Len(t, reference.Scanner.Result, len(v.Scanner.Result))
		for i, r := range reference.Scanner.Result {
			assert.Equal(t, v.Scanner.Result[i].ID, r.Id)
			for j, severity := range r.Severity {
				assert.Equal(t, v.Scanner.Result[i].Severity[j], report.Severity{Method: severity.Method, Score: severity.Score})
			}
		}
		// And the other way: what the reference types write is read here.
		body, err := protojson.Marshal(&reference)
		require.NoError(t, err)
		if len(v.Scanner.Result) == 0 {
			continue // protojson leaves out the empty list that the specification requires
		}
		foreign, err := attest.NewStatement(report.VulnsType, json.RawMessage(body), s.Subjects()...)
		require.NoError(t, err)
		back, err := report.ParseVulns(foreign)
		require.NoError(t, err)
		assert.Equal(t, v.Scanner.Result[0].Severity, back.Scanner.Result[0].Severity)
	}
}

func TestNothingFoundIsSaidOnlyWhereEverythingWasLookedAt(t *testing.T) {
	clean := strings.ReplaceAll(project, "v1.2.0", "v1.5.0")
	s, err := report.VulnsStatement(scanned(t, clean), invocation())
	require.NoError(t, err)
	assert.Contains(t, string(s.Predicate()), `"result":[]`)

	change := func(f func(*report.Invocation)) report.Invocation {
		in := invocation()
		f(&in)
		return in
	}
	unmatched, err := scan.Run(t.Context(), scantest.Text(clean), scan.Limits{}, gomod.Scanner{})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		report *scan.Report
		in     report.Invocation
		want   attest.Code
	}{
		"no report":                   {nil, invocation(), report.CodeNil},
		"the zero report":             {&scan.Report{}, invocation(), report.CodeIncomplete},
		"a gap":                       {scanned(t, clean+"-- sub/go.mod --\nmodule (\n"), invocation(), report.CodeIncomplete},
		"an assumed finding":          {scanned(t, strings.ReplaceAll(clean, "/last", "/bad-fixed")), invocation(), report.CodeIncomplete},
		"no database":                 {unmatched, invocation(), report.CodeNotMatched},
		"no matcher named":            {scanned(t, clean), change(func(in *report.Invocation) { in.Matcher = "" }), report.CodeNotMatched},
		"an undated database":         {scanned(t, clean), change(func(in *report.Invocation) { in.DB.LastUpdate = time.Time{} }), report.CodeUndated},
		"a database from later":       {scanned(t, clean), change(func(in *report.Invocation) { in.DB.LastUpdate = at(3) }), report.CodeTime},
		"no start":                    {scanned(t, clean), change(func(in *report.Invocation) { in.Started = time.Time{} }), report.CodeTime},
		"an end before the start":     {scanned(t, clean), change(func(in *report.Invocation) { in.Finished = at(0) }), report.CodeTime},
		"a scanner without a URI":     {scanned(t, clean), change(func(in *report.Invocation) { in.URI = "" }), report.CodeScanner},
		"a scanner of a relative URI": {scanned(t, clean), change(func(in *report.Invocation) { in.URI = "scanner" }), report.CodeScanner},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := report.VulnsStatement(c.report, c.in)
			require.Nil(t, s)
			assert.Equal(t, c.want, codeOf(t, err))
		})
	}
}

const predicate = `{"scanner":{"uri":"https://example.com/s","db":{"lastUpdate":"2026-01-01T00:00:00Z"},"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"7"}]}]},"metadata":{"scanStartedOn":"2026-01-02T00:00:00Z","scanFinishedOn":"2026-01-02T00:00:01Z"}}`

func statement(t testing.TB, predicateType, body string) (*attest.Statement, error) {
	t.Helper()
	return attest.NewStatement(predicateType, json.RawMessage(body), attest.Descriptor{Name: "x", Digest: digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("a", 64)}.Set()})
}

func TestAVulnerabilityPredicateOfAnyoneElseIsReadStrictly(t *testing.T) {
	s, err := statement(t, report.VulnsType, predicate)
	require.NoError(t, err)
	_, err = report.ParseVulns(s)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		old, new string
		want     attest.Code
	}{
		"no list of results":                       {`,"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"7"}]}]`, ``, report.CodeResult},
		"null in place of the list":                {`[{"id":"CVE-1","severity":[{"method":"nvd","score":"7"}]}]`, `null`, report.CodeResult},
		"an empty list and an undated database":    {`{"lastUpdate":"2026-01-01T00:00:00Z"},"result":[{"id":"CVE-1","severity":[{"method":"nvd","score":"7"}]}]`, `{},"result":[]`, report.CodeUndated},
		"no database":                              {`"db":{"lastUpdate":"2026-01-01T00:00:00Z"},`, ``, report.CodeUndated},
		"a database of the year 1":                 {`"2026-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, report.CodeUndated},
		"a database updated after the scan":        {`"2026-01-01T00:00:00Z"`, `"2027-01-01T00:00:00Z"`, report.CodeTime},
		"no metadata":                              {`,"metadata":{"scanStartedOn":"2026-01-02T00:00:00Z","scanFinishedOn":"2026-01-02T00:00:01Z"}`, ``, report.CodeTime},
		"an end before the start":                  {`"scanStartedOn":"2026-01-02`, `"scanStartedOn":"2026-01-03`, report.CodeTime},
		"a result without an id":                   {`"CVE-1"`, `""`, report.CodeResult},
		"a result without severity":                {`"severity":[{"method":"nvd","score":"7"}]`, `"severity":[]`, report.CodeResult},
		"a severity without a score":               {`"score":"7"`, `"score":""`, report.CodeResult},
		"a severity whose score is a number":       {`"score":"7"`, `"score":7`, report.CodePredicate},
		"a field that the predicate does not have": {`"scanner":{`, `"scanner":{"ignored":true,`, report.CodePredicate},
		"a URI that is none":                       {`https://example.com/s`, `scanner`, report.CodeScanner},
		"a time that is none":                      {`"2026-01-01T00:00:00Z"`, `"yesterday"`, report.CodePredicate},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, predicate, c.old)
			s, err := statement(t, report.VulnsType, strings.Replace(predicate, c.old, c.new, 1))
			require.NoError(t, err)
			_, err = report.ParseVulns(s)
			assert.Equal(t, c.want, codeOf(t, err))
		})
	}
	other, err := statement(t, "https://in-toto.io/attestation/vulns/v0.1", predicate)
	require.NoError(t, err)
	_, err = report.ParseVulns(other)
	assert.Equal(t, report.CodePredicateType, codeOf(t, err))
	_, err = report.ParseVulns(nil)
	assert.Equal(t, report.CodeNil, codeOf(t, err))
}

func TestABillStatementIsReadBackForItsSubjectOnly(t *testing.T) {
	r := scanned(t, project)
	s, err := report.CycloneDXStatement(r, time.Time{})
	require.NoError(t, err)
	bill, err := report.ParseCycloneDX(s, r.Subject.Digest, cyclonedx.Limits{})
	require.NoError(t, err)
	assert.True(t, bill.Complete)
	assert.Len(t, bill.Packages, len(r.Packages))
	other := digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("0", 64)}
	_, err = report.ParseCycloneDX(s, other.Set(), cyclonedx.Limits{})
	assert.Equal(t, attest.CodeWantSubject, codeOf(t, err))

	// A statement about one thing that holds the bill of another.
	swapped, err := attest.NewStatement(report.CycloneDXType, s.Predicate(), attest.Descriptor{Name: "x", Digest: other.Set()})
	require.NoError(t, err)
	_, err = report.ParseCycloneDX(swapped, other.Set(), cyclonedx.Limits{})
	assert.Equal(t, cyclonedx.CodeUnbound, codeOf(t, err))

	open := scanned(t, project+"-- sub/go.mod --\nmodule (\n")
	s, err = report.CycloneDXStatement(open, time.Time{})
	require.NoError(t, err)
	bill, err = report.ParseCycloneDX(s, open.Subject.Digest, cyclonedx.Limits{})
	require.NoError(t, err)
	assert.False(t, bill.Complete)
}

func TestACoverageLedgerCanBeAttestedEvenWhenIncomplete(t *testing.T) {
	for _, text := range []string{project, project + "-- sub/go.mod --\nmodule (\n"} {
		r := scanned(t, text)
		s, err := report.CoverageStatement(r, at(1), at(2))
		require.NoError(t, err)
		l, err := report.ParseCoverage(s)
		require.NoError(t, err)
		assert.Equal(t, r.Coverage, l.Coverage)
		assert.Equal(t, r.Checks, l.Checks)
		assert.Equal(t, r.Coverage.Complete(), l.Coverage.Complete())
	}
}

func TestALedgerThatContradictsItselfIsRefused(t *testing.T) {
	r := scanned(t, project)
	s, err := report.CoverageStatement(r, at(1), at(2))
	require.NoError(t, err)
	good := string(s.Predicate())
	for name, c := range map[string]struct {
		old, new string
		want     attest.Code
	}{
		"more claimed than seen":       {`"claimed":{"entries":2`, `"claimed":{"entries":3`, report.CodePredicate},
		"less claimed than complete":   {`"claimed":{"entries":2`, `"claimed":{"entries":1`, report.CodePredicate},
		"a receipt of another count":   {`"seen":{"entries":2`, `"seen":{"entries":9`, report.CodePredicate},
		"no list of gaps":              {`"gaps":[],`, ``, report.CodePredicate},
		"a field that nobody knows":    {`"gaps":[]`, `"gaps":[],"waived":true`, report.CodePredicate},
		"an end before the start":      {`2026-02-01T02`, `2026-02-01T00`, report.CodeTime},
		"a receipt of another subject": {r.Subject.Digest[digest.SHA256], strings.Repeat("0", 64), report.CodePredicate},
		"gaps that are counted only":   {`"gaps":[]`, `"gaps":[],"omitted":-1`, report.CodePredicate},
	} {
		require.Contains(t, good, c.old, name)
		spoilt, err := attest.NewStatement(report.CoverageType, json.RawMessage(strings.Replace(good, c.old, c.new, 1)), s.Subjects()...)
		require.NoError(t, err, name)
		_, err = report.ParseCoverage(spoilt)
		assert.Equal(t, c.want, codeOf(t, err), name)
	}
	_, err = report.CoverageStatement(r, at(2), at(1))
	assert.Equal(t, report.CodeTime, codeOf(t, err))
	_, err = report.CoverageStatement(&scan.Report{}, at(1), at(2))
	assert.Error(t, err)
}

func FuzzParseVulns(f *testing.F) {
	f.Add([]byte(predicate))
	f.Add([]byte(`{"scanner":{"result":[]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := statement(t, report.VulnsType, string(body))
		if err != nil {
			return
		}
		v, err := report.ParseVulns(s)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NotNil(t, v.Scanner.Result)
		require.False(t, v.Scanner.DB.LastUpdate.IsZero())
		again, err := attest.NewStatement(report.VulnsType, v, s.Subjects()...)
		require.NoError(t, err)
		back, err := report.ParseVulns(again)
		require.NoError(t, err)
		require.Len(t, back.Scanner.Result, len(v.Scanner.Result))
	})
}

func ExampleVulnsStatement() {
	tree := scantest.Text("-- go.mod --\nmodule example.com/main\n\ngo 1.26.2\n")
	r, err := scan.Run(context.Background(), tree, scan.Limits{}, gomod.Scanner{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = report.VulnsStatement(r, report.Invocation{URI: "https://example.com/scanner", Matcher: osv.Name})
	fmt.Println(attest.Reasons(err)[0].Code)
	// Output: scan.report.not-matched
}
