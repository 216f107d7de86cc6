package scan_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/scantest"
)

func sample() *scantest.Tree {
	return scantest.Text(`
-- a.list --
Go example.com/a v1.0.0
Go example.com/b v1.2.0
-- deep/b.list --
Go example.com/b v1.2.0
-- deep/readme.txt --
nothing that a scanner knows
-- link -> a.list --
`)
}

func run(t *testing.T, source scan.Source, limits scan.Limits, scanners ...scan.Scanner) *scan.Report {
	t.Helper()
	if len(scanners) == 0 {
		scanners = []scan.Scanner{scantest.Scanner{}}
	}
	r, err := scan.Run(t.Context(), source, limits, scanners...)
	require.NoError(t, err)
	return r
}

func codes(gaps []scan.Gap) []attest.Code {
	var out []attest.Code
	for _, g := range gaps {
		out = append(out, g.Reason.Code)
	}
	return out
}

func TestAScanTellsPackagesAndCoverage(t *testing.T) {
	r := run(t, sample(), scan.Limits{})
	require.True(t, r.Coverage.Complete(), r.Coverage.Gaps)
	require.Len(t, r.Packages, 2)
	assert.Equal(t, []scan.Location{{Path: "a.list", Line: 2}, {Path: "deep/b.list", Line: 1}}, r.Packages[1].Locations)
	assert.EqualValues(t, 5, r.Coverage.Seen.Entries)
	assert.EqualValues(t, 2, r.Coverage.Claimed.Entries)
	assert.EqualValues(t, 3, r.Coverage.Skipped.Entries)
	assert.Equal(t, r.Coverage.Seen.Bytes, r.Coverage.Claimed.Bytes+r.Coverage.Skipped.Bytes)
	assert.Equal(t, r.Receipt.Bytes, r.Coverage.Seen.Bytes)
	assert.NoError(t, r.Subject.Validate())
}

// meter counts how often content is read, and how much.
type meter struct {
	*scantest.Tree
	bytes int64
	files int
}

func (m *meter) Walk(ctx context.Context, l scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	return m.Tree.Walk(ctx, l, meterSink{sink, m})
}

type meterSink struct {
	scan.Sink
	meter *meter
}

