package tessera

import (
	"context"

	"github.com/transparency-dev/tessera"
)

// AwaitForTest waits for futures as AddAll does.
func (l *Log) AwaitForTest(ctx context.Context, futures []tessera.IndexFuture) error {
	_, _, err := l.await(ctx, futures)
	return err
}
