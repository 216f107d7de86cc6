package strictjson

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMarshal(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"map keys are sorted", map[string]int{"b": 1, "a": 2, "c": 3}, `{"a":2,"b":1,"c":3}`},
		{"nothing is escaped for HTML", "<a href=\"x\">&</a>", `"<a href=\"x\">&</a>"`},
		{"space in a RawMessage is dropped", json.RawMessage(` { "a" : 1 } `), `{"a":1}`},
		{"the replacement character itself is kept", "\ufffd", "\"\ufffd\""},
		{"a backslash before ufffd is text", `\ufffd`, `"\\ufffd"`},
		{"null is null", nil, `null`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range 3 {
				got, err := Marshal(test.value)
				require.NoError(t, err)
				assert.Equal(t, test.want, string(got))
				assert.NoError(t, Check(got, Options{}))
			}
		})
	}
}

func TestMarshalRefuses(t *testing.T) {
	tests := []struct {
		name  string
		value any
		cause Cause
	}{
		{"a string that is not UTF-8", []string{"a\xffb"}, CauseUTF8},
		{"a map key that is not UTF-8", map[string]int{"\xff": 1}, CauseUTF8},
		{"a RawMessage with a repeated key", json.RawMessage(`{"a":1,"a":2}`), CauseDuplicateKey},
		{"a RawMessage with half a surrogate pair", json.RawMessage(`"\ud800"`), CauseSurrogate},
		{"a RawMessage that is not JSON", json.RawMessage(`{`), CauseEncode},
		{"a map with keys that differ by case", map[string]int{"a": 1, "A": 2}, CauseFoldedKey},
		{"a NaN", math.NaN(), CauseEncode},
		{"a function", func() {}, CauseEncode},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Marshal(test.value)
			assert.Equal(t, test.cause, causeOf(t, err), "%v", err)
			assert.Nil(t, got)
		})
	}
}

func TestMarshalHasNoSizeLimit(t *testing.T) {
	_, err := Marshal(strings.Repeat("a", 17<<20))
	require.NoError(t, err)
}

func TestFields(t *testing.T) {
	data := []byte(` {"a" : [ 1 ] ,"x":{"A":1},"c":null}`)
	parts, err := Fields(data, Options{AllowUnknown: true}, "a", "b", "c")
	require.NoError(t, err)
	require.Len(t, parts, 3)
	assert.Equal(t, "[ 1 ]", string(parts[0]))
	assert.Nil(t, parts[1])
	assert.Equal(t, "null", string(parts[2]))
	assert.Same(t, &data[8], &parts[0][0], "the parts share the document's memory")
	assert.Equal(t, len(parts[0]), cap(parts[0]), "appending to a part cannot change the document")

	for data, cause := range map[string]Cause{
		`{"a":1,"x":2}`: CauseUnknownKey,
		`{"A":1}`:       CauseKeyCase,
		`[]`:            CauseType,
		`null`:          CauseNull,
		`{"a":1,"a":2}`: CauseDuplicateKey,
	} {
		parts, err := Fields([]byte(data), Options{}, "a")
		assert.Equal(t, cause, causeOf(t, err), data)
		assert.Nil(t, parts)
	}
}

func TestElements(t *testing.T) {
	data := []byte(` [ 1 , [2,[3]],{"a":[4]} , "b" ] `)
	parts, err := Elements(data, Options{})
	require.NoError(t, err)
	var got []string
	for _, p := range parts {
		got = append(got, string(p))
		assert.Equal(t, len(p), cap(p))
	}
	assert.Equal(t, []string{"1", "[2,[3]]", `{"a":[4]}`, `"b"`}, got)

	parts, err = Elements([]byte(`[]`), Options{})
	require.NoError(t, err)
	assert.Empty(t, parts)
	for data, cause := range map[string]Cause{
		`{}`: CauseType, `null`: CauseNull, `[1,]`: CauseSyntax, `[] 1`: CauseTrailing, `[{"a":1,"a":2}]`: CauseDuplicateKey,
	} {
		_, err := Elements([]byte(data), Options{})
		assert.Equal(t, cause, causeOf(t, err), data)
	}
	_, err = Elements([]byte(`[[]]`), Options{Depth: 1})
	assert.Equal(t, CauseDepth, causeOf(t, err))
}

func TestText(t *testing.T) {
	for data, want := range map[string]string{
		`""`: "", ` "a\u0062\"\\" `: `ab"\`, `"\ud83d\udd11"`: "\U0001F511", `"é"`: "é", `"\\"`: `\`,
	} {
		parts, err := Elements([]byte("["+data+"]"), Options{})
		require.NoError(t, err, data)
		got, err := parts[0].Text()
		require.NoError(t, err, data)
		assert.Equal(t, want, got, data)
	}
	for data, cause := range map[string]Cause{``: CauseType, `1`: CauseType, `null`: CauseNull, `{}`: CauseType, `[]`: CauseType, `true`: CauseType} {
		got, err := Part(data).Text()
		assert.Equal(t, cause, causeOf(t, err), data)
		assert.Empty(t, got)
	}
}
