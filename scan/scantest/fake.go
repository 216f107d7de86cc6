package scantest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// A Scanner is a fake: in files named *.list it takes each line "ecosystem name
// version" for a package. It misbehaves at paths to order. It is safe for
// concurrent use.
type Scanner struct {
	Name    string            // default "list"
	PanicAt string            // Inspect panics at this path
	FailAt  string            // Inspect returns an error at this path
	HangAt  string            // Inspect blocks at this path until Release is closed
	Release <-chan struct{}   // ends the blocking
	Seen    func(scan.Header) // told every file that is inspected; may be nil
}

// Descriptor implements scan.Scanner.
func (s Scanner) Descriptor() scan.Descriptor {
	name := s.Name
	if name == "" {
		name = "list"
	}
	return scan.Descriptor{Name: name, Version: "1"}
}

// Begin implements scan.Scanner.
func (s Scanner) Begin(ctx context.Context) (scan.Session, error) {
	return &session{scanner: s}, ctx.Err()
}

type session struct {
	scanner Scanner
	result  scan.Result
}

func (s *session) Want(h scan.Header, _ []byte) bool { return path.Ext(h.Path) == ".list" }

func (s *session) Inspect(_ context.Context, h scan.Header, content *io.SectionReader) error {
	if s.scanner.Seen != nil {
		s.scanner.Seen(h)
	}
	switch h.Path {
	case s.scanner.PanicAt:
		panic("ordered panic")
	case s.scanner.FailAt:
		return attest.Refuse(CodeLine, "", "no order to fail", "one")
	case s.scanner.HangAt:
		<-s.scanner.Release
		return nil
	}
	lines := bufio.NewScanner(content)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 || strings.ContainsRune(lines.Text(), 0) {
			return attest.Refuse(CodeLine, fmt.Sprint("line ", n), "ecosystem name version", scan.Quote(lines.Text()))
		}
		s.result.Packages = append(s.result.Packages, scan.Package{
			Ecosystem: fields[0], Name: fields[1], Version: fields[2],
			Locations: []scan.Location{{Path: h.Path, Line: n}},
		})
	}
	return lines.Err()
}

func (s *session) End(context.Context) (scan.Result, error) { return s.result, nil }

// A Database is a fake Matcher: the packages in Affected, by "name@version", are
// vulnerable, and those in Unknown cannot be judged. It is safe for concurrent
// use while nobody changes it.
type Database struct {
	Affected map[string]scan.Severity
	Unknown  map[string]bool
	Err      error // returned by every Match
}

// Descriptor implements scan.Matcher.
func (d Database) Descriptor() scan.Descriptor {
	return scan.Descriptor{Name: "fake-database", Version: "1"}
}

// Match implements scan.Matcher.
func (d Database) Match(_ context.Context, packages []scan.Package) (scan.Result, error) {
	var result scan.Result
	for _, p := range packages {
		key, ref := p.Name+"@"+p.Version, p.Ref()
		if severity, ok := d.Affected[key]; ok {
			result.Findings = append(result.Findings, scan.Finding{
				Rule: "fake.affected", Severity: severity, Package: &ref, Locations: p.Locations,
				Advisory: &scan.Advisory{ID: "FAKE-" + key},
			})
		}
		if d.Unknown[key] {
			result.Gaps = append(result.Gaps, scan.Gap{Reason: attest.Reason{Code: CodeLine, Got: key}, Record: key})
		}
	}
	return result, d.Err
}
