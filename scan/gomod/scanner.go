package gomod

import (
	"context"
	"io"
	"maps"
	"path"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// Name is the scanner's name in a report.
const Name = "gomod"

// A Scanner reads Go module files. The zero value is ready, immutable, and safe
// for concurrent use.
type Scanner struct{}

// Descriptor implements scan.Scanner.
func (Scanner) Descriptor() scan.Descriptor { return scan.Descriptor{Name: Name, Version: "1"} }

// Begin implements scan.Scanner.
func (Scanner) Begin(ctx context.Context) (scan.Session, error) {
	return &session{places: map[string]*place{}}, ctx.Err()
}

// A session collects the module files by the directory that they belong to.
type session struct {
	places map[string]*place
	gaps   []scan.Gap
}

// A place is a directory with module files.
type place struct {
	dir    string
	mod    *modfile.File
	sums   *sums
	vendor *vendor
	work   *modfile.WorkFile
}

// Want implements scan.Session. Files are known by their names, as the go
// command knows them.
func (s *session) Want(h scan.Header, _ []byte) bool {
	dir, base := path.Split(h.Path)
	switch base {
	case "go.mod", "go.sum", "go.work", "go.work.sum":
		return true
	case "modules.txt":
		return path.Base(dir) == "vendor"
	case "vendor":
		return h.Kind == scan.KindLink // a vendor directory that nobody would enter
	}
	return false
}

// Inspect implements scan.Session.
func (s *session) Inspect(_ context.Context, h scan.Header, content *io.SectionReader) error {
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	dir, base := path.Split(h.Path)
	dir = path.Clean(dir)
	switch base {
	case "go.mod":
		s.at(dir).mod, err = modfile.Parse(h.Path, data, nil)
		if err == nil && s.at(dir).mod.Module == nil {
			s.at(dir).mod = nil
			return malformed(h.Path, "a module line", "none")
		}
	case "go.work":
		s.at(dir).work, err = modfile.ParseWork(h.Path, data, nil)
	case "go.sum", "go.work.sum":
		return s.sum(s.at(dir), h.Path, data)
	case "modules.txt":
		s.at(path.Dir(dir)).vendor, err = parseVendor(h.Path, data)
		return err
	}
	if err != nil {
		return malformed(h.Path, "a file in the syntax of the Go Modules Reference", scan.Quote(err.Error()))
	}
	return nil
}

func malformed(where, want, got string) error {
	return attest.Refuse(CodeMalformed, where, want, got)
}

func (s *session) at(dir string) *place {
	p, ok := s.places[dir]
	if !ok {
		p = &place{dir: dir}
		s.places[dir] = p
	}
	return p
}

// End implements scan.Session.
func (s *session) End(ctx context.Context) (scan.Result, error) {
	l := &listing{result: scan.Result{Gaps: s.gaps}}
	for _, dir := range slices.Sorted(maps.Keys(s.places)) {
		if err := ctx.Err(); err != nil {
			return scan.Result{}, err
		}
		l.place(s.places[dir], s.workspace(dir))
	}
	return l.result, nil
}

// workspace returns the nearest place at or above dir whose go.work uses it.
func (s *session) workspace(dir string) *place {
	for at := dir; ; at = path.Dir(at) {
		if p := s.places[at]; p != nil && p.work != nil && p.uses(dir) {
			return p
		}
		if at == "." {
			return nil
		}
	}
}

func (p *place) uses(dir string) bool {
	return slices.ContainsFunc(p.work.Use, func(u *modfile.Use) bool {
		return path.Join(p.dir, u.Path) == dir
	})
}
