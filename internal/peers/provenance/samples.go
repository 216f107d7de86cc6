package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// rounds is how many samples of each side are taken.
const rounds = 15

// cpu returns the processor time of this thread. On a machine that does other work it
// says more than a clock; what the garbage collector does beside it is not counted.
func cpu() time.Duration {
	const thread = 1 // RUSAGE_THREAD, getrusage(2)
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// medians measures two sides in turn, each sample long enough to be measured, and
// returns the median processor time of one call of each.
func medians(a, b func() error) (x, y time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n, m := 1, 1
	var first, second []time.Duration
	for range rounds {
		var one time.Duration
		if one, n, err = sample(a, n); err != nil {
			return 0, 0, err
		}
		first = append(first, one)
		if one, m, err = sample(b, m); err != nil {
			return 0, 0, err
		}
		second = append(second, one)
	}
	slices.Sort(first)
	slices.Sort(second)
	return first[rounds/2], second[rounds/2], nil
}

// sample runs f n times, or as often as 20 milliseconds take, and returns the time
// of one call and how often it ran.
func sample(f func() error, n int) (time.Duration, int, error) {
	for {
		start := cpu()
		for range n {
			if err := f(); err != nil {
				return 0, 0, err
			}
		}
		if took := cpu() - start; took > 20*time.Millisecond {
			return took / time.Duration(n), n, nil
		}
		n *= 2
	}
}

// allocations returns how many objects one call of f allocates.
func allocations(f func() error) (float64, error) {
	const calls = 1000
	if err := f(); err != nil {
		return 0, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := f(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / calls, nil
}
