package slsa_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	oracle1 "github.com/in-toto/attestation/go/predicates/provenance/v01"
	oracle2 "github.com/in-toto/attestation/go/predicates/provenance/v02"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

const commit = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"

const v02 = `{"builder":{"id":"https://example.com/builder@refs/tags/v1","extension":{"a":1.0}},"buildType":"https://example.com/generic@v1",` +
	`"invocation":{"configSource":{"uri":"git+https://example.com/acme/app@refs/tags/v1","digest":{"sha1":"` + commit + `"},"entryPoint":".ci/release.yml"},` +
	`"parameters":{ "big" : 9007199254740993, "e":1e400},"environment":{"run_id":"42","n":1.0}},` +
	`"buildConfig":{"steps":[{"command":["make"]}]},` +
	`"metadata":{"buildInvocationID":"42-1","buildStartedOn":"2026-03-01T12:00:00Z","buildFinishedOn":"2026-03-01T12:05:00.25Z","completeness":{"parameters":true,"environment":false,"materials":false},"reproducible":false},` +
	`"materials":[{"uri":"git+https://example.com/acme/app@refs/tags/v1","digest":{"sha1":"` + commit + `"}},{"uri":"pkg:docker/image@1","digest":{"sha256":"` + b2 + `"},"extra~/name":[1]}],"https://example.com/ext":"x"}`

const b2 = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"

const v01 = `{"builder":{"id":"https://example.com/builder"},"recipe":{"type":"https://example.com/Makefile","definedInMaterial":1,"entryPoint":"src:foo","arguments":{"CFLAGS":"-O3","n":9007199254740993},"environment":{"e":1.50}},` +
	`"metadata":{"buildInvocationId":"7","buildStartedOn":"2026-03-01T12:00:00Z","completeness":{"arguments":true},"reproducible":true},` +
	`"materials":[{"uri":"https://example.com/a.tar.gz","digest":{"sha256":"` + b2 + `"}},{"uri":"git+https://example.com/acme/app"}]}`

func legacyStatement(t testing.TB, predicateType, predicate string) (*attest.Statement, error) {
	t.Helper()
	return attest.ParseStatement([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"`+
		provenancetest.Artifact()[digest.SHA256]+`"}}],"predicateType":"`+predicateType+`","predicate":`+predicate+`}`), attest.Limits{})
}

func decodeLegacy(t testing.TB, predicateType, predicate string) (*slsa.Legacy, error) {
	t.Helper()
	s, err := legacyStatement(t, predicateType, predicate)
	require.NoError(t, err)
	return slsa.DecodeLegacy(s)
}

func TestDecodeLegacyReadsV02WithoutLoss(t *testing.T) {
	l, err := decodeLegacy(t, slsa.PredicateTypeV02, v02)
	require.NoError(t, err)
	b := l.Build
	require.Equal(t, slsa.PredicateTypeV02, l.PredicateType)
	require.Equal(t, "https://example.com/builder@refs/tags/v1", b.Builder.ID)
	require.Equal(t, "https://example.com/generic@v1", b.BuildType)
	require.Equal(t, `{"configSource":{"uri":"git+https://example.com/acme/app@refs/tags/v1","digest":{"sha1":"`+commit+`"},"entryPoint":".ci/release.yml"},`+
		`"parameters":{ "big" : 9007199254740993, "e":1e400},"buildConfig":{"steps":[{"command":["make"]}]}}`, string(b.External))
	require.Equal(t, `{"environment":{"run_id":"42","n":1.0}}`, string(b.Internal))
	require.Equal(t, "42-1", b.InvocationID)
	require.Equal(t, provenancetest.Sample().Started, b.Started)
	require.Equal(t, provenancetest.Sample().Finished, b.Finished)
	require.Equal(t, []provenance.Input{
		{Role: provenance.RoleOther, Descriptor: attest.Descriptor{URI: "git+https://example.com/acme/app@refs/tags/v1", Digest: digest.Set{digest.SHA1: commit}}},
		{Role: provenance.RoleOther, Descriptor: attest.Descriptor{URI: "pkg:docker/image@1", Digest: digest.Set{digest.SHA256: b2}}},
	}, b.Inputs, "the config source is a material, and so no second input")
	require.Equal(t, map[string]json.RawMessage{
		"/builder/extension":          json.RawMessage(`{"a":1.0}`),
		"/metadata/completeness":      json.RawMessage(`{"parameters":true,"environment":false,"materials":false}`),
		"/metadata/reproducible":      json.RawMessage(`false`),
		"/materials/1/extra~0~1name":  json.RawMessage(`[1]`),
		"/https:~1~1example.com~1ext": json.RawMessage(`"x"`),
	}, l.Rest)
	require.Equal(t, []attest.Descriptor{{Name: "app", Digest: provenancetest.Artifact()}}, b.Outputs)
}

