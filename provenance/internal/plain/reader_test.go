package plain_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance/internal/plain"
)

// members reads a document whose top is an object, as parts.
func members(document string) (map[string]string, bool) {
	r := plain.Read(document)
	got := map[string]string{}
	r.Object(func(key string) { got[key] = r.Raw() })
	return got, r.Done()
}

// agree holds a Reader against strictjson on a document that strictjson accepts, and
// demands that it does not panic on others.
func agree(t testing.TB, document []byte) {
	got, ok := members(string(document))
	var want map[string]json.RawMessage
	err := strictjson.Unmarshal(document, &want, strictjson.Options{})
	if err == nil && ok {
		require.Len(t, got, len(want))
		for name, value := range want {
			require.Equal(t, string(value), got[name], name)
		}
	}
	var whole any
	if strictjson.Unmarshal(document, &whole, strictjson.Options{}) == nil {
		r := plain.Read(string(document))
		value := r.Value()
		require.True(t, !r.Done() || reflect.DeepEqual(whole, value), "%s", document)
	}
}

func TestReader(t *testing.T) {
	got, ok := members(` { "a" : [ 1 , {"x":"]}\"" } ] , "b":-1.5e3, "c":"t" ,"d":{},"e":null } `)
	require.True(t, ok)
	require.Equal(t, map[string]string{"a": `[ 1 , {"x":"]}\"" } ]`, "b": "-1.5e3", "c": `"t"`, "d": "{}", "e": "null"}, got)
	for _, odd := range []string{`[]`, `"x"`, `null`, `{"\u0061":1}`, `{"a":1} 2`, `{"a" 1}`, `{"a":1`, `{`, ``} {
		_, ok := members(odd)
		require.False(t, ok, odd)
	}
	r := plain.Read(`{"a":1}`)
	r.GiveUp()
	require.True(t, r.Odd())
	require.False(t, r.Done())
}

func TestValue(t *testing.T) {
	r := plain.Read(` {"a":[1.50,true,false,null,"x",{}],"b":{"c":[]}} `)
	want := map[string]any{"a": []any{json.Number("1.50"), true, false, nil, "x", map[string]any{}}, "b": map[string]any{"c": []any{}}}
	require.Equal(t, want, r.Value())
	require.True(t, r.Done())
	for _, odd := range []string{``, `{"a":`, `["\u0061"]`} {
		r := plain.Read(odd)
		r.Value()
		require.False(t, r.Done(), odd)
	}
}

func FuzzReader(f *testing.F) {
	corpus, err := filepath.Glob("../../../internal/strictjson/testdata/*/*/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, corpus)
	for _, name := range corpus {
		document, err := os.ReadFile(name)
		require.NoError(f, err)
		if len(document) < 4096 {
			f.Add(document)
		}
	}
	f.Add([]byte(`{"name":"n","uri":"u:v","digest":{"sha256":"00"},"extra":[{}]}`))
	f.Fuzz(func(t *testing.T, document []byte) { agree(t, document) })
}
