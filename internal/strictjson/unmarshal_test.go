package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type inner struct {
	Name string `json:"name"`
	Next *inner `json:"next"`
}

type base struct {
	ID int `json:"id"`
}

// shout is a type with its own UnmarshalJSON.
type shout string

func (s *shout) UnmarshalJSON(b []byte) error {
	if strings.Contains(string(b), "bad") {
		return errors.New("bad word")
	}
	*s = shout(strings.ToUpper(string(b)))
	return nil
}

// colour is a type with its own UnmarshalText.
type colour struct{ name string }

func (c *colour) UnmarshalText(b []byte) error {
	if string(b) == "plaid" {
		return errors.New("not a colour")
	}
	c.name = string(b)
	return nil
}

type outer struct {
	base
	Inner   inner             `json:"inner"`
	List    []inner           `json:"list"`
	Map     map[string]inner  `json:"map"`
	Pointer *inner            `json:"pointer"`
	Raw     json.RawMessage   `json:"raw"`
	Own     shout             `json:"own"`
	Text    colour            `json:"text"`
	TextPtr *colour           `json:"textPtr"`
	Bytes   []byte            `json:"bytes"`
	Pair    [2]int            `json:"pair"`
	Any     any               `json:"any"`
	Number  json.Number       `json:"number"`
	Float   float64           `json:"float"`
	Flag    bool              `json:"flag"`
	Quoted  int64             `json:"quoted,string"`
	Time    time.Time         `json:"time"`
	Labels  map[string]string `json:"labels"`
	Func    func()            `json:"func"`
	Keyed   map[int]string    `json:"keyed"`
	Stringy interface{ String() string }
}

func TestUnmarshalRefuses(t *testing.T) {
	tests := []struct {
		name, data string
		cause      Cause
		pointer    string
	}{
		{"an unknown key", `{"nope":1}`, CauseUnknownKey, "/nope"},
		{"an unknown key in a nested struct", `{"inner":{"nope":1}}`, CauseUnknownKey, "/inner/nope"},
		{"an unknown key in a slice", `{"list":[{},{"nope":1}]}`, CauseUnknownKey, "/list/1/nope"},
		{"an unknown key in a map", `{"map":{"x":{"nope":1}}}`, CauseUnknownKey, "/map/x/nope"},
		{"an unknown key behind a pointer", `{"pointer":{"next":{"nope":1}}}`, CauseUnknownKey, "/pointer/next/nope"},
		{"a key of the wrong case", `{"Inner":{}}`, CauseKeyCase, "/Inner"},
		{"a nested key of the wrong case", `{"inner":{"next":{"NAME":"x"}}}`, CauseKeyCase, "/inner/next/NAME"},
		{"a key of an embedded struct in the wrong case", `{"ID":1}`, CauseKeyCase, "/ID"},
		{"a key with a Kelvin sign", "{\"\u212aeyed\":{}}", CauseKeyCase, "/\\u212aeyed"},
		{"the Go name of a tagged field", `{"TextPtr":"red"}`, CauseKeyCase, "/TextPtr"},
		{"null for a string", `{"inner":{"name":null}}`, CauseNull, "/inner/name"},
		{"null for a struct", `{"inner":null}`, CauseNull, "/inner"},
		{"null for a number", `{"id":null}`, CauseNull, "/id"},
		{"null for a boolean", `{"flag":null}`, CauseNull, "/flag"},
		{"null for a Go array", `{"pair":null}`, CauseNull, "/pair"},
		{"null for a text type", `{"text":null}`, CauseNull, "/text"},
		{"null for a json.Number", `{"number":null}`, CauseNull, "/number"},
		{"null inside a quoted number", `{"quoted":"null"}`, CauseNull, "/quoted"},
		{"null for the document", `null`, CauseNull, ""},
		{"a short array", `{"pair":[1]}`, CauseLength, "/pair"},
		{"a long array", `{"pair":[1,2,3]}`, CauseLength, "/pair"},
		{"base64 with a line break", `{"bytes":"QUJD\nQUJD"}`, CauseBase64, "/bytes"},
		{"base64 with an escaped line break", `{"bytes":"QUJD\u000aQUJD"}`, CauseBase64, "/bytes"},
		{"base64 with stray bits", `{"bytes":"QR=="}`, CauseBase64, "/bytes"},
		{"base64 without padding", `{"bytes":"QQ"}`, CauseBase64, "/bytes"},
		{"base64 of the URL alphabet", `{"bytes":"-_-_"}`, CauseBase64, "/bytes"},
		{"base64 of the URL alphabet before the end", `{"bytes":"-_-_QUJD"}`, CauseDecode, ""},
		{"bytes as an array of numbers", `{"bytes":[1,2]}`, CauseType, "/bytes"},
		{"a string for a number", `{"id":"1"}`, CauseType, "/id"},
		{"a string for a json.Number", `{"number":"1"}`, CauseType, "/number"},
		{"a bare number for a quoted one", `{"quoted":1}`, CauseType, "/quoted"},
		{"an object for a list", `{"list":{}}`, CauseType, "/list"},
		{"an array for the document", `[]`, CauseType, ""},
		{"a fraction for an integer", `{"id":1.5}`, CauseType, "/id"},
		{"an exponent for an integer", `{"id":1e3}`, CauseType, "/id"},
		{"an integer that overflows", `{"id":9223372036854775808}`, CauseType, "/id"},
		{"a fraction for an integer in a list", `{"map":{"x":{}},"pair":[1,2.5]}`, CauseType, "/pair/1"},
		{"a float that overflows", `{"float":1e400}`, CauseType, "/float"},
		{"what UnmarshalJSON refuses", `{"own":"bad"}`, CauseDecode, ""},
		{"what UnmarshalText refuses", `{"text":"plaid"}`, CauseDecode, ""},
		{"a repeated key inside an opaque value", `{"own":{"a":1,"a":2}}`, CauseDuplicateKey, "/own/a"},
		{"a repeated key inside a RawMessage", `{"raw":{"a":1,"A":2}}`, CauseFoldedKey, "/raw/A"},
		{"trailing data", `{} {}`, CauseTrailing, ""},
		{"trailing data after an interface", `{"any":1} {}`, CauseTrailing, ""},
		{"a field that is a function", `{"func":null}`, CauseTarget, "/func"},
		{"a map whose keys are integers", `{"keyed":{"1":"a","01":"b"}}`, CauseTarget, "/keyed"},
		{"an interface with methods", `{"Stringy":1}`, CauseTarget, "/Stringy"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Unmarshal([]byte(test.data), new(outer), Options{})
			var refusal *Error
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, test.cause, refusal.Cause, "%v", err)
			assert.Equal(t, test.pointer, refusal.Pointer, "%v", err)
			if test.cause != CauseUnknownKey {
				assert.Error(t, Unmarshal([]byte(test.data), new(outer), Options{AllowUnknown: true}), "AllowUnknown allows more than unknown keys")
			}
		})
	}
}

