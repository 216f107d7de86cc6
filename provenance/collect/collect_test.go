package collect_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/collecttest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const (
	commit = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	repo   = "git+https://github.com/octocat/hello-world"
)

func TestTrustIsOrdered(t *testing.T) {
	order := []collect.Trust{collect.SelfAsserted, collect.Measured, collect.PlatformAPI, collect.PlatformSigned, collect.HardwareSigned}
	names := map[string]bool{}
	for i, trust := range order {
		require.Equal(t, collect.Trust(i), trust)
		names[trust.String()] = true
	}
	require.Len(t, names, len(order))
	require.Equal(t, "trust(9)", collect.Trust(9).String())
	var zero collect.Fact
	require.Equal(t, collect.SelfAsserted, zero.Trust)
	b, err := json.Marshal(collect.Fact{Key: "k", Value: "v", Trust: collect.Measured, Origin: "o"})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"k","value":"v","trust":"measured","origin":"o"}`, string(b))
}

func TestFormsTakeWhatTheyDocumentAndNothingElse(t *testing.T) {
	for _, tc := range []struct {
		form collect.Form
		good map[string]string
		bad  []string
	}{
		{form: collect.Word, good: map[string]string{"push": "push", "o/r/.github/x.yml@refs/heads/main": "o/r/.github/x.yml@refs/heads/main", "dependabot[bot]": "dependabot[bot]"}, bad: []string{"a b", "a\nb", "é", "a~b", "$(id)", "a\x00"}},
		{form: collect.Phrase, good: map[string]string{"rspec unit 1/3": "rspec unit 1/3", "(devel)": "(devel)"}, bad: []string{" a", "a\t", "a;b", "`id`"}},
		{form: collect.Number, good: map[string]string{"0": "0", "18446744073709551615": "18446744073709551615"}, bad: []string{"-1", "1.0", "0x1", "123456789012345678901"}},
		{form: collect.Object, good: map[string]string{commit: commit}, bad: []string{"HEAD", commit[1:], strings.ToUpper(commit), commit + "00"}},
		{form: collect.Reference, good: map[string]string{"refs/heads/main": "refs/heads/main", "refs/pull/1/merge": "refs/pull/1/merge"}, bad: []string{"main", "refs/heads/../x", "refs/heads//x", "refs/heads/a b", "refs/heads/x@{1}", "refs/heads/x~1"}},
		{form: collect.Branch, good: map[string]string{"v1.2.3": "v1.2.3", "feature/x": "feature/x"}, bad: []string{"-x", "a..b", "a:b", "/a", "a/"}},
		{form: collect.Location, good: map[string]string{
			"https://github.com/octocat/hello-world.git":         repo,
			"https://x-access-token:ghs_s@GitHub.com/octocat/r":  "git+https://github.com/octocat/r",
			"git@github.com:octocat/r.git":                       "git+ssh://github.com/octocat/r",
			"ssh://git@example.com:2222/o/r":                     "git+ssh://example.com:2222/o/r",
			"git+https://example.com/~user/r":                    "git+https://example.com/~user/r",
			"https://a@b@example.com/o/r":                        "git+https://example.com/o/r",
			"https://user:p@ss@gitlab.com/group/sub/project.git": "git+https://gitlab.com/group/sub/project",
		}, bad: []string{"https://example.com/o/r@evil", "https://example.com/o/r?x=y", "https://example.com/o/r#x", "https://example.com/o/%2e%2e/r",
			"https://example.com/o/../r", "file:///etc", "ext::sh -c id", "/srv/repo", "https://", "javascript:alert(1)", "https://example.com/$(id)"}},
		{form: collect.Address, good: map[string]string{"https://x.example/job/1/": "https://x.example/job/1/"}, bad: []string{"https://u:p@x.example/", "https://x.example/?a", "https://x.example/?", "https://x.example/#a", "https://x.example/#", "x", "ftp://x.example/"}},
		{form: collect.Instant, good: map[string]string{"2026-11-23T13:00:00+01:00": "2026-11-23T12:00:00Z"}, bad: []string{"2026-11-23", "now", "1700000000"}},
		{form: collect.Truth, good: map[string]string{"true": "true", "false": "false"}, bad: []string{"True", "1", "yes"}},
	} {
		for in, want := range tc.good {
			got, ok := tc.form.Parse(in)
			require.True(t, ok, "%s: %s", tc.form, in)
			require.Equal(t, want, got)
		}
		for _, in := range append(tc.bad, "", strings.Repeat("1", 2000)) {
			_, ok := tc.form.Parse(in)
			require.False(t, ok, "%s: %q", tc.form, in)
		}
		require.NotEqual(t, "a known form", tc.form.String())
	}
	_, ok := collect.Form(99).Parse("x")
	require.False(t, ok)
}

func TestCanonicalRepositoryRepeatsNothing(t *testing.T) {
	for _, in := range []string{collecttest.Secret, "https://u:" + collecttest.Secret + "@h", "https://u:" + collecttest.Secret + "@h/o/r?x", "https://h/o/" + collecttest.Secret} {
		_, err := collect.CanonicalRepository(in)
		collecttest.RequireCode(t, err, collect.CodeValue)
	}
}

func fact(key collect.Key, value string, trust collect.Trust) collect.Fact {
	return collect.Fact{Key: key, Value: value, Trust: trust, Origin: trust.String() + " source", Evidence: digest.FromBytes([]byte(value))}
}

func facts(list ...collect.Fact) *collect.Facts { return &collect.Facts{Facts: list} }

func TestTheStrongerSourceWinsAndDisagreementIsAnErrorWhereItMatters(t *testing.T) {
	for name, tc := range map[string]struct {
		facts []collect.Fact
		want  string
		fails bool
		notes int
	}{
		"agreement keeps the stronger": {[]collect.Fact{fact(collect.Commit, commit, 0), fact(collect.Commit, commit, collect.PlatformSigned), fact(collect.Commit, commit, collect.PlatformAPI)}, commit, false, 0},
		"a variable against a token":   {[]collect.Fact{fact(collect.Commit, "x", collect.SelfAsserted), fact(collect.Commit, commit, collect.PlatformSigned)}, "", true, 0},
		"the API against a token":      {[]collect.Fact{fact(collect.Ref, "x", collect.PlatformAPI), fact(collect.Ref, "y", collect.PlatformSigned)}, "", true, 0},
		"two actors":                   {[]collect.Fact{fact(collect.Actor, "x", collect.SelfAsserted), fact(collect.Actor, "y", collect.PlatformSigned)}, "y", false, 1},
		"two actors, the other order":  {[]collect.Fact{fact(collect.Actor, "y", collect.PlatformSigned), fact(collect.Actor, "x", collect.SelfAsserted)}, "y", false, 1},
		"two actors of equal trust":    {[]collect.Fact{fact(collect.Actor, "x", collect.PlatformSigned), fact(collect.Actor, "y", collect.PlatformSigned)}, "", true, 0},
		"a key that nobody knows":      {[]collect.Fact{fact("own.key", "x", collect.SelfAsserted), fact("own.key", "y", collect.Measured)}, "", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var all []*collect.Facts
			for _, f := range tc.facts {
				all = append(all, facts(f))
			}
			r, err := collect.Resolve(all...)
			if tc.fails {
				require.Nil(t, r)
				collecttest.RequireCode(t, err, collect.CodeConflict)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, r.Value(tc.facts[0].Key))
			require.Len(t, r.Facts(), 1)
			require.Len(t, r.Conflicts(), tc.notes)
			for _, c := range r.Conflicts() {
				require.Equal(t, tc.want, c.Kept.Value)
				require.Len(t, c.Dropped, 1)
			}
		})
	}
	_, err := collect.Resolve(nil)
	collecttest.RequireCode(t, err, collect.CodeOption)
}

func TestAForgedVariableNeverChangesASignedFact(t *testing.T) {
	signed := fact(collect.Commit, commit, collect.PlatformSigned)
	for _, forged := range []string{"", commit, "HEAD", strings.Repeat("0", 40)} {
		r, err := collect.Resolve(facts(fact(collect.Commit, forged, collect.SelfAsserted)), facts(signed))
		if err == nil {
			require.Equal(t, signed.Value, r.Value(collect.Commit))
			f, ok := r.Fact(collect.Commit)
			require.True(t, ok)
			require.Equal(t, collect.PlatformSigned, f.Trust)
		} else {
			require.Nil(t, r)
		}
	}
}

func source(trust collect.Trust) *collect.Facts {
	return facts(fact(collect.Repository, repo, trust), fact(collect.Commit, commit, trust), fact(collect.Ref, "refs/heads/main", trust),
		fact(collect.BuilderID, "https://example.com/builder", trust), fact(collect.Invocation, "https://example.com/run/1", trust),
		fact(collect.Started, "2026-11-23T12:00:00Z", trust), fact(collect.Finished, "2026-11-23T12:01:00Z", trust))
}

func output() attest.Descriptor {
	return attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()}
}

func TestADraftTellsForEveryFieldWhoChoseIt(t *testing.T) {
	r, err := collect.Resolve(source(collect.PlatformSigned))
	require.NoError(t, err)
	d := r.Draft("https://example.com/type")
	d.Need("a/source", collect.Repository)
	d.External("a/ref", collect.Ref)
	d.External("absent", "no.such")
	d.Internal("run", collect.Invocation)
	d.Source()
	b, report, err := d.Build(collect.Options{Outputs: []attest.Descriptor{output()}})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":{"ref":"refs/heads/main","source":"`+repo+`"}}`, string(b.External))
	require.Equal(t, []provenance.Input{{Role: provenance.RoleSource, Descriptor: attest.Descriptor{URI: repo + "@refs/heads/main", Digest: digest.Set{digest.GitCommit: commit}}}}, b.Inputs)
	paths := map[string]collect.Trust{}
	for _, f := range report.Fields {
		paths[f.Path] = f.Fact.Trust
	}
	for _, path := range []string{"External/a/source", "External/a/ref", "Internal/run", "Builder.ID", "InvocationID", "Started", "Finished", "Inputs[0].commit", "Inputs[0].repository", "Inputs[0].ref"} {
		require.Equal(t, collect.PlatformSigned, paths[path], path)
	}
	require.Empty(t, report.SelfAsserted())
	require.Equal(t, 3, report.LevelCap())
	_, err = slsa.Encode(b)
	require.NoError(t, err)
}

