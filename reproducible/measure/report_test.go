//go:build linux

package measure_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible/measure"
)

var subject = attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}

func TestWhatAPolicyAllowsIsStillReported(t *testing.T) {
	dir := ground(t)
	before := snapshot(t, measure.Options{}, dir)
	write(t, dir, "etc/cache", "x")
	now := snapshot(t, measure.Options{}, dir)
	allow := measure.Policy{{Path: filepath.Join(dir, "etc"), Codes: []attest.Code{measure.CodeAdded}, Reason: "the build caches here"}}
	r, err := measure.Diff(before, now, allow)
	require.NoError(t, err)
	assert.Equal(t, measure.Allowed, r.Verdict())
	require.NoError(t, r.Err())
	require.Len(t, r.Findings, 1)
	assert.Equal(t, "the build caches here", r.Findings[0].Allowed)

	allow[0].Path = filepath.Join(dir, "et")
	r, err = measure.Diff(before, now, allow)
	require.NoError(t, err)
	assert.Equal(t, measure.Tampered, r.Verdict(), "a prefix of a name is no directory")
}

func TestAPolicyIsRefusedWhen(t *testing.T) {
	tree := snapshot(t, measure.Options{}, ground(t))
	codes := []attest.Code{measure.CodeAdded}
	for name, a := range map[string]measure.Allowance{
		"it has no reason":            {Path: "/etc", Codes: codes},
		"its path is relative":        {Path: "etc", Codes: codes, Reason: "r"},
		"it allows nothing":           {Path: "/etc", Reason: "r"},
		"it allows what is no change": {Path: "/etc", Codes: []attest.Code{measure.CodeRead}, Reason: "r"},
	} {
		_, err := measure.Diff(tree, tree, measure.Policy{a})
		require.ErrorIs(t, err, attest.Is(measure.CodeConfig), name)
	}
}

func TestTheZeroReportPassesNothing(t *testing.T) {
	var r measure.Report
	require.ErrorIs(t, r.Err(), attest.Is(measure.CodeReport))
	assert.Empty(t, r.Verdict())
	_, err := r.Statement(subject)
	require.ErrorIs(t, err, attest.Is(measure.CodeReport))
}

func TestAReportSurvivesItsStatement(t *testing.T) {
	dir := ground(t)
	full, stat := after(t, dir, func() { write(t, dir, "etc/\xffnew", "x") })
	for _, r := range []*measure.Report{full, stat} {
		s, err := r.Statement(subject)
		require.NoError(t, err)
		back, err := measure.ParseReport(s)
		require.NoError(t, err)
		assert.Equal(t, r.Findings, back.Findings)
		assert.Equal(t, r.Verdict(), back.Verdict())
		assert.Equal(t, r.After, back.After)
	}
}

func TestATamperedStatementIsRefusedWhen(t *testing.T) {
	dir := ground(t)
	full, _ := after(t, dir, func() { write(t, dir, "new", "x") })
	good, err := full.Statement(subject)
	require.NoError(t, err)
	for name, change := range map[string]func(map[string]any){
		"its verdict is made better":      func(p map[string]any) { p["verdict"] = "untouched" },
		"its findings are left out":       func(p map[string]any) { p["findings"] = []any{}; p["verdict"] = "untouched" },
		"a finding has an unknown code":   func(p map[string]any) { first(p)["code"] = "reproducible.measure.read" },
		"a path is relative":              func(p map[string]any) { first(p)["path"] = "new" },
		"it has no roots":                 func(p map[string]any) { delete(p, "roots") },
		"it has no digest":                func(p map[string]any) { delete(p, "after") },
		"it has an unknown field":         func(p map[string]any) { p["extra"] = 1 },
		"it claims to be stat-only":       func(p map[string]any) { p["statOnly"] = true },
		"it has a negative entry count":   func(p map[string]any) { p["entries"] = -1 },
		"a digest is of a weak algorithm": func(p map[string]any) { p["after"] = "sha1:" + strings.Repeat("0", 40) },
	} {
		var p map[string]any
		require.NoError(t, json.Unmarshal(good.Predicate(), &p))
		change(p)
		s, err := attest.NewStatement(measure.PredicateType, p, subject)
		require.NoError(t, err)
		_, err = measure.ParseReport(s)
		require.ErrorIs(t, err, attest.Is(measure.CodeReport), name)
	}
}

func first(p map[string]any) map[string]any { return p["findings"].([]any)[0].(map[string]any) }
