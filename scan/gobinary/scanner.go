package gobinary

import (
	"context"
	"debug/buildinfo"
	"debug/macho"
	"errors"
	"io"
	"maps"
	"path"
	"runtime/debug"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/internal/golang"
)

// Name is the scanner's name in a report.
const Name = "gobinary"

// A Scanner reads Go build information from executables. The zero value is
// ready, immutable, and safe for concurrent use.
type Scanner struct{}

// Descriptor implements scan.Scanner.
func (Scanner) Descriptor() scan.Descriptor { return scan.Descriptor{Name: Name, Version: "2"} }

// Begin implements scan.Scanner.
func (Scanner) Begin(ctx context.Context) (scan.Session, error) { return &session{}, ctx.Err() }

type session struct{ result scan.Result }

// Want implements scan.Session. Executables are known by their content, whatever
// their name and mode.
func (s *session) Want(h scan.Header, prefix []byte) bool {
	return h.Kind == scan.KindFile && formatOf(prefix) != notExecutable
}

// Inspect implements scan.Session.
func (s *session) Inspect(ctx context.Context, h scan.Header, content *io.SectionReader) error {
	parts, err := split(content)
	if err != nil {
		return err
	}
	mine := false
	for _, part := range parts {
		err := s.executable(ctx, h.Path, part)
		if err != nil && err != scan.ErrNotMine {
			return err
		}
		mine = mine || err == nil
	}
	if !mine {
		return scan.ErrNotMine
	}
	return nil
}

// End implements scan.Session.
func (s *session) End(context.Context) (scan.Result, error) { return s.result, nil }

// split returns the executables in the file: the parts of a universal Mach-O
// file, of which debug/buildinfo would read only the first, or the file itself.
func split(content *io.SectionReader) ([]*io.SectionReader, error) {
	prefix := make([]byte, 16)
	n, err := content.ReadAt(prefix, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if formatOf(prefix[:n]) != universal {
		return []*io.SectionReader{content}, nil
	}
	fat, err := macho.NewFatFile(content)
	if err != nil {
		return nil, attest.Refuse(CodeFormat, "", "a universal Mach-O file", scan.Quote(err.Error()))
	}
	defer fat.Close()
	var parts []*io.SectionReader
	for _, a := range fat.Arches {
		parts = append(parts, io.NewSectionReader(content, int64(a.Offset), int64(a.Size)))
	}
	return parts, nil
}

// executable lists one executable's modules.
func (s *session) executable(ctx context.Context, at string, content *io.SectionReader) error {
	info, err := buildinfo.Read(content)
	if err != nil {
		return s.without(ctx, content, err)
	}
	if err := faithful(ctx, content, info); err != nil {
		return err
	}
	where := []scan.Location{{Path: at}}
	release := golang.Package(golang.Stdlib, golang.ReleaseVersion(info.GoVersion))
	release.Locations = where
	s.result.Packages = append(s.result.Packages, release)
	if info.Main.Path == "" && len(info.Deps) == 0 {
		return attest.Refuse(CodeNoModules, "", "a list of modules", "Go "+scan.Quote(info.GoVersion)+" only")
	}
	if info.Main.Path != "" {
		s.module(&info.Main, where, func(p *scan.Package) { p.Main, p.Settings = true, settings(info) })
	}
	for _, m := range info.Deps {
		s.module(m, where, func(*scan.Package) {})
	}
	return nil
}

// without decides what it means that there is no build information: that an executable
// without any mark of Go is not this scanner's; otherwise that it was removed.
func (s *session) without(ctx context.Context, content *io.SectionReader, cause error) error {
	found, err := marks(ctx, content)
	if err != nil {
		return err
	}
	switch {
	case found.packed:
		return attest.Refuse(CodePacked, "", "an executable that is not packed", "UPX")
	case len(found.golang) > 0:
		return attest.Refuse(CodeStripped, "", "Go build information", strings.Join(found.golang, ", ")).Because(cause)
	case !parses(content):
		return attest.Refuse(CodeFormat, "", "an executable that parses", scan.Quote(cause.Error()))
	}
	return scan.ErrNotMine
}

// module adds one module, or a gap where a directory stands in its place.
func (s *session) module(m *debug.Module, where []scan.Location, finish func(*scan.Package)) {
	p := golang.Package(m.Path, m.Version)
	p.Hash = m.Sum
	if r := m.Replace; r != nil {
		if r.Version == "" || r.Version == "(devel)" || isDirectory(r.Path) {
			s.result.Gaps = append(s.result.Gaps, scan.Gap{
				Reason: attest.Reason{Code: CodeReplaceLocal, Want: "a module version", Got: "the directory " + scan.Quote(r.Path)},
				Path:   where[0].Path,
				Record: m.Path + "@" + m.Version,
			})
			return
		}
		original := golang.Ref(m.Path, m.Version)
		p = golang.Package(r.Path, r.Version)
		p.Hash, p.Replaces = r.Sum, &original
	}
	p.Locations = where
	finish(&p)
	s.result.Packages = append(s.result.Packages, p)
}

// isDirectory tells a file path from a module path as the go command does.
func isDirectory(p string) bool {
	return path.IsAbs(p) || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../") || p == "." || p == ".."
}

// settings returns the build settings, with the main package under "path" and
// the Go release under "go".
func settings(info *debug.BuildInfo) map[string]string {
	all := map[string]string{"go": info.GoVersion, "path": info.Path}
	for _, s := range info.Settings {
		all[s.Key] = s.Value
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}
