package treehash_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
)

func refused(t *testing.T, code digest.Code, err error) {
	t.Helper()
	var e *digest.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, code, e.Code, "%v", err)
}

func file(path string) treehash.Entry {
	return treehash.Entry{Path: path, Kind: treehash.File, Mode: 0o644, Size: 1, Digest: digest.FromBytes([]byte("x"))}
}

func dir(path string) treehash.Entry {
	return treehash.Entry{Path: path, Kind: treehash.Dir, Mode: 0o755}
}

func link(path, target string) treehash.Entry {
	return treehash.Entry{Path: path, Kind: treehash.Link, Target: target}
}

// with returns e with something changed.
func with(e treehash.Entry, change func(*treehash.Entry)) treehash.Entry {
	change(&e)
	return e
}

func TestATreeThatCannotExistIsRefused(t *testing.T) {
	weak, err := digest.Parse("sha1:" + strings.Repeat("0", 40))
	require.NoError(t, err)
	cases := map[string]struct {
		entries []treehash.Entry
		code    digest.Code
	}{
		"a path twice":                       {[]treehash.Entry{file("a"), file("a")}, treehash.CodeOrder},
		"a file and a directory of one name": {[]treehash.Entry{dir("a"), file("a")}, treehash.CodeOrder},
		"paths in descending order":          {[]treehash.Entry{file("b"), file("a")}, treehash.CodeOrder},
		"paths in the order of a locale":     {[]treehash.Entry{file("a"), file("B")}, treehash.CodeOrder},
		"paths in the order of directories":  {[]treehash.Entry{dir("a"), file("a/x"), file("a-b")}, treehash.CodeOrder},
		"a path without its directory":       {[]treehash.Entry{file("a/b")}, treehash.CodeParent},
		"a path in a file":                   {[]treehash.Entry{file("a"), file("a/b")}, treehash.CodeParent},
		"a path behind a link":               {[]treehash.Entry{link("a", "/etc"), file("a/passwd")}, treehash.CodeParent},
		"an absolute path":                   {[]treehash.Entry{file("/a")}, treehash.CodeName},
		"a path that climbs":                 {[]treehash.Entry{file("../a")}, treehash.CodeName},
		"a path that climbs in the middle":   {[]treehash.Entry{dir("a"), file("a/../b")}, treehash.CodeName},
		"the root":                           {[]treehash.Entry{dir(".")}, treehash.CodeName},
		"an empty path":                      {[]treehash.Entry{file("")}, treehash.CodeName},
		"a path with a slash at its end":     {[]treehash.Entry{dir("a/")}, treehash.CodeName},
		"a path with a zero byte":            {[]treehash.Entry{file("a\x00b")}, treehash.CodeName},
		"a path that is not UTF-8":           {[]treehash.Entry{file("\xff")}, treehash.CodeName},
		"a path that is too long":            {[]treehash.Entry{file(strings.Repeat("a", 4097))}, treehash.CodeName},
		"a link without a target":            {[]treehash.Entry{link("a", "")}, treehash.CodeName},
		"a link with a mode":                 {[]treehash.Entry{with(link("a", "b"), func(e *treehash.Entry) { e.Mode = 0o777 })}, treehash.CodeEntry},
		"a link with a size":                 {[]treehash.Entry{with(link("a", "b"), func(e *treehash.Entry) { e.Size = 1 })}, treehash.CodeEntry},
		"a file with a target":               {[]treehash.Entry{with(file("a"), func(e *treehash.Entry) { e.Target = "b" })}, treehash.CodeEntry},
		"a file without a digest":            {[]treehash.Entry{with(file("a"), func(e *treehash.Entry) { e.Digest = digest.Digest{} })}, treehash.CodeEntry},
		"a file with a weak digest":          {[]treehash.Entry{with(file("a"), func(e *treehash.Entry) { e.Digest = weak })}, treehash.CodeEntry},
		"a file with a malformed digest":     {[]treehash.Entry{with(file("a"), func(e *treehash.Entry) { e.Digest.Hex = "00" })}, digest.CodeLength},
		"a file of negative size":            {[]treehash.Entry{with(file("a"), func(e *treehash.Entry) { e.Size = -1 })}, treehash.CodeEntry},
		"a file with the mode of a device":   {[]treehash.Entry{with(file("a"), func(e *treehash.Entry) { e.Mode |= fs.ModeDevice })}, treehash.CodeEntry},
		"a directory with the type in mode":  {[]treehash.Entry{with(dir("a"), func(e *treehash.Entry) { e.Mode |= fs.ModeDir })}, treehash.CodeEntry},
		"a directory with a digest":          {[]treehash.Entry{with(dir("a"), func(e *treehash.Entry) { e.Digest = digest.FromBytes(nil) })}, treehash.CodeEntry},
		"an entry of no kind":                {[]treehash.Entry{{Path: "a"}}, treehash.CodeKind},
		"an entry of an unknown kind":        {[]treehash.Entry{{Path: "a", Kind: "device"}}, treehash.CodeKind},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := &treehash.Manifest{Entries: c.entries}
			refused(t, c.code, m.Validate())
			_, err := m.Marshal()
			refused(t, c.code, err)
			_, err = m.Digest()
			refused(t, c.code, err)
			_, err = m.H1("")
			require.Error(t, err)
		})
	}
}

