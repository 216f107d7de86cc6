package attest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

const (
	hexA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hexB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	good = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"` + hexA +
		`"}}],"predicateType":"https://example.com/p","predicate":{"n":9007199254740993}}`
)

func replaceOnce(t testing.TB, old, new string) []byte {
	t.Helper()
	require.Equal(t, 1, strings.Count(good, old), old)
	return []byte(strings.Replace(good, old, new, 1))
}

func TestParseStatement(t *testing.T) {
	s, err := attest.ParseStatement([]byte(good), attest.Limits{})
	require.NoError(t, err)
	assert.Equal(t, []attest.Descriptor{{Name: "app", Digest: digest.Set{"sha256": hexA}}}, s.Subjects())
	assert.Equal(t, "https://example.com/p", s.PredicateType())
	assert.Equal(t, good, string(s.Bytes()))
	assert.Equal(t, `{"n":9007199254740993}`, string(s.Predicate()))
	streamed, err := io.ReadAll(s.PredicateReader())
	require.NoError(t, err)
	assert.Equal(t, `{"n":9007199254740993}`, string(streamed))
}

func TestParseStatementAccepts(t *testing.T) {
	for name, data := range map[string][]byte{
		"a field that the specification does not name":              replaceOnce(t, `"predicateType"`, `"extension":[1,{"a":null}],"predicateType"`),
		"a field of a subject that the specification does not name": replaceOnce(t, `"name":"app"`, `"name":"app","size":7`),
		"space":                              []byte(" \n" + strings.ReplaceAll(good, ",", " ,\t") + "\r\n"),
		"an algorithm that is not known":     replaceOnce(t, `"sha256"`, `"x-new":"00ff","sha256"`),
		"a weak digest besides a strong one": replaceOnce(t, `"sha256"`, `"sha1":"`+hexA[:40]+`","sha256"`),
		"annotations of any kind":            replaceOnce(t, `"name":"app"`, `"name":"app","annotations":{"a":1,"b":[null]}`),
		"a predicate that is empty":          replaceOnce(t, `"n":9007199254740993`, ``),
		"a subject without name":             replaceOnce(t, `"name":"app",`, ``),
		"an escaped key":                     replaceOnce(t, `"subject"`, `"\u0073ubject"`),
	} {
		s, err := attest.ParseStatement(data, attest.Limits{})
		require.NoError(t, err, name)
		assert.Equal(t, data, s.Bytes(), name)
	}
}

func TestAnUnsetPredicateIsTheEmptyOne(t *testing.T) {
	for name, data := range map[string][]byte{
		"none": replaceOnce(t, `,"predicate":{"n":9007199254740993}`, ``),
		"null": replaceOnce(t, `{"n":9007199254740993}`, `null`),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := attest.ParseStatement(data, attest.Limits{})
			require.NoError(t, err)
			require.Equal(t, "{}", string(s.Predicate()))
			require.Equal(t, data, s.Bytes())
		})
	}
}

