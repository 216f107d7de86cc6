package strictjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type (
	word   string
	branch struct {
		P *branch           `json:"p"`
		S []string          `json:"s"`
		M map[word][]*int16 `json:"m"`
	}
	Promoted struct {
		Far  word    `json:"far"`
		Deep float64 `json:"deep"`
	}
	Pointed struct{ Behind int }
	// every has a field of each kind that Unmarshal fills, and of some that it
	// leaves to encoding/json.
	every struct {
		Promoted
		*Pointed
		Bool    bool                       `json:"bool"`
		Int     int8                       `json:"int"`
		Uint    uint64                     `json:"uint"`
		Float   float32                    `json:"float"`
		Text    word                       `json:"text"`
		Bytes   []byte                     `json:"bytes"`
		Time    time.Time                  `json:"time"`
		Times   map[string]*time.Time      `json:"times"`
		Raw     json.RawMessage            `json:"raw"`
		Raws    map[string]json.RawMessage `json:"raws"`
		RawTo   *json.RawMessage           `json:"rawTo"`
		Number  json.Number                `json:"number"`
		Array   [2]branch                  `json:"array"`
		List    []branch                   `json:"list"`
		To      **branch                   `json:"to"`
		Quoted  int                        `json:"quoted,string"`
		Any     any                        `json:"any"`
		private int
	}
)

var everySeeds = []string{
	`{}`,
	`{"bool":true,"int":-128,"uint":18446744073709551615,"float":1e-3,"text":"a\u00e9\ud83d\ude00\n","bytes":"AAEC"}`,
	`{"time":"2026-01-02T03:04:05.6Z","times":{"a":null,"b":"2026-01-02T03:04:05+01:00"}}`,
	`{"raw": {"a" : [1 , 2]} ,"raws":{"x":null,"y":"z"},"rawTo":null,"number":1.50}`,
	`{"array":[{},{"s":["a","b"]}],"list":[],"to":{"p":{"p":null},"m":{"\u0061":[1,null,-3],"b":null,"c":[]}}}`,
	`{"quoted":"7"}`, `{"any":{"n":12345678901234567890}}`, `{"far":"x","deep":2}`, `{"Behind":3}`,
	`{"list":[{"s":null},{"s":[]}],"bytes":"","raw":null,"rawTo":[0]}`, `{"int":128}`, `{"int":1.0}`, `{"uint":-1}`, `{"float":1e99}`,
	`{"time":"yesterday"}`, `{"bytes":"AA=A"}`, `{"bytes":null,"to":null,"list":null,"times":null}`, `{"private":1}`,
}

// FuzzFill holds what Unmarshal fills in itself against encoding/json.
func FuzzFill(f *testing.F) {
	for _, seed := range everySeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want every
		err := Unmarshal(data, &got, Options{})
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		d.DisallowUnknownFields()
		if wantErr := d.Decode(&want); wantErr != nil {
			if err == nil {
				t.Fatalf("Unmarshal accepts what encoding/json refuses: %v", wantErr)
			}
			return
		}
		if err == nil && !reflect.DeepEqual(want, got) {
			t.Fatalf("encoding/json reads %#v, Unmarshal %#v", want, got)
		}
		if err != nil && !strict(causeOf(t, err)) {
			t.Fatalf("encoding/json accepts what Unmarshal refuses: %v", err)
		}
	})
}

// strict are the causes for which Unmarshal may refuse what encoding/json accepts.
func strict(c Cause) bool {
	switch c {
	case CauseTrailing, CauseBOM, CauseKeyCase, CauseNull, CauseLength, CauseBase64,
		CauseType: // an array of numbers as a []byte
		return true
	}
	return stricter(c)
}

func TestEveryKindIsFilledAsByEncodingJSON(t *testing.T) {
	_ = every{private: 1}
	good := 0
	for _, seed := range everySeeds {
		var got, want every
		if Unmarshal([]byte(seed), &got, Options{}) != nil {
			continue
		}
		good++
		d := json.NewDecoder(bytes.NewReader([]byte(seed)))
		d.UseNumber()
		require.NoError(t, d.Decode(&want), seed)
		assert.Equal(t, want, got, seed)
	}
	assert.Equal(t, 11, good)
}

func TestATargetThatIsNotZeroIsMergedInto(t *testing.T) {
	v := struct {
		A, B int
		C    []int
	}{A: 1, B: 2, C: []int{7, 8}}
	require.NoError(t, Unmarshal([]byte(`{"B":3,"C":[9]}`), &v, Options{}))
	assert.Equal(t, 1, v.A)
	assert.Equal(t, 3, v.B)
	assert.Equal(t, []int{9}, v.C)
}

func TestWhatIsFilledSharesNothingWithTheDocument(t *testing.T) {
	data := []byte(`{"text":"abc","raw":[1],"number":12,"bytes":"AAEC","raws":{"key":"v"}}`)
	var v every
	require.NoError(t, Unmarshal(data, &v, Options{}))
	want, err := json.Marshal(v)
	require.NoError(t, err)
	for i := range data {
		data[i] = '#'
	}
	got, err := json.Marshal(v)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}
