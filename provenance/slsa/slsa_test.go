package slsa_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	oracle "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

func encode(t testing.TB, b *provenance.Build) *attest.Statement {
	t.Helper()
	s, err := slsa.Encode(b)
	require.NoError(t, err)
	return s
}

// statement makes a statement with that predicate about the sample's artifact.
func statement(t testing.TB, predicate string) (*attest.Statement, error) {
	t.Helper()
	return attest.ParseStatement([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"`+
		provenancetest.Artifact()[digest.SHA256]+`"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":`+predicate+`}`), attest.Limits{})
}

func TestEncodeWritesTheSpecifiedForm(t *testing.T) {
	s := encode(t, provenancetest.Sample())
	require.Equal(t, slsa.PredicateType, s.PredicateType())
	want := `{"buildDefinition":{"buildType":"https://example.com/build/go/v1",` +
		`"externalParameters":{"source":"git+https://example.com/acme/app@refs/tags/v1.2.3","target":"linux/amd64","flags":["-trimpath"],"serial":9007199254740993},` +
		`"internalParameters":{"runner":"r1"},"resolvedDependencies":[` +
		`{"uri":"git+https://example.com/acme/app@refs/tags/v1.2.3","digest":{"gitCommit":"` + provenancetest.Commit + `"},"annotations":{"https://github.com/sealwright/sealwright/provenance/role/v1":"source"}},` +
		`{"name":"go","uri":"https://example.com/go1.26.tar.gz","digest":{"sha256":"` + strings.Repeat("b2", 32) + `"},"mediaType":"application/gzip","annotations":{"https://github.com/sealwright/sealwright/provenance/role/v1":"tool","size":12345678901234567890}},` +
		`{"name":"settings","content":"eD0xCg=="}]},` +
		`"runDetails":{"builder":{"id":"https://example.com/builders/hosted/v1","version":{"agent":"2.1","platform":"7"},"builderDependencies":[{"uri":"https://example.com/agent","digest":{"sha256":"` + strings.Repeat("c3", 32) + `"}}]},` +
		`"metadata":{"invocationId":"run/42","startedOn":"2026-03-01T12:00:00Z","finishedOn":"2026-03-01T12:05:00.25Z"},` +
		`"byproducts":[{"name":"log","uri":"https://example.com/logs/42","digest":{"sha256":"` + strings.Repeat("d4", 32) + `"}}]}}`
	require.Equal(t, want, string(s.Predicate()))
}

func TestEncodeThenDecodeLosesNothing(t *testing.T) {
	for name, change := range map[string]func(*provenance.Build){
		"everything told": func(*provenance.Build) {},
		"little told": func(b *provenance.Build) {
			*b = provenance.Build{BuildType: b.BuildType, External: json.RawMessage(`{}`), Builder: provenance.Builder{ID: b.Builder.ID}, Outputs: b.Outputs}
		},
		"another zone": func(b *provenance.Build) {
			b.Started = b.Started.In(time.FixedZone("X", 7200))
		},
		"awkward texts": func(b *provenance.Build) {
			b.External = json.RawMessage(`{"a<b>&":"\u2028","n":1e400,"z":-0,"big":18446744073709551617}`)
			b.InvocationID = "a<b>&\u2028\"\\"
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := provenancetest.Sample()
			change(b)
			got, err := slsa.Decode(encode(t, b))
			require.NoError(t, err)
			b.Started, b.Finished = b.Started.UTC(), b.Finished.UTC()
			require.Equal(t, b, got)
			require.Equal(t, encode(t, b).Bytes(), encode(t, got).Bytes())
		})
	}
}

func TestEncodeIsDeterministicAndChangesNothing(t *testing.T) {
	b, again := provenancetest.Sample(), provenancetest.Sample()
	for range 100 {
		require.Equal(t, encode(t, b).Bytes(), encode(t, again).Bytes())
	}
	require.Equal(t, again, provenancetest.Sample(), "the build is as it was")
}

func TestEncodeRefuses(t *testing.T) {
	b := provenancetest.Sample()
	b.Builder.ID = ""
	_, err := slsa.Encode(b)
	require.ErrorIs(t, err, attest.Is(provenance.CodeBuilderID))
	_, err = slsa.Encode(nil)
	require.ErrorIs(t, err, attest.Is(provenance.CodeNil))
	b = provenancetest.Sample()
	b.Inputs[1].Descriptor.Annotations[slsa.RoleAnnotation] = json.RawMessage(`"source"`)
	_, err = slsa.Encode(b)
	require.ErrorIs(t, err, attest.Is(slsa.CodeRole))
}

