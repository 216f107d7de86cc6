package scantest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/scantest"
)

func sample() *scantest.Tree {
	return scantest.Text("a comment\n-- d/a.list --\nGo example.com/a v1.0.0\nGo example.com/b v1.0.0\n-- readme --\nx\n-- l -> readme --\n")
}

func TestTextIsReadAsATree(t *testing.T) {
	tree := sample()
	assert.Equal(t, map[string]string{"d/a.list": "Go example.com/a v1.0.0\nGo example.com/b v1.0.0\n", "readme": "x\n"}, tree.Files)
	assert.Equal(t, map[string]string{"l": "readme"}, tree.Links)
}

func TestTheFakesKeepTheContract(t *testing.T) {
	assert.NoError(t, scantest.CheckSource(t.Context(), sample()))
	assert.NoError(t, scantest.CheckScanner(t.Context(), scantest.Scanner{}, sample()))
}

// brokenScanner breaks one clause at a time.
type brokenScanner struct {
	scantest.Scanner
	calls *atomic.Int64
	how   string
}

func (b brokenScanner) Descriptor() scan.Descriptor {
	d := b.Scanner.Descriptor()
	switch b.how {
	case "no version":
		d.Version = ""
	case "changing version":
		d.Version = fmt.Sprint(b.calls.Add(1))
	}
	return d
}

func (b brokenScanner) Begin(ctx context.Context) (scan.Session, error) {
	s, err := b.Scanner.Begin(ctx)
	return &brokenSession{Session: s, scanner: b}, err
}

type brokenSession struct {
	scan.Session
	scanner brokenScanner
	kept    []*io.SectionReader
}

func (s *brokenSession) Want(h scan.Header, prefix []byte) bool {
	switch s.scanner.how {
	case "panics on an empty prefix":
		return prefix[0] == 'G'
	case "wants nothing":
		return false
	}
	return s.Session.Want(h, prefix)
}

func (s *brokenSession) Inspect(ctx context.Context, h scan.Header, c *io.SectionReader) error {
	switch s.scanner.how {
	case "panics on short files":
		var b [40]byte
		n, _ := c.ReadAt(b[:], 0)
		_ = b[:n][39]
	case "is silent on garbage":
		_ = s.Session.Inspect(ctx, h, c)
		return nil
	case "keeps content":
		s.kept = append(s.kept, c)
		return nil
	}
	return s.Session.Inspect(ctx, h, c)
}

func (s *brokenSession) End(ctx context.Context) (scan.Result, error) {
	r, err := s.Session.End(ctx)
	extra := scan.Package{Ecosystem: "Go", Name: "extra", Version: "1", Locations: []scan.Location{{Path: "d/a.list"}}}
	switch s.scanner.how {
	case "finds without looking":
		r.Packages = append(r.Packages, extra)
	case "differs every time":
		extra.Version = fmt.Sprint(s.scanner.calls.Add(1))
		if len(r.Packages) > 0 {
			r.Packages = append(r.Packages, extra)
		}
	case "invents places":
		for i := range r.Packages {
			r.Packages[i].Locations = []scan.Location{{Path: "/etc/passwd"}}
		}
	case "tells no place":
		for i := range r.Packages {
			r.Packages[i].Locations = nil
		}
	case "keeps content":
		for _, c := range s.kept {
			data, _ := io.ReadAll(c)
			extra.Version = strings.ToValidUTF8(string(bytes.Fields(data)[0]), "?")
			r.Packages = append(r.Packages, extra)
		}
	}
	return r, err
}