func TestDecodeLegacyReadsV01WithoutLoss(t *testing.T) {
	l, err := decodeLegacy(t, slsa.PredicateTypeV01, v01)
	require.NoError(t, err)
	require.Equal(t, "https://example.com/Makefile", l.Build.BuildType)
	require.Equal(t, `{"definedInMaterial":1,"entryPoint":"src:foo","arguments":{"CFLAGS":"-O3","n":9007199254740993}}`, string(l.Build.External))
	require.Equal(t, `{"environment":{"e":1.50}}`, string(l.Build.Internal))
	require.Equal(t, "7", l.Build.InvocationID)
	require.Len(t, l.Build.Inputs, 2)
	require.Equal(t, map[string]json.RawMessage{
		"/metadata/completeness": json.RawMessage(`{"arguments":true}`),
		"/metadata/reproducible": json.RawMessage(`true`),
	}, l.Rest)
}

func TestAConfigSourceThatIsNoMaterialBecomesAnInput(t *testing.T) {
	l, err := decodeLegacy(t, slsa.PredicateTypeV02, strings.Replace(v02, `"configSource":{"uri":"git+https://example.com/acme/app@`, `"configSource":{"uri":"git+https://example.com/acme/config@`, 1))
	require.NoError(t, err)
	require.Len(t, l.Build.Inputs, 3)
	require.Equal(t, "git+https://example.com/acme/config@refs/tags/v1", l.Build.Inputs[2].Descriptor.URI)
}

// Whatever is added anywhere must be found again, or refused.
func TestNothingThatAPredicateSaysGetsLost(t *testing.T) {
	for predicateType, predicate := range map[string]string{slsa.PredicateTypeV01: v01, slsa.PredicateTypeV02: v02} {
		doc, err := provenancetest.ParseDocument([]byte(predicate))
		require.NoError(t, err)
		n := 0
		for m := range doc.Mutations(provenancetest.Extra) {
			n++
			l, err := decodeLegacy(t, predicateType, string(m.Document))
			if err != nil {
				continue // a digest under the name of no algorithm
			}
			found := strings.Contains(string(l.Build.External)+string(l.Build.Internal), `"unexpected":1`)
			for pointer, raw := range maps.All(l.Rest) {
				found = found || strings.HasSuffix(pointer, "/unexpected") || strings.Contains(string(raw), `"unexpected":1`)
			}
			require.True(t, found, m)
		}
		require.Greater(t, n, 5)
	}
}

func TestDecodeLegacyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		version, old, new string
		code              attest.Code
	}{
		"a v0.2 body under v0.1":               {slsa.PredicateTypeV01, "", v02, provenance.CodeBuildType},
		"a v0.1 body under v0.2":               {slsa.PredicateTypeV02, "", v01, provenance.CodeBuildType},
		"a v1 body under v0.2":                 {slsa.PredicateTypeV02, "", minimal, provenance.CodeBuildType},
		"a builder that is a text":             {slsa.PredicateTypeV02, `{"id":"https://example.com/builder@refs/tags/v1","extension":{"a":1.0}}`, `"https://example.com/b"`, slsa.CodePredicate},
		"a build type in snake_case":           {slsa.PredicateTypeV02, `"buildType"`, `"build_type"`, slsa.CodeAlias},
		"a config source in snake_case beside": {slsa.PredicateTypeV02, `"configSource"`, `"config_source":{},"configSource"`, slsa.CodeAlias},
		"an entry point in snake_case":         {slsa.PredicateTypeV02, `"entryPoint"`, `"entry_point"`, slsa.CodeAlias},
		"a recipe's entry point in snake_case": {slsa.PredicateTypeV01, `"entryPoint"`, `"entry_point"`, slsa.CodeAlias},
		"an invocation id in snake_case":       {slsa.PredicateTypeV02, `"buildInvocationID"`, `"build_invocation_id"`, slsa.CodeAlias},
		"materials in other case":              {slsa.PredicateTypeV02, `"materials":[`, `"Materials":[`, slsa.CodePredicate},
		"materials that are an object":         {slsa.PredicateTypeV02, `"materials":[`, `"materials":{},"x":[`, slsa.CodePredicate},
		"a material that is null":              {slsa.PredicateTypeV02, `"materials":[`, `"materials":[null,`, slsa.CodePredicate},
		"a material that names nothing":        {slsa.PredicateTypeV02, `"materials":[`, `"materials":[{},`, provenance.CodeArtifact},
		"a digest of another length":           {slsa.PredicateTypeV02, b2, b2[2:], provenance.CodeArtifact},
		"a start in another zone":              {slsa.PredicateTypeV02, `"2026-03-01T12:00:00Z"`, `"2026-03-01T12:00:00+00:00"`, slsa.CodeTimestamp},
		"an empty start":                       {slsa.PredicateTypeV02, `"2026-03-01T12:00:00Z"`, `""`, slsa.CodeTimestamp},
		"an end before the start":              {slsa.PredicateTypeV02, `"2026-03-01T12:05:00.25Z"`, `"2026-03-01T11:00:00Z"`, provenance.CodeTimes},
		"a recipe in a material beyond":        {slsa.PredicateTypeV01, `"definedInMaterial":1`, `"definedInMaterial":2`, slsa.CodePredicate},
		"a recipe in a negative material":      {slsa.PredicateTypeV01, `"definedInMaterial":1`, `"definedInMaterial":-1`, slsa.CodePredicate},
		"a recipe in half a material":          {slsa.PredicateTypeV01, `"definedInMaterial":1`, `"definedInMaterial":0.5`, slsa.CodePredicate},
		"no builder":                           {slsa.PredicateTypeV01, `"builder":{"id":"https://example.com/builder"},`, ``, provenance.CodeBuilderID},
	} {
		t.Run(name, func(t *testing.T) {
			predicate := c.new
			if c.old != "" {
				from := map[string]string{slsa.PredicateTypeV01: v01, slsa.PredicateTypeV02: v02}[c.version]
				require.Contains(t, from, c.old)
				predicate = strings.Replace(from, c.old, c.new, 1)
			}
			l, err := decodeLegacy(t, c.version, predicate)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, l)
		})
	}
	_, err := slsa.DecodeLegacy(nil)
	require.ErrorIs(t, err, attest.Is(slsa.CodeStatement))
	for _, other := range []string{slsa.PredicateType, slsa.PredicateTypeV02 + "/", "https://slsa.dev/provenance/v0.2?draft", "https://slsa.dev/provenance/v0.20"} {
		_, err := decodeLegacy(t, other, v02)
		require.ErrorIs(t, err, attest.Is(slsa.CodePredicateType), other)
	}
}

