package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"
)

// A usage is what one run took.
type usage struct {
	wall, cpu time.Duration
	rss       int64 // KiB
}

// A process is a program to measure; env is added to the environment.
type process struct {
	env  []string
	args []string
}

func command(args ...string) process { return process{args: args} }

// run runs a program and accounts it.
func (p process) run() (usage, error) {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout = io.Discard
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%v: %w", p.args[:min(len(p.args), 4)], err)
	}
	s := cmd.ProcessState
	return usage{time.Since(began), s.UserTime() + s.SystemTime(), s.SysUsage().(*syscall.Rusage).Maxrss}, nil
}

// alternate runs programs in turn, n times, and returns the median of each
// quantity for each. A first round warms the caches. Programs that are not
// installed give the zero usage.
func alternate(n int, programs ...process) ([]usage, error) {
	all := make([][]usage, len(programs))
	for round := range n + 1 {
		for i, p := range programs {
			if _, err := exec.LookPath(p.args[0]); err != nil {
				continue
			}
			u, err := p.run()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], u)
			}
		}
	}
	medians := make([]usage, len(programs))
	for i, samples := range all {
		if len(samples) == 0 {
			continue
		}
		medians[i] = usage{
			wall: median(samples, func(u usage) time.Duration { return u.wall }),
			cpu:  median(samples, func(u usage) time.Duration { return u.cpu }),
			rss:  median(samples, func(u usage) int64 { return u.rss }),
		}
	}
	return medians, nil
}

func median[S any, T int64 | time.Duration](samples []S, value func(S) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ratio divides; 0 if there is nothing to divide by.
func ratio(a, b time.Duration) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// inMemory runs functions in turn on one thread, n times, and returns the median
// CPU time of that thread for each.
func inMemory(n int, functions ...func()) []time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return timed(n, threadTime, functions)
}

// inWallTime is inMemory for functions that use several threads, in wall time.
func inWallTime(n int, functions ...func()) []time.Duration {
	began := time.Now()
	return timed(n, func() time.Duration { return time.Since(began) }, functions)
}

// inProcessTime is inMemory for the CPU time of all threads.
func inProcessTime(n int, functions ...func()) []time.Duration {
	return timed(n, func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			panic(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}, functions)
}

// timed reads a clock around each function. A first round is not counted.
func timed(n int, clock func() time.Duration, functions []func()) []time.Duration {
	all := make([][]time.Duration, len(functions))
	for round := range n + 1 {
		for i, f := range functions {
			began := clock()
			f()
			if took := clock() - began; round > 0 {
				all[i] = append(all[i], took)
			}
		}
	}
	return medianOf(all)
}

func medianOf(all [][]time.Duration) []time.Duration {
	medians := make([]time.Duration, len(all))
	for i := range all {
		medians[i] = median(all[i], func(d time.Duration) time.Duration { return d })
	}
	return medians
}

// threadTime is the CPU time that this thread has used, CLOCK_THREAD_CPUTIME_ID.
func threadTime() time.Duration {
	var u syscall.Timespec
	const threadCPUTime = 3
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadCPUTime, uintptr(unsafe.Pointer(&u)), 0); errno != 0 {
		panic(errno)
	}
	return time.Duration(u.Nano())
}
