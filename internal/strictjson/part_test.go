package strictjson

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func whole(t testing.TB, data string) Part {
	t.Helper()
	p, err := Whole([]byte(data), Options{})
	require.NoError(t, err, data)
	return p
}

func TestMembers(t *testing.T) {
	p := whole(t, " {\"a\" : [1,{\"x\":\"}]\\\"\"}] ,\n\"b\":\"q\\\\\",\"\\u0063\":null, \"d\":-1.5e3 } ")
	var parts [5]Part
	require.NoError(t, p.Members(false, parts[:], "a", "b", "c", "d", "e"))
	assert.Equal(t, `[1,{"x":"}]\""}]`, string(parts[0]))
	assert.Equal(t, `"q\\"`, string(parts[1]))
	assert.True(t, parts[2].IsNull())
	assert.Equal(t, `-1.5e3`, string(parts[3]))
	assert.Nil(t, parts[4])
	assert.True(t, parts[4].IsNull())
	assert.Equal(t, len(parts[0]), cap(parts[0]), "appending to a part cannot change the document")
	require.NoError(t, whole(t, `{}`).Members(false, parts[:1], "a"))
	assert.Nil(t, parts[0], "an absent key leaves nothing of an earlier document")

	for data, want := range map[string]*Error{
		`{"a":1,"x":2}`: {Cause: CauseUnknownKey, Pointer: "/x"},
		`{"A":1}`:       {Cause: CauseKeyCase, Pointer: "/A"},
		`[]`:            {Cause: CauseType},
		`null`:          {Cause: CauseNull},
	} {
		err := whole(t, data).Members(false, parts[:1], "a")
		var got *Error
		require.ErrorAs(t, err, &got, data)
		assert.Equal(t, want.Cause, got.Cause, data)
		assert.Equal(t, want.Pointer, got.Pointer, data)
	}
}

func TestUnknownMembersMayBeAllowedButNotOtherSpellings(t *testing.T) {
	var parts [1]Part
	require.NoError(t, whole(t, `{"x":[{}],"a":1,"y":2}`).Members(true, parts[:], "a"))
	assert.Equal(t, "1", string(parts[0]))
	assert.Equal(t, CauseKeyCase, causeOf(t, whole(t, `{"x":1,"A":1}`).Members(true, parts[:], "a")))
}

func TestIterators(t *testing.T) {
	it, err := whole(t, " [ 1 , [2,[3]],{\"a\":[4]} , \"b]\" ] ").Elements()
	require.NoError(t, err)
	var got []string
	for it.Next() {
		assert.Equal(t, len(got), it.Index())
		got = append(got, string(it.Value()))
	}
	assert.False(t, it.Next())
	assert.Equal(t, []string{"1", "[2,[3]]", `{"a":[4]}`, `"b]"`}, got)
	it, err = whole(t, "{\"a\" :1, \"\\u0062}\":{\"c\":[]}\n}").Entries()
	require.NoError(t, err)
	got = nil
	for it.Next() {
		got = append(got, it.Key(), string(it.Value()))
	}
	assert.Equal(t, []string{"a", "1", "b}", `{"c":[]}`}, got)
	for _, empty := range []string{"[ ]", "[]"} {
		it, err = whole(t, empty).Elements()
		require.NoError(t, err)
		assert.False(t, it.Next())
	}
	var none Iterator
	assert.False(t, none.Next())
	_, err = whole(t, `{}`).Elements()
	assert.Equal(t, CauseType, causeOf(t, err))
	_, err = whole(t, `null`).Entries()
	assert.Equal(t, CauseNull, causeOf(t, err))
}