func TestASelfAssertedParameterOrBuilderCapsTheLevel(t *testing.T) {
	build := func(weak collect.Key, o collect.Options) *collect.Report {
		f := source(collect.PlatformSigned)
		for i := range f.Facts {
			if f.Facts[i].Key == weak {
				f.Facts[i].Trust = collect.SelfAsserted
			}
		}
		r, err := collect.Resolve(f)
		require.NoError(t, err)
		d := r.Draft("https://example.com/type")
		d.External("ref", collect.Ref)
		o.Outputs = append(o.Outputs, output())
		_, report, err := d.Build(o)
		require.NoError(t, err)
		return report
	}
	require.Equal(t, 3, build("", collect.Options{}).LevelCap())
	require.Equal(t, 1, build(collect.Ref, collect.Options{}).LevelCap())
	require.Equal(t, 1, build(collect.BuilderID, collect.Options{}).LevelCap())
	require.Equal(t, 3, build(collect.Started, collect.Options{}).LevelCap(), "times decide nothing")
	require.Equal(t, 1, (&collect.Report{}).LevelCap())
}

func TestADraftRefusesWhatIsMissingOrContradictory(t *testing.T) {
	build := func(f *collect.Facts, o collect.Options, fill func(*collect.Draft)) error {
		r, err := collect.Resolve(f)
		require.NoError(t, err)
		d := r.Draft("https://example.com/type")
		fill(d)
		b, report, err := d.Build(o)
		require.Equal(t, err == nil, b != nil && report != nil)
		return err
	}
	nothing := func(*collect.Draft) {}
	o := collect.Options{BuilderID: "https://example.com/builder", Outputs: []attest.Descriptor{output()}}
	require.NoError(t, build(facts(), o, nothing))
	collecttest.RequireCode(t, build(facts(), o, func(d *collect.Draft) { d.Need("x", "x.y") }), collect.CodeMissing)
	collecttest.RequireCode(t, build(facts(), o, (*collect.Draft).Source), collect.CodeMissing)
	collecttest.RequireCode(t, build(facts(), collect.Options{Outputs: o.Outputs}, nothing), collect.CodeMissing)
	collecttest.RequireCode(t, build(facts(fact(collect.BuilderID, "https://example.com/other", 0)), o, nothing), collect.CodeConflict)
	collecttest.RequireCode(t, build(facts(fact(collect.Started, "today", 0)), o, nothing), collect.CodeValue)
	collecttest.RequireCode(t, build(facts(), collect.Options{BuilderID: o.BuilderID}, nothing), provenance.CodeOutputs)
	collecttest.RequireCode(t, build(facts(), o, func(d *collect.Draft) { d.Value("x", "\xff", collect.Fact{}) }), collect.CodeJSON)
}

