package stop_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
)

func TestTheEndOfTheContextComesFirst(t *testing.T) {
	fault := errors.New("a fault")
	ctx, cancel := context.WithCancelCause(t.Context())
	require.NoError(t, stop.Reason(ctx))
	require.Equal(t, fault, stop.Or(ctx, fault))
	require.NoError(t, stop.Or(ctx, nil))
	cancel(stop.ErrWall)
	require.ErrorIs(t, stop.Reason(ctx), attest.Is(reproducible.CodeLimitWall))
	require.ErrorIs(t, stop.Or(ctx, fault), stop.ErrWall)
	require.NotErrorIs(t, stop.Or(ctx, fault), fault)

	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(nil)
	require.ErrorIs(t, stop.Reason(ctx), attest.Is(reproducible.CodeCancelled))
	require.ErrorIs(t, stop.Or(ctx, nil), context.Canceled)
}