func TestBase64(t *testing.T) {
	for n := range 40 {
		want := make([]byte, n)
		for i := range want {
			want[i] = byte(251 * i)
		}
		p := whole(t, `"`+base64.StdEncoding.EncodeToString(want)+`"`)
		got, err := p.Base64([]byte("before"))
		require.NoError(t, err)
		assert.Equal(t, "before"+string(want), string(got))
		roomy := make([]byte, 2, 100)
		got, err = p.Base64(roomy)
		require.NoError(t, err)
		assert.Same(t, &roomy[0], &got[0], "room that is there is used")
	}
	got, err := whole(t, `"\u0051Q=="`).Base64(nil)
	require.NoError(t, err)
	assert.Equal(t, "A", string(got))
	for _, bad := range []string{`"QQ"`, `"QR=="`, `"QQ\n=="`, `"QUJD\r\n"`, `"_w=="`, `"Q==="`, `"QQ==QQ=="`, `"="`} {
		_, err := whole(t, bad).Base64(nil)
		assert.Equal(t, CauseBase64, causeOf(t, err), bad)
	}
	shared := whole(t, `"text"`)
	text, err := shared.TextBytes()
	require.NoError(t, err)
	assert.Equal(t, "text", string(text))
	assert.Same(t, &shared[1], &text[0])
	text, err = whole(t, `"a\nb"`).TextBytes()
	require.NoError(t, err)
	assert.Equal(t, "a\nb", string(text))
	_, err = whole(t, `[]`).TextBytes()
	assert.Equal(t, CauseType, causeOf(t, err))
	_, err = whole(t, `1`).Base64(nil)
	assert.Equal(t, CauseType, causeOf(t, err))
}

func TestPartsCopyNothing(t *testing.T) {
	data := benchDocument(1000)
	p, err := Whole(data, Options{})
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		var parts [4]Part
		if p.Members(false, parts[:], "_type", "subject", "predicateType", "predicate") != nil {
			t.Error("refused")
		}
		for it, err := parts[1].Elements(); it.Next(); {
			if err != nil || it.Index() > 0 {
				t.Error("not one subject")
			}
		}
	}))
}

// FuzzParts holds Members and iterators against encoding/json: of every document that
// is strict they give the same parts, all the way down.
func FuzzParts(f *testing.F) {
	corpus(f, func(_ string, cause Cause, data []byte) {
		if cause == "" && len(data) < 4096 {
			f.Add(data)
		}
	})
	f.Add([]byte("{\"a\\\"\\\\\":[\"\\\\\",{}, [ ] ,-0.1E+2,\"\\\\\\\"]\"]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Whole(data, Options{})
		if err == nil {
			compareParts(t, p, 0)
		}
	})
}

func compareParts(t *testing.T, p Part, depth int) {
	var object map[string]json.RawMessage
	var array []json.RawMessage
	switch {
	case depth > 8:
	case p[0] == '{' && json.Unmarshal(p, &object) == nil:
		names := make([]string, 0, len(object))
		for name := range object {
			names = append(names, name)
		}
		parts := make([]Part, len(names))
		if err := p.Members(false, parts, names...); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			if string(parts[i]) != string(object[name]) {
				t.Fatalf("%q is %q, and not %q", name, parts[i], object[name])
			}
			compareParts(t, parts[i], depth+1)
		}
	case p[0] == '[' && json.Unmarshal(p, &array) == nil:
		it, err := p.Elements()
		for it.Next() {
			if i := it.Index(); i >= len(array) || string(it.Value()) != string(array[i]) {
				t.Fatalf("element %d is %q", i, it.Value())
			}
			compareParts(t, it.Value(), depth+1)
		}
		if err != nil || it.Index()+1 != len(array) {
			t.Fatalf("%d elements, and not %d: %v", it.Index()+1, len(array), err)
		}
	case p[0] == '"':
		var text string
		var raw []byte
		got, err := p.Text()
		if json.Unmarshal(p, &text) != nil || err != nil || got != text {
			t.Fatalf("%q is read as %q: %v", p, got, err)
		}
		decoded, err := p.Base64(nil)
		wantErr := Unmarshal(p, &raw, Options{})
		if (err == nil) != (wantErr == nil) || string(decoded) != string(raw) {
			t.Fatalf("%q decodes to %q (%v), and not to %q (%v)", p, decoded, err, raw, wantErr)
		}
	}
}
