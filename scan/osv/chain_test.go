package osv_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/gomod"
	"github.com/sealwright/sealwright/scan/osv"
	"github.com/sealwright/sealwright/scan/scantest"
)

const vulnerable = `-- go.mod --
module example.com/main

go 1.26.2

require example.com/last v1.2.0
-- go.sum --
example.com/last v1.2.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
-- vendor/modules.txt --
# example.com/last v1.2.0
## explicit
example.com/last
`

func judge(t testing.TB, tree *scantest.Tree, s *osv.Snapshot) scan.Verdict {
	t.Helper()
	r, err := scan.Run(t.Context(), tree, scan.Limits{}, gomod.Scanner{})
	require.NoError(t, err)
	r, err = scan.Match(t.Context(), r, scan.Limits{}, s)
	require.NoError(t, err)
	return scan.Policy{Checks: []string{gomod.Name, osv.Name}}.Judge(r).Verdict
}

// The vulnerable project fails, its fixed twin passes, and no single changed bit
// turns the one into the other.
func TestNoChangedBitOfTheProjectMakesItPass(t *testing.T) {
	s := own(t)
	require.Equal(t, scan.Fail, judge(t, scantest.Text(vulnerable), s))
	require.Equal(t, scan.Pass, judge(t, scantest.Text(strings.ReplaceAll(vulnerable, "v1.2.0", "v1.5.0")), s))
	for name, content := range scantest.Text(vulnerable).Files {
		for i := range content {
			for bit := range 8 {
				tree := scantest.Text(vulnerable)
				spoilt := []byte(content)
				spoilt[i] ^= 1 << bit
				tree.Files[name] = string(spoilt)
				assert.NotEqual(t, scan.Pass, judge(t, tree, s), "%s byte %d bit %d: %q", name, i, bit, spoilt)
			}
		}
		for n := range content {
			tree := scantest.Text(vulnerable)
			tree.Files[name] = content[:n]
			assert.NotEqual(t, scan.Pass, judge(t, tree, s), "%s cut to %d bytes", name, n)
		}
		tree := scantest.Text(vulnerable)
		delete(tree.Files, name)
		assert.NotEqual(t, scan.Pass, judge(t, tree, s), "%s removed", name)
	}
}

// A record can be changed so that it clears a version: only the digest of the
// snapshot tells, so that is what must be demanded.
func TestNoChangedBitOfTheDatabaseMakesItPass(t *testing.T) {
	name := "TEST-2026-0003.json"
	data := zipped(t, map[string][]byte{name: records(t)[name]})
	pinned := osv.Demands{Root: load(t, fstest.MapFS{"Go/all.zip": {Data: data}}).Info().Root}
	pinned.Now = own(t).Info().Newest
	for i := range data {
		for bit := range 8 {
			spoilt := bytes.Clone(data)
			spoilt[i] ^= 1 << bit
			s, err := osv.Load(t.Context(), fstest.MapFS{"Go/all.zip": {Data: spoilt}}, osv.Options{})
			if err != nil || s.Check(pinned) != nil {
				continue
			}
			assert.NotEqual(t, scan.Pass, judge(t, scantest.Text(vulnerable), s), "byte %d bit %d", i, bit)
		}
	}
	cleared := bytes.ReplaceAll(records(t)[name], []byte("1.4.0"), []byte("1.1.0"))
	s := load(t, archive(t, map[string][]byte{name: cleared}))
	require.Equal(t, scan.Pass, judge(t, scantest.Text(vulnerable), s))
	assert.Equal(t, osv.CodeOther, codeOf(t, s.Check(pinned)))
}
