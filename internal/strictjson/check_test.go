package strictjson

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckLimits(t *testing.T) {
	tests := []struct {
		name  string
		data  string
		opts  Options
		cause Cause
	}{
		{"a document of exactly the size passes", `[1,2]`, Options{Bytes: 5}, ""},
		{"a document one byte too large is refused", `[1,2]`, Options{Bytes: 4}, CauseBytes},
		{"the default size is 16 MiB", `"` + strings.Repeat("a", 16<<20) + `"`, Options{}, CauseBytes},
		{"a document of exactly the depth passes", `[[{}]]`, Options{Depth: 3}, ""},
		{"a document one level too deep is refused", `[[{}]]`, Options{Depth: 2}, CauseDepth},
		{"siblings do not add up to depth", `[[],[],{},{},[[]]]`, Options{Depth: 3}, ""},
		{"no option lifts the depth above 10,000", strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), Options{Depth: 1 << 30}, CauseDepth},
		{"ten thousand levels pass where allowed", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), Options{Depth: 1 << 30}, ""},
		{"exactly the number of values passes", `[1,{"a":2}]`, Options{Values: 4}, ""},
		{"one value too many is refused", `[1,{"a":2}]`, Options{Values: 3}, CauseValues},
		{"the default number of values is one per 16 bytes", "[" + strings.Repeat("0,", 1<<20) + "0]", Options{}, CauseValues},
		{"a small document may have a million values", "[" + strings.Repeat("0,", 999_998) + "0]", Options{Bytes: 2_000_000}, ""},
		{"a larger document may have more values", "[" + strings.Repeat("0,", 1<<20) + "0]", Options{Bytes: 32 << 20}, ""},
		{"a negative limit refuses everything", `1`, Options{Bytes: -1}, CauseBytes},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Check([]byte(test.data), test.opts)
			cause := causeOf(t, err)
			assert.Equal(t, test.cause, cause, "%v", err)
			if cause != "" {
				assert.True(t, cause.Limit())
			}
		})
	}
}

func TestErrorsTellWhere(t *testing.T) {
	tests := []struct {
		data, pointer string
		offset        int64
	}{
		{`{"a":[1,{"b":x}]}`, "/a/1/b", 13},
		{`{"a/b~c":[1,2,}`, "/a~1b~0c/2", 14},
		{`{"a":{"b":1,"b":2}}`, "/a/b", 15},
		{`[[],[[],[{"\u0061b":[}]]]`, "/1/1/0/ab/0", 21},
		{`1 2`, "", 2},
		{`{"a\"b":x}`, `/a\"b`, 8},
		{`{"` + strings.Repeat("k", 100) + `":x}`, "/" + strings.Repeat("k", 64) + "...", 104},
		{strings.Repeat("[", 70), strings.Repeat("/0", 64) + "/...", 64},
	}
	for _, test := range tests {
		err := Check([]byte(test.data), Options{Depth: 100})
		var refusal *Error
		require.ErrorAs(t, err, &refusal, test.data)
		if refusal.Cause != CauseSyntax || len(test.data) != 70 {
			assert.Equal(t, test.offset, refusal.Offset, "%s: %v", test.data, err)
		}
		assert.Equal(t, test.pointer, refusal.Pointer, "%s: %v", test.data, err)
	}
}

func TestOneUnlikeKeyAmongManyIsFound(t *testing.T) {
	for _, n := range []int{1, few - 1, few, few + 1, 2 * few, 100, 1000, 20_000} {
		var b bytes.Buffer
		b.WriteByte('{')
		for i := range n {
			fmt.Fprintf(&b, `"key%d":{"x":[]},`, i)
		}
		for _, last := range []struct {
			key   string
			cause Cause
		}{{"key", ""}, {fmt.Sprint("key", n-1), CauseDuplicateKey}, {"key0", CauseDuplicateKey}, {fmt.Sprint("Key", n/2), CauseFoldedKey}} {
			data := append(bytes.Clone(b.Bytes()), `"`+last.key+`":1}`...)
			assert.Equal(t, last.cause, causeOf(t, Check(data, Options{})), "%q after %d keys", last.key, n)
		}
	}
}

func TestTablesAreReusedCleanly(t *testing.T) {
	var object bytes.Buffer
	object.WriteByte('{')
	for i := range 50 {
		fmt.Fprintf(&object, `"key%d":0,`, i)
	}
	inner := append(bytes.Clone(object.Bytes()), `"z":{}}`...)
	doc := append(append(bytes.Clone(object.Bytes()), `"y":`...), inner...)
	doc = append(append(doc, `,"x":`...), inner...)
	doc = append(doc, '}')
	require.NoError(t, Check(doc, Options{}))
	require.NoError(t, Check(append(append(append([]byte{'['}, doc...), ','), append(doc, ']')...), Options{}))
}

func TestFoldingIsThatOfEqualFold(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		if r >= 0x20000 { // ideographs, private use, and nothing: no letter with two cases
			r += 250
		}
		name := []byte(string(r))
		for _, other := range []rune{unicode.SimpleFold(r), unicode.ToUpper(r), unicode.ToLower(r), r + 1, rune(random.IntN(0xd000))} {
			twin := []byte(string(other))
			if got, want := bytes.Equal(fold(nil, name), fold(nil, twin)), bytes.EqualFold(name, twin); got != want {
				t.Fatalf("U+%04X and U+%04X: folded equal %v, EqualFold %v", r, other, got, want)
			}
		}
	}
}

func TestCheckAllocatesLittle(t *testing.T) {
	data := benchDocument(1000)
	assert.LessOrEqual(t, testing.AllocsPerRun(10, func() {
		if Check(data, Options{}) != nil {
			t.Error("refused")
		}
	}), 6.0)
}