func TestAnOutputThatOnlyTheBuildClaimsIsNotAttested(t *testing.T) {
	f := &collect.Facts{}
	f.Output(attest.Descriptor{Name: "never-made", Digest: output().Digest}, collect.SelfAsserted, "result IMAGE_DIGEST", digest.Digest{})
	f.Output(attest.Descriptor{Name: "measured", Digest: digest.FromBytes(nil).Set()}, collect.Measured, "file", digest.FromBytes(nil))
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	b, report, err := r.Draft("https://example.com/type").Build(collect.Options{BuilderID: "https://example.com/b"})
	require.NoError(t, err)
	require.Len(t, b.Outputs, 1)
	require.Equal(t, "measured", b.Outputs[0].Name)
	require.Len(t, report.Gaps, 1)
	require.Contains(t, report.Gaps[0].What, "never-made")
}

func TestAnInputThatOnlyTheBuildClaimsHasNoRole(t *testing.T) {
	f := &collect.Facts{}
	f.Input(provenance.RoleBase, attest.Descriptor{Name: "trusted-base", Digest: output().Digest}, collect.SelfAsserted, "label base.digest", digest.Digest{})
	f.Input(provenance.RoleBase, attest.Descriptor{Name: "measured", Digest: output().Digest}, collect.Measured, "file", digest.FromBytes(nil))
	r, err := collect.Resolve(f)
	require.NoError(t, err)
	b, report, err := r.Draft("https://example.com/type").Build(collect.Options{BuilderID: "https://example.com/b", Outputs: []attest.Descriptor{output()}})
	require.NoError(t, err)
	require.Equal(t, provenance.RoleOther, b.Inputs[0].Role, "no base image because a label says so")
	require.Equal(t, provenance.RoleBase, b.Inputs[1].Role)
	require.Len(t, report.Gaps, 1)
	require.Contains(t, report.Gaps[0].What, "trusted-base")
}

