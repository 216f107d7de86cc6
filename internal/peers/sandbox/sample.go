package main

import (
	"slices"
	"syscall"
	"time"
)

// samples are those of one side, ascending.
type samples []float64

func (s samples) median() float64 { return s[len(s)/2] }
func (s samples) least() float64  { return s[0] }

// alternate measures every side n times, in turn, after a round that warms up.
func alternate(n int, sides ...func() (float64, error)) ([]samples, error) {
	all := make([]samples, len(sides))
	for round := range n + 1 {
		for i, side := range sides {
			v, err := side()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], v)
			}
		}
	}
	for _, s := range all {
		slices.Sort(s)
	}
	return all, nil
}

// wall is a side in milliseconds.
func wall(do func() error) func() (float64, error) {
	return func() (float64, error) {
		start := time.Now()
		err := do()
		return float64(time.Since(start).Microseconds()) / 1e3, err
	}
}

// cpu is a side in seconds of CPU time, of this process and its children.
func cpu(do func() error) func() (float64, error) {
	return func() (float64, error) {
		before := cpuTime()
		err := do()
		return cpuTime() - before, err
	}
}

func cpuTime() float64 {
	var sum float64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
		}
	}
	return sum
}

// resident is the most memory that this process ever had, in MB.
func resident() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Maxrss) / 1024
}
