package gomod_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/scantest"
)

const sums = `-- go.sum --
example.com/a v1.2.3 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
example.com/a v1.2.3/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
example.com/b v0.0.0-20200101000000-0123456789ab/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
example.com/fork v1.9.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
`

const tidy = `-- go.mod --
module example.com/main

go 1.25.1

toolchain go1.26.2

require example.com/a v1.2.3

require example.com/b v0.0.0-20200101000000-0123456789ab // indirect
` + sums

func report(t testing.TB, text string) *scan.Report {
	t.Helper()
	r, err := scan.Run(t.Context(), scantest.Text(text), scan.Limits{}, gomod.Scanner{})
	require.NoError(t, err)
	return r
}

func named(t testing.TB, r *scan.Report, name string) scan.Package {
	t.Helper()
	for _, p := range r.Packages {
		if p.Name == name {
			return p
		}
	}
	require.Fail(t, "no package "+name)
	return scan.Package{}
}

func codes(r *scan.Report) []attest.Code {
	out := []attest.Code{}
	for _, g := range r.Coverage.Gaps {
		out = append(out, g.Reason.Code)
	}
	return out
}

func TestATidyModuleIsListedCompletely(t *testing.T) {
	r := report(t, tidy)
	require.True(t, r.Coverage.Complete(), r.Coverage.Gaps)
	require.Len(t, r.Packages, 5)
	a := named(t, r, "example.com/a")
	assert.True(t, a.Direct)
	assert.Equal(t, "pkg:golang/example.com/a@v1.2.3", a.PURL)
	assert.Equal(t, "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", a.Hash)
	assert.Equal(t, []scan.Location{{Path: "go.mod", Line: 7}}, a.Locations)
	b := named(t, r, "example.com/b")
	assert.False(t, b.Direct)
	assert.Empty(t, b.Hash, "only its go.mod is hashed")
	assert.True(t, named(t, r, "example.com/main").Main)
	assert.Equal(t, "1.26.2", named(t, r, "stdlib").Version, "the toolchain line is later than the go line")
	assert.Equal(t, "1.26.2", named(t, r, "toolchain").Version)
}

func TestAGoLineNamesTheReleaseWhereNoLaterToolchainIsNamed(t *testing.T) {
	for lines, want := range map[string]string{
		"go 1.25":                          "1.25.0",
		"go 1.25rc1":                       "1.25.0-rc.1",
		"go 1.25.1\ntoolchain go1.24.0":    "1.25.1",
		"go 1.25.1\ntoolchain default":     "1.25.1",
		"go 1.25.1\ntoolchain go1.26-acme": "1.26.0",
	} {
		assert.Equal(t, want, named(t, report(t, "-- go.mod --\nmodule m\n"+lines+"\n"), "stdlib").Version, lines)
	}
}

func TestAReplacementByAModuleTakesItsPlace(t *testing.T) {
	r := report(t, strings.Replace(tidy, "require example.com/a", "replace example.com/a => example.com/fork v1.9.0\n\nrequire example.com/a", 1))
	require.True(t, r.Coverage.Complete(), r.Coverage.Gaps)
	fork := named(t, r, "example.com/fork")
	assert.Equal(t, "v1.9.0", fork.Version)
	require.NotNil(t, fork.Replaces)
	assert.Equal(t, "example.com/a", fork.Replaces.Name)
	assert.NotEmpty(t, fork.Hash)
	for _, p := range r.Packages {
		assert.NotEqual(t, "example.com/a", p.Name, "what is replaced is not built")
	}
}

func TestAReplacementOfOneVersionGoesBeforeOneOfAll(t *testing.T) {
	r := report(t, "-- go.mod --\nmodule m\ngo 1.25\nrequire example.com/a v1.2.3\n"+
		"replace (\nexample.com/a => ../local\nexample.com/a v1.2.3 => example.com/fork v1.9.0\nexample.com/a v1.2.4 => ./other\n)\n"+sums)
	assert.Equal(t, "v1.9.0", named(t, r, "example.com/fork").Version)
	assert.Empty(t, codes(r))
}

