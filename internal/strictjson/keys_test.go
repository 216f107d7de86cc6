package strictjson

import (
	"bytes"
	"encoding/json"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Keys that are alike are found among few and among many, whatever their case, script
// and length.
func TestKeysThatAreAlikeAreRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	letters := []rune("kKKsſSåÅÅaß{[@`\"\\")
	name := func() string {
		var b strings.Builder
		b.WriteString(strings.Repeat("x", random.IntN(2)*random.IntN(17)))
		for range random.IntN(4) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	refused := 0
	for range 3_000 {
		var names []string
		want := Cause("")
		doc := []byte("{")
		for range random.IntN(40) {
			n := name() + string(rune('0'+random.IntN(64)))
			for _, other := range names {
				if want == "" && n == other {
					want = CauseDuplicateKey
				}
			}
			for _, other := range names {
				if want == "" && strings.EqualFold(n, other) {
					want = CauseFoldedKey
				}
			}
			names = append(names, n)
			quoted, err := json.Marshal(n)
			require.NoError(t, err)
			doc = append(append(doc, quoted...), ":0,"...)
		}
		doc = append(bytes.TrimSuffix(doc, []byte(",")), '}')
		got := Cause("")
		if err := Check(doc, Options{}); err != nil {
			got = err.(*Error).Cause
			refused++
		}
		require.Equal(t, want, got, "%s", doc)
	}
	require.Greater(t, refused, 200)
}

// Eight bytes at a time tell what one at a time do.
func TestTheFirstOddByteIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	bytesOf := []byte{0, 0x1f, 0x20, '!', '"', '#', '[', '\\', ']', 0x7f, 0x80, 0xa0, 0xa2, 0xdc, 0xff, 'a', 'a', 'a', 'a'}
	for range 20_000 {
		b := make([]byte, random.IntN(12))
		for i := range b {
			b[i] = bytesOf[random.IntN(len(bytesOf))]
		}
		n := 0
		for n < min(len(b), 8) && b[n] >= 0x20 && b[n] < 0x80 && b[n] != '"' && b[n] != '\\' {
			n++
		}
		require.Equal(t, n, bits.TrailingZeros64(oddities(window(b, 0)))/8, "%q", b)
	}
}