func TestTheKitCatchesBrokenScanners(t *testing.T) {
	for how, clause := range map[string]string{
		"no version":                "descriptor:",
		"changing version":          "descriptor:",
		"panics on an empty prefix": "empty:",
		"wants nothing":             "samples:",
		"panics on short files":     "truncated:",
		"is silent on garbage":      "garbage:",
		"keeps content":             "keeps nothing:",
		"finds without looking":     "empty:",
		"differs every time":        "deterministic:",
		"invents places":            "locations:",
		"tells no place":            "locations:",
	} {
		err := scantest.CheckScanner(t.Context(), brokenScanner{calls: new(atomic.Int64), how: how}, sample())
		if assert.Error(t, err, how) {
			assert.Contains(t, err.Error(), clause, how)
		}
	}
}

// brokenSource breaks one clause at a time.
type brokenSource struct {
	*scantest.Tree
	calls *atomic.Int64
	how   string
}

func (b brokenSource) Walk(ctx context.Context, l scan.Limits, sink scan.Sink) (scan.Receipt, error) {
	if b.how == "ignores the context" {
		ctx = context.WithoutCancel(ctx)
	}
	if b.how == "a gap without a place" {
		sink.Gap(scan.Gap{Reason: attest.Reason{Code: scan.CodeSpecial}})
	}
	r, err := b.Tree.Walk(ctx, l, &brokenSink{Sink: sink, how: b.how})
	switch b.how {
	case "hides the sink's error":
		if ctx.Err() == nil {
			return r, nil
		}
	case "counts too much":
		r.Bytes++
	case "no digest":
		r.Subject.Digest = nil
	case "another receipt each time":
		r.Subject.Name = fmt.Sprint(b.calls.Add(1))
	}
	return r, err
}

type brokenSink struct {
	scan.Sink
	how string
}

func (s *brokenSink) Entry(h scan.Header, content io.Reader) error {
	switch s.how {
	case "twice":
		if h.Kind == scan.KindDir {
			_ = s.Sink.Entry(h, nil)
		}
	case "an absolute path":
		h.Path = "/" + h.Path
	case "no directories":
		if h.Kind == scan.KindDir {
			return nil
		}
	case "content of a link":
		if h.Kind == scan.KindLink {
			content = strings.NewReader("x")
		}
	case "a wrong size":
		h.Size += 7
	case "an unknown kind":
		if h.Kind == scan.KindDir {
			h.Kind = 9
		}
	case "a link to nowhere":
		h.Target = ""
	}
	return s.Sink.Entry(h, content)
}

func TestTheKitCatchesBrokenSources(t *testing.T) {
	for how, clause := range map[string]string{
		"ignores the context":       "cancelled:",
		"a gap without a place":     "gap:",
		"hides the sink's error":    "sink error:",
		"counts too much":           "receipt:",
		"no digest":                 "receipt:",
		"another receipt each time": "again:",
		"twice":                     "told twice",
		"an absolute path":          "no valid path",
		"no directories":            "after its directory",
		"content of a link":         "files only",
		"a wrong size":              "its header says",
		"an unknown kind":           "unknown kind",
		"a link to nowhere":         "links only",
	} {
		err := scantest.CheckSource(t.Context(), brokenSource{sample(), new(atomic.Int64), how})
		if assert.Error(t, err, how) {
			assert.Contains(t, err.Error(), clause, how)
		}
	}
}

func ExampleText() {
	tree := scantest.Text("-- a.list --\nGo example.com/a v1.0.0\n")
	report, err := scan.Run(context.Background(), tree, scan.Limits{}, scantest.Scanner{})
	fmt.Println(err, report.Packages[0].Name, report.Coverage.Complete())
	// Output: <nil> example.com/a true
}

func TestTheFakeDatabaseJudges(t *testing.T) {
	report, err := scan.Run(t.Context(), sample(), scan.Limits{}, scantest.Scanner{})
	require.NoError(t, err)
	report, err = scan.Match(t.Context(), report, scan.Limits{}, scantest.Database{Affected: map[string]scan.Severity{"example.com/a@v1.0.0": scan.High}})
	require.NoError(t, err)
	require.Len(t, report.Findings, 1)
	assert.Equal(t, scan.High, report.Findings[0].Severity)
}
