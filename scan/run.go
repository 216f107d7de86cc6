package scan

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
)

// A Report is what one scan found. It belongs to the caller; Run and Match
// return new ones and keep nothing.
type Report struct {
	// Subject is what was scanned, with the digest of the bytes that were read.
	Subject attest.Descriptor `json:"subject"`
	Receipt Receipt           `json:"receipt"`
	// Checks are the scanners and matchers that took part, in ascending order.
	Checks   []Descriptor `json:"checks"`
	Packages []Package    `json:"packages"`
	Findings []Finding    `json:"findings"`
	Coverage Coverage     `json:"coverage"`
}

// Run scans source in one pass with all scanners. Equal input gives an equal
// report.
//
// It returns an error, and no report, if an argument is missing (CodeNil) or a
// scanner's name is empty or not unique (CodeName), if ctx ends, if the source
// is larger than the limits (CodeEntries, CodeBytes), and if it fails or its
// receipt contradicts what it delivered. Everything else that goes wrong is a
// gap in the report's coverage. A scanner that panics or misses its deadline is
// not asked again; the others go on.
func Run(ctx context.Context, source Source, limits Limits, scanners ...Scanner) (*Report, error) {
	if source == nil || len(scanners) == 0 || slices.Contains(scanners, nil) {
		return nil, attest.Refuse(CodeNil, "Run", "a source and scanners", "nil or none")
	}
	p := &pass{ctx: ctx, limits: limits.withDefaults(), report: &Report{}}
	if err := p.begin(scanners); err != nil {
		return nil, err
	}
	receipt, err := source.Walk(ctx, p.limits, p)
	if err := cmp.Or(p.failed, err, ctx.Err()); err != nil {
		return nil, asSourceError(ctx, err)
	}
	if err := p.check(source.Subject(), receipt); err != nil {
		return nil, err
	}
	p.end()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.report.Receipt, p.report.Subject = receipt, receipt.Subject
	if p.report.Coverage.Claimed.Entries == 0 {
		p.Gap(Gap{Reason: attest.Reason{Code: CodeNothingClaimed, Want: "an entry that a scanner knows", Got: "none"}})
	}
	p.report.Coverage.Ended = true
	p.report.settle(p.limits)
	return p.report, nil
}

// asSourceError gives a source's error a code if it has none.
func asSourceError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) || len(attest.Reasons(err)) > 0 {
		return err
	}
	return attest.Refuse(CodeSource, "source", "a complete pass", "").Because(err)
}

// A pass is one run over a source: the sink that the source feeds.
type pass struct {
	ctx    context.Context
	limits Limits
	lanes  []*lane
	report *Report
	reader fileReader
	failed error // what Entry refused; a source cannot swallow it
}

// A lane is one scanner's session in a pass.
type lane struct {
	name    string
	session Session
	wants   bool // the current file
	gone    bool // it panicked or is still busy with an earlier call
}

func (p *pass) begin(scanners []Scanner) error {
	for _, s := range scanners {
		d := s.Descriptor()
		if err := p.report.admit(d); err != nil {
			return err
		}
		l := &lane{name: d.Name}
		session, err, _ := guarded(p.ctx, p.limits.Call, s.Begin)
		if err == nil && session == nil {
			err = attest.Refuse(CodeFailed, "", "a session", "nil")
		}
		if err != nil {
			p.gapFrom(l, err, Gap{})
			l.gone = true
		}
		l.session = session
		p.lanes = append(p.lanes, l)
	}
	return nil
}

// admit adds a check to the report under its unique name.
func (r *Report) admit(d Descriptor) error {
	same := func(e Descriptor) bool { return e.Name == d.Name }
	if d.Name == "" || slices.ContainsFunc(r.Checks, same) {
		return attest.Refuse(CodeName, "Descriptor.Name", "a unique name", Quote(d.Name))
	}
	r.Checks = append(r.Checks, d)
	return nil
}

// Gap implements Sink.
func (p *pass) Gap(g Gap) { p.report.Coverage.add(p.limits.Gaps, g) }

// gapFrom records that l failed with err at the place that at names.
func (p *pass) gapFrom(l *lane, err error, at Gap) {
	g := GapOf(CodeFailed, err)
	g.By, g.Path, g.Bytes = l.name, at.Path, at.Bytes
	p.Gap(g)
	l.gone = l.gone || fatal(err)
}

// check compares the receipt with what was seen, and with what was demanded.
func (p *pass) check(want attest.Descriptor, receipt Receipt) error {
	seen := p.report.Coverage.Seen
	if receipt.Entries != seen.Entries || receipt.Bytes != seen.Bytes {
		return attest.Refuse(CodeReceipt, "receipt", counted(seen.Entries, seen.Bytes), counted(receipt.Entries, receipt.Bytes))
	}
	if err := receipt.Subject.Digest.Validate(); err != nil {
		return attest.Refuse(CodeReceipt, "receipt", "a digest of what was delivered", "").Because(err)
	}
	if len(want.Digest) == 0 {
		return nil
	}
	if err := receipt.Subject.Digest.Match(want.Digest); err != nil {
		return attest.Refuse(CodeDigest, receipt.Subject.Name, want.Digest.String(), receipt.Subject.Digest.String()).Because(err)
	}
	return nil
}

func counted(entries, size int64) string {
	return strconv.FormatInt(entries, 10) + " entries, " + strconv.FormatInt(size, 10) + " bytes"
}

// end collects the sessions' results.
func (p *pass) end() {
	for _, l := range p.lanes {
		if l.gone {
			continue
		}
		result, err, _ := guarded(p.ctx, p.limits.Call, l.session.End)
		if err != nil {
			p.gapFrom(l, err, Gap{})
			continue
		}
		p.report.take(l.name, result, p.limits)
	}
}

// take adds a result to the report, leaving out what is malformed or too much.
func (r *Report) take(by string, result Result, limits Limits) {
	for _, g := range result.Gaps {
		g.By = by
		r.Coverage.add(limits.Gaps, g)
	}
	room := limits.Results
	refuse := func(err error) {
		g := GapOf(CodeResult, err)
		g.By = by
		r.Coverage.add(limits.Gaps, g)
	}
	for _, f := range result.Findings {
		if err := f.validate(); err != nil {
			refuse(err)
		} else if room--; room >= 0 {
			r.Findings = append(r.Findings, f)
		}
	}
	for _, p := range result.Packages {
		if err := p.validate(); err != nil {
			refuse(err)
		} else if room--; room >= 0 {
			r.Packages = append(r.Packages, p)
		}
	}
	if room < 0 {
		refuse(attest.Refuse(CodeResults, "", strconv.Itoa(limits.Results), strconv.Itoa(limits.Results-room)))
	}
}

// settle brings the report into its one order.
func (r *Report) settle(limits Limits) {
	slices.SortFunc(r.Checks, func(a, b Descriptor) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(r.Findings, Finding.compare)
	merged, gaps := merge(r.Packages)
	r.Packages = merged
	r.Coverage.add(limits.Gaps, gaps...)
	r.Coverage.tidy()
	if r.Packages == nil {
		r.Packages = []Package{}
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
}
