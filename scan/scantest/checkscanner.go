package scantest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/sealwright/sealwright/scan"
)

// CheckScanner reports, by a nil error, that a scanner keeps the contract of
// scan.Scanner as far as the samples can show it. The samples should hold at
// least one file that the scanner wants.
//
// Its clauses: the descriptor is complete and constant; a session that saw
// nothing finds nothing; Want bears an empty prefix; equal input gives equal
// results, also concurrently; content is not kept after Inspect; every location
// is a path that was inspected; no truncation of a wanted file makes it panic;
// and a wanted file that turns into garbage is complained about.
func CheckScanner(ctx context.Context, s scan.Scanner, samples ...*Tree) error {
	k := &scannerKit{ctx: ctx, scanner: s}
	k.descriptor()
	k.empty()
	wanted := 0
	for _, t := range samples {
		names := k.wanted(t)
		wanted += len(names)
		k.locations(t)
		k.deterministic(t)
		k.keepsNothing(t)
		for _, name := range names {
			k.truncated(t, name)
			k.garbage(t, name)
		}
	}
	if wanted == 0 {
		k.fail("samples", "no sample has a file that the scanner wants")
	}
	return errors.Join(k.violations...)
}

type scannerKit struct {
	ctx        context.Context
	scanner    scan.Scanner
	violations []error
}

func (k *scannerKit) fail(clause, format string, args ...any) {
	k.violations = append(k.violations, fmt.Errorf(clause+": "+format, args...))
}

func (k *scannerKit) descriptor() {
	d := k.scanner.Descriptor()
	if d.Name == "" || d.Version == "" {
		k.fail("descriptor", "name %q and version %q must not be empty", d.Name, d.Version)
	}
	if again := k.scanner.Descriptor(); again != d {
		k.fail("descriptor", "changes from %v to %v", d, again)
	}
}

func (k *scannerKit) empty() {
	defer k.caught("empty")
	session, err := k.scanner.Begin(k.ctx)
	if err != nil {
		k.fail("empty", "Begin: %v", err)
		return
	}
	session.Want(scan.Header{Path: "a", Kind: scan.KindFile}, nil)
	result, err := session.End(k.ctx)
	if err != nil || !reflect.DeepEqual(normal(result), normal(scan.Result{})) {
		k.fail("empty", "a session that saw nothing returns %v, %v", result, err)
	}
}

// caught turns a panic into a violation.
func (k *scannerKit) caught(clause string) {
	if p := recover(); p != nil {
		k.fail(clause, "panic: %v", p)
	}
}

func (k *scannerKit) run(t *Tree) (*scan.Report, error) {
	return scan.Run(k.ctx, t, scan.Limits{}, k.scanner)
}

// wanted returns the files that a session wants.
func (k *scannerKit) wanted(t *Tree) []string {
	defer k.caught("want")
	session, err := k.scanner.Begin(k.ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, h := range t.headers() {
		content := t.Files[h.Path]
		if h.Kind == scan.KindFile && session.Want(h, []byte(content[:min(len(content), scan.PrefixBytes)])) {
			names = append(names, h.Path)
		}
	}
	return names
}

func (k *scannerKit) locations(t *Tree) {
	report, err := k.run(t)
	if err != nil {
		k.fail("run", "%v", err)
		return
	}
	for _, p := range report.Packages {
		for _, l := range p.Locations {
			if _, ok := t.Files[l.Path]; !ok {
				k.fail("locations", "%s@%s is told to be at %q, which is no file of the sample", p.Name, p.Version, l.Path)
			}
		}
		if len(p.Locations) == 0 {
			k.fail("locations", "%s@%s has none", p.Name, p.Version)
		}
	}
}

func (k *scannerKit) deterministic(t *Tree) {
	first, err := k.run(t)
	if err != nil {
		return // told by locations
	}
	var together sync.WaitGroup
	others := make([]*scan.Report, 4)
	for i := range others {
		together.Go(func() { others[i], _ = k.run(t) })
	}
	together.Wait()
	for _, other := range others {
		if !reflect.DeepEqual(first, other) {
			k.fail("deterministic", "two sessions over one sample differ")
			return
		}
	}
}

// keepsNothing overwrites the content after each Inspect.
func (k *scannerKit) keepsNothing(t *Tree) {
	defer k.caught("keeps nothing")
	plain, err := k.drive(t, false)
	if err != nil {
		k.fail("keeps nothing", "%v", err)
		return
	}
	overwritten, err := k.drive(t, true)
	if err != nil || !reflect.DeepEqual(normal(plain), normal(overwritten)) {
		k.fail("keeps nothing", "the result changes when content is overwritten after Inspect")
	}
}

func (k *scannerKit) drive(t *Tree, overwrite bool) (scan.Result, error) {
	session, err := k.scanner.Begin(k.ctx)
	if err != nil {
		return scan.Result{}, err
	}
	for _, h := range t.headers() {
		if h.Kind != scan.KindFile {
			continue
		}
		content := []byte(t.Files[h.Path])
		if !session.Want(h, content[:min(len(content), scan.PrefixBytes)]) {
			continue
		}
		if err := session.Inspect(k.ctx, h, section(content)); err != nil && !overwrite {
			continue // a sample may be faulty; the file is then a gap
		}
		if overwrite {
			for i := range content {
				content[i] = 0xaa
			}
		}
	}
	return session.End(k.ctx)
}

func (k *scannerKit) truncated(t *Tree, name string) {
	content := t.Files[name]
	step := max(1, len(content)/64)
	for n := 0; n < len(content); n += step {
		k.survives("truncated", t, name, content[:n])
	}
}

// garbage keeps the beginning, so that the file is still wanted.
func (k *scannerKit) garbage(t *Tree, name string) {
	content := t.Files[name]
	spoilt := content[:min(16, len(content))] + strings.Repeat("\x00\xff", 64)
	report := k.survives("garbage", t, name, spoilt)
	changed := t.Clone()
	changed.Files[name] = spoilt
	if report != nil && slices.Contains(k.wanted(changed), name) && !complains(report, name) {
		k.fail("garbage", "%s became garbage, and no gap tells it", name)
	}
}

func complains(report *scan.Report, name string) bool {
	return slices.ContainsFunc(report.Coverage.Gaps, func(g scan.Gap) bool { return g.Path == name })
}

func (k *scannerKit) survives(clause string, t *Tree, name, content string) *scan.Report {
	changed := t.Clone()
	changed.Files[name] = content
	report, err := k.run(changed)
	if err != nil {
		k.fail(clause, "%s of %d bytes: %v", name, len(content), err)
		return nil
	}
	for _, g := range report.Coverage.Gaps {
		if g.Reason.Code == scan.CodePanic || g.Reason.Code == scan.CodeDeadline {
			k.fail(clause, "%s of %d bytes: %v", name, len(content), g)
		}
	}
	return report
}

// normal makes results comparable: nil and empty are the same.
func normal(r scan.Result) scan.Result {
	return scan.Result{
		Packages: slices.Collect(slices.Values(r.Packages)),
		Findings: slices.Collect(slices.Values(r.Findings)),
		Gaps:     slices.Collect(slices.Values(r.Gaps)),
	}
}