func TestWhatAModuleLeavesOpenIsAGap(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []attest.Code
	}{
		"a replacement by a directory":         {strings.Replace(tidy, "require example.com/a", "replace example.com/a => ../a\nrequire example.com/a", 1), []attest.Code{gomod.CodeReplaceLocal}},
		"a replacement by a Windows directory": {strings.Replace(tidy, "require example.com/a", "replace example.com/a => `C:\\a`\nrequire example.com/a", 1), []attest.Code{gomod.CodeMalformed}},
		"a requirement without a sum":          {strings.Replace(tidy, "example.com/b v0", "example.com/c v0", 1), []attest.Code{gomod.CodeSumMissing}},
		"no go.sum at all":                     {tidy[:strings.Index(tidy, "-- go.sum")], []attest.Code{gomod.CodeSumMissing, gomod.CodeSumMissing}},
		"two sums of one version":              {tidy + "example.com/a v1.2.3 h1:AAAAQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", []attest.Code{gomod.CodeSumConflict}},
		"a sum that is no hash":                {tidy + "example.com/z v1.2.3 h1:short=\n", []attest.Code{gomod.CodeMalformed}},
		"a sum line of two fields":             {tidy + "example.com/z v1.2.3\n", []attest.Code{gomod.CodeMalformed}},
		"a sum of a path that is none":         {tidy + "../z v1.2.3 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", []attest.Code{gomod.CodeMalformed}},
		"a module file of Go 1.16":             {strings.Replace(strings.Replace(tidy, "go 1.25.1", "go 1.16", 1), "toolchain go1.26.2", "", 1), []attest.Code{gomod.CodeUnpruned}},
		"a module file without go line":        {strings.Replace(strings.Replace(tidy, "go 1.25.1", "", 1), "toolchain go1.26.2", "", 1), []attest.Code{gomod.CodeUnpruned}},
		"a module file without module line":    {"-- go.mod --\ngo 1.25\n", []attest.Code{gomod.CodeMalformed}},
		"an empty module file":                 {"-- go.mod --\n", []attest.Code{gomod.CodeMalformed}},
		"a module file cut in a block":         {"-- go.mod --\nmodule m\nrequire (\nexample.com/a v1.2.3\n", []attest.Code{gomod.CodeMalformed}},
		"an unknown directive":                 {"-- go.mod --\nmodule m\ngo 1.25\nrequires example.com/a v1.2.3\n", []attest.Code{gomod.CodeMalformed}},
		"a version that is a branch":           {"-- go.mod --\nmodule m\ngo 1.25\nrequire example.com/a master\n", []attest.Code{gomod.CodeMalformed}},
		"a version of 300,000 digits":          {"-- go.mod --\nmodule m\ngo 1.25\nrequire example.com/a v1." + strings.Repeat("9", 300_000) + ".0\n", []attest.Code{gomod.CodeSumMissing, scan.CodeResult}},
		"a byte order mark":                    {"-- go.mod --\n\ufeffmodule m\ngo 1.25\n", []attest.Code{gomod.CodeMalformed}},
		"UTF-16":                               {"-- go.mod --\nm\x00o\x00d\x00u\x00l\x00e\x00 \x00m\x00\n", []attest.Code{gomod.CodeMalformed}},
		"a merge conflict":                     {"-- go.mod --\nmodule m\n<<<<<<< HEAD\ngo 1.25\n=======\ngo 1.26\n>>>>>>> x\n", []attest.Code{gomod.CodeMalformed}},
		"a malformed workspace":                {tidy + "-- go.work --\nuse (\n", []attest.Code{gomod.CodeMalformed}},
		"a go.sum without go.mod":              {sums, []attest.Code{gomod.CodeNoModule}},
		"a go.mod that is a link":              {"-- go.mod -> real.mod --\n", []attest.Code{scan.CodeLinkWanted}},
		"a vendor directory that is a link":    {tidy + "-- vendor -> elsewhere --\n", []attest.Code{scan.CodeLinkWanted}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, c.text)
			got := codes(r)
			for _, want := range c.want {
				assert.Contains(t, got, want)
			}
			assert.False(t, r.Coverage.Complete())
			judged := scan.Policy{Checks: []string{gomod.Name}}.Judge(r)
			assert.Equal(t, scan.Incomplete, judged.Verdict)
		})
	}
}

const modulesTxt = `-- vendor/modules.txt --
# example.com/a v1.2.3
## explicit; go 1.20
example.com/a
example.com/a/sub
# example.com/b v0.0.0-20200101000000-0123456789ab
## explicit
`

func TestAVendorDirectoryThatAgreesIsListedWithItsModules(t *testing.T) {
	r := report(t, tidy+modulesTxt)
	require.True(t, r.Coverage.Complete(), r.Coverage.Gaps)
	a := named(t, r, "example.com/a")
	assert.Equal(t, []scan.Location{{Path: "go.mod", Line: 7}, {Path: "vendor/modules.txt", Line: 1}}, a.Locations)
	old := strings.Replace(strings.Replace(tidy, "go 1.25.1", "go 1.16", 1), "toolchain go1.26.2", "", 1)
	assert.Empty(t, codes(report(t, old+modulesTxt)), "a vendor directory lists what an old go.mod does not")
}

