package slsa

import (
	"encoding/json"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	experiment "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

// slowly is Parse without its short cut.
func slowly(t testing.TB, payload []byte) (any, error) {
	t.Helper()
	s, err := attest.ParseStatement(payload, attest.Limits{})
	if err != nil {
		return nil, err
	}
	if s.PredicateType() != PredicateType {
		_, err := Decode(s)
		return nil, err
	}
	var p predicate
	raw := s.Predicate()
	if err := strictjson.Unmarshal(raw, &p, strictjson.Options{Bytes: len(raw), AllowUnknown: true}); err != nil {
		return nil, attest.Refuse(CodePredicate, "/predicate", "strict JSON of "+PredicateType, "").Because(err)
	}
	b, err := build(p, s.Subjects())
	if err != nil {
		return nil, err
	}
	return b, b.Validate()
}

// compare demands that Parse and the slow way say the same, to the last word.
func compare(t testing.TB, payload []byte) (accepted bool) {
	t.Helper()
	want, wantErr := slowly(t, payload)
	got, err := Parse(payload, attest.Limits{})
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error(), "%s", payload)
		require.Nil(t, got)
		return false
	}
	require.NoError(t, err, "%s", payload)
	require.Equal(t, want, got, "%s", payload)
	return true
}

func samplePayload(t testing.TB) string {
	t.Helper()
	s, err := Encode(provenancetest.Sample())
	require.NoError(t, err)
	return string(s.Bytes())
}

// foreignDigests returns so many members of a digest set.
func foreignDigests(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(`"x` + strconv.Itoa(i) + `":"1",`)
	}
	return out.String()
}

func TestParseSaysWhatParseStatementAndDecodeSay(t *testing.T) {
	sample := samplePayload(t)
	require.NotNil(t, quickStatement([]byte(sample), attest.Limits{}), "the short cut is taken")
	require.True(t, compare(t, []byte(sample)))
	doc, err := provenancetest.ParseDocument([]byte(sample))
	require.NoError(t, err)
	accepted, refused := 0, 0
	for m := range doc.Mutations(provenancetest.AllOps()...) {
		if compare(t, m.Document) {
			accepted++
		} else {
			refused++
		}
	}
	require.Greater(t, accepted, 50)
	require.Greater(t, refused, 400)
	for _, odd := range []string{
		strings.Replace(sample, `"run/42"`, `"run\/42"`, 1), strings.Replace(sample, `"run/42"`, `null`, 1),
		strings.Replace(sample, `2026-03-01T12:00:00Z`, `0000-03-01T12:00:00Z`, 1), strings.Replace(sample, `https://example.com/builders/hosted/v1`, `https://example.com/b%20c`, 1),
		strings.Replace(sample, `https://example.com/builders/hosted/v1`, `https://example.com:x/b`, 1), strings.Replace(sample, `"subject":[`, `"subject":null,"x":[`, 1),
		strings.Replace(sample, `"annotations":{`, `"annotations":{},"x":{`, 1), strings.Replace(sample, `"content":"eD0xCg=="`, `"content":"","uri":"a:b"`, 1),
		strings.Replace(sample, `"digest":{"sha256":"d4`, `"digest":{},"x":{"sha256":"d4`, 1), strings.Replace(sample, `"byproducts":[`, `"byproducts":[],"x":[`, 1),
		strings.Replace(sample, `"version":{`, `"version":{},"x":{`, 1), strings.Replace(sample, `"resolvedDependencies":[`, `"resolvedDependencies":[],"x":[`, 1),
		strings.Replace(sample, `"digest":{"sha256":"a1`, `"digest":{`+foreignDigests(64)+`"sha256":"a1`, 1), strings.Replace(sample, `"digest":{"sha256":"a1`, `"digest":{`+foreignDigests(63)+`"sha256":"a1`, 1),
		strings.Replace(sample, `"predicateType"`, `"predicate_type":"x","predicateType"`, 1), strings.Replace(sample, `"_type"`, `"type":"x","_type"`, 1),
		strings.ReplaceAll(sample, `,`, " ,\n\t"), sample + sample, "\xef\xbb\xbf" + sample, sample[:len(sample)-1],
	} {
		compare(t, []byte(odd))
	}
	_, err = Parse([]byte(sample), attest.Limits{Bytes: len(sample) - 1})
	require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
	_, err = Parse([]byte(sample), attest.Limits{Depth: 3})
	require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
	_, err = Parse([]byte(sample), attest.Limits{Subjects: -1})
	require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
	_, err = Parse([]byte(sample), attest.Limits{Bytes: len(sample)})
	require.NoError(t, err)
}

