package provenance_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

func TestValidate(t *testing.T) {
	require.NoError(t, provenancetest.Sample().Validate())
	bad := digest.Set{digest.SHA256: "A"}
	for name, c := range map[string]struct {
		spoil func(*provenance.Build)
		code  attest.Code
	}{
		"no build type":                    {func(b *provenance.Build) { b.BuildType = "" }, provenance.CodeBuildType},
		"a build type that is no URI":      {func(b *provenance.Build) { b.BuildType = "go build" }, provenance.CodeBuildType},
		"no builder id":                    {func(b *provenance.Build) { b.Builder.ID = "" }, provenance.CodeBuilderID},
		"a relative builder id":            {func(b *provenance.Build) { b.Builder.ID = "/builders/1" }, provenance.CodeBuilderID},
		"no external parameters":           {func(b *provenance.Build) { b.External = nil }, provenance.CodeParameters},
		"null for external parameters":     {func(b *provenance.Build) { b.External = json.RawMessage("null") }, provenance.CodeParameters},
		"a list of external parameters":    {func(b *provenance.Build) { b.External = json.RawMessage("[]") }, provenance.CodeParameters},
		"a parameter twice":                {func(b *provenance.Build) { b.External = json.RawMessage(`{"a":1,"a":2}`) }, provenance.CodeParameters},
		"a parameter in two cases":         {func(b *provenance.Build) { b.External = json.RawMessage(`{"a":1,"A":2}`) }, provenance.CodeParameters},
		"an empty text for internal ones":  {func(b *provenance.Build) { b.Internal = json.RawMessage("") }, provenance.CodeParameters},
		"an unknown role":                  {func(b *provenance.Build) { b.Inputs[0].Role = "sources" }, provenance.CodeRole},
		"no role":                          {func(b *provenance.Build) { b.Inputs[0].Role = "" }, provenance.CodeRole},
		"an input by name only":            {func(b *provenance.Build) { b.Inputs[0].Descriptor = attest.Descriptor{Name: "x"} }, provenance.CodeArtifact},
		"an input with a malformed digest": {func(b *provenance.Build) { b.Inputs[1].Descriptor.Digest = bad }, provenance.CodeArtifact},
		"a malformed byproduct":            {func(b *provenance.Build) { b.Byproducts[0].Digest = bad }, provenance.CodeArtifact},
		"a malformed builder dependency":   {func(b *provenance.Build) { b.Builder.Dependencies[0].Digest = bad }, provenance.CodeArtifact},
		"no outputs":                       {func(b *provenance.Build) { b.Outputs = nil }, provenance.CodeOutputs},
		"an output without a digest":       {func(b *provenance.Build) { b.Outputs[0].Digest = nil }, provenance.CodeOutputs},
		"an output with a malformed one":   {func(b *provenance.Build) { b.Outputs[0].Digest = bad }, provenance.CodeOutputs},
		"an end before the start":          {func(b *provenance.Build) { b.Finished = b.Started.Add(-1) }, provenance.CodeTimes},
		"a time that cannot be written":    {func(b *provenance.Build) { b.Finished = b.Started.AddDate(9000, 0, 0) }, provenance.CodeTimes},
	} {
		t.Run(name, func(t *testing.T) {
			b := provenancetest.Sample()
			c.spoil(b)
			require.ErrorIs(t, b.Validate(), attest.Is(c.code))
		})
	}
	require.ErrorIs(t, (*provenance.Build)(nil).Validate(), attest.Is(provenance.CodeNil))
	err := (&provenance.Build{}).Validate()
	for _, code := range []attest.Code{provenance.CodeBuildType, provenance.CodeBuilderID, provenance.CodeParameters, provenance.CodeOutputs} {
		require.ErrorIs(t, err, attest.Is(code), "every fault is told")
	}
	partial := provenancetest.Sample()
	partial.Started, partial.Internal, partial.Inputs = time.Time{}, nil, nil
	require.NoError(t, partial.Validate())
}

func TestEqualJSON(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{`1`, `1.0`, true},
		{`1`, `10e-1`, true},
		{`100`, `1E+2`, true},
		{`0`, `-0`, true},
		{`0`, `0e999999999`, true},
		{`1.50`, `15e-1`, true},
		{`9007199254740993`, `9007199254740992`, false},
		{`9007199254740993`, `9007199254740993.0`, true},
		{`1e400`, `1e401`, false},
		{`1e400`, `10e399`, true},
		{`-1`, `1`, false},
		{`1`, `"1"`, false},
		{`true`, `"true"`, false},
		{`true`, `1`, false},
		{`null`, `false`, false},
		{`null`, `""`, false},
		{`null`, `{}`, false},
		{`"a"`, `"\u0061"`, true},
		{`"/"`, `"\/"`, true},
		{`"A"`, `"a"`, false},
		{`"é"`, `"e\u0301"`, false},
		{`{"a":1,"b":[2,{}]}`, ` { "b" : [ 2.0 , { } ] , "a" : 1 } `, true},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`[]`, `{}`, false},
		{`[[]]`, `[]`, false},
		{`{"a\",\"b":1}`, `{"a":1,"b":1}`, false},
	} {
		equal, err := provenance.EqualJSON(json.RawMessage(c.a), json.RawMessage(c.b))
		require.NoError(t, err, c)
		assert.Equal(t, c.equal, equal, "%s and %s", c.a, c.b)
		equal, err = provenance.EqualJSON(json.RawMessage(c.b), json.RawMessage(c.a))
		require.NoError(t, err, c)
		assert.Equal(t, c.equal, equal, "%s and %s", c.b, c.a)
	}
	for _, bad := range []string{``, ` `, `{`, `1 2`, `{"a":1,"a":1}`, `{"a":1,"A":1}`, `NaN`, `01`, `1e9999999999`, "\"\xff\"", strings.Repeat("[", 70) + strings.Repeat("]", 70)} {
		_, err := provenance.EqualJSON(json.RawMessage(bad), json.RawMessage(`1`))
		require.ErrorIs(t, err, attest.Is(provenance.CodeJSON), bad)
		_, err = provenance.EqualJSON(json.RawMessage(`1`), json.RawMessage(bad))
		require.ErrorIs(t, err, attest.Is(provenance.CodeJSON), bad)
	}
}