func TestParseStatementRefuses(t *testing.T) {
	tests := []struct {
		name  string
		data  []byte
		code  attest.Code
		where string
	}{
		{"nothing", nil, attest.CodeJSON, "statement"},
		{"null", []byte("null"), attest.CodeJSON, "statement"},
		{"an array", []byte("[" + good + "]"), attest.CodeJSON, "statement"},
		{"trailing bytes", []byte(good + "\x00"), attest.CodeJSON, "statement"},
		{"a duplicate key", replaceOnce(t, `"predicate":`, `"predicate":{},"predicate":`), attest.CodeJSON, "/predicate"},
		{"a duplicate key inside the predicate", replaceOnce(t, `"n":`, `"n":0,"n":`), attest.CodeJSON, "/predicate/n"},
		{"a case variant beside the key", replaceOnce(t, `"predicateType"`, `"PredicateType":"https://example.com/evil","predicateType"`), attest.CodeJSON, "/PredicateType"},
		{"a case variant instead of the key", replaceOnce(t, `"predicateType"`, `"PredicateType"`), attest.CodeJSON, "/PredicateType"},
		{"an alias beside the key", replaceOnce(t, `"predicateType"`, `"predicate_type":"https://example.com/evil","predicateType"`), attest.CodeJSON, "/predicate_type"},
		{"an alias beside the type", replaceOnce(t, `"_type"`, `"type":"https://in-toto.io/Statement/v0.1","_type"`), attest.CodeJSON, "/type"},
		{"an alias instead of the key", replaceOnce(t, `"predicateType"`, `"predicate_type"`), attest.CodeJSON, "/predicate_type"},
		{"a case variant inside a subject", replaceOnce(t, `"digest"`, `"Digest"`), attest.CodeJSON, "/subject/0/Digest"},
		{"a duplicate algorithm", replaceOnce(t, `"sha256"`, `"sha256":"`+hexB+`","sha256"`), attest.CodeJSON, "/subject/0/digest/sha256"},
		{"an algorithm in two cases", replaceOnce(t, `"sha256"`, `"SHA256":"`+hexB+`","sha256"`), attest.CodeJSON, "/subject/0/digest/sha256"},
		{"a subject that is null", replaceOnce(t, `{"name":"app","digest":{"sha256":"`+hexA+`"}}`, `null`), attest.CodeJSON, "/subject/0"},
		{"a name that is null", replaceOnce(t, `"app"`, `null`), attest.CodeJSON, "/subject/0/name"},
		{"a digest that is a number", replaceOnce(t, `"`+hexA+`"`, `7`), attest.CodeJSON, "/subject/0/digest/sha256"},
		{"content that is not canonical base64", replaceOnce(t, `"name":"app"`, `"content":"QR=="`), attest.CodeJSON, "/subject/0/content"},
		{"not a number", replaceOnce(t, `9007199254740993`, `NaN`), attest.CodeJSON, "/predicate/n"},
		{"text that is not UTF-8", replaceOnce(t, `app`, "a\xff"), attest.CodeJSON, "/subject/0/name"},
		{"deep nesting", replaceOnce(t, `9007199254740993`, strings.Repeat("[", 63)+strings.Repeat("]", 63)), attest.CodeLimit, ""},
		{"a wrong _type", replaceOnce(t, `Statement/v1`, `Statement/v0.1`), attest.CodeStatementType, "/_type"},
		{"a _type with a slash more", replaceOnce(t, `Statement/v1`, `Statement/v1/`), attest.CodeStatementType, "/_type"},
		{"no _type", replaceOnce(t, `"_type":"https://in-toto.io/Statement/v1",`, ``), attest.CodeStatementType, "/_type"},
		{"a _type that is a list", replaceOnce(t, `"https://in-toto.io/Statement/v1"`, `[]`), attest.CodeJSON, "/_type"},
		{"an empty subject list", replaceOnce(t, `{"name":"app","digest":{"sha256":"`+hexA+`"}}`, ``), attest.CodeNoSubject, "/subject"},
		{"a subject list that is null", replaceOnce(t, `[{"name":"app","digest":{"sha256":"`+hexA+`"}}]`, `null`), attest.CodeNoSubject, "/subject"},
		{"no subject list", replaceOnce(t, `"subject":[{"name":"app","digest":{"sha256":"`+hexA+`"}}],`, ``), attest.CodeNoSubject, "/subject"},
		{"a subject without digest", replaceOnce(t, `,"digest":{"sha256":"`+hexA+`"}`, ``), attest.CodeSubjectDigest, "/subject/0/digest"},
		{"a subject with an empty digest set", replaceOnce(t, `"sha256":"`+hexA+`"`, ``), attest.CodeSubjectDigest, "/subject/0/digest"},
		{"a digest of another length", replaceOnce(t, hexA, hexA[1:]), attest.CodeSubjectDigest, "/subject/0/digest"},
		{"a digest in capitals", replaceOnce(t, hexA, strings.ToUpper(hexA)), attest.CodeSubjectDigest, "/subject/0/digest"},
		{"an empty digest", replaceOnce(t, hexA, ""), attest.CodeSubjectDigest, "/subject/0/digest"},
		{"no predicate type", replaceOnce(t, `"predicateType":"https://example.com/p",`, ``), attest.CodePredicateType, "/predicateType"},
		{"a predicate type that is no URI", replaceOnce(t, `https://example.com/p`, `provenance`), attest.CodePredicateType, "/predicateType"},
		{"a predicate type with space", replaceOnce(t, `https://example.com/p`, ` https://example.com/p`), attest.CodePredicateType, "/predicateType"},
		{"a predicate type with a fragment", replaceOnce(t, `https://example.com/p`, `https://example.com/p#x`), attest.CodePredicateType, "/predicateType"},
		{"a predicate that is an array", replaceOnce(t, `{"n":9007199254740993}`, `[]`), attest.CodePredicate, "/predicate"},
		{"a predicate that is a string", replaceOnce(t, `{"n":9007199254740993}`, `"{}"`), attest.CodePredicate, "/predicate"},
		{"a predicate that is a number", replaceOnce(t, `{"n":9007199254740993}`, `1`), attest.CodePredicate, "/predicate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := attest.ParseStatement(test.data, attest.Limits{})
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, s)
			if test.where != "" {
				assert.Equal(t, test.where, attest.Reasons(err)[0].Where)
			}
		})
	}
}

