package verify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

// thing is an artifact by name; "app" is the one that is judged.
func thing(name string) attest.Descriptor {
	if name == "app" {
		return attest.Descriptor{Name: name, Digest: provenancetest.Artifact()}
	}
	return attest.Descriptor{Name: name, Digest: sum(name).Set()}
}

// made is provenance of one thing out of others.
func made(t testing.TB, signer, name string, from ...string) *attest.Verified {
	t.Helper()
	return seal(t, provenanceOf(t, func(b *provenance.Build) {
		b.Outputs = []attest.Descriptor{thing(name)}
		if name == "app" {
			b.Inputs = b.Inputs[:1]
		} else {
			b.Inputs = nil
		}
		for _, other := range from {
			b.Inputs = append(b.Inputs, provenance.Input{Role: provenance.RoleTool, Descriptor: thing(other)})
		}
	}), signer)
}

// summarized is a summary of one thing.
func summarized(t testing.TB, name, level string, dependencies map[string]uint64) verify.Summary {
	t.Helper()
	v := vsa()
	v.VerifiedLevels, v.DependencyLevels = []string{level}, dependencies
	s, err := verify.VerifySummary(t.Context(), thing(name).Digest, summaryOf(t, v, thing(name)), summaryRoots(),
		verify.SummaryExpectations{ResourceURI: resource, Levels: map[string]int{predicate.TrackBuild: 1}})
	require.NoError(t, err)
	return s
}

func statuses(v verify.Verdict) map[verify.CheckID]verify.Status {
	out := map[verify.CheckID]verify.Status{}
	for _, f := range v.Findings() {
		if old, ok := out[f.Check]; !ok || f.Status < old {
			out[f.Check] = f.Status
		}
	}
	return out
}

func TestDependenciesAreFollowedByDigest(t *testing.T) {
	l := func(n int) string { return predicate.Level{Track: predicate.TrackBuild, Level: n}.String() }
	name := func(s string) string { return sum(s).String() }
	for title, c := range map[string]struct {
		app     *attest.Verified
		others  []*attest.Verified
		told    []verify.Summary
		depth   int
		levels  map[string]uint64
		unknown []string
		cycles  []string
		cut     bool
	}{
		"nothing known":                   {app: made(t, "platform", "app", "a", "b"), unknown: []string{name("a"), name("b")}},
		"no inputs":                       {app: made(t, "platform", "app")},
		"a chain":                         {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "platform", "a", "b"), made(t, "platform-2", "b")}, levels: map[string]uint64{l(3): 1, l(2): 1}},
		"a diamond counts once":           {app: made(t, "platform", "app", "a", "b"), others: []*attest.Verified{made(t, "platform", "a", "c"), made(t, "platform", "b", "c"), made(t, "platform", "c")}, levels: map[string]uint64{l(3): 3}},
		"an input twice":                  {app: made(t, "platform", "app", "a", "a"), others: []*attest.Verified{made(t, "platform", "a")}, levels: map[string]uint64{l(3): 1}},
		"an impostor tells nothing":       {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "mallory", "a", "b")}, unknown: []string{name("a")}},
		"another authority tells nothing": {app: made(t, "platform", "app", "a"), others: []*attest.Verified{sealBy(t, "test:other", made(t, "platform", "a").Statement(), "platform")}, unknown: []string{name("a")}},
		"a summary ends the search":       {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "platform", "a", "b")}, told: []verify.Summary{summarized(t, "a", "SLSA_BUILD_LEVEL_1", nil)}, levels: map[string]uint64{l(1): 1}},
		"a summary of something else":     {app: made(t, "platform", "app", "a"), told: []verify.Summary{summarized(t, "b", "SLSA_BUILD_LEVEL_1", nil)}, unknown: []string{name("a")}},
		"its own input":                   {app: made(t, "platform", "app", "app", "a"), unknown: []string{name("a")}, cycles: []string{digest.Digest{Algorithm: digest.SHA256, Hex: provenancetest.Artifact()[digest.SHA256]}.String()}},
		"a cycle": {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "platform", "a", "b"), made(t, "platform", "b", "c"), made(t, "platform", "c", "b", "d"), made(t, "platform", "d")},
			levels: map[string]uint64{l(3): 2, l(0): 2}, cycles: []string{name("b"), name("c")}},
		"a cycle through the artifact": {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "platform", "a", "app")},
			levels: map[string]uint64{l(0): 1}, cycles: []string{digest.Digest{Algorithm: digest.SHA256, Hex: provenancetest.Artifact()[digest.SHA256]}.String(), name("a")}},
		"deeper than allowed": {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "platform", "a", "b"), made(t, "platform", "b", "c")}, depth: 2, levels: map[string]uint64{l(3): 2}, cut: true},
		"as deep as allowed":  {app: made(t, "platform", "app", "a"), others: []*attest.Verified{made(t, "platform", "a", "b"), made(t, "platform", "b")}, depth: 2, levels: map[string]uint64{l(3): 2}},
	} {
		t.Run(title, func(t *testing.T) {
			want := expectations()
			want.Depth = c.depth
			v, err := decide(t, verify.Case{Evidence: []*attest.Verified{c.app}, Dependencies: c.others, Summaries: c.told}, roots(), want)
			require.NoError(t, err, "dependencies refuse nobody")
			require.Equal(t, 3, v.Level())
			d := v.Dependencies()
			require.Equal(t, len(c.levels), len(d.Levels))
			for level, n := range c.levels {
				require.Equal(t, n, d.Levels[level], level)
			}
			require.ElementsMatch(t, c.unknown, d.Unknown)
			require.ElementsMatch(t, c.cycles, d.Cycles)
			require.Equal(t, c.cut, d.Cut)
			got := statuses(v)
			for check, bad := range map[verify.CheckID]bool{verify.CheckDependencies: len(c.unknown) > 0, verify.CheckCycle: len(c.cycles) > 0, verify.CheckDepth: c.cut} {
				status, told := got[check]
				if bad {
					require.Equal(t, verify.Skipped, status, check)
				} else if told {
					require.Equal(t, verify.Passed, status, check)
				}
			}
		})
	}
	want := expectations()
	want.Depth = verify.MaxDepth + 1
	require.ErrorIs(t, want.Validate(), attest.Is(verify.CodeExpectations))
}