func TestParseSource(t *testing.T) {
	const repository = "git+https://example.com/acme/app"
	for uri, want := range map[string]provenance.Source{
		"git+https://example.com/acme/app":                    {Repository: repository},
		"git+https://example.com/acme/app.git":                {Repository: repository},
		"GIT+HTTPS://EXAMPLE.com/acme/app":                    {Repository: repository},
		"git+https://example.com/acme/app@v1":                 {Repository: repository, Ref: "v1"},
		"git+https://example.com/acme/app.git@refs/heads/a@b": {Repository: repository, Ref: "refs/heads/a@b"},
		"git+https://example.com/Acme/app":                    {Repository: "git+https://example.com/Acme/app"},
		"git+https://example.com:8443/acme/app":               {Repository: "git+https://example.com:8443/acme/app"},
		"git+ssh://example.com/acme/app":                      {Repository: "git+ssh://example.com/acme/app"},
		"https://example.com/acme/app":                        {Repository: "https://example.com/acme/app"},
		"https://example.com/acme/app@evil":                   {Repository: "https://example.com/acme/app@evil"},
		"git+https://example.com.evil.example/acme/app":       {Repository: "git+https://example.com.evil.example/acme/app"},
	} {
		got, err := provenance.ParseSource(uri)
		require.NoError(t, err, uri)
		assert.Equal(t, want, got, uri)
	}
	for _, uri := range []string{
		"", "app", "/acme/app", "example.com/acme/app", "git@example.com:acme/app", "file:///acme/app", "pkg:golang/example.com/app",
		"git+https://", "git+https://example.com", "git+https://example.com/",
		"git+https://user@example.com/acme/app", "git+https://user:secret@example.com/acme/app", "git+https://@example.com/acme/app",
		"git+https://example.com./acme/app", "git+https://example.com:/acme/app",
		"git+https://example.com/acme/app/", "git+https://example.com/acme//app", "git+https://example.com//acme/app",
		"git+https://example.com/acme/../app", "git+https://example.com/./acme/app", "git+https://example.com/acme/.git", "git+https://example.com/acme/app.git.git",
		"git+https://example.com/acme/%61pp", "git+https://example.com/acme%2fapp", "git+https://example.com/%2e%2e/app",
		"git+https://example.com/acme/app?x=1", "git+https://example.com/acme/app?", "git+https://example.com/acme/app#main", "git+https://example.com/acme/app#",
		"git+https://example.com/acme\\app", "git+https://example.com/acme/app ", " git+https://example.com/acme/app", "git+https://example.com/acme/app\n",
		"git+https://ex\u0430mple.com/acme/app", "git+https://example.com/acme/\u0430pp",
		"git+https://example.com/acme/app@", "git+https://example.com/acme/app@a..b", "git+https://example.com/acme/app@a/../b", "git+https://example.com/acme/app@a b", "git+https://example.com/acme/app@a~1", "git+https://example.com/acme/app@{u}@{1}", "git+https://example.com/acme/app@/a",
	} {
		_, err := provenance.ParseSource(uri)
		assert.ErrorIs(t, err, attest.Is(provenance.CodeSource), uri)
	}
}

func FuzzParseSource(f *testing.F) {
	for _, seed := range []string{"git+https://example.com/acme/app.git@refs/tags/v1", "https://h/p", "git+ssh://h:22/p@x", "a://b/c@d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		s, err := provenance.ParseSource(uri)
		if err != nil {
			return
		}
		again, err := provenance.ParseSource(s.String())
		require.NoError(t, err, "the canonical form must be a location")
		require.Equal(t, s, again)
	})
}

func FuzzCanonicalJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.50,"x",null,true]}`, `-0.0e-5`, `1e400`, `"\u0000\ud83d\ude00"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := provenance.CanonicalJSON(json.RawMessage(s))
		if err != nil {
			return
		}
		var loose, strict any
		if json.Unmarshal([]byte(s), &loose) != nil || strings.Contains(string(c), `\`) {
			return // a number beyond float64, or escapes that are Go's and not JSON's
		}
		require.NoError(t, json.Unmarshal(c, &strict), "%s", c)
		require.Equal(t, loose, strict, "canonical form %s changes what encoding/json reads in %s", c, s)
	})
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range provenance.Codes() {
		assert.Regexp(t, `^provenance\.[a-z0-9-]+\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}