func TestAVendorDirectoryThatContradictsIsAGapAndBothAreListed(t *testing.T) {
	for name, text := range map[string]string{
		"another version":                      strings.Replace(modulesTxt, "v1.2.3", "v1.0.0", 1),
		"a replacement that go.mod lacks":      strings.Replace(modulesTxt, "v1.2.3", "v1.2.3 => example.com/evil v1.2.3", 1),
		"a requirement that go.mod lacks":      modulesTxt + "# example.com/evil v1.0.0\n## explicit\nexample.com/evil\n",
		"a directory in a module's place":      strings.Replace(modulesTxt, "v1.2.3", "v1.2.3 => ./local", 1),
		"a module without version":             strings.Replace(modulesTxt, " v1.2.3", "", 1),
		"a version that is none":               strings.Replace(modulesTxt, "v1.2.3", "latest", 1),
		"packages before any module":           strings.Replace(modulesTxt, "# example.com/a v1.2.3\n", "example.com/x\n", 1),
		"a replacement that is neither of all": strings.Replace(modulesTxt, "v1.2.3", "v1.2.3 => example.com/evil", 1),
	} {
		r := report(t, tidy+text)
		assert.NotEmpty(t, codes(r), name)
	}
	r := report(t, tidy+strings.Replace(modulesTxt, "v1.2.3", "v1.0.0", 1))
	assert.Equal(t, []attest.Code{gomod.CodeVendor}, codes(r))
	var versions []string
	for _, p := range r.Packages {
		if p.Name == "example.com/a" {
			versions = append(versions, p.Version)
		}
	}
	assert.Equal(t, []string{"v1.0.0", "v1.2.3"}, versions)
}

func TestAWorkspaceReplacesInTheModulesThatItUses(t *testing.T) {
	moved := strings.NewReplacer("-- go.mod --", "-- m/go.mod --", "-- go.sum --", "-- m/go.sum --").Replace(tidy)
	work := "-- go.work --\ngo 1.26\nuse ./m\nreplace example.com/a => example.com/fork v1.9.0\n"
	r := report(t, moved+work)
	require.Empty(t, codes(r))
	assert.Equal(t, "example.com/a", named(t, r, "example.com/fork").Replaces.Name)
	unused := report(t, moved+strings.Replace(work, "./m", "./other", 1))
	assert.NotNil(t, named(t, unused, "example.com/a"))
}

func TestNestedModulesAreEachListed(t *testing.T) {
	r := report(t, tidy+"-- tools/go.mod --\nmodule example.com/tools\ngo 1.24\n")
	assert.True(t, named(t, r, "example.com/tools").Main)
	var releases []string
	for _, p := range r.Packages {
		if p.Name == "stdlib" {
			releases = append(releases, p.Version)
		}
	}
	assert.Equal(t, []string{"1.24.0", "1.26.2"}, releases)
}

func TestHomoglyphsAndLookalikesStayApart(t *testing.T) {
	r := report(t, "-- go.mod --\nmodule m\ngo 1.25\nrequire example.com/аbc v1.0.0\n")
	for _, p := range r.Packages {
		assert.NotEqual(t, "example.com/abc", p.Name)
	}
}

func TestTheScannerKeepsTheContract(t *testing.T) {
	work := "-- go.work --\ngo 1.26\nuse .\n-- go.work.sum --\n" + strings.SplitAfterN(sums, "\n", 2)[1]
	assert.NoError(t, scantest.CheckScanner(t.Context(), gomod.Scanner{},
		scantest.Text(tidy), scantest.Text(tidy+modulesTxt), scantest.Text(tidy+work)))
}

func TestThisModuleIsListed(t *testing.T) {
	data, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("../../go.sum")
	require.NoError(t, err)
	tree := &scantest.Tree{Name: "self", Files: map[string]string{"go.mod": string(data), "go.sum": string(sum)}}
	r, err := scan.Run(t.Context(), tree, scan.Limits{}, gomod.Scanner{})
	require.NoError(t, err)
	assert.True(t, named(t, r, "github.com/sealwright/sealwright").Main)
	assert.Equal(t, "v0.42.0", named(t, r, "golang.org/x/mod").Version)
}

func FuzzModuleFiles(f *testing.F) {
	files := scantest.Text(tidy + modulesTxt).Files
	f.Add(files["go.mod"], files["go.sum"], files["vendor/modules.txt"])
	f.Add("module m\ngo 1.16\nretract v1.0.0\n", "", "## workspace\n")
	f.Fuzz(func(t *testing.T, mod, sum, vendor string) {
		tree := &scantest.Tree{Name: "fuzz", Files: map[string]string{"go.mod": mod, "go.sum": sum, "vendor/modules.txt": vendor}}
		r, err := scan.Run(t.Context(), tree, scan.Limits{}, gomod.Scanner{})
		require.NoError(t, err)
		if r.Coverage.Complete() {
			require.NotEmpty(t, r.Packages, "a module file that parses names at least its module")
		}
		for _, g := range r.Coverage.Gaps {
			require.NotEqual(t, scan.CodePanic, g.Reason.Code, g)
		}
	})
}
