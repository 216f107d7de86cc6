package sigstore_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVerify measures both libraries by turns on one bundle, parsing
// included, in processor time: "x-theirs" is our share of theirs.
func BenchmarkVerify(b *testing.B) {
	for _, s := range subjects(b) {
		if s.ours(s.body) != nil || s.noOurs {
			continue
		}
		b.Run(strings.ReplaceAll(s.name, " ", "-"), func(b *testing.B) {
			var ours, theirs time.Duration
			rounds := 0
			for b.Loop() {
				const turn = 10
				start := cpu(b)
				for range turn {
					if s.ours(s.body) != nil {
						b.Fatal("refused")
					}
				}
				middle := cpu(b)
				for range turn {
					if s.theirs(s.body) != nil {
						b.Fatal("refused by sigstore-go")
					}
				}
				ours, theirs = ours+middle-start, theirs+cpu(b)-middle
				rounds += turn
			}
			b.ReportMetric(float64(ours.Microseconds())/float64(rounds), "ours-us")
			b.ReportMetric(float64(theirs.Microseconds())/float64(rounds), "theirs-us")
			b.ReportMetric(float64(ours)/float64(theirs), "x-theirs")
			b.ReportMetric(testing.AllocsPerRun(20, func() { _ = s.ours(s.body) }), "ours-allocs")
			b.ReportMetric(testing.AllocsPerRun(20, func() { _ = s.theirs(s.body) }), "theirs-allocs")
		})
	}
}