func TestBothSpellingsOfTheInvocationIDAreRefused(t *testing.T) {
	_, err := legacyStatement(t, slsa.PredicateTypeV02, strings.Replace(v02, `"buildInvocationID"`, `"buildInvocationId":"evil","buildInvocationID"`, 1))
	require.ErrorIs(t, err, attest.Is(attest.CodeJSON))
}

func payload(kind, predicateType, subject, predicate string) []byte {
	return []byte(`{ "_type":"` + kind + `","predicateType":"` + predicateType + `","subject":` + subject + `,"predicate":` + predicate + `}`)
}

func TestDecodeLegacyStatementIsTheOnlyWayToAStatementV01(t *testing.T) {
	subject := `[{"name":"app","digest":{"sha256":"` + provenancetest.Artifact()[digest.SHA256] + `"}}]`
	b := payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, subject, v02)
	_, err := attest.ParseStatement(b, attest.Limits{})
	require.ErrorIs(t, err, attest.Is(attest.CodeStatementType), "without opt-in")
	got, err := slsa.DecodeLegacyStatement(b, attest.Limits{})
	require.NoError(t, err)
	want, err := decodeLegacy(t, slsa.PredicateTypeV02, v02)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for name, c := range map[string]struct {
		payload []byte
		code    attest.Code
	}{
		"a statement v1":          {payload(attest.StatementType, slsa.PredicateTypeV02, subject, v02), slsa.CodeStatement},
		"no type":                 {[]byte(`{}`), slsa.CodeStatement},
		"a type that is a number": {[]byte(`{"_type":1}`), slsa.CodeStatement},
		"provenance v1":           {payload(slsa.LegacyStatementType, slsa.PredicateType, subject, minimal), slsa.CodePredicateType},
		"no subjects":             {payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, `[]`, v02), attest.CodeNoSubject},
		"null for subjects":       {payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, `null`, v02), attest.CodeNoSubject},
		"a subject by name only":  {payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, `[{"name":"app"}]`, v02), attest.CodeSubjectDigest},
		"null for the predicate":  {payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, subject, `null`), slsa.CodePredicate},
		"a list of predicates":    {payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, subject, `[]`), attest.CodePredicate},
		"a type twice":            {[]byte(strings.Replace(string(b), `{ `, `{"_type":"`+slsa.LegacyStatementType+`",`, 1)), slsa.CodeStatement},
		"an alias of its type":    {[]byte(strings.Replace(string(b), `"_type"`, `"type":"x","_type"`, 1)), slsa.CodeAlias},
		"an alias of what it is":  {[]byte(strings.Replace(string(b), `"_type"`, `"predicate_type":"x","_type"`, 1)), slsa.CodeAlias},
		"two values":              {append(b, b...), slsa.CodeStatement},
		"a byte order mark":       {append([]byte("\xef\xbb\xbf"), b...), slsa.CodeStatement},
		"nothing":                 {nil, slsa.CodeStatement},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := slsa.DecodeLegacyStatement(c.payload, attest.Limits{})
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, l)
		})
	}
	_, err = slsa.DecodeLegacyStatement(b, attest.Limits{Bytes: len(b) - 1})
	require.Error(t, err)
	_, err = slsa.DecodeLegacyStatement(b, attest.Limits{Subjects: -1})
	require.Error(t, err)
}

