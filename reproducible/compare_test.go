package reproducible_test

import (
	"encoding/json"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/reproducible"
)

// resultOf returns the result of a run of specOf.
func resultOf(t testing.TB) *reproducible.Result {
	t.Helper()
	d, err := specOf().Digest()
	require.NoError(t, err)
	artifact := func(path, content string) reproducible.Artifact {
		return reproducible.Artifact{Path: path, Digest: digest.FromBytes([]byte(content)).Set(), Size: int64(len(content)), Mode: 0o644}
	}
	return &reproducible.Result{
		Spec: d, Achieved: reproducible.Hermetic, Log: reproducible.NewLog([]byte("done\n")),
		Artifacts: []reproducible.Artifact{artifact("a", "first"), artifact("b/c", "second")},
		Findings:  []reproducible.Finding{{Code: reproducible.CodeOutputUndeclared, Path: "/out/x"}},
		Started:   time.Unix(100, 5).UTC(), Finished: time.Unix(103, 0).UTC(),
	}
}

func TestEqualBitsAreIdentical(t *testing.T) {
	c, err := reproducible.Compare(resultOf(t), resultOf(t))
	require.NoError(t, err)
	require.Equal(t, reproducible.Identical, c.Verdict())
	require.NoError(t, c.Err())
}

func TestAnyDifferenceIsDifferent(t *testing.T) {
	for name, change := range map[string]func(*reproducible.Result){
		"a digest":        func(r *reproducible.Result) { r.Artifacts[0].Digest = digest.FromBytes(nil).Set() },
		"a size":          func(r *reproducible.Result) { r.Artifacts[0].Size++ },
		"a mode":          func(r *reproducible.Result) { r.Artifacts[0].Mode = 0o755 },
		"a missing file":  func(r *reproducible.Result) { r.Artifacts = r.Artifacts[:1] },
		"a surplus file":  func(r *reproducible.Result) { r.Artifacts[1].Path = "c" },
		"a renamed file":  func(r *reproducible.Result) { r.Artifacts[0].Path = "0" },
		"everything else": func(r *reproducible.Result) { r.Artifacts = r.Artifacts[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			b := resultOf(t)
			change(b)
			for _, pair := range [][2]*reproducible.Result{{resultOf(t), b}, {b, resultOf(t)}} {
				c, err := reproducible.Compare(pair[0], pair[1])
				require.NoError(t, err)
				require.Equal(t, reproducible.Different, c.Verdict())
				require.Contains(t, codes(c.Err()), reproducible.CodeDifferent)
			}
		})
	}
}

func TestWhatCannotBeComparedIsIncomparable(t *testing.T) {
	same := resultOf(t)
	for name, x := range map[string]struct{ a, b *reproducible.Result }{
		"nothing":             {nil, resultOf(t)},
		"nothing at all":      {nil, nil},
		"one run with itself": {same, same},
		"two specs":           {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Spec = digest.FromBytes(nil) })},
		"no artifacts":        {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Artifacts = nil })},
		"a failure":           {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Exit.Code = 1 })},
		"no spec":             {with(resultOf(t), func(r *reproducible.Result) { r.Spec = digest.Digest{} }), resultOf(t)},
		"no digest":           {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Artifacts[0].Digest = nil })},
		"another digest": {resultOf(t), with(resultOf(t), func(r *reproducible.Result) {
			r.Artifacts[0].Digest = digest.Set{digest.SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}
		})},
		"a path twice":     {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Artifacts[1] = r.Artifacts[0] })},
		"an unclean path":  {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Artifacts[0].Path = "../a" })},
		"a setuid mode":    {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Artifacts[0].Mode |= fs.ModeSetuid })},
		"unknown promises": {resultOf(t), with(resultOf(t), func(r *reproducible.Result) { r.Achieved = 1 << 50 })},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := reproducible.Compare(x.a, x.b)
			require.Contains(t, codes(err), reproducible.CodeIncomparable)
			require.Equal(t, reproducible.Incomparable, c.Verdict())
			require.Error(t, c.Err())
			_, err = reproducible.ComparisonStatement(c)
			require.Error(t, err)
		})
	}
	require.Equal(t, reproducible.Incomparable, reproducible.Comparison{}.Verdict())
	require.Error(t, reproducible.Comparison{}.Err())
}

func with(r *reproducible.Result, change func(*reproducible.Result)) *reproducible.Result {
	change(r)
	return r
}

