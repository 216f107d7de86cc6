package osv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/osv"
)

func goModule(name, version string) scan.Package {
	return scan.Package{Ecosystem: "Go", Name: name, Version: version, Locations: []scan.Location{{Path: "go.mod", Line: 7}}}
}

func match(t testing.TB, s *osv.Snapshot, packages ...scan.Package) scan.Result {
	t.Helper()
	r, err := s.Match(t.Context(), packages)
	require.NoError(t, err)
	return r
}

func TestVersionsAreAffectedAsTheSchemaSays(t *testing.T) {
	s := own(t)
	for _, c := range []struct {
		about, name, version string
		affected             bool
	}{
		{"below the fix", "example.com/basic", "v1.2.2", true},
		{"the fix itself", "example.com/basic", "v1.2.3", false},
		{"above the fix", "example.com/basic", "v1.3.0", false},
		{"a prerelease of the fix", "example.com/basic", "v1.2.3-rc.1", true},
		{"a pseudo-version before the fix", "example.com/basic", "v1.2.3-0.20260101000000-0123456789ab", true},
		{"a pseudo-version after the fix", "example.com/basic", "v1.2.4-0.20260101000000-0123456789ab", false},
		{"a pseudo-version before any release", "example.com/basic", "v0.0.0-20200101000000-0123456789ab", true},
		{"an incompatible version above the fix", "example.com/basic", "v2.0.0+incompatible", false},
		{"the lowest version of all", "example.com/basic", "v0.0.0-0", true},
		{"a version without v", "example.com/basic", "1.2.2", true},
		{"the first interval, events unsorted", "example.com/twice", "v1.4.9", true},
		{"between the intervals", "example.com/twice", "v1.5.0", false},
		{"the second interval begins", "example.com/twice", "v2.0.0", true},
		{"the second interval ends", "example.com/twice", "v2.1.0", false},
		{"below the first affected", "example.com/last", "v0.9.9", false},
		{"the last affected", "example.com/last", "v1.4.0", true},
		{"after the last affected", "example.com/last", "v1.4.1-0", false},
		{"below the limit", "example.com/limit", "v2.9.9", true},
		{"the limit", "example.com/limit", "v3.0.0", false},
		{"an enumerated version", "example.com/listed", "v1.0.0", true},
		{"an enumerated version with v", "example.com/listed", "v1.1.0", true},
		{"an enumerated incompatible version", "example.com/listed", "v2.0.0+incompatible", true},
		{"a version that is not enumerated", "example.com/listed", "v1.0.1", false},
		{"a SEMVER range after a GIT range", "example.com/git-first", "v1.0.9", true},
		{"fixed, with a GIT range beside", "example.com/git-first", "v1.1.0", false},
		{"a withdrawn advisory", "example.com/withdrawn", "v1.0.0", false},
		{"an old release", "stdlib", "1.24.9", true},
		{"a fixed release", "stdlib", "1.25.4", false},
		{"a prerelease of the next", "stdlib", "1.26.0-rc.1", true},
		{"the next, fixed", "stdlib", "1.26.2", false},
		{"an old toolchain", "toolchain", "1.26.0", true},
		{"every version", "example.com/everything", "v7.7.7", true},
		{"the single version", "example.com/single", "v1.1.1", true},
		{"before the single version", "example.com/single", "v1.1.0", false},
		{"after the single version", "example.com/single", "v1.1.2", false},
		{"the prerelease itself", "example.com/pre", "v1.0.0-rc.1", true},
		{"an earlier prerelease", "example.com/pre", "v1.0.0-beta.9", false},
		{"where one interval ends and the next begins", "example.com/adjacent", "v2.0.0", true},
		{"another module of a record", "example.com/many/v2", "v2.0.8", true},
		{"the other module, fixed", "example.com/many/v2", "v2.0.9", false},
		{"a record with unknown fields", "example.com/new-fields", "v0.1.0", true},
		{"a module of similar name", "example.com/basic2", "v1.0.0", false},
		{"a module in another case", "example.com/Basic", "v1.0.0", false},
		{"a homoglyph", "example.com/bаsic", "v1.0.0", false},
	} {
		r := match(t, s, goModule(c.name, c.version))
		assert.Equal(t, c.affected, len(r.Findings) > 0, "%s: %s@%s", c.about, c.name, c.version)
		assert.Empty(t, r.Gaps, "%s: %s@%s", c.about, c.name, c.version)
	}
}

