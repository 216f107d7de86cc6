package strictjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// stricter are the causes for which Check may refuse what encoding/json accepts.
func stricter(c Cause) bool {
	switch c {
	case CauseUTF8, CauseSurrogate, CauseDuplicateKey, CauseFoldedKey, CauseBytes, CauseDepth, CauseValues:
		return true
	}
	return false
}

// FuzzCheck holds Check against encoding/json: what Check accepts, encoding/json
// accepts, means the same to Unmarshal, and survives Marshal; what Check refuses,
// encoding/json refuses too, save for the causes that are stricter.
func FuzzCheck(f *testing.F) {
	corpus(f, func(_ string, _ Cause, data []byte) {
		if len(data) < 4096 {
			f.Add(data)
		}
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		err := Check(data, Options{})
		if !bytes.Equal(before, data) {
			t.Fatal("Check changed its input")
		}
		if err != nil {
			if cause := causeOf(t, err); json.Valid(data) && !stricter(cause) {
				t.Fatalf("encoding/json accepts what Check refuses as %s: %v", cause, err)
			}
			return
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var want, got any
		if err := d.Decode(&want); err != nil {
			t.Fatalf("Check accepts what encoding/json refuses: %v", err)
		}
		if err := Unmarshal(data, &got, Options{}); err != nil {
			t.Fatalf("Check accepts what Unmarshal refuses: %v", err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("encoding/json reads %#v, Unmarshal %#v", want, got)
		}
		checkParts(t, data, got)
		again, err := Marshal(got)
		if err != nil {
			t.Fatalf("Marshal refuses what Unmarshal read: %v", err)
		}
		var back any
		if err := Unmarshal(again, &back, Options{}); err != nil || !reflect.DeepEqual(got, back) {
			t.Fatalf("Marshal changed the value: %v", err)
		}
	})
}

// checkParts demands that Elements and Text say what Unmarshal says.
func checkParts(t *testing.T, data []byte, want any) {
	list, ok := want.([]any)
	if !ok {
		return
	}
	parts, err := Elements(data, Options{})
	if err != nil || len(parts) != len(list) {
		t.Fatalf("Elements reads %q, Unmarshal %v: %v", parts, want, err)
	}
	for i, part := range parts {
		var got any
		if err := Unmarshal(part, &got, Options{}); err != nil || !reflect.DeepEqual(got, list[i]) {
			t.Fatalf("element %d is %v, and not %v: %v", i, got, list[i], err)
		}
		text, err := part.Text()
		if s, ok := got.(string); ok != (err == nil) || s != text {
			t.Fatalf("Text reads %q, Unmarshal %q: %v", text, s, err)
		}
	}
}

// FuzzUnmarshal holds Unmarshal into a struct against encoding/json: what it
// accepts, encoding/json reads as the same value without an unknown key.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"_type":"t","subject":[{"name":"n","digest":{"sha256":"00"},"content":"QQ==","annotations":{"a":null}}],"predicateType":"p","predicate":{}}`))
	f.Add([]byte(`{"SUBJECT":[],"subject":null}`))
	f.Add([]byte(`{"subject":[{"digest":null,"Name":""}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want benchStatement
		if Unmarshal(data, &got, Options{}) != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("Unmarshal accepts what encoding/json refuses: %v", err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("encoding/json reads %#v, Unmarshal %#v", want, got)
		}
		parts, err := Fields(data, Options{}, "_type", "subject", "predicateType", "predicate")
		if err != nil || !bytes.Equal(parts[3], got.Predicate) {
			t.Fatalf("Fields reads %q, Unmarshal %q: %v", parts, got.Predicate, err)
		}
	})
}
