package layout_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/layout"
)

// theirs is the verdict of in-toto-golang on the same evidence.
// Its files are left in dir.
func theirs(t *testing.T, dir string, e layout.Evidence) (err error) {
	for name, f := range e.Links.(fstest.MapFS) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, f.Data, 0o644))
	}
	path := filepath.Join(dir, "root.layout")
	require.NoError(t, os.WriteFile(path, e.Layout, 0o644))
	loaded, err := in_toto.LoadMetadata(path)
	if err != nil {
		return err
	}
	_, err = in_toto.InTotoVerify(loaded, map[string]in_toto.Key{owner.id(): owner.key()}, dir, "", nil, nil, false)
	return err
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// random returns a world whose rules and artifacts are drawn by lot. All of it is
// well formed.
func random(r *rand.Rand) *world {
	w := newWorld()
	names := []string{"a", "b", "dir/a", "dir/b", "dir/sub/c", "x[1]", "é"}
	patterns := []string{"*", "a", "b", "dir/*", "?", "*/b", "dir/[ab]", "[!a]", "d*a", "*c", `x\[1\]`, "dir/sub/?", "**", "[^a]", "x[a-z[]1]"}
	prefixes := []string{"dir", "dir/sub"}
	rules := func(known []string) [][]string {
		var out [][]string
		for range r.IntN(5) {
			kind := pick(r, []string{"CREATE", "DELETE", "MODIFY", "ALLOW", "ALLOW", "MATCH", "match", "Allow", pick(r, []string{"DISALLOW", "REQUIRE", "ALLOW"})})
			switch {
			case kind == "REQUIRE":
				out = append(out, []string{kind, pick(r, names)})
			case strings.EqualFold(kind, "match") && len(known) > 0:
				rule := []string{kind, pick(r, patterns)}
				rule = append(rule, "WITH", pick(r, []string{"MATERIALS", "products"}))
				if r.IntN(3) == 0 {
					rule = append(rule, "IN", pick(r, prefixes))
				}
				out = append(out, append(rule, "FROM", pick(r, known)))
			case !strings.EqualFold(kind, "match"):
				out = append(out, []string{kind, pick(r, patterns)})
			}
		}
		if r.IntN(4) == 0 {
			out = append(out, []string{"DISALLOW", "*"})
		}
		return slices.Clip(append([][]string{}, out...))
	}
	artifacts := func() map[string]in_toto.HashObj {
		out := map[string]in_toto.HashObj{}
		for _, n := range names {
			if r.IntN(3) == 0 {
				out[n] = file(pick(r, []string{"1", "2"}))
			}
		}
		return out
	}
	for i := range w.layout.Steps {
		known := []string{"write", "pack"}
		w.layout.Steps[i].ExpectedMaterials, w.layout.Steps[i].ExpectedProducts = rules(known), rules(known)
		name := w.layout.Steps[i].Name
		w.links[name] = link(name, artifacts(), artifacts())
	}
	return w
}

