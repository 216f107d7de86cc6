package scan_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/scantest"
)

func match(t *testing.T, r *scan.Report, m scan.Matcher) *scan.Report {
	t.Helper()
	out, err := scan.Match(t.Context(), r, scan.Limits{}, m)
	require.NoError(t, err)
	return out
}

func policy() scan.Policy { return scan.Policy{Checks: []string{"list", "fake-database"}} }

func TestZeroValuesRefuse(t *testing.T) {
	var verdict scan.Verdict
	assert.Equal(t, scan.Incomplete, verdict)
	assert.NotEqual(t, scan.Pass, scan.Judgement{}.Verdict)
	assert.False(t, scan.Coverage{}.Complete())
	assert.Equal(t, scan.Unknown, scan.Severity(0))
	assert.Equal(t, 1, scan.Unknown.Compare(scan.Critical))
	assert.Equal(t, 1, scan.Severity(99).Compare(scan.Critical))
	clean := match(t, run(t, sample(), scan.Limits{}), scantest.Database{})
	assert.Equal(t, scan.Incomplete, scan.Policy{}.Judge(clean).Verdict, "the zero policy passes nothing")
	assert.Equal(t, scan.Incomplete, policy().Judge(&scan.Report{}).Verdict)
	assert.Equal(t, scan.Incomplete, policy().Judge(nil).Verdict)
}

func TestOnlyACompleteScanWithoutFindingsPasses(t *testing.T) {
	report := run(t, sample(), scan.Limits{})
	clean := match(t, report, scantest.Database{})
	require.Equal(t, scan.Judgement{Verdict: scan.Pass}, policy().Judge(clean))

	vulnerable := match(t, report, scantest.Database{Affected: map[string]scan.Severity{"example.com/b@v1.2.0": scan.Low}})
	assert.Equal(t, scan.Fail, policy().Judge(vulnerable).Verdict)
	tolerant := policy()
	tolerant.Tolerate = []scan.Severity{scan.Low}
	assert.Equal(t, scan.Pass, tolerant.Judge(vulnerable).Verdict)

	unrated := match(t, report, scantest.Database{Affected: map[string]scan.Severity{"example.com/b@v1.2.0": scan.Unknown}})
	assert.Equal(t, scan.Fail, tolerant.Judge(unrated).Verdict, "unknown is not tolerated with low")

	unsure := match(t, report, scantest.Database{Unknown: map[string]bool{"example.com/a@v1.0.0": true}})
	assert.Equal(t, scan.Incomplete, policy().Judge(unsure).Verdict)

	broken := match(t, report, scantest.Database{Err: errors.New("no database")})
	assert.Equal(t, scan.Incomplete, policy().Judge(broken).Verdict)

	assert.Equal(t, scan.Incomplete, policy().Judge(report).Verdict, "nobody asked the database")
	assert.Equal(t, []attest.Code{scan.CodeCheckMissing}, reasonCodes(policy().Judge(report).Reasons))
}

func TestAFindingFailsEvenWhereOtherThingsWereNotSeenAndEveryReasonIsTold(t *testing.T) {
	report := run(t, sample(), scan.Limits{}, scantest.Scanner{FailAt: "deep/b.list"})
	r := match(t, report, scantest.Database{Affected: map[string]scan.Severity{"example.com/a@v1.0.0": scan.High}})
	j := policy().Judge(r)
	assert.Equal(t, scan.Fail, j.Verdict)
	assert.Equal(t, []attest.Code{scan.CodeFinding, scantest.CodeLine}, reasonCodes(j.Reasons))
}

func TestMatchDoesNotChangeTheReportItWasGiven(t *testing.T) {
	report := run(t, sample(), scan.Limits{})
	before := fmt.Sprint(report)
	match(t, report, scantest.Database{Affected: map[string]scan.Severity{"example.com/b@v1.2.0": scan.Low}})
	assert.Equal(t, before, fmt.Sprint(report))
}

// Each input in turn is spoilt; whatever happens, nothing may pass that did not
// pass before.
func TestWhicheverInputIsSpoiltTheScanNeverPasses(t *testing.T) {
	database := scantest.Database{Affected: map[string]scan.Severity{"example.com/b@v1.2.0": scan.High}}
	require.Equal(t, scan.Fail, policy().Judge(match(t, run(t, sample(), scan.Limits{}), database)).Verdict)
	for _, name := range []string{"a.list", "deep/b.list"} {
		for i := range len(sample().Files[name]) {
			tree := sample()
			delete(tree.Files, map[string]string{"a.list": "deep/b.list", "deep/b.list": "a.list"}[name])
			content := []byte(tree.Files[name])
			content[i] = 0
			tree.Files[name] = string(content)
			assert.NotEqual(t, scan.Pass, policy().Judge(match(t, run(t, tree, scan.Limits{}), database)).Verdict, "%s byte %d", name, i)
		}
	}
}

func TestSeveritiesAreReadAsTheyAreWritten(t *testing.T) {
	for _, s := range []scan.Severity{scan.Unknown, scan.None, scan.Low, scan.Medium, scan.High, scan.Critical} {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var back scan.Severity
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, s, back)
	}
	var s scan.Severity
	assert.Equal(t, scan.CodeSeverity, attest.Reasons(s.UnmarshalText([]byte("LOW")))[0].Code)
}
