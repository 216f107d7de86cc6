//lint:file-ignore SA5008,U1000 the odd tags and fields are what is tested

package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Structs whose fields follow the finer rules of encoding/json.
type (
	Left        struct{ X, Both, Tagged int }
	Right       struct{ Both, Untagged int }
	Deep        struct{ Far, X int }
	Middle      struct{ Deep }
	hidden      struct{ Seen, unseen int }
	scalar      int
	Scalar      int
	Diamond     struct{ *Left }
	ambiguities struct {
		Left
		*Right
		Middle
		hidden
		scalar
		Scalar
		Diamond
		Y      int   `json:"Tagged"`
		Z      int   `json:"Untagged,omitempty"`
		Skip   int   `json:"-"`
		Dash   int   `json:"-,"`
		Odd    int   `json:"a\\b"`
		Spaced int   `json:"with space!"`
		Named  Right `json:"Right2"`
		lower  int
	}
	Mid1  struct{ Left }
	Mid2  struct{ Left }
	twice struct {
		Mid1
		Mid2
	}
	loop struct {
		*loop
		A int
	}
	renamed struct {
		Left  `json:"left"`
		*Deep `json:",omitempty"`
	}
)

func TestFieldsAreThoseOfEncodingJSON(t *testing.T) {
	_ = ambiguities{lower: 1, scalar: 1, hidden: hidden{unseen: 1}}
	names := []string{"X", "Both", "Tagged", "Untagged", "Far", "Seen", "unseen", "scalar", "skip", "-", "dash",
		"Odd", `a\b`, "with space!", "Named", "Right2", "Left", "Right", "Middle", "Deep", "Diamond", "hidden", "lower",
		"A", "loop", "left", "Y", "Z", "Mid1", "Mid2", "Spaced"}
	for _, target := range []any{ambiguities{}, twice{}, loop{}, renamed{}, Diamond{}, outer{}, base{}} {
		typ := reflect.TypeOf(target)
		p := &plan{fields: fieldsOf(typ)}
		for _, name := range names {
			key, err := json.Marshal(name)
			require.NoError(t, err)
			d := json.NewDecoder(strings.NewReader(`{` + string(key) + `:null}`))
			d.DisallowUnknownFields()
			known := d.Decode(reflect.New(typ).Interface()) == nil
			assert.Equal(t, known, p.folded(name) != "", "%s.%s", typ, name)
			if i := p.exact([]byte(name)); i >= 0 {
				assert.True(t, known, "%s.%s", typ, name)
			}
		}
	}
}

func TestKindsAreNamed(t *testing.T) {
	assert.Equal(t, "null or a string", (kindNull | kindString).String())
	assert.Equal(t, "an object", kindObject.String())
}

// What is found out about a type serves everybody at once.
func TestATypeIsDecodedByManyAtOnce(t *testing.T) {
	type inner struct {
		Texts map[string]string `json:"texts"`
		Next  *inner            `json:"next"`
		Count int               `json:"count,string"`
	}
	type fresh struct {
		List []inner `json:"list"`
	}
	data := []byte(`{"list":[{"texts":{"a\"b":"c\n","d":""},"next":{"texts":null,"count":"7"}},{"texts":{}}]}`)
	var want fresh
	require.NoError(t, json.Unmarshal(data, &want))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				var got fresh
				assert.NoError(t, Unmarshal(data, &got, Options{}))
				assert.Equal(t, want, got)
			}
		})
	}
	wg.Wait()
}