const goodManifest = `{"mediaType":"application/vnd.sealwright.tree.v1+json","entries":[` +
	`{"path":"a","kind":"dir","mode":"1755"},` +
	`{"path":"a/f","kind":"file","mode":"4750","size":1,"digest":"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"},` +
	`{"path":"l","kind":"link","target":"a/f"}]}`

func TestAManifestIsWrittenOneWay(t *testing.T) {
	m, err := treehash.ParseManifest([]byte(goodManifest), treehash.Limits{})
	require.NoError(t, err)
	want := &treehash.Manifest{Entries: []treehash.Entry{
		with(dir("a"), func(e *treehash.Entry) { e.Mode |= fs.ModeSticky }),
		with(file("a/f"), func(e *treehash.Entry) { e.Mode = 0o750 | fs.ModeSetuid }),
		link("l", "a/f"),
	}}
	assert.Equal(t, want, m)
	b, err := m.Marshal()
	require.NoError(t, err)
	assert.Equal(t, goodManifest, string(b))
}

func TestAManifestIsReadStrictly(t *testing.T) {
	replace := func(old, new string) string {
		require.Contains(t, goodManifest, old)
		return strings.Replace(goodManifest, old, new, 1)
	}
	cases := map[string]struct {
		doc  string
		code digest.Code
	}{
		"nothing":                       {"", treehash.CodeManifest},
		"null":                          {"null", ""},
		"an array":                      {"[]", treehash.CodeManifest},
		"trailing data":                 {goodManifest + "{}", treehash.CodeManifest},
		"a trailing newline":            {goodManifest + "\n", treehash.CodeCanonical},
		"a space":                       {replace(`,"entries"`, `, "entries"`), treehash.CodeCanonical},
		"another order of keys":         {replace(`"path":"a","kind":"dir"`, `"kind":"dir","path":"a"`), treehash.CodeCanonical},
		"an escaped letter":             {replace(`"path":"l"`, `"path":"\u006c"`), treehash.CodeCanonical},
		"a key twice":                   {replace(`"mode":"1755"`, `"mode":"1755","mode":"1755"`), treehash.CodeManifest},
		"an unknown key":                {replace(`"mode":"1755"`, `"mode":"1755","owner":0`), treehash.CodeManifest},
		"a key in another case":         {replace(`"entries"`, `"Entries"`), treehash.CodeManifest},
		"another media type":            {replace("tree.v1", "tree.v2"), treehash.CodeManifest},
		"null entries":                  {`{"mediaType":"application/vnd.sealwright.tree.v1+json","entries":null}`, ""},
		"no entries":                    {`{"mediaType":"application/vnd.sealwright.tree.v1+json"}`, treehash.CodeCanonical},
		"a mode of three digits":        {replace(`"1755"`, `"755"`), treehash.CodeCanonical},
		"a mode in decimal":             {replace(`"1755"`, `"1985"`), treehash.CodeEntry},
		"a mode beyond twelve bits":     {replace(`"1755"`, `"10755"`), treehash.CodeEntry},
		"a mode as a number":            {replace(`"1755"`, `1755`), treehash.CodeManifest},
		"no mode":                       {replace(`,"mode":"1755"`, ``), treehash.CodeCanonical},
		"a mode of a link":              {replace(`"kind":"link"`, `"kind":"link","mode":"0777"`), treehash.CodeEntry},
		"an empty mode of a link":       {replace(`"kind":"link"`, `"kind":"link","mode":""`), treehash.CodeCanonical},
		"a zero size of a directory":    {replace(`"mode":"1755"`, `"mode":"1755","size":0`), treehash.CodeCanonical},
		"a size as a float":             {replace(`"size":1`, `"size":1.0`), treehash.CodeManifest},
		"a size beyond 64 bits":         {replace(`"size":1`, `"size":18446744073709551616`), treehash.CodeManifest},
		"no size of a file":             {replace(`"size":1,`, ``), treehash.CodeCanonical},
		"a digest in capitals":          {replace("sha256:2d", "sha256:2D"), treehash.CodeManifest},
		"a digest of another algorithm": {replace("sha256:2d", "blake3:2d"), treehash.CodeEntry},
		"entries out of order":          {replace(`"path":"l"`, `"path":"A"`), treehash.CodeOrder},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := treehash.ParseManifest([]byte(c.doc), treehash.Limits{})
			if c.code == "" {
				require.Error(t, err)
				return
			}
			refused(t, c.code, err)
		})
	}
}