// A chain as long as the evidence allows ends where the depth does, in bounded time.
func TestALongChainOfDependenciesIsCut(t *testing.T) {
	var others []*attest.Verified
	for i := range 300 {
		others = append(others, made(t, "platform", fmt.Sprint("x", i), fmt.Sprint("x", i+1), "x0"))
	}
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{made(t, "platform", "app", "x0")}, Dependencies: others}, roots(), expectations())
	require.NoError(t, err)
	require.True(t, v.Dependencies().Cut)
	require.Len(t, v.Dependencies().Cycles, verify.DefaultDepth-1, "the last is not followed")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = verify.Judge(ctx, verify.Case{Artifact: provenancetest.Artifact(), Evidence: []*attest.Verified{made(t, "platform", "app", "x0")}, Dependencies: others}, roots(), expectations())
	require.ErrorIs(t, err, context.Canceled)
}

func TestASummaryCountsDependenciesOnlyWhereTheyEnd(t *testing.T) {
	o := issueOptions()
	o.CountDependencies = true
	count := func(c verify.Case) (map[string]uint64, error) {
		v, err := decide(t, c, roots(), expectations())
		require.NoError(t, err)
		s, err := v.Summarize(o)
		if err != nil {
			return nil, err
		}
		got, err := predicate.Decode[predicate.VSA](s, predicate.Reading{})
		require.NoError(t, err)
		require.NotNil(t, got.DependencyLevels)
		return got.DependencyLevels, nil
	}
	app := made(t, "platform", "app", "a")
	levels, err := count(verify.Case{Evidence: []*attest.Verified{made(t, "platform", "app")}})
	require.NoError(t, err)
	require.Empty(t, levels, "none, which is not null")
	levels, err = count(verify.Case{Evidence: []*attest.Verified{app}})
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"SLSA_BUILD_LEVEL_0": 1}, levels, "what is unknown has no level")
	levels, err = count(verify.Case{Evidence: []*attest.Verified{app}, Dependencies: []*attest.Verified{made(t, "platform", "a")}})
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"SLSA_BUILD_LEVEL_3": 1}, levels)
	levels, err = count(verify.Case{Evidence: []*attest.Verified{app}, Summaries: []verify.Summary{summarized(t, "a", "SLSA_BUILD_LEVEL_2", map[string]uint64{})}})
	require.NoError(t, err)
	require.Equal(t, map[string]uint64{"SLSA_BUILD_LEVEL_2": 1}, levels)
	for name, told := range map[string]map[string]uint64{"null is not none": nil, "what a summary counts may be counted already": {"SLSA_BUILD_LEVEL_1": 1}} {
		_, err = count(verify.Case{Evidence: []*attest.Verified{app}, Summaries: []verify.Summary{summarized(t, "a", "SLSA_BUILD_LEVEL_2", told)}})
		require.ErrorIs(t, err, attest.Is(verify.CodeIssue), name)
	}
	_, err = count(verify.Case{Evidence: []*attest.Verified{made(t, "platform", "app", "app")}})
	require.ErrorIs(t, err, attest.Is(verify.CodeIssue), "a cycle")
	v, err := decide(t, verify.Case{Evidence: []*attest.Verified{app}}, roots(), expectations())
	require.NoError(t, err)
	s, err := v.Summarize(issueOptions())
	require.NoError(t, err)
	require.NotContains(t, string(s.Predicate()), "dependencyLevels", "nothing is claimed unless asked for")
}

