package osv_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/osv"
)

// records are the hand-made records by file name.
func records(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir("testdata/db")
	require.NoError(t, err)
	for _, e := range entries {
		data, err := os.ReadFile("testdata/db/" + e.Name())
		require.NoError(t, err)
		out[e.Name()] = data
	}
	require.NotEmpty(t, out)
	return out
}

// zipped packs files as <ecosystem>/all.zip does.
func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func archive(t testing.TB, files map[string][]byte) fs.FS {
	return fstest.MapFS{"Go/all.zip": {Data: zipped(t, files)}}
}

func load(t testing.TB, fsys fs.FS) *osv.Snapshot {
	t.Helper()
	s, err := osv.Load(t.Context(), fsys, osv.Options{})
	require.NoError(t, err)
	return s
}

func own(t testing.TB) *osv.Snapshot { return load(t, os.DirFS("testdata/db")) }

// with returns the hand-made records with one more or another.
func with(t testing.TB, name, content string) map[string][]byte {
	files := records(t)
	files[name] = []byte(content)
	return files
}

func codeOf(t testing.TB, err error) attest.Code {
	t.Helper()
	require.NotEmpty(t, attest.Reasons(err), "%v", err)
	return attest.Reasons(err)[0].Code
}

func TestADatabaseIsTheSameInEveryLayout(t *testing.T) {
	loose, packed := own(t).Info(), load(t, archive(t, records(t))).Info()
	assert.Equal(t, loose, packed)
	assert.Equal(t, 20, loose.Records["Go"])
	assert.Equal(t, 1, loose.Withdrawn)
	assert.Empty(t, loose.Rejected)
	assert.Equal(t, time.Date(2026, 1, 22, 0, 0, 0, 0, time.UTC), loose.Newest)
	nested := fstest.MapFS{"README.md": {Data: []byte("x")}}
	for name, data := range records(t) {
		nested["a/b/"+name] = &fstest.MapFile{Data: data}
	}
	assert.Equal(t, loose, load(t, nested).Info())
}

func TestTheRootChangesWithEveryByteOfARecord(t *testing.T) {
	root := own(t).Info().Root
	seen := map[string]bool{root.Hex: true}
	for name, data := range records(t) {
		changed := with(t, name, string(data)+" ")
		again := load(t, archive(t, changed)).Info().Root.Hex
		assert.False(t, seen[again], name)
		seen[again] = true
		delete(changed, name)
		assert.False(t, seen[load(t, archive(t, changed)).Info().Root.Hex], name)
	}
}

const good = `{"id":"%s","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"example.com/x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`

func TestAnUnusableRecordIsANamedRejectionAndAGap(t *testing.T) {
	deep := `{"id":"X-1","a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`
	for name, c := range map[string]struct {
		file, content string
		want          attest.Code
	}{
		"truncated JSON":                {"X-1.json", `{"id":"X-1","modified":`, osv.CodeJSON},
		"an empty file":                 {"X-1.json", ``, osv.CodeJSON},
		"a known field of another type": {"X-1.json", `{"id":"X-1","modified":"2026-01-01T00:00:00Z","aliases":"CVE-1","affected":[]}`, osv.CodeJSON},
		"a duplicate key":               {"X-1.json", `{"id":"X-1","id":"X-1","modified":"2026-01-01T00:00:00Z"}`, osv.CodeJSON},
		"a key in another case":         {"X-1.json", strings.Replace(fmt.Sprintf(good, "X-1"), `"affected"`, `"Affected":[],"affected"`, 1), osv.CodeJSON},
		"JSON nested 100,000 deep":      {"X-1.json", deep, osv.CodeJSON},
		"a UTF-16 file":                 {"X-1.json", "\xff\xfe{\x00}\x00", osv.CodeJSON},
		"an id that is not its name":    {"X-1.json", fmt.Sprintf(good, "X-2"), osv.CodeName},
		"no id":                         {"X-1.json", `{"modified":"2026-01-01T00:00:00Z","affected":[]}`, osv.CodeSchema},
		"an id with a path":             {"X-1.json", fmt.Sprintf(good, "../X-1"), osv.CodeSchema},
		"no time of modification":       {"X-1.json", `{"id":"X-1","affected":[]}`, osv.CodeSchema},
		"a time that is none":           {"X-1.json", `{"id":"X-1","modified":"yesterday"}`, osv.CodeSchema},
		"no affected package":           {"X-1.json", `{"id":"X-1","modified":"2026-01-01T00:00:00Z"}`, osv.CodeSchema},
		"a package without a name":      {"X-1.json", `{"id":"X-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go"}}]}`, osv.CodeSchema},
		"a later schema":                {"X-1.json", `{"schema_version":"2.0.0","id":"X-1","modified":"2026-01-01T00:00:00Z"}`, osv.CodeSchema},
		"only another ecosystem":        {"X-1.json", strings.Replace(fmt.Sprintf(good, "X-1"), `"Go"`, `"npm"`, 1), osv.CodeSchema},
		"a path as a name":              {"../X-1.json", fmt.Sprintf(good, "X-1"), osv.CodeName},
		"an absolute path as a name":    {"/etc/X-1.json", fmt.Sprintf(good, "X-1"), osv.CodeName},
		"a directory in the name":       {"d/X-1.json", fmt.Sprintf(good, "X-1"), osv.CodeName},
		"a file that is no record":      {"README.md", "hello", osv.CodeName},
		"a record of 9 MiB":             {"X-1.json", strings.Repeat(" ", 9<<20), osv.CodeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, archive(t, with(t, c.file, c.content)))
			require.Len(t, s.Info().Rejected, 1)
			assert.Equal(t, c.want, s.Info().Rejected[0].Reason.Code)
			assert.Equal(t, "Go", s.Info().Rejected[0].Ecosystem)
			result, err := s.Match(t.Context(), []scan.Package{{Ecosystem: "Go", Name: "example.com/unheard-of", Version: "v1.0.0"}})
			require.NoError(t, err)
			require.Len(t, result.Gaps, 1, "a package that no advisory names is not known to be clean")
			assert.Equal(t, c.want, result.Gaps[0].Reason.Code)
			assert.Error(t, s.Check(osv.Demands{Now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}))
		})
	}
}

