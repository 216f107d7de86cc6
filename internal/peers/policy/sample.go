package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// rounds is how many samples of each side are taken.
const rounds = 9

// cpu returns the processor time of this process: also that of the garbage collector.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A side is one of those that are compared.
type side struct {
	name string
	call func() error
}

// A cost is what one call takes.
type cost struct {
	cpu            time.Duration
	objects, bytes float64
}

// costs measures the sides in turn, each sample long enough to be measured, and returns
// the least processor time of one call of each, and what it allocates. The least, because
// everything else that the machine does only adds to it.
func costs(sides ...side) ([]cost, error) {
	times := make([]int, len(sides))
	samples := make([][]time.Duration, len(sides))
	for range rounds {
		for i, s := range sides {
			took, n, err := sample(s.call, max(times[i], 1))
			if err != nil {
				return nil, err
			}
			times[i], samples[i] = n, append(samples[i], took)
		}
	}
	var out []cost
	for i, s := range sides {
		slices.Sort(samples[i])
		objects, bytes, err := allocations(s.call, min(times[i], 1000))
		if err != nil {
			return nil, err
		}
		out = append(out, cost{samples[i][0], objects, bytes})
	}
	return out, nil
}

// sample runs f n times, or as often as 20 milliseconds take, and returns the time of
// one call and how often it ran.
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

// allocations returns what one of n calls of f allocates.
func allocations(f func() error, n int) (objects, bytes float64, err error) {
	var before, after runtime.MemStats
	runtime.GC()
	if err := f(); err != nil { // fills what the collector has emptied
		return 0, 0, err
	}
	runtime.ReadMemStats(&before)
	for range n {
		if err := f(); err != nil {
			return 0, 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n), nil
}
