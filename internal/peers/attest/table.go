package main

import (
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
)

// A row is a goal and what was measured.
type row struct{ what, measured, goal, ratio, verdict string }

type table struct{ rows []row }

// atMost adds a row whose value should not exceed a bound. theirs, if above zero,
// is the same of the peer.
func (t *table) atMost(what string, got, bound float64, unit string, theirs float64) {
	t.add(what, got, bound, unit, theirs, "<=", got <= bound)
}

// atLeast adds a row whose value should reach a bound.
func (t *table) atLeast(what string, got, bound float64, unit string) {
	t.add(what, got, bound, unit, 0, ">=", got >= bound)
}

func (t *table) add(what string, got, bound float64, unit string, theirs float64, sign string, met bool) {
	r := row{what: what, measured: number(got) + unit, goal: sign + " " + number(bound) + unit, verdict: "MISSED"}
	if met {
		r.verdict = "met"
	}
	if theirs > 0 {
		r.ratio = fmt.Sprintf("%.3gx of %s%s", got/theirs, number(theirs), unit)
	}
	t.rows = append(t.rows, r)
	fmt.Fprintf(os.Stderr, "%s: %s (%s) %s %s\n", r.what, r.measured, r.goal, r.ratio, r.verdict)
}

// note adds a row without a bound.
func (t *table) note(what string, got float64, unit string, theirs float64) {
	r := row{what: what, measured: number(got) + unit}
	if theirs > 0 {
		r.ratio = fmt.Sprintf("%.3gx of %s%s", got/theirs, number(theirs), unit)
	}
	t.rows = append(t.rows, r)
}

func number(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func (t *table) print() {
	fmt.Printf("%s, %d processors\n", runtime.Version(), runtime.NumCPU())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("load average %sTimes are of the processor, except where wall is said; on a machine that\ndoes other work wall time on two cores says little.\n\n", load)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tmeasured\tgoal\t\tof sigstore-go v1.3.0")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.what, r.measured, r.goal, r.verdict, r.ratio)
	}
	w.Flush()
}
