package gomod

import (
	"cmp"
	"path"
	"slices"

	"go/version"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/internal/golang"
)

// A listing turns places into packages and gaps.
type listing struct{ result scan.Result }

// place lists one directory's modules. work is the place of the workspace that
// uses it, or nil.
func (l *listing) place(p, work *place) {
	if p.work != nil {
		l.release(p.dir, "go.work", p.work.Go, p.work.Toolchain)
	}
	if p.mod == nil {
		l.orphans(p)
		return
	}
	l.main(p)
	l.release(p.dir, "go.mod", p.mod.Go, p.mod.Toolchain)
	replaces := p.mod.Replace
	if work != nil {
		replaces = slices.Concat(work.work.Replace, replaces) // the workspace's come first
	}
	for _, r := range p.mod.Require {
		l.require(p, work, r, replaces)
	}
	l.vendored(p)
	if !pruned(p.mod) && p.vendor == nil && len(p.mod.Require) > 0 {
		l.gap(CodeUnpruned, p.file("go.mod"), "", "go 1.17 or later, or a vendor directory", "go "+goLine(p.mod.Go))
	}
}

// orphans reports module files whose go.mod is absent or did not parse.
func (l *listing) orphans(p *place) {
	if p.sums != nil && p.work == nil {
		l.gap(CodeNoModule, p.file("go.sum"), "", "a go.mod beside it", "none")
	}
	if p.vendor != nil {
		l.vendored(p)
		if p.work == nil {
			l.gap(CodeVendor, p.vendor.path, "", "a go.mod beside it", "none")
		}
	}
}

func (l *listing) main(p *place) {
	m := golang.Package(p.mod.Module.Mod.Path, "")
	m.Main = true
	l.add(m, p.file("go.mod"), p.mod.Module.Syntax)
}

// release lists what the Go release brings that a go or toolchain line demands.
// Without a go line the go command assumes go 1.16.
func (l *listing) release(dir, file string, goLine *modfile.Go, toolchain *modfile.Toolchain) {
	name, syntax := "go1.16", (*modfile.Line)(nil)
	if goLine != nil {
		name, syntax = "go"+goLine.Version, goLine.Syntax
	}
	if toolchain != nil && toolchain.Name != "default" {
		if !version.IsValid(toolchain.Name) || version.Compare(toolchain.Name, name) > 0 {
			name, syntax = toolchain.Name, toolchain.Syntax
		}
	}
	for _, m := range []string{golang.Stdlib, golang.Toolchain} {
		l.add(golang.Package(m, golang.ReleaseVersion(name)), path.Join(dir, file), syntax)
	}
}

func (l *listing) require(p, work *place, r *modfile.Require, replaces []*modfile.Replace) {
	at := p.file("go.mod")
	target, ok := replacement(r.Mod, replaces)
	if ok && modfile.IsDirectoryPath(target.Path) {
		l.gap(CodeReplaceLocal, at, r.Mod.String(), "a module version", "the directory "+scan.Quote(target.Path))
		return
	}
	pkg := golang.Package(target.Path, target.Version)
	pkg.Direct = !r.Indirect
	if ok {
		original := golang.Ref(r.Mod.Path, r.Mod.Version)
		pkg.Replaces = &original
	}
	hash, known := p.sums.of(target)
	if !known && work != nil {
		hash, known = work.sums.of(target)
	}
	if !known {
		l.gap(CodeSumMissing, at, target.String(), "a line in go.sum", "none")
	}
	pkg.Hash = hash
	l.add(pkg, at, r.Syntax)
}

// replacement applies replace directives: one for the exact version goes before
// one for all versions, and the first of equals wins. ok tells that one applies.
func replacement(m module.Version, replaces []*modfile.Replace) (target module.Version, ok bool) {
	for _, exact := range []bool{true, false} {
		for _, r := range replaces {
			if r.Old.Path == m.Path && (exact && r.Old.Version == m.Version || !exact && r.Old.Version == "") {
				return r.New, true
			}
		}
	}
	return m, false
}

// vendored lists what vendor/modules.txt says, which is what gets compiled, and
// compares it with go.mod as the go command does.
func (l *listing) vendored(p *place) {
	if p.vendor == nil {
		return
	}
	for _, v := range p.vendor.modules {
		if v.module.Version == "" {
			continue // tells a replacement again
		}
		target := v.module
		if v.replace != nil {
			target = *v.replace
		}
		if modfile.IsDirectoryPath(target.Path) {
			l.gap(CodeReplaceLocal, p.vendor.path, v.module.String(), "a module version", "the directory "+scan.Quote(target.Path))
			continue
		}
		pkg := golang.Package(target.Path, target.Version)
		if v.replace != nil {
			original := golang.Ref(v.module.Path, v.module.Version)
			pkg.Replaces = &original
		}
		pkg.Hash, _ = p.sums.of(target)
		pkg.Locations = []scan.Location{{Path: p.vendor.path, Line: v.line}}
		l.result.Packages = append(l.result.Packages, pkg)
	}
	if p.mod != nil {
		l.compareVendor(p)
	}
}

// compareVendor reports requirements that are vendored in another version, or
// replaced by another module, than go.mod says.
func (l *listing) compareVendor(p *place) {
	byPath := map[string]vendored{}
	for _, v := range p.vendor.modules {
		if v.module.Version != "" {
			byPath[v.module.Path] = v
		}
	}
	required := map[string]bool{}
	for _, r := range p.mod.Require {
		required[r.Mod.Path] = true
		v, ok := byPath[r.Mod.Path]
		if !ok {
			continue // no package of it is needed
		}
		target, replaced := replacement(r.Mod, p.mod.Replace)
		same := v.module == r.Mod && replaced == (v.replace != nil) && (!replaced || *v.replace == target)
		if !same {
			l.gap(CodeVendor, p.vendor.path, r.Mod.Path, target.String(), v.String())
		}
	}
	for _, v := range p.vendor.modules {
		if v.explicit && !required[v.module.Path] {
			l.gap(CodeVendor, p.vendor.path, v.module.Path, "a requirement in go.mod", "none")
		}
	}
}

// String names what is compiled.
func (v vendored) String() string {
	if v.replace != nil {
		return v.replace.String()
	}
	return v.module.String()
}

func (l *listing) add(p scan.Package, at string, syntax *modfile.Line) {
	line := 0
	if syntax != nil {
		line = syntax.Start.Line
	}
	p.Locations = []scan.Location{{Path: at, Line: line}}
	l.result.Packages = append(l.result.Packages, p)
}

func (l *listing) gap(code attest.Code, at, record, want, got string) {
	l.result.Gaps = append(l.result.Gaps, scan.Gap{
		Reason: attest.Reason{Code: code, Want: want, Got: got},
		Path:   at,
		Record: record,
	})
}

func (p *place) file(name string) string { return path.Join(p.dir, name) }

// pruned reports whether go.mod lists every module that its packages need
// (Go Modules Reference, "Module graph pruning").
func pruned(f *modfile.File) bool {
	return f.Go != nil && version.Compare("go"+f.Go.Version, "go1.17") >= 0
}

func goLine(g *modfile.Go) string {
	if g == nil {
		return "(none)"
	}
	return cmp.Or(g.Version, "(none)")
}
