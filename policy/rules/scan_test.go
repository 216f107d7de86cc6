package rules_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/osv"
	"github.com/sealwright/sealwright/scan/report"
	"github.com/sealwright/sealwright/scan/scantest"
)

// scannedModule scans a module with one dependency and states what was found.
func scannedModule(t *testing.T, dependency string, known func(scan.Finding) report.Known) *attest.Statement {
	t.Helper()
	tree := "-- go.mod --\nmodule example.com/main\n\ngo 1.26.2\n\nrequire " + dependency + "\n-- go.sum --\n" + dependency + " h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	r, err := scan.Run(t.Context(), scantest.Text(tree), scan.Limits{}, gomod.Scanner{})
	require.NoError(t, err)
	db, err := osv.Load(t.Context(), os.DirFS("../../scan/osv/testdata/db"), osv.Options{Ecosystems: []string{"Go"}})
	require.NoError(t, err)
	r, err = scan.Match(t.Context(), r, scan.Limits{}, db)
	require.NoError(t, err)
	s, err := report.VulnsStatement(r, report.Invocation{
		URI: "https://example.com/scanner", Matcher: osv.Name, DB: report.Database{LastUpdate: now.Add(-24 * time.Hour)},
		Started: now.Add(-2 * time.Hour), Finished: now.Add(-time.Hour), Known: known,
	})
	require.NoError(t, err)
	return s
}

// What our own scan states is what Risk decides by: whether there is a fix, and how
// likely it is that what is found will be exploited.
func TestAScanIsJudgedByWhatItTells(t *testing.T) {
	const fixed, open = "example.com/basic v1.2.0", "example.com/last v1.2.0"
	low, high, listed, unlisted := 0.01, 0.6, true, false
	tell := func(k report.Known) func(scan.Finding) report.Known {
		return func(scan.Finding) report.Known { return k }
	}
	rule := rules.Risk{Trust: trust(), At: scan.Medium, MaxDatabaseAge: 48 * time.Hour}
	tolerant, strict := rule, rule
	tolerant.TolerateUnfixed = true
	strict.TolerateUnfixed, strict.EPSS, strict.KEV = true, 0.5, true
	for name, c := range map[string]struct {
		rule       rules.Risk
		dependency string
		known      func(scan.Finding) report.Known
		want       policy.Verdict
	}{
		"nothing is found":                         {strict, "example.com/last v1.5.0", nil, policy.Allow},
		"a fix is there":                           {tolerant, fixed, nil, policy.Deny},
		"nobody knows of a fix":                    {tolerant, open, nil, policy.Deny},
		"there is none":                            {tolerant, open, tell(report.Known{Fix: report.NotFixed}), policy.Allow},
		"there is none, which is no excuse":        {rule, open, tell(report.Known{Fix: report.NotFixed}), policy.Deny},
		"it will not be fixed":                     {tolerant, open, tell(report.Known{Fix: report.WontFix}), policy.Allow},
		"there is none, and it is exploited":       {strict, open, tell(report.Known{Fix: report.NotFixed, EPSS: &low, Exploited: &listed}), policy.Deny},
		"there is none, and it is likely to be":    {strict, open, tell(report.Known{Fix: report.NotFixed, EPSS: &high, Exploited: &unlisted}), policy.Deny},
		"there is none, and nobody exploits it":    {strict, open, tell(report.Known{Fix: report.NotFixed, EPSS: &low, Exploited: &unlisted}), policy.Allow},
		"there is none, and nobody knows the rest": {strict, open, tell(report.Known{Fix: report.NotFixed}), policy.Deny},
	} {
		t.Run(name, func(t *testing.T) {
			s := scannedModule(t, c.dependency, c.known)
			v, err := policytest.Synthetic{Signers: []string{"platform"}}.Seal(s)
			require.NoError(t, err)
			d, err := engine(t, c.rule).Evaluate(context.Background(), policy.Request{Subject: s.Subjects()[0], Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v}})
			require.NoError(t, err)
			require.Equal(t, c.want, d.Verdict(), "%v", d.Err())
		})
	}
}