func (s meterSink) Entry(h scan.Header, content io.Reader) error {
	if content == nil {
		return s.Sink.Entry(h, nil)
	}
	s.meter.files++
	return s.Sink.Entry(h, readerFunc(func(b []byte) (int, error) {
		n, err := content.Read(b)
		s.meter.bytes += int64(n)
		return n, err
	}))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestTenScannersReadEachFileOnce(t *testing.T) {
	m := &meter{Tree: sample()}
	var scanners []scan.Scanner
	for _, name := range strings.Fields("a b c d e f g h i j") {
		scanners = append(scanners, scantest.Scanner{Name: name})
	}
	r := run(t, m, scan.Limits{}, scanners...)
	assert.Equal(t, r.Coverage.Seen.Bytes, m.bytes)
	assert.Equal(t, 3, m.files)
	assert.Len(t, r.Packages, 2)
}

func TestAScannerThatPanicsLeavesAGapAndTheOthersGoOn(t *testing.T) {
	r := run(t, sample(), scan.Limits{}, scantest.Scanner{Name: "bad", PanicAt: "a.list"}, scantest.Scanner{Name: "good"})
	require.Equal(t, []attest.Code{scan.CodePanic}, codes(r.Coverage.Gaps))
	assert.Equal(t, "bad", r.Coverage.Gaps[0].By)
	assert.Equal(t, "a.list", r.Coverage.Gaps[0].Path)
	assert.Len(t, r.Packages, 2)
	assert.False(t, r.Coverage.Complete())
}

func TestAScannerThatHangsLeavesAGapAndTheOthersGoOn(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	hung := scantest.Scanner{Name: "hung", HangAt: "a.list", Release: release}
	r := run(t, sample(), scan.Limits{Call: 20 * time.Millisecond}, hung, scantest.Scanner{Name: "good"})
	require.Equal(t, []attest.Code{scan.CodeDeadline}, codes(r.Coverage.Gaps))
	assert.Equal(t, "hung", r.Coverage.Gaps[0].By)
	assert.Len(t, r.Packages, 2, "the other scanner's packages are told")
}

func TestAScannerThatFailsOnAFileGoesOnWithTheNext(t *testing.T) {
	r := run(t, sample(), scan.Limits{}, scantest.Scanner{FailAt: "a.list"})
	require.Equal(t, []attest.Code{scantest.CodeLine}, codes(r.Coverage.Gaps))
	assert.Len(t, r.Packages, 1)
	assert.EqualValues(t, 1, r.Coverage.Claimed.Entries)
}

// misbehaving is a scanner made of functions.
type misbehaving struct {
	begin   func(context.Context) (scan.Session, error)
	want    func(scan.Header, []byte) bool
	inspect func(context.Context, scan.Header, *io.SectionReader) error
	end     func(context.Context) (scan.Result, error)
}

func (misbehaving) Descriptor() scan.Descriptor {
	return scan.Descriptor{Name: "misbehaving", Version: "1"}
}

func (m misbehaving) Begin(ctx context.Context) (scan.Session, error) {
	if m.begin != nil {
		return m.begin(ctx)
	}
	return m, nil
}

func (m misbehaving) Want(h scan.Header, prefix []byte) bool {
	return m.want == nil && h.Kind == scan.KindFile || m.want != nil && m.want(h, prefix)
}

func (m misbehaving) Inspect(ctx context.Context, h scan.Header, c *io.SectionReader) error {
	if m.inspect == nil {
		return nil
	}
	return m.inspect(ctx, h, c)
}

func (m misbehaving) End(ctx context.Context) (scan.Result, error) {
	if m.end == nil {
		return scan.Result{}, nil
	}
	return m.end(ctx)
}

func TestEveryWayOfFailingIsAGap(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for name, c := range map[string]struct {
		scanner misbehaving
		want    attest.Code
	}{
		"an error of Begin":       {misbehaving{begin: func(context.Context) (scan.Session, error) { return nil, errors.New("no") }}, scan.CodeFailed},
		"a nil session":           {misbehaving{begin: func(context.Context) (scan.Session, error) { return nil, nil }}, scan.CodeFailed},
		"a panic of Begin":        {misbehaving{begin: func(context.Context) (scan.Session, error) { panic(1) }}, scan.CodePanic},
		"a panic of Want":         {misbehaving{want: func(scan.Header, []byte) bool { panic(1) }}, scan.CodePanic},
		"an error of End":         {misbehaving{end: func(context.Context) (scan.Result, error) { return scan.Result{}, errors.New("no") }}, scan.CodeFailed},
		"a panic of End":          {misbehaving{end: func(context.Context) (scan.Result, error) { panic(1) }}, scan.CodePanic},
		"an Inspect out of time":  {misbehaving{inspect: func(ctx context.Context, _ scan.Header, _ *io.SectionReader) error { <-ctx.Done(); return ctx.Err() }}, scan.CodeDeadline},
		"a package without name":  {misbehaving{end: result(scan.Package{Ecosystem: "Go"})}, scan.CodeResult},
		"a package not in UTF-8":  {misbehaving{end: result(scan.Package{Ecosystem: "Go", Name: "\xff"})}, scan.CodeResult},
		"a version of 5000 bytes": {misbehaving{end: result(scan.Package{Ecosystem: "Go", Name: "a", Version: long})}, scan.CodeResult},
		"a finding without rule": {misbehaving{end: func(context.Context) (scan.Result, error) {
			return scan.Result{Findings: []scan.Finding{{}}}, nil
		}}, scan.CodeResult},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, sample(), scan.Limits{Call: 50 * time.Millisecond}, c.scanner, scantest.Scanner{})
			require.NotEmpty(t, r.Coverage.Gaps)
			assert.Equal(t, c.want, r.Coverage.Gaps[0].Reason.Code)
			assert.False(t, r.Coverage.Complete())
			assert.Len(t, r.Packages, 2)
		})
	}
}

func result(p scan.Package) func(context.Context) (scan.Result, error) {
	return func(context.Context) (scan.Result, error) { return scan.Result{Packages: []scan.Package{p}}, nil }
}

func TestWhatTheSourceCannotVouchForIsRefused(t *testing.T) {
	boom := errors.New("disk on fire")
	other := digest.Digest{Algorithm: digest.SHA256, Hex: strings.Repeat("0", 64)}
	for name, c := range map[string]struct {
		source scan.Source
		limits scan.Limits
		want   attest.Code
	}{
		"an error of the source":         {&scantest.Tree{Err: boom}, scan.Limits{}, scan.CodeSource},
		"another digest than demanded":   {&scantest.Tree{Want: other.Set()}, scan.Limits{}, scan.CodeDigest},
		"more entries than the limit":    {sample(), scan.Limits{Entries: 4}, scan.CodeEntries},
		"more bytes than the limit":      {sample(), scan.Limits{Bytes: 10}, scan.CodeBytes},
		"a receipt that counts too much": {lying{sample()}, scan.Limits{}, scan.CodeReceipt},
		"a file without content":         {contentless{sample()}, scan.Limits{}, scan.CodeSource},
		"an error that a source hides":   {swallowing{sample()}, scan.Limits{Entries: 1}, scan.CodeEntries},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := scan.Run(t.Context(), c.source, c.limits, scantest.Scanner{})
			require.Nil(t, r)
			require.NotEmpty(t, attest.Reasons(err), err)
			assert.Equal(t, c.want, attest.Reasons(err)[0].Code)
		})
	}
}

