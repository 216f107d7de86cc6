//go:build unix

package record_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/reproducible/internal/record"
)

func TestALogIsKeptUpToItsLimit(t *testing.T) {
	for name, x := range map[string]struct {
		text, want string
		over       bool
	}{
		"nothing":         {"", "", false},
		"less":            {"abc", "abc", false},
		"exactly as much": {"0123456789", "0123456789", false},
		"one byte more":   {"0123456789a", "0123456789", true},
		"far more":        {strings.Repeat("0123456789", 100_000), "0123456789", true},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := record.New(10)
			require.NoError(t, err)
			stopped := make(chan struct{}, 1)
			w := r.Writer()
			writer := make(chan error, 1)
			copyOf, err := dup(w)
			require.NoError(t, err)
			r.Start(func() { stopped <- struct{}{} })
			go func() {
				_, err := copyOf.WriteString(x.text)
				_ = copyOf.Close()
				writer <- err
			}()
			text, over := r.Wait()
			require.NoError(t, <-writer, "the writer is never blocked")
			require.Equal(t, x.want, string(text))
			require.Equal(t, x.over, over)
			require.Len(t, stopped, map[bool]int{true: 1}[x.over])
		})
	}
}

func TestAWriterThatStaysDoesNotHoldUpClose(t *testing.T) {
	r, err := record.New(10)
	require.NoError(t, err)
	w, err := dup(r.Writer())
	require.NoError(t, err)
	defer w.Close()
	r.Start(func() {})
	r.Close()
	text, over := r.Wait()
	require.Empty(t, text)
	require.False(t, over)
}

func TestAnAbandonedRecorderKeepsNothing(t *testing.T) {
	r, err := record.New(10)
	require.NoError(t, err)
	r.Abandon()
	text, over := r.Wait()
	require.Empty(t, text)
	require.False(t, over)
}