func TestTheZeroEnvironmentGrantsNothing(t *testing.T) {
	var e collect.Environment
	_, err := e.Get(t.Context(), "https://example.com", nil)
	collecttest.RequireCode(t, err, collect.CodeCapability)
	_, err = e.File("x")
	collecttest.RequireCode(t, err, collect.CodeCapability)
	_, err = e.Output(t.Context(), collect.Command{})
	collecttest.RequireCode(t, err, collect.CodeCapability)
	collecttest.RequireCode(t, new(collect.Facts).ReadEnv(e, nil), collect.CodeCapability)
	collecttest.RequireCode(t, collect.RequireEnv(e, "X", "y"), collect.CodeCapability)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New(collecttest.Secret) }
func (broken) Close() error             { return errors.New(collecttest.Secret) }

func TestGetAsksPinnedAddressesOnlyAndRepeatsNoForeignError(t *testing.T) {
	respond := func(status int, body io.ReadCloser) error {
		e := collect.Environment{Fetch: func(context.Context, collect.Request) (*collect.Response, error) {
			return &collect.Response{Status: status, Body: body}, nil
		}}
		_, err := e.Get(t.Context(), "https://example.com/x", nil)
		return err
	}
	body := func(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
	require.NoError(t, respond(200, body("{}")))
	for _, status := range []int{0, 201, 301, 302, 307, 401, 404, 500} {
		collecttest.RequireCode(t, respond(status, body(collecttest.Secret)), collect.CodeFetch)
	}
	collecttest.RequireCode(t, respond(200, nil), collect.CodeFetch)
	collecttest.RequireCode(t, respond(200, broken{}), collect.CodeFetch)
	collecttest.RequireCode(t, respond(200, body(strings.Repeat(" ", 4<<20+1))), collect.CodeLimit)
	e := collecttest.World{}.Environment()
	for _, address := range []string{"http://example.com", "https://u:" + collecttest.Secret + "@example.com", "file:///etc/passwd", "https:x", "%", ""} {
		_, err := e.Get(t.Context(), address, nil)
		collecttest.RequireCode(t, err, collect.CodeFetch)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Get(ctx, "https://example.com", nil)
	require.ErrorIs(t, err, context.Canceled)
	collecttest.RequireNoSecret(t, err)
}

func TestRunRepeatsNoForeignErrorAndBoundsOutput(t *testing.T) {
	run := func(out string, err error) error {
		e := collect.Environment{Run: func(context.Context, collect.Command) ([]byte, error) { return []byte(out), err }}
		_, err = e.Output(t.Context(), collect.Command{Name: "git", Most: 3})
		return err
	}
	require.NoError(t, run("abc", nil))
	collecttest.RequireCode(t, run("abcd", nil), collect.CodeLimit)
	collecttest.RequireCode(t, run("", errors.New(collecttest.Secret)), collect.CodeRun)
}

func TestFilesAreRegularAndInTheRoot(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "big"), make([]byte, 4<<20+1), 0o600))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "out")))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	e := collect.Environment{Root: root}
	got, err := e.File("file")
	require.NoError(t, err)
	require.Equal(t, digest.FromBytes([]byte("x")), got.Digest)
	for _, name := range []string{"out", "link", "fifo", ".", "none", "../x", "/etc/passwd", ""} {
		_, err := e.File(name)
		collecttest.RequireCode(t, err, collect.CodeFile)
	}
	_, err = e.File("big")
	collecttest.RequireCode(t, err, collect.CodeLimit)
}