// What is drawn is well formed, so that the verdicts must be the same.
func TestRulesAreJudgedAsInTotoJudgesThem(t *testing.T) {
	rounds := 600
	switch {
	case raceEnabled:
		rounds = 100
	case os.Getenv("SEALWRIGHT_LONG") == "1":
		rounds = 20_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	accepted, dir := 0, t.TempDir()
	for round := range rounds {
		w := random(r)
		if round%2 == 1 {
			w.seal = envelope
		}
		e := w.evidence(t)
		v, err := layout.NewVerifier(w.trust)
		require.NoError(t, err)
		_, ours := v.Verify(t.Context(), e, now())
		reference := theirs(t, dir, e)
		if (ours == nil) != (reference == nil) {
			b, _ := json.MarshalIndent(w.layout.Steps, "", " ")
			l, _ := json.Marshal(w.links)
			t.Fatalf("round %d: ours %v, in-toto-golang %v\n%s\n%s", round, ours, reference, b, l)
		}
		if ours == nil {
			accepted++
		}
	}
	require.Greater(t, accepted, rounds/20, "both verdicts occur")
	require.Less(t, accepted, rounds*19/20)
}

// Where the verdicts differ, ours is the stricter. Each case is a hole in the other.
func TestWhereWeAreStricterThanInToto(t *testing.T) {
	for name, tc := range map[string]struct {
		breaks func(w *world)
		code   attest.Code
	}{
		"a link that bears another step's name": {func(w *world) { l := w.links["pack"]; l.Name = "write"; w.links["pack"] = l }, layout.CodeLink},
		"one key under two ids":                 {oneKeyTwice, layout.CodeThreshold},
		"artifacts without digests":             {noDigests, layout.CodeDigest},
		"a malformed pattern to disallow": {func(w *world) {
			w.layout.Steps[1].ExpectedProducts = [][]string{{"DISALLOW", "out/[a-"}}
		}, layout.CodeRule},
		"a change behind a detour in a path": {func(w *world) {
			w.links["pack"].Materials["./bin"], w.links["pack"].Products["./bin"] = file("1"), file("2")
			w.layout.Steps[1].ExpectedMaterials = [][]string{}
			w.layout.Steps[1].ExpectedProducts = [][]string{{"MODIFY", "nothing"}, {"DISALLOW", "other"}}
			w.links["pack"].Products["bin"] = file("3")
		}, layout.CodePath},
		"a parameter that stays as it is": {func(w *world) {
			w.layout.Steps[1].ExpectedProducts = [][]string{{"DISALLOW", "{forbidden}"}}
		}, layout.CodeParameter},
		"a layout without steps": {func(w *world) { w.layout.Steps = []in_toto.Step{} }, layout.CodeStep},
		"MATCH outside of its prefix": {func(w *world) {
			w.layout.Steps[1].ExpectedMaterials[0] = []string{"MATCH", "*", "IN", "lib", "WITH", "PRODUCTS", "FROM", "write"}
		}, layout.CodeDisallowed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			tc.breaks(w)
			w.evidence(t)      // some files follow from sealing others
			e := w.evidence(t) // and are there only now
			require.NoError(t, theirs(t, t.TempDir(), e))
			v, err := layout.NewVerifier(w.trust)
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), e, now())
			require.ErrorIs(t, err, attest.Is(tc.code))
		})
	}
}

func noDigests(w *world) {
	for _, l := range w.links {
		for _, side := range []map[string]in_toto.HashObj{l.Materials, l.Products} {
			for name := range side {
				side[name] = in_toto.HashObj{}
			}
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, p := range []string{"*", "a[!b]", "[^a]", `\[x`, "a/[b/c]*", "[]", "[a-", "**a**", `[\]]`, "[!^]"} {
		f.Add(p, "a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		ok, err := layout.MatchForTest(pattern, name)
		if err != nil || strings.Contains(name, "\x00") {
			return
		}
		if theirs := in_toto.NewSet(name).Filter(pattern).Has(name); theirs != ok {
			t.Fatalf("%q %q: ours %v, in-toto-golang %v", pattern, name, ok, theirs)
		}
	})
}

func FuzzLayout(f *testing.F) {
	w := newWorld()
	f.Add([]byte(w.evidence(f).Layout))
	f.Add(envelope(f, w.layout, owner))
	f.Add(metablock(f, w.links["write"], coder))
	v, err := layout.NewVerifier(w.trust)
	if err != nil {
		f.Fatal(err)
	}
	e := w.evidence(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		e := e
		e.Layout = b
		r, err := v.Verify(t.Context(), e, now())
		if (r == nil) == (err == nil) {
			t.Fatal("a result and an error, or neither")
		}
		if err != nil && len(attest.Reasons(err)) == 0 {
			t.Fatal("no reason")
		}
	})
}
