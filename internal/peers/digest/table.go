package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// A row is a goal and what was measured.
type row struct {
	goal     string // number
	what     string
	measured string
	want     string
	verdict  string
}

type table struct{ rows []row }

// atMost adds a row whose value should not exceed a bound.
func (t *table) atMost(goal, what string, got, bound float64, unit string) {
	t.add(goal, what, fmt.Sprintf("%.3g%s", got, unit), fmt.Sprintf("<= %g%s", bound, unit), got <= bound)
}

// atLeast adds a row whose value should reach a bound.
func (t *table) atLeast(goal, what string, got, bound float64, unit string) {
	t.add(goal, what, fmt.Sprintf("%.3g%s", got, unit), fmt.Sprintf(">= %g%s", bound, unit), got >= bound)
}

func (t *table) add(goal, what, measured, want string, met bool) {
	verdict := "MISSED"
	if met {
		verdict = "met"
	}
	t.rows = append(t.rows, row{goal, what, measured, want, verdict})
	fmt.Fprintf(os.Stderr, "%s %s: %s (%s) %s\n", goal, what, measured, want, verdict)
}

// note adds a row without a bound.
func (t *table) note(goal, what, measured string) {
	t.rows = append(t.rows, row{goal, what, measured, "", ""})
}

func (t *table) print() {
	slices.SortStableFunc(t.rows, func(a, b row) int {
		var x, y int
		fmt.Sscan(a.goal, &x)
		fmt.Sscan(b.goal, &y)
		return x - y
	})
	fmt.Printf("%s, %d processors, kernel of sha256x: %s\n", runtime.Version(), runtime.NumCPU(), sha256x.Implementation())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("load average %sOn a machine that does other work, wall time on two cores says little.\n\n", load)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "goal\twhat\tmeasured\tgoal\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.goal, r.what, r.measured, r.want, r.verdict)
	}
	w.Flush()
}