type lying struct{ *scantest.Tree }

func (l lying) Walk(ctx context.Context, limits scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	r, err := l.Tree.Walk(ctx, limits, sink)
	r.Entries++
	return r, err
}

type contentless struct{ *scantest.Tree }

func (c contentless) Walk(_ context.Context, _ scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	return scan.Receipt{}, sink.Entry(scan.Header{Path: "a", Kind: scan.KindFile}, nil)
}

type swallowing struct{ *scantest.Tree }

func (s swallowing) Walk(_ context.Context, _ scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	for range 3 {
		_ = sink.Entry(scan.Header{Path: "a", Kind: scan.KindDir}, nil)
	}
	return scan.Receipt{}, nil
}

func TestAFileThatIsShorterThanItsHeaderIsAGap(t *testing.T) {
	r := run(t, short{sample()}, scan.Limits{})
	assert.Contains(t, codes(r.Coverage.Gaps), scan.CodeContent)
}

type short struct{ *scantest.Tree }

func (s short) Walk(ctx context.Context, l scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	return s.Tree.Walk(ctx, l, shortSink{sink})
}

type shortSink struct{ scan.Sink }

func (s shortSink) Entry(h scan.Header, content io.Reader) error {
	if content != nil {
		h.Size++
	}
	return s.Sink.Entry(h, content)
}

func TestAWantedFileTooLargeToHoldIsAGapAndDigestedAllTheSame(t *testing.T) {
	tree := sample()
	whole := run(t, tree, scan.Limits{})
	r := run(t, tree, scan.Limits{FileBytes: 10})
	assert.Equal(t, []attest.Code{scan.CodeFileBytes, scan.CodeFileBytes, scan.CodeNothingClaimed}, sortedByPath(r.Coverage.Gaps))
	assert.Equal(t, whole.Subject, r.Subject)
}

func sortedByPath(gaps []scan.Gap) []attest.Code {
	all := codes(gaps)
	if len(all) > 0 && gaps[0].Path == "" {
		all = append(all[1:], all[0])
	}
	return all
}

func TestAWantedLinkIsAGap(t *testing.T) {
	tree := sample()
	tree.Links["b.list"] = "a.list"
	r := run(t, tree, scan.Limits{})
	assert.Equal(t, []attest.Code{scan.CodeLinkWanted}, codes(r.Coverage.Gaps))
}

func TestASourceInWhichNobodyKnowsAnythingIsIncomplete(t *testing.T) {
	r := run(t, scantest.Text("-- readme --\nhello\n"), scan.Limits{})
	assert.Equal(t, []attest.Code{scan.CodeNothingClaimed}, codes(r.Coverage.Gaps))
}

func TestGapsBeyondTheLimitAreCountedAndKeepTheCoverageIncomplete(t *testing.T) {
	tree := sample()
	for range 10 {
		tree.Gaps = append(tree.Gaps, scan.Gap{Reason: attest.Reason{Code: scan.CodeSpecial}, Path: "p"})
	}
	r := run(t, tree, scan.Limits{Gaps: 3})
	assert.EqualValues(t, 7, r.Coverage.Omitted)
	assert.False(t, scan.Coverage{Ended: true, Omitted: 1}.Complete())
	assert.Contains(t, reasonCodes(r.Coverage.Reasons()), scan.CodeOmitted)
}

func reasonCodes(reasons []attest.Reason) []attest.Code {
	var out []attest.Code
	for _, r := range reasons {
		out = append(out, r.Code)
	}
	return out
}

func TestTwoHashesOfOnePackageVersionAreAGap(t *testing.T) {
	both := misbehaving{end: func(context.Context) (scan.Result, error) {
		p := scan.Package{Ecosystem: "Go", Name: "a", Version: "v1.0.0", Hash: "h1:x"}
		q := p
		q.Hash = "h1:y"
		return scan.Result{Packages: []scan.Package{p, q, {Ecosystem: "Go", Name: "a", Version: "v1.0.0"}}}, nil
	}}
	r := run(t, sample(), scan.Limits{}, both)
	assert.Equal(t, []attest.Code{scan.CodeHashConflict}, codes(r.Coverage.Gaps))
	assert.Len(t, r.Packages, 2)
}

