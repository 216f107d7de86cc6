package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
)

// A Coverage tells what a scan looked at and what it did not. The zero Coverage
// is incomplete.
type Coverage struct {
	// Seen is everything that the source delivered. Claimed is what at least one
	// scanner wanted and examined without complaint; Skipped is what none wanted,
	// or what turned out to be nobody's (ErrNotMine), and was digested only. What is in neither is in Gaps.
	Seen    Counts `json:"seen"`
	Claimed Counts `json:"claimed"`
	Skipped Counts `json:"skipped"`
	// Gaps are what could not be examined or evaluated, in ascending order, at
	// most Limits.Gaps of them. Omitted counts the rest.
	Gaps    []Gap `json:"gaps"`
	Omitted int64 `json:"omitted,omitempty"`
	// Ended tells that the pass reached its end. Only Run sets it.
	Ended bool `json:"ended"`
}

// Counts are a number of entries (files, directories, links) and of content
// bytes.
type Counts struct {
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"`
}

// A Gap is one thing that was not examined or not evaluated.
type Gap struct {
	Reason attest.Reason `json:"reason"`
	// By names the scanner or matcher; empty when the source could not deliver.
	By string `json:"by,omitempty"`
	// Path is the file or directory in question; Record what else it is about: an
	// advisory, a package. A path that is not UTF-8 stands here quoted.
	Path   string `json:"path,omitempty"`
	Record string `json:"record,omitempty"`
	// Bytes is the size of what was not examined, where it is known.
	Bytes int64 `json:"bytes,omitempty"`
}

// Complete reports whether everything was looked at.
func (c Coverage) Complete() bool { return c.Ended && len(c.Gaps) == 0 && c.Omitted == 0 }

// Reasons returns why the coverage is incomplete; none if it is complete.
func (c Coverage) Reasons() []attest.Reason {
	var out []attest.Reason
	if !c.Ended {
		out = append(out, attest.Reason{Code: CodeNotEnded, Want: "a pass that ended", Got: "none"})
	}
	for _, g := range c.Gaps {
		r := g.Reason
		r.Where = g.where()
		out = append(out, r)
	}
	if c.Omitted > 0 {
		out = append(out, attest.Reason{Code: CodeOmitted, Got: strconv.FormatInt(c.Omitted, 10) + " further gaps"})
	}
	return out
}

// String returns the gap on one line.
func (g Gap) String() string {
	r := g.Reason
	r.Where = g.where()
	return r.String()
}

func (g Gap) where() string {
	var parts []string
	for _, s := range []string{g.By, g.Path, g.Record, g.Reason.Where} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func (g Gap) compare(h Gap) int {
	return cmp.Or(
		strings.Compare(g.Path, h.Path),
		strings.Compare(g.By, h.By),
		strings.Compare(g.Record, h.Record),
		strings.Compare(g.Reason.String(), h.Reason.String()),
		cmp.Compare(g.Bytes, h.Bytes),
	)
}

// add records gaps, up to the limit.
func (c *Coverage) add(most int, gaps ...Gap) {
	for _, g := range gaps {
		if len(c.Gaps) >= most {
			c.Omitted++
			continue
		}
		c.Gaps = append(c.Gaps, g)
	}
}

// tidy brings the gaps into order and drops repetitions, so that equal scans
// give equal coverage.
func (c *Coverage) tidy() {
	c.Gaps = slices.SortedFunc(slices.Values(c.Gaps), Gap.compare)
	c.Gaps = slices.Compact(c.Gaps)
	if c.Gaps == nil {
		c.Gaps = []Gap{}
	}
}

// GapOf returns the gap that err tells: the outermost reason in it, or code if
// it has none. The error's text is bounded.
func GapOf(code attest.Code, err error) Gap {
	if reasons := attest.Reasons(err); len(reasons) > 0 {
		return Gap{Reason: reasons[0]}
	}
	return Gap{Reason: attest.Reason{Code: code, Got: Quote(fmt.Sprint(err))}}
}

// Quote shortens text that an attacker may have chosen and quotes it, so that it
// can stand in a reason.
func Quote(s string) string {
	const most = 120
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
