package strictjson

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatIsCheckedIsHeldAgainstTheGoTypeAlone(t *testing.T) {
	c, err := CheckedWhole([]byte(" {\"name\":\"a\\u00e9\",\"next\":{\"name\":\"b\"}} "), Options{})
	require.NoError(t, err)
	assert.Equal(t, `{"name":"a\u00e9","next":{"name":"b"}}`, string(c.Part()))
	var v inner
	require.NoError(t, c.Unmarshal(&v, false))
	assert.Equal(t, inner{Name: "aé", Next: &inner{Name: "b"}}, v)

	for data, want := range map[string]*Error{
		`{"x":1}`:               {Cause: CauseUnknownKey, Pointer: "/x"},
		`{"next":{"Name":"x"}}`: {Cause: CauseKeyCase, Pointer: "/next/Name"},
		`{"name":null}`:         {Cause: CauseNull, Pointer: "/name"},
		`{"next":[]}`:           {Cause: CauseType, Pointer: "/next"},
	} {
		c, err := CheckedWhole([]byte(data), Options{})
		require.NoError(t, err, data)
		var got *Error
		require.ErrorAs(t, c.Unmarshal(new(inner), false), &got, data)
		assert.Equal(t, want.Cause, got.Cause, data)
		assert.Equal(t, want.Pointer, got.Pointer, data)
	}
	c, err = CheckedWhole([]byte(`{"x":{"name":1},"name":"n"}`), Options{})
	require.NoError(t, err)
	v = inner{}
	require.NoError(t, c.Unmarshal(&v, true))
	assert.Equal(t, "n", v.Name)
	assert.Equal(t, CauseTarget, causeOf(t, c.Unmarshal(nil, true)))
}

func TestNothingCheckedComesOfABadDocument(t *testing.T) {
	for data, cause := range map[string]Cause{`{"a":{"b":1,"b":2}}`: CauseDuplicateKey, `{"a":"` + "\xff" + `"}`: CauseUTF8, `{"a":1`: CauseSyntax} {
		c, err := CheckedWhole([]byte(data), Options{})
		assert.Equal(t, cause, causeOf(t, err), data)
		assert.Equal(t, Checked{}, c)
		parts, err := CheckedFields([]byte(data), Options{}, "a")
		assert.Equal(t, cause, causeOf(t, err), data)
		assert.Nil(t, parts)
	}
	assert.Equal(t, CauseSyntax, causeOf(t, Checked{}.Unmarshal(new(inner), true)), "the zero Checked is no value")
	parts, err := CheckedFields([]byte(`{"a":{"name":"n"}}`), Options{}, "a", "b")
	require.NoError(t, err)
	assert.Equal(t, `{"name":"n"}`, string(parts[0].Part()))
	assert.Equal(t, Checked{}, parts[1])
}

// Texts that share memory neither change nor grow into each other.
func TestTextsThatShareMemoryStayApart(t *testing.T) {
	var want []string
	var doc bytes.Buffer
	for n := range 300 {
		text := strings.Repeat(string(rune('a'+n%26)), n%(2*mostShort))
		want = append(want, text)
		doc.WriteString(`,"` + text + `"`)
	}
	data := append([]byte("["), append(doc.Bytes()[1:], ']')...)
	var got []string
	require.NoError(t, Unmarshal(data, &got, Options{}))
	assert.Equal(t, want, got)
}

// FuzzChecked holds the quick way, of what is checked, against Unmarshal.
func FuzzChecked(f *testing.F) {
	for _, seed := range everySeeds {
		f.Add([]byte(seed), true)
		f.Add([]byte(" {\"unknown\":[{}],"+seed[1:]), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, allowUnknown bool) {
		c, err := CheckedWhole(data, Options{})
		if err != nil {
			return
		}
		var got, want every
		wantErr := Unmarshal(c.Part(), &want, Options{AllowUnknown: allowUnknown})
		err = c.Unmarshal(&got, allowUnknown)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("Checked.Unmarshal says %v, Unmarshal %v", err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("Checked.Unmarshal reads %#v, Unmarshal %#v", got, want)
		}
	})
}
