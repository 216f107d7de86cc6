package osv_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/osv"
)

// realDatabase finds a database in osv-scanner's layout where SEALWRIGHT_OSV says.
func realDatabase(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SEALWRIGHT_OSV")
	if _, err := os.Stat(filepath.Join(dir, "Go", "all.zip")); dir != "" && err == nil {
		return dir
	}
	t.Skip("needs an OSV database (set SEALWRIGHT_OSV to a directory with Go/all.zip)")
	return ""
}

// The oracle shares nothing with the package: it decodes with encoding/json,
// orders versions by semver.org clause 11 with big integers, and asks for each
// introduced event at or before the version whether something closed it since.
type oracleRecord struct {
	ID        string `json:"id"`
	Withdrawn string `json:"withdrawn"`
	Affected  []struct {
		Package struct{ Ecosystem, Name string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
		Versions []string
	}
}

type oracleVersion struct {
	numbers    [3]*big.Int
	prerelease []string
}

func oracleParse(s string) (oracleVersion, bool) {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "v"), "+")
	core, pre, hasPre := strings.Cut(s, "-")
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return oracleVersion{}, false
	}
	var v oracleVersion
	for i, p := range parts {
		n, ok := new(big.Int).SetString(p, 10)
		if !ok {
			return oracleVersion{}, false
		}
		v.numbers[i] = n
	}
	if hasPre {
		v.prerelease = strings.Split(pre, ".")
	}
	return v, true
}

func (v *oracleVersion) compare(w *oracleVersion) int {
	for i := range v.numbers {
		if c := v.numbers[i].Cmp(w.numbers[i]); c != 0 {
			return c
		}
	}
	if len(v.prerelease) == 0 || len(w.prerelease) == 0 {
		switch {
		case len(v.prerelease) == len(w.prerelease):
			return 0
		case len(v.prerelease) == 0:
			return 1
		}
		return -1
	}
	for i := 0; i < len(v.prerelease) && i < len(w.prerelease); i++ {
		if c := compareIdentifiers(v.prerelease[i], w.prerelease[i]); c != 0 {
			return c
		}
	}
	return len(v.prerelease) - len(w.prerelease)
}

func compareIdentifiers(a, b string) int {
	x, numericA := new(big.Int).SetString(a, 10)
	y, numericB := new(big.Int).SetString(b, 10)
	switch {
	case numericA && numericB:
		return x.Cmp(y)
	case numericA:
		return -1
	case numericB:
		return 1
	}
	return strings.Compare(a, b)
}

// An oracle remembers the versions that it has read.
type oracle map[string]*oracleVersion

func (o oracle) parse(s string) (*oracleVersion, bool) {
	v, known := o[s]
	if !known {
		if parsed, ok := oracleParse(s); ok {
			v = &parsed
		}
		o[s] = v
	}
	return v, v != nil
}

func (o oracle) affected(events []map[string]string, version string) bool {
	v, ok := o.parse(version)
	if !ok {
		panic(version)
	}
	for _, begin := range events {
		from, ok := begin["introduced"]
		if !ok {
			continue
		}
		i, versioned := o.parse(from) // "0" is before everything
		if versioned && v.compare(i) < 0 {
			continue
		}
		closed := false
		for _, end := range events {
			if f, ok := o.parse(end["fixed"]); ok {
				after := !versioned || f.compare(i) > 0
				closed = closed || after && v.compare(f) >= 0
			}
			if l, ok := o.parse(end["last_affected"]); ok {
				after := !versioned || l.compare(i) >= 0
				closed = closed || after && v.compare(l) > 0
			}
		}
		if !closed {
			return true
		}
	}
	return false
}

// neighbours are versions at and around a boundary.
func neighbours(boundary string) []string {
	out := []string{"0.0.0-0", "0.0.0-20191109021931-daa7c04131f5", "0.0.0", "999999.0.0"}
	if v, ok := oracleParse(boundary); ok {
		n := v.numbers
		core := fmt.Sprintf("%v.%v.%v", n[0], n[1], n[2])
		out = append(out, boundary, core, core+"-0", core+"-rc.1", core+"+incompatible", core+"-0.20200101000000-0123456789ab")
		for _, d := range []int64{-1, 1} {
			if patch := new(big.Int).Add(n[2], big.NewInt(d)); patch.Sign() >= 0 {
				out = append(out, fmt.Sprintf("%v.%v.%v", n[0], n[1], patch))
			}
		}
	}
	return slices.DeleteFunc(out, func(s string) bool {
		_, ok := oracleParse(s)
		return !ok
	})
}

func TestEveryBoundaryOfARealDatabaseAgreesWithAnIndependentOracle(t *testing.T) {
	dir := realDatabase(t)
	s, err := osv.Load(t.Context(), os.DirFS(dir), osv.Options{Ecosystems: []string{"Go"}})
	require.NoError(t, err)
	require.Empty(t, s.Info().Rejected)
	z, err := zip.OpenReader(filepath.Join(dir, "Go", "all.zip"))
	require.NoError(t, err)
	defer z.Close()
	byName := map[string][]oracleRecord{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		var rec oracleRecord
		require.NoError(t, json.Unmarshal(data, &rec))
		named := map[string]bool{}
		for _, a := range rec.Affected {
			if !named[a.Package.Name] {
				named[a.Package.Name] = true
				byName[a.Package.Name] = append(byName[a.Package.Name], rec)
			}
		}
	}
	o, compared, positive := oracle{}, 0, 0
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		versions := map[string]bool{}
		for _, rec := range byName[name] {
			for _, boundary := range boundaries(rec, name) {
				for _, v := range neighbours(boundary) {
					versions[v] = true
				}
			}
		}
		for v := range versions {
			want := o.ids(byName[name], name, v)
			got := matchedIDs(t, s, name, v)
			if !slices.Equal(want, got) {
				require.Equal(t, want, got, "%s@%s", name, v)
			}
			compared += len(byName[name])
			positive += len(want)
		}
	}
	assert.Greater(t, compared, 100_000)
	assert.Greater(t, positive, 10_000)
	t.Logf("%d records, %d packages, %d verdicts, of which %d affected", len(z.File), len(byName), compared, positive)
}