func TestHostileJSONIsRefused(t *testing.T) {
	files, err := filepath.Glob("../internal/strictjson/testdata/refused/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, b := range [][]byte{data, bytes.Replace([]byte(good), []byte("9007199254740993"), data, 1)} {
			if filepath.Base(filepath.Dir(name)) == "bom" && len(b) > len(data) {
				continue // a byte order mark is one only at the beginning
			}
			_, err = attest.ParseStatement(b, attest.Limits{})
			assert.NotEmpty(t, attest.Reasons(err), name)
		}
	}
}

func TestStatementLimits(t *testing.T) {
	two := replaceOnce(t, `[{"name"`, `[{"digest":{"sha256":"`+hexB+`"}},{"name"`)
	deep := replaceOnce(t, `9007199254740993`, strings.Repeat("[", 70)+strings.Repeat("]", 70))
	tests := []struct {
		name   string
		data   []byte
		limits attest.Limits
		ok     bool
	}{
		{"a statement of exactly the size passes", []byte(good), attest.Limits{Bytes: len(good)}, true},
		{"a statement one byte too large is refused", []byte(good), attest.Limits{Bytes: len(good) - 1}, false},
		{"exactly the number of subjects passes", two, attest.Limits{Subjects: 2}, true},
		{"one subject too many is refused", two, attest.Limits{Subjects: 1}, false},
		{"exactly the depth passes", []byte(good), attest.Limits{Depth: 4}, true},
		{"one level too deep is refused", []byte(good), attest.Limits{Depth: 3}, false},
		{"the default depth is 64", deep, attest.Limits{}, false},
		{"a raised depth is granted", deep, attest.Limits{Depth: 100}, true},
		{"a negative limit refuses everything", []byte(good), attest.Limits{Bytes: -1}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := attest.ParseStatement(test.data, test.limits)
			if test.ok {
				require.NoError(t, err)
				var predicate any
				assert.NoError(t, s.DecodePredicate(&predicate, false), "what the limits let in can be read")
				return
			}
			require.ErrorIs(t, err, attest.Is(attest.CodeLimit))
		})
	}
}

func TestTheStatementOwnsItsBytes(t *testing.T) {
	data := []byte(good)
	s, err := attest.ParseStatement(data, attest.Limits{})
	require.NoError(t, err)
	clear(data)
	clear(s.Bytes())
	clear(s.Predicate())
	s.Subjects()[0].Name = "other"
	assert.Equal(t, good, string(s.Bytes()))
	assert.Equal(t, "app", s.Subjects()[0].Name)
	assert.Equal(t, `{"n":9007199254740993}`, string(s.Predicate()))
}

func TestNewStatement(t *testing.T) {
	subject := attest.Descriptor{Name: "<app> & co", URI: "https://example.com/app", Digest: digest.Set{"sha256": hexA, "sha512": hexA + hexB},
		Content: []byte("app"), Annotations: map[string]json.RawMessage{"b": json.RawMessage(`[1, 2]`), "a": json.RawMessage(`null`)}}
	predicate := map[string]any{"z": 1, "a": []string{"<"}}
	first, err := attest.NewStatement("https://example.com/p", predicate, subject)
	require.NoError(t, err)
	second, err := attest.NewStatement("https://example.com/p", predicate, subject)
	require.NoError(t, err)
	assert.Equal(t, first.Bytes(), second.Bytes(), "equal input gives equal bytes")
	assert.Equal(t, `{"a":["<"],"z":1}`, string(first.Predicate()))

	read, err := attest.ParseStatement(first.Bytes(), attest.Limits{})
	require.NoError(t, err)
	subject.Annotations["b"] = json.RawMessage(`[1,2]`)
	assert.Equal(t, []attest.Descriptor{subject}, read.Subjects())
}