func addMutations(f *testing.F, predicate string) {
	doc, err := provenancetest.ParseDocument([]byte(predicate))
	require.NoError(f, err)
	f.Add(predicate)
	for m := range doc.Mutations(provenancetest.AllOps()...) {
		f.Add(string(m.Document))
	}
}

// agreeLegacy demands that DecodeLegacy reads a predicate as in-toto's own types do,
// where both accept it, and reports whether it did.
func agreeLegacy(t testing.TB, version, predicate string) bool {
	t.Helper()
	s, err := legacyStatement(t, version, predicate)
	if err != nil {
		return false
	}
	l, err := slsa.DecodeLegacy(s)
	if err != nil {
		require.NotEmpty(t, attest.Reasons(err))
		return false
	}
	require.NoError(t, l.Build.Validate())
	_, err = slsa.Encode(l.Build)
	require.NoError(t, err)
	loose := protojson.UnmarshalOptions{DiscardUnknown: true}
	got := [3]string{l.Build.Builder.ID, l.Build.BuildType}
	var materials int
	var want [3]string
	if version == slsa.PredicateTypeV02 {
		var p oracle2.Provenance
		if loose.Unmarshal(s.Predicate(), &p) != nil {
			return true
		}
		want = [3]string{p.GetBuilder().GetId(), p.GetBuildType()}
		materials = len(p.GetMaterials())
		if !strings.Contains(predicate, "buildInvocationID") {
			got[2], want[2] = l.Build.InvocationID, p.GetMetadata().GetBuildInvocationId()
		}
	} else {
		var p oracle1.Provenance
		if loose.Unmarshal(s.Predicate(), &p) != nil {
			return true
		}
		want = [3]string{p.GetBuilder().GetId(), p.GetRecipe().GetType()}
		materials = len(p.GetMaterials())
	}
	assert.Equal(t, want, got)
	assert.GreaterOrEqual(t, len(l.Build.Inputs), materials)
	assert.LessOrEqual(t, len(l.Build.Inputs), materials+1)
	return true
}

func TestEveryMutationOfALegacyPredicateIsRefusedOrReadAsTheOracleReadsIt(t *testing.T) {
	for version, predicate := range map[string]string{slsa.PredicateTypeV01: v01, slsa.PredicateTypeV02: v02} {
		doc, err := provenancetest.ParseDocument([]byte(predicate))
		require.NoError(t, err)
		accepted, refused := 0, 0
		for m := range doc.Mutations(provenancetest.AllOps()...) {
			if agreeLegacy(t, version, string(m.Document)) {
				accepted++
			} else {
				refused++
			}
		}
		require.Greater(t, accepted, 50, version)
		require.Greater(t, refused, 50, version)
	}
}

// FuzzDecodeLegacy compares DecodeLegacy with in-toto's own types: what both accept
// they must read alike.
func FuzzDecodeLegacy(f *testing.F) {
	addMutations(f, v01)
	addMutations(f, v02)
	f.Fuzz(func(t *testing.T, predicate string) {
		for _, version := range []string{slsa.PredicateTypeV01, slsa.PredicateTypeV02} {
			agreeLegacy(t, version, predicate)
		}
	})
}

// FuzzDecodeLegacyStatement compares with attest.ParseStatement: but for its type, a
// Statement v0.1 that is read must be one that could be read as v1, and alike.
func FuzzDecodeLegacyStatement(f *testing.F) {
	subject := `[{"name":"app","digest":{"sha256":"` + b2 + `"}}]`
	for _, mutated := range []string{`"predicate"`, `"subject"`, `{"name"`, `{ "_type"`} {
		b := string(payload(slsa.LegacyStatementType, slsa.PredicateTypeV02, subject, v02))
		f.Add(b)
		f.Add(strings.Replace(b, mutated, strings.ToUpper(mutated), 1))
		f.Add(strings.Replace(b, mutated, mutated+mutated, 1))
	}
	f.Fuzz(func(t *testing.T, b string) {
		l, err := slsa.DecodeLegacyStatement([]byte(b), attest.Limits{})
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		s, err := attest.ParseStatement([]byte(strings.Replace(b, slsa.LegacyStatementType, attest.StatementType, 1)), attest.Limits{})
		if err != nil {
			return // the first such text was not the type, or it was escaped
		}
		want, err := slsa.DecodeLegacy(s)
		require.NoError(t, err)
		require.Equal(t, want, l)
	})
}