func TestAManifestLargerThanItsLimitsIsRefused(t *testing.T) {
	_, err := treehash.ParseManifest([]byte(goodManifest), treehash.Limits{Bytes: len(goodManifest), Entries: 3})
	require.NoError(t, err)
	_, err = treehash.ParseManifest([]byte(goodManifest), treehash.Limits{Bytes: len(goodManifest) - 1})
	refused(t, treehash.CodeLimit, err)
	_, err = treehash.ParseManifest([]byte(goodManifest), treehash.Limits{Entries: 2})
	refused(t, treehash.CodeLimit, err)
}

func TestNamesThatDifferOnlyByCaseAreNotPortable(t *testing.T) {
	for _, pair := range [][2]string{{"A", "a"}, {"K", "\u212a"}, {"É", "é"}, {"Makefile", "makefile"}} {
		m := &treehash.Manifest{Entries: []treehash.Entry{file(pair[0]), file(pair[1])}}
		require.NoError(t, m.Validate())
		refused(t, treehash.CodeCaseFold, m.CheckPortable())
	}
	m := &treehash.Manifest{Entries: []treehash.Entry{dir("A"), file("A/x"), dir("b"), file("b/x")}}
	require.NoError(t, m.CheckPortable())
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := make(map[digest.Code]bool)
	for _, c := range treehash.Codes() {
		assert.Regexp(t, `^digest\.tree\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], "%s", c)
		seen[c] = true
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(goodManifest))
	f.Add([]byte(`{"mediaType":"application/vnd.sealwright.tree.v1+json","entries":[]}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := treehash.ParseManifest(b, treehash.Limits{Bytes: 1 << 16, Entries: 100})
		if err != nil {
			var e *digest.Error
			require.ErrorAs(t, err, &e)
			return
		}
		again, err := m.Marshal()
		require.NoError(t, err)
		assert.Equal(t, string(b), string(again))
		d, err := m.Digest()
		require.NoError(t, err)
		assert.Equal(t, digest.FromBytes(b), d)
		if _, err := m.H1("p"); err != nil {
			var e *digest.Error
			require.ErrorAs(t, err, &e)
		}
	})
}
