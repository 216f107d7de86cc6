// Package goals prints goals beside what was measured, for the programs that measure
// packages of this module side by side with others. Each of those is a module of its
// own, so that what they are measured against is required by nobody else.
package goals

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A Table holds rows in the order in which they were measured. It is not safe for
// concurrent use.
type Table struct {
	// Progress is told of each row with a goal as it is added; nil for nobody.
	Progress io.Writer
	// Peer names the side that Row.Beside tells of.
	Peer string
	rows []*Row
}

// A Row is what was measured, and perhaps a goal.
type Row struct {
	number                        int
	what, measured, goal, verdict string
	got                           float64
	unit, ratio                   string
}

// AtMost adds a row whose value should not exceed a bound.
func (t *Table) AtMost(what string, got, bound float64, unit string) *Row {
	return t.judge(what, got, bound, unit, "<= ", got <= bound)
}

// AtLeast adds a row whose value should reach a bound.
func (t *Table) AtLeast(what string, got, bound float64, unit string) *Row {
	return t.judge(what, got, bound, unit, ">= ", got >= bound)
}

// Measured adds a row with a value and no goal.
func (t *Table) Measured(what string, got float64, unit string) *Row {
	r := &Row{what: what, measured: Figure(got) + unit, got: got, unit: unit}
	t.rows = append(t.rows, r)
	return r
}

// Note adds a row in words.
func (t *Table) Note(what, measured string) *Row {
	r := &Row{what: what, measured: measured}
	t.rows = append(t.rows, r)
	return r
}

func (t *Table) judge(what string, got, bound float64, unit, sign string, met bool) *Row {
	r := t.Measured(what, got, unit)
	r.goal, r.verdict = sign+Figure(bound)+unit, "MISSED"
	if met {
		r.verdict = "met"
	}
	if t.Progress != nil {
		fmt.Fprintf(t.Progress, "%s: %s (%s) %s\n", r.what, r.measured, r.goal, r.verdict)
	}
	return r
}

// Number says which goal of a list the row is about. Rows are printed by number.
func (r *Row) Number(n int) *Row {
	r.number = n
	return r
}

// Beside tells what the peer took, if that is above zero.
func (r *Row) Beside(theirs float64) *Row {
	if theirs > 0 {
		r.ratio = fmt.Sprintf("%.3gx of %s%s", r.got/theirs, Figure(theirs), r.unit)
	}
	return r
}

// Figure writes three significant digits without an exponent.
func Figure(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// Print writes the table, below what ran it: the Go release, the processors, whatever
// about adds, and the load.
func (t *Table) Print(w io.Writer, about ...string) error {
	machine := append([]string{runtime.Version(), strconv.Itoa(runtime.NumCPU()) + " processors"}, about...)
	fmt.Fprintln(w, strings.Join(machine, ", "))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(w, "load average %s", load)
	}
	fmt.Fprint(w, "On a machine that does other work, trust ratios, and processor time more than wall time.\n\n")
	rows := slices.Clone(t.rows)
	slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.number, b.number) })
	numbered := len(rows) > 0 && rows[len(rows)-1].number > 0
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(number string, cells ...string) {
		if numbered {
			cells = append([]string{number}, cells...)
		}
		fmt.Fprintln(columns, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	line("", "what", "measured", "goal", "", t.Peer)
	for _, r := range rows {
		line(strconv.Itoa(r.number), r.what, r.measured, r.goal, r.verdict, r.ratio)
	}
	return columns.Flush()
}