// scai is an assertion that hardware attested to the environment of a run.
func scai(t testing.TB, signer, attribute, conditions string, evidence digest.Digest) *attest.Verified {
	t.Helper()
	s, err := predicate.Encode(&predicate.SCAI{Attributes: []predicate.Attribute{{Attribute: attribute, Conditions: []byte(conditions), Evidence: &attest.Descriptor{Digest: evidence.Set()}}}},
		attest.Descriptor{Name: "app", Digest: provenancetest.Artifact()})
	require.NoError(t, err)
	return sealAt(t, s, signer, time.Minute)
}

// An appraisal is what an appraiser decided, for the purposes of tests.
type appraisal struct {
	policy, run string
	evidence    []digest.Digest
	refused     error
}

func (a appraisal) Err() error                { return a.refused }
func (a appraisal) PolicyID() string          { return a.policy }
func (a appraisal) BuildID() string           { return a.run }
func (a appraisal) Evidence() []digest.Digest { return a.evidence }

func TestHardwareTellsTheLevelOfTheBuildEnvironment(t *testing.T) {
	quote := sum("quote")
	by := func(policy, run string) verify.Appraisal {
		return appraisal{policy: policy, run: run, evidence: []digest.Digest{sum("another piece"), quote}}
	}
	good := by("runners", "run/42")
	const run = `{"kind":"tpm2","buildID":"run/42"}`
	for name, c := range map[string]struct {
		assertion *attest.Verified
		appraisal verify.Appraisal
		level     int
	}{
		"appraised evidence of the run":       {scai(t, "platform", verify.EnvironmentAttribute, run, quote), good, 2},
		"a policy that is worth less":         {scai(t, "platform", verify.EnvironmentAttribute, run, quote), by("boots", "run/42"), 1},
		"a policy that is worth more":         {scai(t, "platform", verify.EnvironmentAttribute, run, quote), by("cells", "run/42"), 3},
		"a policy that nobody trusts":         {scai(t, "platform", verify.EnvironmentAttribute, run, quote), by("anything", "run/42"), 0},
		"a policy whose name begins like one": {scai(t, "platform", verify.EnvironmentAttribute, run, quote), by("cells2", "run/42"), 0},
		"a policy in other case":              {scai(t, "platform", verify.EnvironmentAttribute, run, quote), by("Cells", "run/42"), 0},
		"evidence that nobody appraised":      {scai(t, "platform", verify.EnvironmentAttribute, run, sum("other")), good, 0},
		"evidence of another run":             {scai(t, "platform", verify.EnvironmentAttribute, run, quote), by("runners", "run/41"), 0},
		"an assertion about another run":      {scai(t, "platform", verify.EnvironmentAttribute, `{"buildID":"run/41"}`, quote), by("runners", "run/41"), 0},
		"an assertion that names no run":      {scai(t, "platform", verify.EnvironmentAttribute, `{}`, quote), good, 0},
		"a run under another name":            {scai(t, "platform", verify.EnvironmentAttribute, `{"BuildID":"run/42"}`, quote), good, 0},
		"a run that is a number":              {scai(t, "platform", verify.EnvironmentAttribute, `{"buildID":42}`, quote), good, 0},
		"an assertion of something else":      {scai(t, "platform", "WITH_STACK_PROTECTION", run, quote), good, 0},
		"an assertion by somebody else":       {scai(t, "mallory", verify.EnvironmentAttribute, run, quote), good, 0},
		"an assertion by another's authority": {sealBy(t, "test:other", scai(t, "platform", verify.EnvironmentAttribute, run, quote).Statement(), "platform"), good, 0},
	} {
		t.Run(name, func(t *testing.T) {
			k := verify.Case{Evidence: []*attest.Verified{signed(t, nil), c.assertion}, Appraisals: []verify.Appraisal{c.appraisal}}
			v, err := decide(t, k, roots(), expectations())
			require.NoError(t, err)
			track := v.Track(predicate.TrackBuildEnv)
			require.Equal(t, c.level, track.Level)
			require.Equal(t, c.level, track.Cap)
			if c.level < 3 {
				require.Equal(t, verify.CodeTrack, track.MissingForNext[0].Code)
			}
			if status, told := statuses(v)[verify.CheckEnvironment]; told {
				require.Equal(t, c.level > 0, status == verify.Passed)
			}
			k.Appraisals = nil
			v, err = decide(t, k, roots(), expectations())
			require.NoError(t, err)
			require.Zero(t, v.Track(predicate.TrackBuildEnv).Level, "an assertion alone is a word")
			k.Appraisals = []verify.Appraisal{c.appraisal}
			unprepared := roots()
			unprepared.Environments = nil
			v, err = decide(t, k, unprepared, expectations())
			require.NoError(t, err)
			require.Zero(t, v.Track(predicate.TrackBuildEnv).Level, "without a trusted policy no appraisal counts")
		})
	}
}