func boundaries(rec oracleRecord, name string) []string {
	out := []string{""}
	for _, a := range rec.Affected {
		if a.Package.Name != name {
			continue
		}
		for _, r := range a.Ranges {
			for _, e := range r.Events {
				out = append(out, slices.Collect(maps.Values(e))...)
			}
		}
	}
	return out
}

func (o oracle) ids(records []oracleRecord, name, version string) []string {
	ids := []string{}
	for _, rec := range records {
		hit := false
		for _, a := range rec.Affected {
			for _, r := range a.Ranges {
				hit = hit || a.Package.Name == name && r.Type == "SEMVER" && o.affected(r.Events, version)
			}
		}
		if hit && rec.Withdrawn == "" {
			ids = append(ids, rec.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func matchedIDs(t *testing.T, s *osv.Snapshot, name, version string) []string {
	if name != "stdlib" && name != "toolchain" {
		version = "v" + version
	}
	r, err := s.Match(t.Context(), []scan.Package{{Ecosystem: "Go", Name: name, Version: version}})
	if err != nil || len(r.Gaps) > 0 {
		require.Fail(t, "not decided", "%s@%s: %v %v", name, version, err, r.Gaps)
	}
	ids := []string{}
	for _, f := range r.Findings {
		ids = append(ids, f.Advisory.ID)
	}
	slices.Sort(ids)
	return ids
}

// The hand-made records go through the same oracle, where it can judge them.
func TestTheOracleAgreesOnTheHandMadeRecords(t *testing.T) {
	s := own(t)
	for file, data := range records(t) {
		var rec oracleRecord
		require.NoError(t, json.Unmarshal(data, &rec))
		for _, a := range rec.Affected {
			judged := len(a.Ranges) > 0
			for _, r := range a.Ranges {
				for _, e := range r.Events {
					judged = judged && r.Type == "SEMVER" && e["limit"] == "" && e["repaired"] == "" && e["fixed"] != "1.x"
				}
			}
			if !judged || rec.ID == "TEST-2026-0015" { // that one has no beginning
				continue
			}
			for _, boundary := range boundaries(rec, a.Package.Name) {
				for _, v := range neighbours(boundary) {
					want := oracle{}.ids([]oracleRecord{rec}, a.Package.Name, v)
					got := matchedIDs(t, s, a.Package.Name, v)
					got = slices.DeleteFunc(got, func(id string) bool { return id != rec.ID })
					assert.Equal(t, want, got, "%s %s@%s", file, a.Package.Name, v)
				}
			}
		}
	}
}

func FuzzVersionsAgreeWithTheOracle(f *testing.F) {
	f.Add("1.2.3", "1.0.0", "1.2.3", true)
	f.Add("0.0.0-20191109021931-daa7c04131f5", "0", "1.0.0-rc.1", false)
	f.Fuzz(func(t *testing.T, version, introduced, end string, fixed bool) {
		for _, s := range []string{version, introduced, end} {
			if _, ok := oracleParse(s); !ok && s != "0" || len(s) > 200 {
				return
			}
		}
		event := map[bool]string{true: "fixed", false: "last_affected"}[fixed]
		events := []map[string]string{{"introduced": introduced}, {event: end}}
		body, err := json.Marshal(map[string]any{
			"id": "X-1", "modified": "2026-01-01T00:00:00Z",
			"affected": []any{map[string]any{
				"package": map[string]string{"ecosystem": "Go", "name": "m"},
				"ranges":  []any{map[string]any{"type": "SEMVER", "events": events}},
			}},
		})
		require.NoError(t, err)
		s, err := osv.Load(t.Context(), archive(t, map[string][]byte{"X-1.json": body}), osv.Options{})
		require.NoError(t, err)
		r := match(t, s, goModule("m", version))
		if len(r.Gaps) > 0 {
			assert.Len(t, r.Findings, 1, "not decided, so assumed")
			return
		}
		if _, ok := oracleParse(version); ok && end != "0" {
			assert.Equal(t, oracle{}.affected(events, version), len(r.Findings) > 0)
		}
	})
}

func FuzzRecord(f *testing.F) {
	for _, data := range records(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := archive(t, map[string][]byte{"TEST-2026-0001.json": data, "X-1.json": []byte(fmt.Sprintf(good, "X-1"))})
		s, err := osv.Load(t.Context(), fsys, osv.Options{})
		require.NoError(t, err, "one record cannot spoil the database")
		info := s.Info()
		require.Equal(t, 2, info.Records["Go"]+info.Withdrawn+len(info.Rejected), "no record is lost")
		for _, version := range []string{"v0.0.1", "v1.0.0", "(devel)", "go1.2"} {
			match(t, s, goModule("example.com/basic", version), goModule("stdlib", version))
		}
	})
}
