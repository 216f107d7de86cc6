package collecttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
)

// Secret is the canary that World plants. It has the form of no documented value.
const Secret = "CANARY!s3cr3t!CANARY"

// Now is the instant of a World.
func Now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// A World is what an Environment sees. Every variable that is not in Variables holds
// Secret, and whatever is asked that is not in Answers fails with an error that tells
// Secret.
type World struct {
	Variables map[string]string
	Answers   map[string]string // bodies by URL
	Root      *os.Root
	Run       func(ctx context.Context, c collect.Command) ([]byte, error)
}

// Environment grants the world.
func (w World) Environment() collect.Environment {
	return collect.Environment{
		LookupEnv: func(name string) (string, bool) {
			if value, ok := w.Variables[name]; ok {
				return value, value != ""
			}
			return Secret, true
		},
		Root: w.Root,
		Fetch: func(ctx context.Context, r collect.Request) (*collect.Response, error) {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("GET %s with %s: %w", r.URL, Secret, err)
			}
			body, ok := w.Answers[r.URL]
			if !ok {
				return nil, errors.New("no route to https://user:" + Secret + "@proxy")
			}
			return &collect.Response{Status: 200, Body: io.NopCloser(bytes.NewReader([]byte(body)))}, nil
		},
		Run: w.Run,
		Now: Now(),
	}
}

// With returns a copy of values with some changed; an empty one is removed.
func With(values map[string]string, changes ...string) map[string]string {
	out := maps.Clone(values)
	for pair := range slices.Chunk(changes, 2) {
		out[pair[0]] = pair[1]
	}
	return out
}

// RequireCode requires that an error carries a code, and that it tells no secret.
func RequireCode(t testing.TB, err error, code attest.Code) {
	t.Helper()
	require.Error(t, err)
	require.ErrorIs(t, err, attest.Is(code))
	RequireNoSecret(t, err)
}

// RequireNoSecret requires that no value tells a secret.
func RequireNoSecret(t testing.TB, values ...any) {
	t.Helper()
	for _, v := range values {
		require.False(t, TellsSecret(v), "a planted secret came out, in a %T", v)
	}
}

// TellsSecret reports whether Secret, or a part of it, can be found in v: as it prints,
// in any text or bytes that can be reached from it, also in unexported fields, and in
// any error that it wraps.
func TellsSecret(v any) bool { return strings.Contains(dump(v), "CANARY") }
