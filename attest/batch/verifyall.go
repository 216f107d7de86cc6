package batch

import (
	"context"
	"iter"
	"runtime"
	"strconv"
	"sync"

	"github.com/sealwright/sealwright/attest"
)

// An Item is an attestation to verify, and what is wanted of it.
type Item struct {
	Attestation attest.Attestation
	Want        attest.Want
}

// A Result is the outcome for one Item: Verified or Err, never both. The zero
// Result is an outcome that was never reached and refuses.
type Result struct {
	Verified *attest.Verified
	Err      error
}

// Options bound VerifyAll. The zero value is good.
type Options struct {
	// Workers verify at a time; 0 means runtime.GOMAXPROCS.
	Workers int
	// Window is how many items may be read and not yet yielded; 0 means 4 for each
	// worker.
	Window int
}

// VerifyAll verifies the items of a stream and yields each index with its result,
// in the order of the stream. At most Options.Window items are held. An item that
// fails does not end the stream. When ctx ends, no more items are read, and one more
// result with CodeCanceled ends the stream, so that a cut one does not look whole.
//
// The stream is read in another goroutine while results are consumed. Breaking out
// of the loop stops reading; VerifyAll returns when the read that is under way and
// all workers have ended.
func VerifyAll(ctx context.Context, v attest.Verifier, items iter.Seq[Item], o Options) iter.Seq2[int, Result] {
	return func(yield func(int, Result) bool) {
		if v == nil || items == nil || o.Workers < 0 || o.Window < 0 {
			yield(0, Result{Err: attest.Refuse(CodeOptions, "VerifyAll", "a verifier, items and bounds of zero or more", "Workers "+strconv.Itoa(o.Workers)+", Window "+strconv.Itoa(o.Window))})
			return
		}
		if o.Workers == 0 {
			o.Workers = runtime.GOMAXPROCS(0)
		}
		if o.Window == 0 {
			o.Window = 4 * o.Workers
		}
		caller := ctx
		ctx, stop := context.WithCancel(caller)
		var running sync.WaitGroup
		defer running.Wait()
		defer stop()
		index := 0
		for pending := range start(ctx, v, items, o, &running) {
			if !yield(index, <-pending) {
				return
			}
			index++
		}
		if err := alive(caller); err != nil {
			yield(index, Result{Err: err})
		}
	}
}

// job is an item and where its result goes.
type job struct {
	item Item
	out  chan Result
}

// start runs reader and workers, and returns the places of the results in order.
func start(ctx context.Context, v attest.Verifier, items iter.Seq[Item], o Options, running *sync.WaitGroup) <-chan chan Result {
	jobs := make(chan job)
	// The reader holds one item and the consumer one, besides those in the queue.
	order := make(chan chan Result, max(o.Window-2, 0))
	running.Go(func() {
		defer close(order)
		defer close(jobs)
		for item := range items {
			out := make(chan Result, 1)
			select {
			case order <- out:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- job{item, out}:
			case <-ctx.Done():
				out <- Result{Err: alive(ctx)}
				return
			}
		}
	})
	for range o.Workers {
		running.Go(func() {
			for j := range jobs {
				j.out <- verify(ctx, v, j.item)
			}
		})
	}
	return order
}

// verify holds a verifier to its contract: an outcome that is neither success nor
// failure refuses.
func verify(ctx context.Context, v attest.Verifier, item Item) Result {
	verified, err := v.Verify(ctx, item.Attestation, item.Want)
	switch {
	case err != nil:
		return Result{Err: err}
	case verified.IsZero():
		return Result{Err: attest.Refuse(attest.CodeUnverified, "verifier", "a Verified or an error", "neither")}
	}
	return Result{Verified: verified}
}