const minimal = `{"buildDefinition":{"buildType":"https://example.com/b/v1","externalParameters":{"x":9007199254740993}},"runDetails":{"builder":{"id":"https://example.com/id"}}}`

func TestDecodeKeepsParametersByteForByte(t *testing.T) {
	raw := `{ "n" : 9007199254740993 , "e":1e400,"s":"\u0041\/","nested":{"b":[ 1.0 ],"a":null} }`
	s, err := statement(t, strings.Replace(minimal, `{"x":9007199254740993}`, raw+`,"internalParameters":`+raw, 1))
	require.NoError(t, err)
	b, err := slsa.Decode(s)
	require.NoError(t, err)
	require.Equal(t, raw, string(b.External))
	require.Equal(t, raw, string(b.Internal))
}

func TestDecodeIgnoresWhatTheSpecificationSaysToIgnore(t *testing.T) {
	with := strings.NewReplacer(
		`{"buildDefinition":{`, `{"vendor_extension":{"a":1},"buildDefinition":{"another":[],`,
		`"builder":{`, `"metadata":{"vendor":1},"builder":{"vendor":2,`).Replace(minimal)
	plain, err := statement(t, minimal)
	require.NoError(t, err)
	want, err := slsa.Decode(plain)
	require.NoError(t, err)
	s, err := statement(t, with)
	require.NoError(t, err)
	got, err := slsa.Decode(s)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestDecodeRefuses(t *testing.T) {
	replace := func(old, new string) string {
		require.Contains(t, minimal, old)
		return strings.Replace(minimal, old, new, 1)
	}
	metadata := func(m string) string { return replace(`"builder":`, `"metadata":`+m+`,"builder":`) }
	dependencies := func(d string) string {
		return replace(`"externalParameters":`, `"resolvedDependencies":`+d+`,"externalParameters":`)
	}
	for name, c := range map[string]struct {
		predicate string
		code      attest.Code // empty: no statement at all
	}{
		"an empty predicate":                {`{}`, provenance.CodeBuildType},
		"a v0.2 predicate":                  {`{"builder":{"id":"https://example.com/id"},"buildType":"https://example.com/b/v1","invocation":{},"materials":[]}`, provenance.CodeBuildType},
		"no build type":                     {replace(`"buildType":"https://example.com/b/v1",`, ``), provenance.CodeBuildType},
		"a build type in snake_case":        {replace(`"buildType"`, `"build_type"`), slsa.CodeAlias},
		"a builder in snake_case beside":    {replace(`"runDetails":`, `"run_details":{},"runDetails":`), slsa.CodeAlias},
		"an invocation id in snake_case":    {metadata(`{"invocation_id":"x"}`), slsa.CodeAlias},
		"dependencies in snake_case":        {replace(`"externalParameters":`, `"resolved_dependencies":[],"externalParameters":`), slsa.CodeAlias},
		"a build type in other case":        {replace(`"buildType"`, `"BuildType"`), slsa.CodePredicate},
		"a build type in two cases":         {replace(`"buildType"`, `"BUILDTYPE":"https://example.com/evil","buildType"`), ""},
		"a builder twice":                   {replace(`"builder":{`, `"builder":{"id":"https://example.com/evil"},"builder":{`), ""},
		"no builder id":                     {replace(`{"id":"https://example.com/id"}`, `{}`), provenance.CodeBuilderID},
		"a builder id that is no URI":       {replace(`https://example.com/id`, `builder`), provenance.CodeBuilderID},
		"a builder id with a fragment":      {replace(`https://example.com/id`, `https://example.com/id#x`), provenance.CodeBuilderID},
		"a builder that is a text":          {replace(`{"id":"https://example.com/id"}`, `"https://example.com/id"`), slsa.CodePredicate},
		"null for the builder":              {replace(`{"id":"https://example.com/id"}`, `null`), slsa.CodePredicate},
		"no external parameters":            {replace(`,"externalParameters":{"x":9007199254740993}`, ``), provenance.CodeParameters},
		"null for external parameters":      {replace(`{"x":9007199254740993}`, `null`), provenance.CodeParameters},
		"a text for external parameters":    {replace(`{"x":9007199254740993}`, `"x"`), provenance.CodeParameters},
		"a parameter twice":                 {replace(`{"x":`, `{"x":1,"x":`), ""},
		"a parameter in two cases":          {replace(`{"x":`, `{"X":1,"x":`), ""},
		"a start without a zone":            {metadata(`{"startedOn":"2026-03-01T12:00:00"}`), slsa.CodeTimestamp},
		"a start in another zone":           {metadata(`{"startedOn":"2026-03-01T12:00:00+00:00"}`), slsa.CodeTimestamp},
		"a start in lower case":             {metadata(`{"startedOn":"2026-03-01t12:00:00z"}`), slsa.CodeTimestamp},
		"an empty start":                    {metadata(`{"startedOn":""}`), slsa.CodeTimestamp},
		"a start in seconds":                {metadata(`{"startedOn":{"seconds":1}}`), slsa.CodePredicate},
		"an impossible day":                 {metadata(`{"startedOn":"2026-02-30T12:00:00Z"}`), slsa.CodeTimestamp},
		"an end before the start":           {metadata(`{"startedOn":"2026-03-01T12:00:01Z","finishedOn":"2026-03-01T12:00:00Z"}`), provenance.CodeTimes},
		"a dependency that names nothing":   {dependencies(`[{}]`), provenance.CodeArtifact},
		"a dependency by name only":         {dependencies(`[{"name":"x"}]`), provenance.CodeArtifact},
		"a dependency with a bad digest":    {dependencies(`[{"digest":{"sha256":"00"}}]`), provenance.CodeArtifact},
		"a dependency in capitals":          {dependencies(`[{"digest":{"sha256":"` + strings.Repeat("A", 64) + `"}}]`), provenance.CodeArtifact},
		"an object of dependencies":         {dependencies(`{}`), slsa.CodePredicate},
		"a null dependency":                 {dependencies(`[null]`), slsa.CodePredicate},
		"an unknown role":                   {dependencies(`[{"uri":"a:b","annotations":{"` + slsa.RoleAnnotation + `":"sauce"}}]`), slsa.CodeRole},
		"a role that is a number":           {dependencies(`[{"uri":"a:b","annotations":{"` + slsa.RoleAnnotation + `":1}}]`), slsa.CodeRole},
		"URL-safe base64":                   {dependencies(`[{"content":"_-8="}]`), slsa.CodePredicate},
		"base64 without padding":            {dependencies(`[{"content":"eA"}]`), slsa.CodePredicate},
		"a list of predicates":              {`[` + minimal + `]`, ""},
		"invalid UTF-8":                     {replace(`{"x":`, "{\"\xff\":"), ""},
		"a predicate that is too deep":      {replace(`9007199254740993`, strings.Repeat("[", 70)+strings.Repeat("]", 70)), ""},
		"a number that is none":             {replace(`9007199254740993`, `NaN`), ""},
		"another value after the predicate": {minimal + minimal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := statement(t, c.predicate)
			if c.code == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			b, err := slsa.Decode(s)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, b)
		})
	}
}

