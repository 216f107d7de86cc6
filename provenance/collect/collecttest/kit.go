package collecttest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

// TestCollector checks what every collector must do, in a world in which it succeeds:
// it refuses an environment that grants nothing, gives equal facts when several
// goroutines use it, refuses with a reason and no facts, and never tells a secret,
// whichever variable or answer holds it.
func TestCollector(t *testing.T, c collect.Collector, w World) {
	t.Run("the zero environment is refused", func(t *testing.T) {
		f, err := c.Collect(t.Context(), collect.Environment{})
		require.Nil(t, f)
		require.NotEmpty(t, attest.Reasons(err))
	})
	t.Run("equal worlds give equal facts, to many at once", func(t *testing.T) {
		want, err := c.Collect(t.Context(), w.Environment())
		require.NoError(t, err)
		RequireNoSecret(t, want)
		checkFacts(t, want)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				got, err := c.Collect(t.Context(), w.Environment())
				assert.NoError(t, err)
				assert.ElementsMatch(t, want.Facts, got.Facts)
				assert.Equal(t, want.Inputs, got.Inputs)
				assert.Equal(t, want.Outputs, got.Outputs)
			})
		}
		wg.Wait()
	})
	t.Run("a cancelled context tells no secret", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		hold(t, ctx, c, w)
	})
	t.Run("a secret in any variable stays there", func(t *testing.T) {
		for name, value := range w.Variables {
			for _, planted := range []string{Secret, value + Secret, Secret + "@" + value, "https://user:" + Secret + "@example.com/o/r"} {
				changed := w
				changed.Variables = With(w.Variables, name, planted)
				hold(t, t.Context(), c, changed)
			}
		}
	})
	t.Run("a secret in any answer stays there", func(t *testing.T) {
		for _, url := range slices.Sorted(maps.Keys(w.Answers)) {
			for _, body := range plant(t, w.Answers[url]) {
				changed := w
				changed.Answers = With(w.Answers, url, body)
				hold(t, t.Context(), c, changed)
			}
			changed := w
			changed.Answers = maps.Clone(w.Answers)
			delete(changed.Answers, url)
			_, err := c.Collect(t.Context(), changed.Environment())
			require.Error(t, err, "without an answer of %s", url)
			RequireNoSecret(t, err)
		}
	})
}

// hold requires that whatever comes out holds no secret, and that it is facts or an
// error with a reason.
func hold(t *testing.T, ctx context.Context, c collect.Collector, w World) {
	t.Helper()
	f, err := c.Collect(ctx, w.Environment())
	RequireNoSecret(t, f, err)
	require.Equal(t, err == nil, f != nil)
	if err != nil {
		require.NotEmpty(t, attest.Reasons(err))
	}
}

// checkFacts requires that every fact tells where it comes from, and that what is not
// self-asserted cites evidence.
func checkFacts(t *testing.T, f *collect.Facts) {
	t.Helper()
	for _, fact := range f.Facts {
		require.NotEmpty(t, fact.Key)
		require.NotEmpty(t, fact.Value, fact.Key)
		require.NotEmpty(t, fact.Origin, fact.Key)
		require.True(t, fact.Trust == collect.SelfAsserted || !fact.Evidence.IsZero(), "%s has no evidence", fact.Key)
	}
	for _, a := range slices.Concat(f.Inputs, f.Outputs) {
		require.NoError(t, a.Descriptor.Validate())
		require.NotEmpty(t, a.Origin)
	}
}

// plant returns a document once with a secret in place of each of its texts, and some
// that are broken.
func plant(t *testing.T, body string) []string {
	t.Helper()
	decode := func() any {
		d := json.NewDecoder(bytes.NewReader([]byte(body)))
		d.UseNumber()
		var v any
		require.NoError(t, d.Decode(&v))
		return v
	}
	out := []string{Secret, body[:len(body)/2] + Secret, `"` + Secret + `"`, body + `"` + Secret + `"`, `{"` + Secret + `":1,"` + Secret + `":2}`}
	for n := 0; ; n++ {
		v, left := replace(decode(), n)
		if left >= 0 {
			return out
		}
		b, err := json.Marshal(v)
		require.NoError(t, err)
		out = append(out, string(b))
	}
}

// replace puts a secret in the place of the n-th text; left is negative if there is
// one.
func replace(v any, n int) (changed any, left int) {
	switch v := v.(type) {
	case string:
		if n == 0 {
			return Secret, -1
		}
		return v, n - 1
	case []any:
		for i := range v {
			if v[i], n = replace(v[i], n); n < 0 {
				return v, n
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if v[k], n = replace(v[k], n); n < 0 {
				return v, n
			}
		}
	}
	return v, n
}