func TestWhatCannotBeDecidedIsAssumedAffectedAndAGap(t *testing.T) {
	s := own(t)
	huge := "v1." + string(make([]byte, 300_000)) + ".0"
	for _, c := range []struct {
		about, name, version string
		want                 attest.Code
	}{
		{"a development version", "example.com/basic", "(devel)", osv.CodeVersion},
		{"no version", "example.com/basic", "", osv.CodeVersion},
		{"a branch", "example.com/basic", "master", osv.CodeVersion},
		{"a version of 300,000 digits", "example.com/basic", huge, osv.CodeVersion},
		{"a development release", "stdlib", "devel go1.27-0123abc", osv.CodeVersion},
		{"a fix that is no version", "example.com/bad-fixed", "v5.0.0", osv.CodeRange},
		{"an unknown type of range", "example.com/bad-type", "v5.0.0", osv.CodeRange},
		{"an unknown event", "example.com/bad-event", "v5.0.0", osv.CodeRange},
		{"a range without beginning", "example.com/no-start", "v5.0.0", osv.CodeRange},
		{"commits only", "example.com/git-only", "v5.0.0", osv.CodeRange},
	} {
		r := match(t, s, goModule(c.name, c.version))
		require.Len(t, r.Findings, 1, c.about)
		assert.True(t, r.Findings[0].Assumed, c.about)
		require.Len(t, r.Gaps, 1, c.about)
		assert.Equal(t, c.want, r.Gaps[0].Reason.Code, c.about)
	}
	r := match(t, s, goModule("example.com/unheard-of", "(devel)"))
	assert.Empty(t, r.Findings, "no version of it has an advisory")
	assert.Empty(t, r.Gaps)
}

func TestAnEcosystemThatCannotBeJudgedIsAGap(t *testing.T) {
	s := own(t)
	npm := scan.Package{Ecosystem: "npm", Name: "left-pad", Version: "1.0.0"}
	r := match(t, s, npm, npm, goModule("example.com/basic", "v1.0.0"))
	require.Len(t, r.Gaps, 1)
	assert.Equal(t, osv.CodeEcosystemUnsupported, r.Gaps[0].Reason.Code)
	assert.Len(t, r.Findings, 1)
	r = match(t, &osv.Snapshot{}, goModule("example.com/basic", "v1.0.0"))
	require.Len(t, r.Gaps, 1)
	assert.Equal(t, osv.CodeEcosystemAbsent, r.Gaps[0].Reason.Code)
}

func TestLookupTellsAnAbsentEcosystemFromAnUnknownPackage(t *testing.T) {
	s := own(t)
	found, err := s.Lookup("Go", "example.com/unheard-of")
	assert.NoError(t, err)
	assert.Empty(t, found)
	_, err = s.Lookup("PyPI", "requests")
	assert.Equal(t, osv.CodeEcosystemAbsent, codeOf(t, err))
}

func TestAFindingTellsItsAdvisory(t *testing.T) {
	s := own(t)
	r := match(t, s, goModule("stdlib", "1.25.0"), goModule("example.com/basic", "v1.0.0"))
	require.Len(t, r.Findings, 2)
	f := r.Findings[0]
	assert.Equal(t, "TEST-2026-0009", f.Advisory.ID)
	assert.Equal(t, []scan.Import{{Path: "net/http", Symbols: []string{"Serve"}}}, f.Advisory.Imports)
	assert.Equal(t, []string{"1.25.4", "1.26.2"}, f.Advisory.Fixed)
	assert.Equal(t, s.Info().Root, f.Advisory.Snapshot)
	assert.False(t, f.Advisory.Record.IsZero())
	assert.Equal(t, "stdlib", f.Package.Name)
	assert.Equal(t, []scan.Location{{Path: "go.mod", Line: 7}}, f.Locations)
	assert.Equal(t, []string{"CVE-2026-0001"}, r.Findings[1].Advisory.Aliases)
}

func TestSeverityComesFromVectorsThenFromTheDatabasesWord(t *testing.T) {
	s := own(t)
	for name, want := range map[string]struct {
		version  string
		severity scan.Severity
		score    string
	}{
		"example.com/basic":      {"v1.0.0", scan.High, ""},
		"example.com/last":       {"v1.0.0", scan.Critical, "9.8"},
		"example.com/limit":      {"v1.0.0", scan.Medium, "6.9"},
		"example.com/single":     {"v1.1.1", scan.High, "7.5"},
		"example.com/pre":        {"v1.0.0", scan.Medium, ""},
		"example.com/twice":      {"v1.0.0", scan.Unknown, ""},
		"example.com/new-fields": {"v0.1.0", scan.Unknown, ""},
	} {
		r := match(t, s, goModule(name, want.version))
		require.Len(t, r.Findings, 1, name)
		assert.Equal(t, want.severity, r.Findings[0].Severity, name)
		if want.score != "" {
			assert.Equal(t, want.score, r.Findings[0].Scores[0].Score, name)
		}
	}
}