func TestDecodeComparesThePredicateTypeExactly(t *testing.T) {
	for _, predicateType := range []string{
		"https://slsa.dev/provenance/v1.0", "https://slsa.dev/provenance/v1?draft", "https://slsa.dev/provenance/v1/",
		"https://slsa.dev/Provenance/v1", "https://slsa.dev/provenance/v0.2", "http://slsa.dev/provenance/v1",
	} {
		s, err := attest.NewStatement(predicateType, json.RawMessage(minimal), attest.Descriptor{Digest: provenancetest.Artifact()})
		require.NoError(t, err)
		_, err = slsa.Decode(s)
		require.ErrorIs(t, err, attest.Is(slsa.CodePredicateType), predicateType)
	}
	_, err := slsa.Decode(nil)
	require.ErrorIs(t, err, attest.Is(slsa.CodeStatement))
}

func TestDecodeSharesNothing(t *testing.T) {
	s := encode(t, provenancetest.Sample())
	b, err := slsa.Decode(s)
	require.NoError(t, err)
	b.Outputs[0].Digest[digest.SHA256] = strings.Repeat("0", 64)
	b.External[2] = 'X'
	b.Inputs[0].Descriptor.Digest[digest.GitCommit] = "0"
	again, err := slsa.Decode(s)
	require.NoError(t, err)
	require.Equal(t, provenancetest.Sample(), again)
}