func TestUnmarshalAccepts(t *testing.T) {
	data := `{
		"id": -7,
		"inner": {"name": "a", "next": {"name": "b", "next": null}},
		"list": [{"name": "c"}, {}],
		"map": {"k": {"name": "d"}, "l": {}},
		"pointer": {"name": "e"},
		"raw": { "any" : [ null, 1.0 ] },
		"own": "loud",
		"text": "red", "textPtr": null,
		"bytes": "QUJDRA==",
		"pair": [1, 2],
		"any": {"big": 9007199254740993, "list": [18446744073709551616, 0.1]},
		"number": 1e999,
		"float": 0.5, "flag": true, "quoted": "12",
		"time": "2026-01-02T03:04:05Z",
		"l\u0061bels": {"x": "y"}
	}`
	var got outer
	require.NoError(t, Unmarshal([]byte(data), &got, Options{}))
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.Equal(t, outer{
		base:    base{-7},
		Inner:   inner{"a", &inner{Name: "b"}},
		List:    []inner{{Name: "c"}, {}},
		Map:     map[string]inner{"k": {Name: "d"}, "l": {}},
		Pointer: &inner{Name: "e"},
		Raw:     json.RawMessage(`{ "any" : [ null, 1.0 ] }`),
		Own:     `"LOUD"`,
		Text:    colour{"red"},
		Bytes:   []byte("ABCD"),
		Pair:    [2]int{1, 2},
		Any: map[string]any{
			"big":  json.Number("9007199254740993"),
			"list": []any{json.Number("18446744073709551616"), json.Number("0.1")},
		},
		Number: "1e999", Float: 0.5, Flag: true, Quoted: 12,
		Time: when, Labels: map[string]string{"x": "y"},
	}, got)

	nils := `{"list":null,"map":null,"pointer":null,"raw":null,"bytes":null,"any":null,"labels":null}`
	got = outer{}
	require.NoError(t, Unmarshal([]byte(nils), &got, Options{}))
	assert.Equal(t, outer{Raw: json.RawMessage("null")}, got)
}

func TestUnknownKeysAreIgnoredOnlyOnRequest(t *testing.T) {
	data := []byte(`{"name":"a","more":{"deep":[{"Name":"x"}]},"next":{"name":"b","again":null}}`)
	assert.Equal(t, CauseUnknownKey, causeOf(t, Unmarshal(data, new(inner), Options{})))
	var got inner
	require.NoError(t, Unmarshal(data, &got, Options{AllowUnknown: true}))
	assert.Equal(t, inner{"a", &inner{Name: "b"}}, got)
}

func TestUnmarshalRefusesUnfitTargets(t *testing.T) {
	var none *inner
	for name, target := range map[string]any{
		"nil":                                nil,
		"a struct":                           inner{},
		"a nil pointer":                      none,
		"a channel":                          new(chan int),
		"a map with integer keys":            new(map[int]int),
		"a map with text keys":               new(map[colour]int),
		"a nameless struct that embeds time": new(struct{ time.Time }),
	} {
		assert.Equal(t, CauseTarget, causeOf(t, Unmarshal([]byte(`{}`), target, Options{})), name)
	}
}