func TestAComparisonSurvivesItsStatement(t *testing.T) {
	b := resultOf(t)
	b.Artifacts[1].Mode, b.Artifacts[0].Path = 0o755, "aa"
	for name, other := range map[string]*reproducible.Result{"identical": resultOf(t), "different": b} {
		t.Run(name, func(t *testing.T) {
			c, err := reproducible.Compare(resultOf(t), other)
			require.NoError(t, err)
			s, err := reproducible.ComparisonStatement(c)
			require.NoError(t, err)
			again, err := reproducible.ParseComparison(s)
			require.NoError(t, err)
			require.Equal(t, c, *again)
			require.Equal(t, name, again.Verdict().String())
			require.Len(t, s.Subjects(), 2, "the outputs of run A")
		})
	}
}

func TestAComparisonThatContradictsItselfIsRefused(t *testing.T) {
	b := resultOf(t)
	b.Artifacts[0].Size++
	c, err := reproducible.Compare(resultOf(t), b)
	require.NoError(t, err)
	s, err := reproducible.ComparisonStatement(c)
	require.NoError(t, err)
	for name, change := range map[string]func(p map[string]any){
		"another verdict":   func(p map[string]any) { p["verdict"] = "identical" },
		"no verdict":        func(p map[string]any) { delete(p, "verdict") },
		"an unknown field":  func(p map[string]any) { p["note"] = "x" },
		"no outputs":        func(p map[string]any) { p["outputs"] = []any{} },
		"another spec":      func(p map[string]any) { p["b"].(map[string]any)["spec"] = digest.FromBytes(nil).String() },
		"unknown promises":  func(p map[string]any) { p["a"].(map[string]any)["achieved"] = []string{"magic"} },
		"a local time":      func(p map[string]any) { p["a"].(map[string]any)["startedOn"] = "2026-01-01T00:00:00+01:00" },
		"no time":           func(p map[string]any) { p["a"].(map[string]any)["startedOn"] = "yesterday" },
		"a mode of letters": func(p map[string]any) { first(p)["a"].(map[string]any)["mode"] = "rwx" },
		"a short mode":      func(p map[string]any) { first(p)["a"].(map[string]any)["mode"] = "644" },
		"a special mode":    func(p map[string]any) { first(p)["a"].(map[string]any)["mode"] = "4755" },
		"a weak digest": func(p map[string]any) {
			first(p)["a"].(map[string]any)["sha256"] = "md5:d41d8cd98f00b204e9800998ecf8427e"
		},
		"other subjects":  func(p map[string]any) { first(p)["a"].(map[string]any)["sha256"] = digest.FromBytes(nil).String() },
		"an empty pair":   func(p map[string]any) { delete(first(p), "a"); delete(first(p), "b") },
		"an unclean path": func(p map[string]any) { first(p)["path"] = "./a" },
	} {
		t.Run(name, func(t *testing.T) {
			var p map[string]any
			require.NoError(t, json.Unmarshal(s.Predicate(), &p))
			change(p)
			forged, err := attest.NewStatement(reproducible.ComparisonPredicateType, p, s.Subjects()...)
			require.NoError(t, err)
			_, err = reproducible.ParseComparison(forged)
			require.Contains(t, codes(err), reproducible.CodeComparison)
		})
	}
	for name, change := range map[string]func([]attest.Descriptor) []attest.Descriptor{
		"a subject more": func(d []attest.Descriptor) []attest.Descriptor { return append(d, d[0]) },
		"a subject less": func(d []attest.Descriptor) []attest.Descriptor { return d[:1] },
		"a subject renamed": func(d []attest.Descriptor) []attest.Descriptor {
			d[0].Name = "other"
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			forged, err := attest.NewStatement(reproducible.ComparisonPredicateType, json.RawMessage(s.Predicate()), change(s.Subjects())...)
			require.NoError(t, err)
			_, err = reproducible.ParseComparison(forged)
			require.Contains(t, codes(err), reproducible.CodeComparison)
		})
	}
	other, err := attest.NewStatement("https://example.com/other/v1", struct{}{}, s.Subjects()...)
	require.NoError(t, err)
	_, err = reproducible.ParseComparison(other)
	require.Contains(t, codes(err), reproducible.CodeComparison)
	_, err = reproducible.ParseComparison(nil)
	require.Contains(t, codes(err), reproducible.CodeComparison)
}

func first(p map[string]any) map[string]any { return p["outputs"].([]any)[0].(map[string]any) }