func TestTwoRecordsWithOneIDAreBothMatched(t *testing.T) {
	fsys := fstest.MapFS{
		"a/X-1.json": {Data: []byte(fmt.Sprintf(good, "X-1"))},
		"b/X-1.json": {Data: []byte(strings.Replace(fmt.Sprintf(good, "X-1"), "example.com/x", "example.com/y", 1))},
		"c/X-1.json": {Data: []byte(fmt.Sprintf(good, "X-1"))},
	}
	s := load(t, fsys)
	require.Len(t, s.Info().Rejected, 1)
	assert.Equal(t, osv.CodeDuplicate, s.Info().Rejected[0].Reason.Code)
	assert.Equal(t, 2, s.Info().Records["Go"], "the same record in two places counts once")
	for _, name := range []string{"example.com/x", "example.com/y"} {
		found, err := s.Lookup("Go", name)
		require.NoError(t, err)
		assert.Len(t, found, 1)
	}
}

func TestAnUnusableDatabaseIsAnErrorAndNeverNothingFound(t *testing.T) {
	whole := zipped(t, records(t))
	withdrawn := map[string][]byte{"TEST-2026-0008.json": records(t)["TEST-2026-0008.json"]}
	for name, c := range map[string]struct {
		fsys    fs.FS
		options osv.Options
		want    attest.Code
	}{
		"no file system":                     {nil, osv.Options{}, osv.CodeNil},
		"an empty directory":                 {fstest.MapFS{}, osv.Options{}, osv.CodeEmpty},
		"an absent directory":                {os.DirFS("testdata/absent"), osv.Options{}, osv.CodeUnreadable},
		"an archive of no bytes":             {fstest.MapFS{"Go/all.zip": {}}, osv.Options{}, osv.CodeUnreadable},
		"an archive without records":         {archive(t, nil), osv.Options{}, osv.CodeEmpty},
		"an archive of withdrawn records":    {archive(t, withdrawn), osv.Options{}, osv.CodeEmpty},
		"an archive of another ecosystem":    {fstest.MapFS{"npm/all.zip": {Data: whole}}, osv.Options{}, osv.CodeEmpty},
		"an archive cut in half":             {fstest.MapFS{"Go/all.zip": {Data: whole[:len(whole)/2]}}, osv.Options{}, osv.CodeUnreadable},
		"an archive cut by one byte":         {fstest.MapFS{"Go/all.zip": {Data: whole[:len(whole)-1]}}, osv.Options{}, osv.CodeUnreadable},
		"an ecosystem that is not there":     {archive(t, records(t)), osv.Options{Ecosystems: []string{"Go", "npm"}}, osv.CodeEcosystemAbsent},
		"more records than the limit":        {archive(t, records(t)), osv.Options{Limits: osv.Limits{Records: 5}}, osv.CodeLimit},
		"more bytes than the limit":          {archive(t, records(t)), osv.Options{Limits: osv.Limits{Bytes: 1000}}, osv.CodeLimit},
		"an archive larger than the limit":   {archive(t, records(t)), osv.Options{Limits: osv.Limits{ArchiveBytes: 100}}, osv.CodeLimit},
		"more rejections than the limit":     {archive(t, map[string][]byte{"a": nil, "b": nil, "c": nil}), osv.Options{Limits: osv.Limits{Rejected: 2}}, osv.CodeLimit},
		"directories deeper than the limit":  {fstest.MapFS{"a/b/c/X-1.json": {}}, osv.Options{Limits: osv.Limits{Depth: 2}}, osv.CodeLimit},
		"records of which none can be used":  {fstest.MapFS{"X-1.json": {Data: []byte("{}")}}, osv.Options{}, osv.CodeEmpty},
		"a README where records should be":   {fstest.MapFS{"README.md": {Data: []byte("# hello")}}, osv.Options{}, osv.CodeEmpty},
		"a demanded ecosystem that is empty": {fstest.MapFS{"Go/README.md": {}}, osv.Options{Ecosystems: []string{"Go"}}, osv.CodeEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := osv.Load(t.Context(), c.fsys, c.options)
			require.Nil(t, s)
			assert.Equal(t, c.want, codeOf(t, err))
		})
	}
}

