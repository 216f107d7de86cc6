package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// must panics: what is measured here does not fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// times returns the median processor time of one call of each function in
// microseconds, from turns that alternate between them.
func times(turns, calls int, functions ...func()) []float64 {
	samples := make([][]float64, len(functions))
	for range turns {
		for i, f := range functions {
			start := cpu()
			for range calls {
				f()
			}
			samples[i] = append(samples[i], float64((cpu()-start).Nanoseconds())/1000/float64(calls))
		}
	}
	medians := make([]float64, len(functions))
	for i, s := range samples {
		slices.Sort(s)
		medians[i] = s[len(s)/2]
	}
	return medians
}

// cost returns the allocations of one call and their bytes.
func cost(f func()) (count, size float64) {
	var before, after runtime.MemStats
	f()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)
}
