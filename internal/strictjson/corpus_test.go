package strictjson

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corpus calls visit with every document of testdata; cause is "" for one that
// must be accepted.
func corpus(t testing.TB, visit func(name string, cause Cause, data []byte)) {
	t.Helper()
	root := os.DirFS("testdata")
	names, err := fs.Glob(root, "refused/*/*.json")
	require.NoError(t, err)
	accepted, err := fs.Glob(root, "accepted/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	require.NotEmpty(t, accepted)
	for _, name := range append(names, accepted...) {
		data, err := fs.ReadFile(root, name)
		require.NoError(t, err)
		cause := Cause(path.Base(path.Dir(name)))
		if cause == "accepted" {
			cause = ""
		}
		visit(name, cause, data)
	}
}

func TestCorpus(t *testing.T) {
	corpus(t, func(name string, cause Cause, data []byte) {
		t.Run(name, func(t *testing.T) {
			for what, err := range map[string]error{
				"Check":     Check(data, Options{}),
				"Unmarshal": Unmarshal(data, new(any), Options{}),
			} {
				if cause == "" {
					assert.NoError(t, err, what)
					continue
				}
				var refusal *Error
				require.ErrorAs(t, err, &refusal, what)
				assert.Equal(t, cause, refusal.Cause, "%s: %v", what, err)
				assert.LessOrEqual(t, refusal.Offset, int64(len(data)))
				assert.Less(t, len(refusal.Error()), 2000)
			}
		})
	})
}

// causeOf returns the cause of a refusal, "" for nil.
func causeOf(t testing.TB, err error) Cause {
	t.Helper()
	if err == nil {
		return ""
	}
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("not a *strictjson.Error: %v", err)
	}
	return refusal.Cause
}
