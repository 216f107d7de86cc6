package attest

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
)

func TestSubjectsBeyondTheLimitAreNotRead(t *testing.T) {
	list, err := strictjson.Whole([]byte("["+strings.Repeat("{},", 1000)+"7]"), strictjson.Options{})
	require.NoError(t, err)
	got, err := readSubjects(list, 10)
	require.NoError(t, err, "the last one, which is none, is not reached")
	assert.Len(t, got, 11)
}

func TestDigestsBeyondTheLimitAreNotRead(t *testing.T) {
	var digests strings.Builder
	for i := range maxDigests {
		fmt.Fprintf(&digests, `"other%d":"00",`, i)
	}
	of := func(digests string) error {
		_, err := ParseStatement([]byte(`{"_type":"`+StatementType+`","subject":[{"digest":{`+digests+`}}],"predicateType":"https://example.com/p"}`), Limits{})
		return err
	}
	require.NoError(t, of(strings.TrimSuffix(digests.String(), ",")))
	err := of(digests.String() + `"one":"00","and":7`)
	require.ErrorIs(t, err, Is(CodeLimit), "the last one, which is none, is not reached")

	many := Descriptor{Digest: digest.Set{}}
	for i := range maxDigests + 1 {
		many.Digest[digest.Algorithm(fmt.Sprint("other", i))] = "00"
	}
	_, err = NewStatement("https://example.com/p", map[string]int{}, many)
	require.ErrorIs(t, err, Is(CodeLimit))
}

func TestAHostileKeyIsEscapedAndShortenedInAnError(t *testing.T) {
	key := `a/b~c\u001b[2J` + strings.Repeat("x", 1<<16)
	for _, subject := range []string{`{"digest":{"` + key + `":1}}`, `{"annotations":{"a":1},"digest":{"` + key + `":null}}`} {
		_, err := ParseStatement([]byte(`{"_type":"`+StatementType+`","subject":[`+subject+`],"predicateType":"https://example.com/p"}`), Limits{})
		require.ErrorIs(t, err, Is(CodeJSON))
		assert.Contains(t, err.Error(), `/subject/0/digest/a~1b~0c\x1b[2Jxx`)
		assert.Less(t, len(err.Error()), 1000)
	}
}

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
		if bytes.Count(data, []byte(":")) > maxDigests {
			return // more digests than are read
		}
		opts := strictjson.Options{AllowUnknown: true}
		whole, err := strictjson.Whole(data, opts)
		if err != nil {
			return
		}
		var want []Descriptor
		wantErr := strictjson.Unmarshal(data, &want, opts)
		got, err := readSubjects(whole, len(data))
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
