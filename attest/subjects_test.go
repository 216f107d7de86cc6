package attest

import (
	"reflect"
	"testing"

	"github.com/sealwright/sealwright/internal/strictjson"
)

// FuzzReadSubjects holds readSubjects against what it stands for:
// strictjson.Unmarshal, by reflection and encoding/json.
func FuzzReadSubjects(f *testing.F) {
	for _, seed := range []string{
		`[{"name":"n","uri":"u","digest":{"sha256":"00","x":"y"},"content":"QQ==","downloadLocation":"d","mediaType":"m","annotations":{"a":[1,{"b":null}]},"other":{}}]`,
		`[]`, `null`, `{}`, `[null]`, `[{}]`, `[{"digest":null,"content":null,"annotations":null}]`, `[{"name":null}]`, `[{"Name":"n"}]`,
		`[{"digest":{"sha256":null}}]`, `[{"content":"QQ="}]`, `[{"content":""}]`, `[{"digest":[]}]`, `[{"\u006eame":"\u00e9"}]`, `[{"mediaType":1}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		opts := strictjson.Options{AllowUnknown: true}
		whole, err := strictjson.Whole(data, opts)
		if err != nil {
			return
		}
		var want []Descriptor
		wantErr := strictjson.Unmarshal(data, &want, opts)
		got, err := readSubjects(whole)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s: %v, and not %v", data, err, wantErr)
		}
		if err != nil {
			return
		}
		for i := range want {
			if len(want[i].Content) == 0 {
				want[i].Content = nil
			}
		}
		if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %#v, and not %#v", data, got, want)
		}
	})
}
