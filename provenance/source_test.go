package provenance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The short cut of ParseSource says what the long way says.
func FuzzPlainSource(f *testing.F) {
	for _, seed := range []string{
		"git+https://example.com/acme/app", "git+https://example.com/acme/app@refs/tags/v1", "git+https://example.com/acme/app@", "git+https://h/a.git@x",
		"git+https://h/a@b@c", "git+https://h./a", "git+https:///a", "git+https://h/a/..", "git+https://h/a@x/../y", "git+https://H/a", "git+https://h//a", "git+https://h",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		got, ok := plainSource(uri)
		if !ok {
			return
		}
		want, err := parseSource(uri)
		require.NoError(t, err, uri)
		require.Equal(t, want, got)
	})
}

func TestThePlainSourceTakesTheShortCut(t *testing.T) {
	got, ok := plainSource("git+https://example.com/Acme/app.x_y-z@refs/tags/v1.2.3")
	require.True(t, ok)
	require.Equal(t, Source{"git+https://example.com/Acme/app.x_y-z", "refs/tags/v1.2.3"}, got)
}