func TestAnAppraisalThatAffirmsNothingIsRefused(t *testing.T) {
	whole := appraisal{policy: "runners", run: "x", evidence: []digest.Digest{sum("quote")}}
	with := func(change func(*appraisal)) verify.Appraisal {
		a := whole
		change(&a)
		return a
	}
	for name, bad := range map[string]verify.Appraisal{
		"nil":              nil,
		"not affirmed":     with(func(a *appraisal) { a.refused = errors.New("debug mode") }),
		"by no policy":     with(func(a *appraisal) { a.policy = "" }),
		"of no run":        with(func(a *appraisal) { a.run = "" }),
		"of no evidence":   with(func(a *appraisal) { a.evidence = nil }),
		"of a zero digest": with(func(a *appraisal) { a.evidence = append(a.evidence, digest.Digest{}) }),
		"of evidence by SHA-1": with(func(a *appraisal) {
			a.evidence = []digest.Digest{{Algorithm: digest.SHA1, Hex: strings.Repeat("0", 40)}}
		}),
		"of evidence cut short": with(func(a *appraisal) { a.evidence = []digest.Digest{{Algorithm: digest.SHA256, Hex: "00"}} }),
	} {
		_, err := decide(t, verify.Case{Evidence: []*attest.Verified{signed(t, nil)}, Appraisals: []verify.Appraisal{bad}}, roots(), expectations())
		require.ErrorIs(t, err, attest.Is(verify.CodeEvidence), name)
	}
	for name, bad := range map[string][]verify.Environment{
		"no policy": {{Level: 1}}, "no level": {{PolicyID: "x"}}, "too high a level": {{PolicyID: "x", Level: 4}},
		"a policy twice": {{PolicyID: "x", Level: 1}, {PolicyID: "x", Level: 2}},
	} {
		r := roots()
		r.Environments = bad
		require.ErrorIs(t, r.Validate(), attest.Is(verify.CodeRoots), name)
	}
}

func TestAVerifierMustNotVouchForItsOwnPolicy(t *testing.T) {
	unpinned := summaryExpectations()
	unpinned.Policy = attest.Descriptor{}
	for uri, own := range map[string]bool{
		"https://example.com/policy": false, verifierID: true, verifierID + "/policies/1": true, verifierID + "?p": true, verifierID + "s/policy": false, resource: true,
	} {
		v := vsa()
		v.Policy = attest.Descriptor{URI: uri}
		_, err := verify.VerifySummary(t.Context(), provenancetest.Artifact(), summaryOf(t, v), summaryRoots(), unpinned)
		if !own {
			require.NoError(t, err, uri)
			continue
		}
		require.ErrorIs(t, err, attest.Is(verify.CodeOwnPolicy), uri)
	}
	v := vsa()
	v.Policy = attest.Descriptor{URI: "https://example.com/policy", Digest: provenancetest.Artifact()}
	_, err := verify.VerifySummary(t.Context(), provenancetest.Artifact(), summaryOf(t, v), summaryRoots(), unpinned)
	require.ErrorIs(t, err, attest.Is(verify.CodeOwnPolicy), "the artifact is the policy")

	v = vsa()
	v.Policy.URI = verifierID + "/policies/1"
	want := summaryExpectations()
	want.Policy = v.Policy
	_, err = verify.VerifySummary(t.Context(), provenancetest.Artifact(), summaryOf(t, v), summaryRoots(), want)
	require.NoError(t, err, "who pins its digest knows what it says")
}