func TestAnswersAreReadStrictly(t *testing.T) {
	m, err := collect.ParseMembers([]byte(`{"a":{"b":"x","n":9007199254740993,"t":true,"z":null,"f":1.5,"l":[]}}`), "api x")
	require.NoError(t, err)
	for path, want := range map[string]string{"a/b": "x", "a/n": "9007199254740993", "a/t": "true"} {
		got, ok, err := m.Text(path)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, path := range []string{"a/z", "a/y", "x", "x/y/z", "a/z/y"} {
		_, ok, err := m.Text(path)
		require.NoError(t, err, path)
		require.False(t, ok, path)
	}
	for _, path := range []string{"a", "a/f", "a/l", "a/b/c"} {
		_, _, err := m.Text(path)
		collecttest.RequireCode(t, err, collect.CodeValue)
	}
	require.NoError(t, m.Require(map[string]string{"a/b": "x"}))
	collecttest.RequireCode(t, m.Require(map[string]string{"a/b": "y"}), collect.CodeConflict)
	collecttest.RequireCode(t, m.Require(map[string]string{"a/l": "y"}), collect.CodeValue)
	for _, body := range []string{"", "null", "[]", "{", `{"a":1,"a":2}`, `{"a":1,"A":2}`, "{}{}", "\xef\xbb\xbf{}", `{"` + collecttest.Secret + `":}`, strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)} {
		_, err := collect.ParseMembers([]byte(body), "api x")
		collecttest.RequireCode(t, err, collect.CodeJSON)
	}
}

func FuzzParseMembers(f *testing.F) {
	f.Add([]byte(`{"a":{"b":"x"}}`))
	f.Add([]byte(`{"a":1,"A":2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := collect.ParseMembers(body, "api")
		if (err == nil) == (m == nil) {
			t.Fatal("both or neither")
		}
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatal("what is no JSON was read")
		}
		_, _, _ = m.Text("a/b")
	})
}