func TestABombInTheArchiveIsARejection(t *testing.T) {
	s := load(t, archive(t, with(t, "X-1.json", strings.Repeat("\x00", 64<<20))))
	require.Len(t, s.Info().Rejected, 1)
	assert.Equal(t, osv.CodeLimit, s.Info().Rejected[0].Reason.Code)
}

// Every entry of the central directory is made to point at the same data: the
// "better zip bomb", in small.
func TestOverlappingEntriesCostNoMoreThanTheLimit(t *testing.T) {
	big := map[string][]byte{}
	for i := range 64 {
		big[fmt.Sprintf("X-%d.json", i)] = bytes.Repeat([]byte(" "), 1<<20)
	}
	data := zipped(t, big)
	entry := []byte("PK\x01\x02")
	for at := bytes.Index(data, entry); at >= 0; {
		binary.LittleEndian.PutUint32(data[at+42:], 0) // offset of the local header
		next := bytes.Index(data[at+4:], entry)
		if next < 0 {
			break
		}
		at += 4 + next
	}
	_, err := osv.Load(t.Context(), fstest.MapFS{"Go/all.zip": {Data: data}}, osv.Options{Limits: osv.Limits{Bytes: 4 << 20}})
	assert.Equal(t, osv.CodeLimit, codeOf(t, err))
}

// A flipped bit in the archive is an error, a rejection, or it changes nothing
// that is read.
func TestAFlippedBitInTheArchiveNeverLosesARecordSilently(t *testing.T) {
	files := map[string][]byte{}
	for name, data := range records(t) {
		if len(files) < 3 && name != "TEST-2026-0008.json" {
			files[name] = data
		}
	}
	data := zipped(t, files)
	want := load(t, fstest.MapFS{"Go/all.zip": {Data: data}}).Info()
	for i := range data {
		spoilt := bytes.Clone(data)
		spoilt[i] ^= 1 << (i % 8)
		s, err := osv.Load(t.Context(), fstest.MapFS{"Go/all.zip": {Data: spoilt}}, osv.Options{})
		if err != nil || len(s.Info().Rejected) > 0 {
			continue
		}
		assert.Equal(t, want, s.Info(), "byte %d", i)
	}
}

func TestASnapshotThatCannotBeReliedOnIsToldSo(t *testing.T) {
	s := own(t)
	info := s.Info()
	now := info.Newest.Add(24 * time.Hour)
	older := info
	older.Newest, older.Root.Hex = info.Newest.Add(time.Hour), strings.Repeat("0", 64)
	larger := info
	larger.Records, larger.Root.Hex = map[string]int{"Go": 1000}, strings.Repeat("0", 64)
	assert.NoError(t, s.Check(osv.Demands{Now: now, MaxAge: 48 * time.Hour, MinRecords: map[string]int{"Go": 20}, Last: &info}))
	for name, c := range map[string]struct {
		demands osv.Demands
		want    attest.Code
	}{
		"the zero demands":            {osv.Demands{}, osv.CodeFuture},
		"a newest record too old":     {osv.Demands{Now: now, MaxAge: time.Hour}, osv.CodeStale},
		"a record from the future":    {osv.Demands{Now: info.Newest.Add(-time.Second)}, osv.CodeFuture},
		"fewer records than demanded": {osv.Demands{Now: now, MinRecords: map[string]int{"Go": 1000}}, osv.CodeShrunk},
		"an ecosystem that is absent": {osv.Demands{Now: now, MinRecords: map[string]int{"npm": 0}}, osv.CodeShrunk},
		"older than the last one":     {osv.Demands{Now: now, Last: &older}, osv.CodeRollback},
		"smaller than the last one":   {osv.Demands{Now: now, Last: &larger}, osv.CodeRollback},
	} {
		assert.Equal(t, c.want, codeOf(t, s.Check(c.demands)), name)
	}
	undated := load(t, fstest.MapFS{"X-1.json": {Data: []byte(strings.Replace(fmt.Sprintf(good, "X-1"), "2026-01-01", "0001-01-01", 1))}})
	assert.Equal(t, osv.CodeUndated, codeOf(t, undated.Check(osv.Demands{Now: now})))
	assert.NoError(t, undated.Check(osv.Demands{Now: now, Updated: info.Newest}))
}
