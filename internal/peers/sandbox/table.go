package main

import (
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
)

// A row is a goal and what was measured.
type row struct {
	what     string
	measured string
	want     string
	verdict  string
}

type table struct{ rows []row }

// atMost adds a row whose value should not exceed a bound.
func (t *table) atMost(what string, got, bound float64, unit string) {
	t.add(what, fmt.Sprintf("%.3g%s", got, unit), fmt.Sprintf("<= %g%s", bound, unit), got <= bound)
}

// atLeast adds a row whose value should reach a bound.
func (t *table) atLeast(what string, got, bound float64, unit string) {
	t.add(what, fmt.Sprintf("%.3g%s", got, unit), fmt.Sprintf(">= %g%s", bound, unit), got >= bound)
}

func (t *table) add(what, measured, want string, met bool) {
	verdict := "MISSED"
	if met {
		verdict = "met"
	}
	t.rows = append(t.rows, row{what, measured, want, verdict})
	fmt.Fprintf(os.Stderr, "%s: %s (%s) %s\n", what, measured, want, verdict)
}

// note adds a row without a bound.
func (t *table) note(what, measured string) {
	t.rows = append(t.rows, row{what, measured, "", ""})
}

func (t *table) print() {
	fmt.Printf("%s, %d processors\n", runtime.Version(), runtime.NumCPU())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("load average %sOn a machine that does other work, wall time on two cores says little.\n\n", load)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tmeasured\tgoal\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.what, r.measured, r.want, r.verdict)
	}
	w.Flush()
}