func TestResultsBeyondTheLimitAreAGap(t *testing.T) {
	r := run(t, sample(), scan.Limits{Results: 1})
	assert.Equal(t, []attest.Code{scan.CodeResults}, codes(r.Coverage.Gaps))
	assert.Len(t, r.Packages, 1)
}

func TestMisuseIsRefused(t *testing.T) {
	for name, err := range map[string]error{
		"no source":        second(scan.Run(t.Context(), nil, scan.Limits{}, scantest.Scanner{})),
		"no scanner":       second(scan.Run(t.Context(), sample(), scan.Limits{})),
		"a nil scanner":    second(scan.Run(t.Context(), sample(), scan.Limits{}, nil)),
		"two of one name":  second(scan.Run(t.Context(), sample(), scan.Limits{}, scantest.Scanner{}, scantest.Scanner{})),
		"no report":        second(scan.Match(t.Context(), nil, scan.Limits{}, scantest.Database{})),
		"no matcher":       second(scan.Match(t.Context(), &scan.Report{}, scan.Limits{})),
		"a matcher's name": second(scan.Match(t.Context(), &scan.Report{}, scan.Limits{}, scantest.Database{}, scantest.Database{})),
	} {
		assert.NotEmpty(t, attest.Reasons(err), name)
	}
}

func second[T any](_ T, err error) error { return err }

func TestACancelledScanIsAnErrorAndNoReport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := scan.Run(ctx, sample(), scan.Limits{}, scantest.Scanner{})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, r)
}

func TestReportsAreEqualOverRunsAndProcessors(t *testing.T) {
	first := run(t, sample(), scan.Limits{})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	assert.Equal(t, first, run(t, sample(), scan.Limits{}))
}

// stranger wants every file, and inspects each with one answer.
type stranger struct {
	name   string
	answer error
}

func (s stranger) Descriptor() scan.Descriptor                                   { return scan.Descriptor{Name: s.name, Version: "1"} }
func (s stranger) Begin(context.Context) (scan.Session, error)                   { return s, nil }
func (s stranger) Want(h scan.Header, _ []byte) bool                             { return h.Kind == scan.KindFile }
func (s stranger) End(context.Context) (scan.Result, error)                      { return scan.Result{}, nil }
func (s stranger) Inspect(context.Context, scan.Header, *io.SectionReader) error { return s.answer }

func TestAFileThatIsNobodysIsSkipped(t *testing.T) {
	const one = "-- file --\nhello\n"
	disowns, examines, fails := stranger{"a", scan.ErrNotMine}, stranger{"b", nil}, stranger{"c", errors.New("no answer")}
	for name, c := range map[string]struct {
		scanners         []scan.Scanner
		claimed, skipped int64
		gaps             []attest.Code
	}{
		"nobody's":                 {[]scan.Scanner{disowns}, 0, 1, []attest.Code{scan.CodeNothingClaimed}},
		"somebody else's":          {[]scan.Scanner{disowns, examines}, 1, 0, nil},
		"perhaps somebody else's":  {[]scan.Scanner{disowns, fails}, 0, 0, []attest.Code{scan.CodeNothingClaimed, scan.CodeFailed}},
		"nobody's, with an excuse": {[]scan.Scanner{stranger{"a", fmt.Errorf("%w, I think", scan.ErrNotMine)}}, 0, 0, []attest.Code{scan.CodeNothingClaimed, scan.CodeFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := scan.Run(t.Context(), scantest.Text(one), scan.Limits{}, c.scanners...)
			require.NoError(t, err)
			assert.Equal(t, c.claimed, r.Coverage.Claimed.Entries)
			assert.Equal(t, c.skipped, r.Coverage.Skipped.Entries)
			assert.Equal(t, c.skipped*6, r.Coverage.Skipped.Bytes)
			assert.Equal(t, c.gaps, codes(r.Coverage.Gaps))
		})
	}
	r, err := scan.Run(t.Context(), scantest.Text(one), scan.Limits{FileBytes: 3}, disowns)
	require.NoError(t, err)
	assert.Zero(t, r.Coverage.Skipped.Entries, "what was too large to look at is nobody's only perhaps")
	assert.Equal(t, []attest.Code{scan.CodeNothingClaimed, scan.CodeFileBytes}, codes(r.Coverage.Gaps))
}