// byOracle reads a statement with the Go types that the in-toto project maintains.
func byOracle(b []byte) (*intoto.Statement, *oracle.Provenance, error) {
	loose := protojson.UnmarshalOptions{DiscardUnknown: true}
	var s intoto.Statement
	if err := loose.Unmarshal(b, &s); err != nil {
		return nil, nil, err
	}
	if err := s.Validate(); err != nil {
		return nil, nil, err
	}
	predicate, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		return nil, nil, err
	}
	var p oracle.Provenance
	if err := loose.Unmarshal(predicate, &p); err != nil {
		return nil, nil, err
	}
	return &s, &p, p.Validate()
}

func TestTheOracleAcceptsWhatEncodeWrites(t *testing.T) {
	b := provenancetest.Sample()
	// The oracle does not know that repositories may use SHA-256.
	b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: strings.Repeat("c0", 20)}
	s, p, err := byOracle(encode(t, b).Bytes())
	require.NoError(t, err)
	require.Equal(t, b.Outputs[0].Digest[digest.SHA256], s.GetSubject()[0].GetDigest()["sha256"])
	require.Equal(t, b.BuildType, p.GetBuildDefinition().GetBuildType())
	require.Equal(t, b.Builder.ID, p.GetRunDetails().GetBuilder().GetId())
	require.Equal(t, b.Builder.Version, p.GetRunDetails().GetBuilder().GetVersion())
	require.Equal(t, b.InvocationID, p.GetRunDetails().GetMetadata().GetInvocationId())
	require.Equal(t, b.Started, p.GetRunDetails().GetMetadata().GetStartedOn().AsTime())
	require.Equal(t, b.Finished, p.GetRunDetails().GetMetadata().GetFinishedOn().AsTime())
	require.Len(t, p.GetBuildDefinition().GetResolvedDependencies(), 3)
	require.Len(t, p.GetRunDetails().GetByproducts(), 1)
	require.Equal(t, "linux/amd64", p.GetBuildDefinition().GetExternalParameters().GetFields()["target"].GetStringValue())
}

// FuzzDecode compares Decode with the oracle: what both accept they must read alike.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(minimal))
	s, err := slsa.Encode(provenancetest.Sample())
	require.NoError(f, err)
	f.Add([]byte(s.Predicate()))
	doc, err := provenancetest.ParseDocument(s.Predicate())
	require.NoError(f, err)
	for m := range doc.Mutations(provenancetest.AllOps()...) {
		f.Add(m.Document)
	}
	f.Fuzz(func(t *testing.T, predicate []byte) {
		s, err := statement(t, string(predicate))
		if err != nil {
			return
		}
		b, err := slsa.Decode(s)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NoError(t, b.Validate())
		again, err := slsa.Decode(encode(t, b))
		require.NoError(t, err)
		require.Equal(t, encode(t, b).Bytes(), encode(t, again).Bytes())
		_, p, err := byOracle(s.Bytes())
		if err != nil {
			return // it knows fewer digests, no large numbers, and no empty parameters
		}
		assert.Equal(t, p.GetBuildDefinition().GetBuildType(), b.BuildType)
		assert.Equal(t, p.GetRunDetails().GetBuilder().GetId(), b.Builder.ID)
		assert.Equal(t, p.GetRunDetails().GetMetadata().GetInvocationId(), b.InvocationID)
		require.Len(t, b.Inputs, len(p.GetBuildDefinition().GetResolvedDependencies()))
		for i, d := range p.GetBuildDefinition().GetResolvedDependencies() {
			assert.Equal(t, d.GetUri(), b.Inputs[i].Descriptor.URI)
			require.Len(t, b.Inputs[i].Descriptor.Digest, len(d.GetDigest()))
			for alg, value := range d.GetDigest() {
				assert.Equal(t, value, b.Inputs[i].Descriptor.Digest[digest.Algorithm(alg)])
			}
		}
		var names map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(b.External, &names))
		require.Len(t, names, len(p.GetBuildDefinition().GetExternalParameters().GetFields()))
	})
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range slsa.Codes() {
		assert.Regexp(t, `^provenance\.slsa\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}

func BenchmarkDecode(b *testing.B) {
	s := encode(b, provenancetest.Sample())
	b.Run("slsa", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := slsa.Decode(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("protojson", func(b *testing.B) {
		b.ReportAllocs()
		raw := s.Predicate()
		for b.Loop() {
			var p oracle.Provenance
			if err := protojson.Unmarshal(raw, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