func TestNewStatementRefuses(t *testing.T) {
	subject := attest.Descriptor{Digest: digest.Set{"sha256": hexA}}
	kind := "https://example.com/p"
	tests := []struct {
		name      string
		kind      string
		predicate any
		subjects  []attest.Descriptor
		code      attest.Code
	}{
		{"no subject", kind, struct{}{}, nil, attest.CodeNoSubject},
		{"a subject without digest", kind, struct{}{}, []attest.Descriptor{{Name: "x"}}, attest.CodeSubjectDigest},
		{"a malformed digest", kind, struct{}{}, []attest.Descriptor{{Digest: digest.Set{"sha256": "00"}}}, attest.CodeSubjectDigest},
		{"a name that is not UTF-8", kind, struct{}{}, []attest.Descriptor{{Name: "\xff", Digest: subject.Digest}}, attest.CodeJSON},
		{"an annotation that is not JSON", kind, struct{}{}, []attest.Descriptor{{Digest: subject.Digest, Annotations: map[string]json.RawMessage{"a": json.RawMessage("x")}}}, attest.CodeJSON},
		{"a predicate type that is no URI", "p", struct{}{}, []attest.Descriptor{subject}, attest.CodePredicateType},
		{"a nil predicate", kind, nil, []attest.Descriptor{subject}, attest.CodePredicate},
		{"a scalar", kind, 1, []attest.Descriptor{subject}, attest.CodePredicate},
		{"a predicate that does not marshal", kind, func() {}, []attest.Descriptor{subject}, attest.CodePredicate},
		{"a raw predicate with a repeated key", kind, json.RawMessage(`{"a":1,"a":2}`), []attest.Descriptor{subject}, attest.CodePredicate},
		{"a predicate too large", kind, map[string]string{"a": strings.Repeat("a", 17<<20)}, []attest.Descriptor{subject}, attest.CodeLimit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := attest.NewStatement(test.kind, test.predicate, test.subjects...)
			require.ErrorIs(t, err, attest.Is(test.code))
			assert.Nil(t, s)
		})
	}
}

func TestDecodePredicate(t *testing.T) {
	s, err := attest.ParseStatement([]byte(good), attest.Limits{})
	require.NoError(t, err)
	var exact struct {
		N uint64 `json:"n"`
	}
	require.NoError(t, s.DecodePredicate(&exact, false))
	assert.Equal(t, uint64(9007199254740993), exact.N)
	var dynamic map[string]any
	require.NoError(t, s.DecodePredicate(&dynamic, false))
	assert.Equal(t, map[string]any{"n": json.Number("9007199254740993")}, dynamic)

	var other struct {
		M int `json:"m"`
	}
	err = s.DecodePredicate(&other, false)
	require.ErrorIs(t, err, attest.Is(attest.CodePredicate))
	assert.Equal(t, "/predicate/n", attest.Reasons(err)[0].Where)
	require.NoError(t, s.DecodePredicate(&other, true))
	var small struct {
		N int8 `json:"n"`
	}
	require.ErrorIs(t, s.DecodePredicate(&small, false), attest.Is(attest.CodePredicate))
	require.ErrorIs(t, new(attest.Statement).DecodePredicate(&small, false), attest.Is(attest.CodePredicate))
}

func TestParseStatementCopiesThePredicateOnce(t *testing.T) {
	data := bigStatement(10_000)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := attest.ParseStatement(data, attest.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	assert.Less(t, result.AllocsPerOp(), int64(50))
	assert.Less(t, float64(result.AllocedBytesPerOp()), 1.1*float64(len(data)))
}

func TestStatementsAreSafeForConcurrentUse(t *testing.T) {
	s, err := attest.ParseStatement([]byte(good), attest.Limits{})
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			var predicate any
			assert.NoError(t, s.DecodePredicate(&predicate, false))
			assert.NoError(t, attest.Want{Subjects: []digest.Set{{"sha256": hexA}}}.Check(s))
			assert.Len(t, s.Subjects(), 1)
			clear(s.Bytes())
		})
	}
	group.Wait()
}

func TestThePredicateSizeIsThatOfItsBytes(t *testing.T) {
	for _, predicate := range []string{`{}`, `{"a":[1,2]}`} {
		s, err := attest.NewStatement("https://example.com/p", json.RawMessage(predicate), attest.Descriptor{Digest: digest.Set{digest.SHA256: hexA}})
		require.NoError(t, err)
		assert.Equal(t, len(s.Predicate()), s.PredicateSize())
	}
	assert.Zero(t, new(attest.Statement).PredicateSize())
}

func TestAPlainTypeURIIsOneThatURLParsesToItself(t *testing.T) {
	for c := range 256 {
		for _, form := range []string{"https://%sa.b", "https://a%sb/c", "https://a%s", "https://a.b/c%sd", "https://a.b/%s"} {
			s := strings.Replace(form, "%s", string([]byte{byte(c)}), 1)
			u, err := url.Parse(s)
			want := err == nil && u.IsAbs() && u.Fragment == "" && u.String() == s
			assert.Equal(t, want, attest.CheckTypeURI(s) == nil, "%q", s)
		}
	}
}