// The documents that strictjson refuses are refused wherever they stand: as a
// statement, as its predicate, as its parameters.
func TestParseRefusesTheHostileCorpus(t *testing.T) {
	const dir = "../../internal/strictjson/testdata"
	sample := samplePayload(t)
	places := [][2]string{
		{sample, `%s`}, {`"predicate":{`, `"predicate":%s,"x":{`}, {`"externalParameters":{`, `"externalParameters":%s,"x":{`},
		{`"annotations":{`, `"annotations":{"a":%s,`}, {`"builder":{`, `"vendor":%s,"builder":{`},
	}
	refused := 0
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".json") {
			return err
		}
		document, err := os.ReadFile(dir + "/" + name)
		require.NoError(t, err)
		if len(document) > 1<<20 {
			return nil
		}
		for _, place := range places {
			payload := strings.Replace(sample, place[0], strings.Replace(place[1], "%s", string(document), 1), 1)
			require.NotEqual(t, sample, payload)
			if compare(t, []byte(payload)) {
				require.False(t, strings.HasPrefix(name, "refused/"), "%s at %s", name, place[1])
			} else if strings.HasPrefix(name, "refused/") {
				refused++
			}
		}
		return nil
	}))
	require.Greater(t, refused, 200)
}

// byExperiment reads a statement by go-json-experiment, which is strict on its own:
// names exactly, none twice, UTF-8.
func byExperiment(payload []byte) (p predicate, subjects []attest.Descriptor, err error) {
	var s struct {
		Subject   []attest.Descriptor `json:"subject"`
		Predicate predicate           `json:"predicate"`
	}
	err = experiment.Unmarshal(payload, &s)
	return s.Predicate, s.Subject, err
}

// FuzzParse holds Parse against the slow way, and what it accepts against
// go-json-experiment.
func FuzzParse(f *testing.F) {
	sample := samplePayload(f)
	f.Add([]byte(sample))
	doc, err := provenancetest.ParseDocument([]byte(sample))
	require.NoError(f, err)
	for m := range doc.Mutations(provenancetest.AllOps()...) {
		f.Add(m.Document)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if !compare(t, payload) {
			return
		}
		b, err := Parse(payload, attest.Limits{})
		require.NoError(t, err)
		p, subjects, err := byExperiment(payload)
		require.NoError(t, err, "%s", payload)
		require.Equal(t, p.BuildDefinition.BuildType, b.BuildType)
		require.Equal(t, p.RunDetails.Builder.ID, b.Builder.ID)
		require.Equal(t, string(p.BuildDefinition.ExternalParameters), string(b.External))
		require.Len(t, b.Outputs, len(subjects))
		require.Len(t, b.Inputs, len(p.BuildDefinition.ResolvedDependencies))
		for i, d := range p.BuildDefinition.ResolvedDependencies {
			require.Equal(t, d.URI, b.Inputs[i].Descriptor.URI)
			require.True(t, d.Digest.Equal(b.Inputs[i].Descriptor.Digest))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	payload := []byte(samplePayload(b))
	b.Run("slsa", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(payload, attest.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var s struct {
				Subject   []attest.Descriptor `json:"subject"`
				Predicate predicate           `json:"predicate"`
			}
			if err := json.Unmarshal(payload, &s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("go-json-experiment", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := byExperiment(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