func FuzzParseComparison(f *testing.F) {
	c, err := reproducible.Compare(resultOf(f), resultOf(f))
	require.NoError(f, err)
	s, err := reproducible.ComparisonStatement(c)
	require.NoError(f, err)
	f.Add([]byte(s.Predicate()))
	f.Add([]byte(`{"verdict":"identical","a":{},"b":{},"outputs":[]}`))
	f.Fuzz(func(t *testing.T, predicate []byte) {
		s, err := attest.NewStatement(reproducible.ComparisonPredicateType, json.RawMessage(predicate), s.Subjects()...)
		if err != nil {
			return
		}
		c, err := reproducible.ParseComparison(s)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NotEqual(t, reproducible.Incomparable, c.Verdict())
		again, err := reproducible.ComparisonStatement(*c)
		require.NoError(t, err)
		back, err := reproducible.ParseComparison(again)
		require.NoError(t, err)
		require.Equal(t, c, back)
	})
}

func TestARunIsDescribedAsProvenance(t *testing.T) {
	b, err := reproducible.Describe(specOf(), resultOf(t), reproducible.DescribeOptions{
		Builder: provenance.Builder{ID: "https://example.com/builder/v1"}, InvocationID: "run-1",
	})
	require.NoError(t, err)
	require.Equal(t, reproducible.BuildType, b.BuildType)
	require.Len(t, b.Inputs, 2)
	require.Equal(t, provenance.RoleTool, b.Inputs[0].Role)
	require.Equal(t, reproducible.TreeMediaType, b.Inputs[1].Descriptor.MediaType)
	require.Len(t, b.Outputs, 2)
	require.Equal(t, "log", b.Byproducts[0].Name)
	require.JSONEq(t, `{"command":["/bin/tool","-o","../out/a"],"cpus":0,"dir":"/src","env":{"MODE":"fast"},"epoch":1700000000,`+
		`"gid":1000,"hostPaths":[],"hostname":"build","inputs":[`+
		`{"digest":"`+digest.FromBytes([]byte("tool")).String()+`","kind":"executable","path":"/bin/tool"},`+
		`{"digest":"`+digest.FromBytes([]byte("tree")).String()+`","kind":"tree","path":"/src"}],`+
		`"locale":"C.UTF-8","outputs":["a","b/c"],"require":[],"tz":"UTC","uid":1000,"umask":18}`, string(b.External))
	require.Contains(t, string(b.Internal), `"achieved":["inputs-pinned"`)
	require.Contains(t, string(b.Internal), `"reproducible.output.undeclared"`)
	s, err := slsa.Encode(b)
	require.NoError(t, err)
	again, err := slsa.Decode(s)
	require.NoError(t, err)
	require.Equal(t, b.BuildType, again.BuildType)
}

func TestOnlyAMatchingSuccessIsDescribed(t *testing.T) {
	builder := reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder/v1"}}
	for name, x := range map[string]struct {
		spec    *reproducible.Spec
		result  *reproducible.Result
		options reproducible.DescribeOptions
	}{
		"no result":      {specOf(), nil, builder},
		"no spec":        {nil, resultOf(t), builder},
		"a failure":      {specOf(), with(resultOf(t), func(r *reproducible.Result) { r.Exit.Code = 1 }), builder},
		"another spec":   {specOf(), with(resultOf(t), func(r *reproducible.Result) { r.Spec = digest.FromBytes(nil) }), builder},
		"no builder":     {specOf(), resultOf(t), reproducible.DescribeOptions{}},
		"a builder name": {specOf(), resultOf(t), reproducible.DescribeOptions{Builder: provenance.Builder{ID: "me"}}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := reproducible.Describe(x.spec, x.result, x.options)
			require.NotEmpty(t, codes(err))
			require.Nil(t, b)
		})
	}
}

func TestAnExitTellsWhy(t *testing.T) {
	require.NoError(t, reproducible.Exit{}.Err())
	require.ErrorContains(t, reproducible.Exit{Code: 3}.Err(), "exit status 3")
	require.ErrorContains(t, reproducible.Exit{Code: -1, Signal: "SIGSYS"}.Err(), "SIGSYS")
	require.Contains(t, codes(reproducible.Exit{Limit: reproducible.CodeLimitLog}.Err()), reproducible.CodeLimitLog)
	require.Equal(t, "absent", reproducible.Output{}.String())
}
