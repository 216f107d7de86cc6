package tee_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/tee"
)

func store(t testing.TB, edit func(*tee.MemoryNonces)) (tee.NonceStore, *clock) {
	t.Helper()
	c := &clock{}
	m := tee.MemoryNonces{Now: c.now, TTL: time.Minute, Max: 3}
	if edit != nil {
		edit(&m)
	}
	s, err := tee.NewMemoryNonces(m)
	require.NoError(t, err)
	return s, c
}

func Test_memoryNonces(t *testing.T) {
	ctx := context.Background()
	t.Run("an incomplete configuration is refused", func(t *testing.T) {
		for _, m := range []tee.MemoryNonces{
			{}, {TTL: 1, Max: 1}, {Now: time.Now, Max: 1}, {Now: time.Now, TTL: 1}, {Now: time.Now, TTL: -1, Max: 1},
		} {
			_, err := tee.NewMemoryNonces(m)
			require.ErrorIs(t, err, attest.Is(tee.CodeConfig))
		}
	})
	t.Run("a full store refuses until nonces expire", func(t *testing.T) {
		s, c := store(t, nil)
		for range 3 {
			n, err := s.Issue(ctx, "a")
			require.NoError(t, err)
			require.NoError(t, s.Consume(ctx, "a", n))
		}
		_, err := s.Issue(ctx, "a")
		require.ErrorIs(t, err, attest.Is(tee.CodeNonceFull), "consumed nonces are remembered")
		c.move(time.Minute)
		_, err = s.Issue(ctx, "a")
		require.NoError(t, err)
	})
	t.Run("a nonce lives shorter than its TTL", func(t *testing.T) {
		s, c := store(t, nil)
		n, err := s.Issue(ctx, "a")
		require.NoError(t, err)
		c.move(time.Minute - 1)
		require.NoError(t, s.Consume(ctx, "a", n))
	})
	t.Run("a failed attempt does not use up a nonce", func(t *testing.T) {
		s, _ := store(t, nil)
		n, err := s.Issue(ctx, "a")
		require.NoError(t, err)
		require.ErrorIs(t, s.Consume(ctx, "b", n), attest.Is(tee.CodeNonceAudience))
		require.NoError(t, s.Consume(ctx, "a", n))
	})
	t.Run("a source that repeats itself is refused", func(t *testing.T) {
		s, _ := store(t, func(m *tee.MemoryNonces) { m.Rand = bytes.NewReader(make([]byte, 64)) })
		_, err := s.Issue(ctx, "a")
		require.NoError(t, err)
		_, err = s.Issue(ctx, "a")
		require.ErrorIs(t, err, attest.Is(tee.CodeNonceSource))
		_, err = s.Issue(ctx, "a")
		require.ErrorIs(t, err, attest.Is(tee.CodeNonceSource), "so is one that ran dry")
	})
	t.Run("a cancelled context is an error", func(t *testing.T) {
		s, _ := store(t, nil)
		n, err := s.Issue(ctx, "a")
		require.NoError(t, err)
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, err = s.Issue(cancelled, "a")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, s.Consume(cancelled, "a", n), context.Canceled)
		require.NoError(t, s.Consume(ctx, "a", n))
	})
}
