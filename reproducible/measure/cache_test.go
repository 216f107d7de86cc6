package measure

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheCacheOfThisMachineIsRead(t *testing.T) {
	b, err := os.ReadFile("/etc/ld.so.cache")
	if err != nil {
		t.Skip("needs the Debian package libc-bin")
	}
	entries, err := parseCache(b)
	require.NoError(t, err)
	assert.NotEmpty(t, entries["libc.so.6"])
}

func FuzzParseCache(f *testing.F) {
	if b, err := os.ReadFile("/etc/ld.so.cache"); err == nil {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(cacheMagic))
	f.Add([]byte(oldCacheMagic + cacheMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := parseCache(b)
		if err != nil && entries != nil {
			t.Fatal("both a result and an error")
		}
	})
}

func TestEscapedNamesStayApart(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"a%FF", "a\xff", "a\n", "a%0A", "é", "\xc3", "%", "%25", "a b", "a\x00"} {
		text := escape(s)
		assert.NotContains(t, seen, text)
		seen[text] = s
	}
	assert.Equal(t, "é", escape("é"))
}
