package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sealwright/sealwright/deploy/ledger"
	"github.com/stretchr/testify/require"
)

// recordBytes is the size of a typical signed record.
const recordBytes = 1500

// spread runs f b.N times from that many goroutines.
func spread(b *testing.B, writers int, f func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkAppend compares a durable, sealed append with the least that any
// durable log must do: the same group commit with one write and one fdatasync.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("ledger/writers=%d", writers), func(b *testing.B) {
			c := config(realDir(b))
			c.SegmentBytes = 64 << 20
			require.NoError(b, ledger.Create(b.Context(), c))
			l := open(b, c)
			e := ledger.Entry{Type: 1, Payload: make([]byte, recordBytes)}
			var last, batches atomic.Uint64
			b.ResetTimer()
			spread(b, writers, func() error {
				p, err := l.Append(context.Background(), e)
				if last.Swap(p.Checkpoint.Size) != p.Checkpoint.Size {
					batches.Add(1)
				}
				return err
			})
			b.ReportMetric(float64(b.N)/float64(batches.Load()), "entries/batch")
		})
		b.Run(fmt.Sprintf("raw/writers=%d", writers), func(b *testing.B) {
			r := newRaw(b)
			b.ResetTimer()
			spread(b, writers, func() error { return r.append(make([]byte, recordBytes)) })
		})
	}
}

// raw is a file to which batches are appended with fdatasync, and nothing else.
type raw struct {
	queue chan rawEntry
}

type rawEntry struct {
	data []byte
	done chan error
}

func newRaw(b *testing.B) *raw {
	f, err := realDir(b).Create("raw")
	require.NoError(b, err)
	r := &raw{make(chan rawEntry)}
	stop := make(chan struct{})
	b.Cleanup(func() { close(stop); require.NoError(b, f.Close()) })
	go r.run(f, stop)
	return r
}

func (r *raw) run(f ledger.File, stop chan struct{}) {
	var length int64
	for {
		var batch []rawEntry
		select {
		case e := <-r.queue:
			batch = append(batch, e)
		case <-stop:
			return
		}
		buf := batch[0].data
		for more := true; more && len(batch) < 1024; {
			select {
			case e := <-r.queue:
				batch, buf = append(batch, e), append(buf, e.data...)
			default:
				more = false
			}
		}
		n, err := f.WriteAt(buf, length)
		length += int64(n)
		if err == nil {
			err = f.Sync()
		}
		for _, e := range batch {
			e.done <- err
		}
	}
}

func (r *raw) append(data []byte) error {
	e := rawEntry{data, make(chan error, 1)}
	r.queue <- e
	return <-e.done
}

// BenchmarkOpen measures verifying and reading a whole ledger.
func BenchmarkOpen(b *testing.B) {
	const n = 20_000
	dir := newMemDir()
	c := config(dir)
	c.SegmentBytes = 64 << 20
	require.NoError(b, ledger.Create(b.Context(), c))
	l, err := ledger.Open(b.Context(), c)
	require.NoError(b, err)
	var wg sync.WaitGroup
	for range 512 {
		wg.Go(func() {
			for range n / 512 {
				if _, err := l.Append(context.Background(), ledger.Entry{Type: 1, Payload: make([]byte, recordBytes)}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	size := l.Checkpoint().Size
	require.NoError(b, l.Close())
	for b.Loop() {
		r, err := read(b.Context(), dir)
		require.NoError(b, err)
		require.Equal(b, size, r.Checkpoint().Size)
	}
	b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
