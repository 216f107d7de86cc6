package slsa1_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/slsa1"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

func sample(t testing.TB) string {
	t.Helper()
	s, err := slsa.Encode(provenancetest.Sample())
	require.NoError(t, err)
	return string(s.Bytes())
}

func TestReadStatement(t *testing.T) {
	require.Equal(t, slsa.PredicateType, slsa1.PredicateType)
	require.Equal(t, slsa.RoleAnnotation, slsa1.RoleAnnotation)
	var b slsa1.Build
	require.True(t, b.ReadStatement([]byte(sample(t)), attest.Limits{}))
	want := provenancetest.Sample()
	require.Equal(t, want.BuildType, b.BuildType)
	require.Equal(t, want.Builder.ID, b.BuilderID)
	require.Equal(t, string(want.External), b.External)
	require.Equal(t, string(want.Internal), b.Internal)
	require.Equal(t, `{"agent":"2.1","platform":"7"}`, b.Version)
	require.Equal(t, want.InvocationID, b.InvocationID)
	require.Equal(t, want.Started, b.Started)
	require.Equal(t, want.Finished, b.Finished)
	require.Len(t, b.Inputs, 3)
	for i, in := range want.Inputs {
		require.Equal(t, in.Role, b.Inputs[i].Role)
		require.Equal(t, in.Descriptor.URI, b.Inputs[i].URI)
		require.Equal(t, in.Descriptor.Content, b.Inputs[i].Content)
	}
	require.Equal(t, []digest.Digest{{Algorithm: digest.SHA256, Hex: strings.Repeat("a1", 32)}}, b.Outputs[0].Digests)
	require.Equal(t, "log", b.Byproducts[0].Name)
	require.Equal(t, "https://example.com/agent", b.Platform[0].URI)

	// What is read next is told nothing of what was read before.
	other := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha512":"` + strings.Repeat("0", 128) + `","sha256":"` + strings.Repeat("1", 64) +
		`"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"runDetails":{"builder":{"id":"https://b.example"}},"buildDefinition":` +
		`{"buildType":"https://t.example","externalParameters":{},"internalParameters":null,"resolvedDependencies":[]}}}`
	require.True(t, b.ReadStatement([]byte(other), attest.Limits{}))
	require.Equal(t, []digest.Digest{{Algorithm: digest.SHA256, Hex: strings.Repeat("1", 64)}, {Algorithm: digest.SHA512, Hex: strings.Repeat("0", 128)}}, b.Outputs[0].Digests)
	require.Empty(t, b.Inputs)
	require.Nil(t, b.Byproducts)
	require.Nil(t, b.Platform)
	require.Equal(t, slsa1.Artifact{Digests: b.Outputs[0].Digests}, b.Outputs[0])
	require.Empty(t, b.Internal+b.Version+b.InvocationID)
	require.Equal(t, [2]time.Time{}, [2]time.Time{b.Started, b.Finished})
}

func TestWhatIsOddIsLeftToOthers(t *testing.T) {
	good := sample(t)
	hash := strings.Repeat("a1", 32)
	var many strings.Builder
	for i := range 64 {
		many.WriteString(`"x` + strconv.Itoa(i) + `":"1",`)
	}
	role := `"` + slsa1.RoleAnnotation + `":"` + string(provenance.RoleTool) + `"`
	require.Contains(t, good, role)
	for name, change := range map[string][2]string{
		"another statement type":           {attest.StatementType, "https://in-toto.io/Statement/v0.1"},
		"another predicate type":           {slsa1.PredicateType, slsa1.PredicateType + "x"},
		"an escape":                        {`"run/42"`, `"run\/42"`},
		"null for a text":                  {`"run/42"`, `null`},
		"a name in other case":             {`"invocationId"`, `"invocationID"`},
		"a name in snake case":             {`"invocationId"`, `"invocation_id"`},
		"a digest in upper case":           {hash, strings.ToUpper(hash)},
		"a digest that is too short":       {hash, hash[2:]},
		"no digests of a subject":          {`{"sha256":"` + hash + `"}`, `{}`},
		"65 digests of a subject":          {`{"sha256":"` + hash, `{` + many.String() + `"sha256":"` + hash},
		"no digests beside a URI":          {`{"sha256":"` + strings.Repeat("d4", 32) + `"}`, `{}`},
		"no annotations":                   {`"annotations":{`, `"annotations":{},"x":{`},
		"an unknown role":                  {role, strings.Replace(role, "tool", "toy", 1)},
		"content that is not canonical":    {`"eD0xCg=="`, `"eD0xCh=="`},
		"empty content":                    {`"eD0xCg=="`, `""`},
		"a version that is a number":       {`"platform":"7"`, `"platform":7`},
		"parameters that are no object":    {`"internalParameters":{"runner":"r1"}`, `"internalParameters":["r1"]`},
		"a build type that is no URI":      {provenancetest.BuildType, "go"},
		"a builder with a fragment":        {provenancetest.BuilderID, provenancetest.BuilderID + "#x"},
		"a time that is not in UTC":        {"12:00:00Z", "12:00:00+01:00"},
		"the year 0":                       {"2026-03-01T12:00:00Z", "0000-03-01T12:00:00Z"},
		"an end before the beginning":      {"2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"},
		"something after the statement":    {`{"_type"`, `{} {"_type"`},
		"a name that stands there already": {`"run/42"`, `"run/42","invocationId":"x"`},
	} {
		t.Run(name, func(t *testing.T) {
			odd := strings.Replace(good, change[0], change[1], 1)
			require.NotEqual(t, good, odd)
			require.False(t, new(slsa1.Build).ReadStatement([]byte(odd), attest.Limits{}))
		})
	}
	for _, limits := range []attest.Limits{{Bytes: len(good) - 1}, {Depth: 3}, {Subjects: 1}} {
		require.False(t, new(slsa1.Build).ReadStatement([]byte(good), limits))
	}
}

func TestReadingAgainAllocatesLittle(t *testing.T) {
	payload, b := []byte(sample(t)), new(slsa1.Build)
	require.True(t, b.ReadStatement(payload, attest.Limits{}))
	// The text, and what checks it; the content, and what its annotations are compared with.
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { b.ReadStatement(payload, attest.Limits{}) }), 8.0)
}

func BenchmarkReadStatement(b *testing.B) {
	payload, into := []byte(sample(b)), new(slsa1.Build)
	b.ReportAllocs()
	for b.Loop() {
		if !into.ReadStatement(payload, attest.Limits{}) {
			b.Fatal("odd")
		}
	}
}
