package gobuild

import (
	"context"
	"debug/buildinfo"
	"errors"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/collect"
)

// The keys that only Go has. The key of a setting is Setting and its name.
const (
	Toolchain collect.Key = "go.version"
	Main      collect.Key = "go.main-module" // path@version
	Setting   collect.Key = "go.setting."

	hidden      = "[MASKED]"
	mostModules = 10_000
	mostSize    = 4 << 30
)

// A Collector reads a binary, which becomes an output.
type Collector struct {
	// File is the binary's name in Root.
	File string
	// Reveal lists flag settings, such as "-ldflags", whose values may be told.
	Reveal []string
}

// Collect is of the interface collect.Collector.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	where := excerpt.Quote(c.File)
	file, err := env.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	source, err := digest.FileSource(file)
	if err != nil {
		return nil, attest.Refuse(CodeBinary, where, "a file that can be read", "none").Because(err)
	}
	if source.Size() > mostSize {
		return nil, attest.Refuse(collect.CodeLimit, where, "at most "+strconv.Itoa(mostSize)+" bytes", strconv.FormatInt(source.Size(), 10))
	}
	info, err := buildinfo.Read(source)
	if err != nil {
		return nil, attest.Refuse(CodeBinary, where, "a Go binary with build information", "another file")
	}
	sum, err := digest.SumAt(ctx, source, digest.Options{}) // refuses a file that changed since FileSource
	if err != nil {
		return nil, attest.Refuse(CodeBinary, where, "a file that does not change", "").Because(err)
	}
	d, _ := sum.Digests.Strongest()
	r := reading{f: &collect.Facts{}, file: "file " + c.File, evidence: d}
	r.f.Output(attest.Descriptor{Name: c.File, Digest: sum.Digests}, collect.Measured, r.file, d)
	r.info(info, c.Reveal)
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return r.f, nil
}

// A reading adds the facts of one binary, and remembers what was wrong.
type reading struct {
	f        *collect.Facts
	file     string
	evidence digest.Digest
	errs     []error
}

func (r *reading) add(key collect.Key, form collect.Form, value, member string) {
	if value == "" {
		return
	}
	kept, ok := form.Parse(value)
	if !ok {
		r.errs = append(r.errs, attest.Refuse(collect.CodeValue, r.file+" "+member, form.String(), "another text of "+strconv.Itoa(len(value))+" bytes"))
		return
	}
	r.f.Add(collect.Fact{Key: key, Value: kept, Trust: collect.Measured, Origin: r.file + " " + member, Evidence: r.evidence})
}

func (r *reading) info(info *debug.BuildInfo, reveal []string) {
	r.add(Toolchain, collect.Phrase, info.GoVersion, "go")
	r.add(collect.EntryPoint, collect.Word, info.Path, "path")
	r.add(Main, collect.Phrase, strings.TrimSuffix(info.Main.Path+"@"+info.Main.Version, "@"), "mod")
	if len(info.Deps) > mostModules {
		r.errs = append(r.errs, attest.Refuse(collect.CodeLimit, r.file+" dep", "at most 10000 modules", strconv.Itoa(len(info.Deps))))
		return
	}
	for _, m := range info.Deps {
		r.module(m)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		if _, twice := settings[s.Key]; twice {
			r.errs = append(r.errs, attest.Refuse(collect.CodeConflict, r.file+" build", "each setting once", excerpt.Quote(s.Key)))
		}
		settings[s.Key] = s.Value
		r.setting(s, reveal)
	}
	if settings["-trimpath"] == "true" {
		r.f.Gap("flags", "the go command leaves -ldflags and CGO flags out of binaries that are built with -trimpath")
	}
	if settings["vcs"] == "git" {
		r.add(collect.Commit, collect.Object, settings["vcs.revision"], "vcs.revision")
		r.add(collect.Dirty, collect.Truth, settings["vcs.modified"], "vcs.modified")
	} else {
		r.f.Gap("source", "the binary tells no Git commit")
	}
}

// setting reads one setting that package cmd/go is known to write.
func (r *reading) setting(s debug.BuildSetting, reveal []string) {
	key := Setting + collect.Key(s.Key)
	switch s.Key {
	case "-buildmode", "-compiler", "-tags", "-trimpath", "-race", "-msan", "-asan", "-cover", "-mod", "CGO_ENABLED",
		"GOARCH", "GOOS", "GOAMD64", "GOARM", "GOARM64", "GO386", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM",
		"GOEXPERIMENT", "GOFIPS140", "DefaultGODEBUG", "vcs", "vcs.revision", "vcs.time", "vcs.modified":
		value := strings.ReplaceAll(s.Value, "=", ":") // of DefaultGODEBUG, for the form alone
		if _, ok := collect.Phrase.Parse(value); !ok && s.Value != "" {
			r.add(key, collect.Phrase, s.Value, s.Key)
			return
		}
		r.f.Add(collect.Fact{Key: key, Value: s.Value, Trust: collect.Measured, Origin: r.file + " " + s.Key, Evidence: r.evidence})
	case "-ldflags", "-gcflags", "-asmflags", "-gccgoflags", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS":
		value := hidden
		if slices.Contains(reveal, s.Key) && len(s.Value) <= 8<<10 {
			value = s.Value
		}
		r.f.Add(collect.Fact{Key: key, Value: value, Trust: collect.Measured, Origin: r.file + " " + s.Key, Evidence: r.evidence})
	default:
		r.f.Gap("setting", "the binary has a setting that is not known here")
	}
}

// module makes a module an input. One that is replaced by a directory has no digest.
func (r *reading) module(m *debug.Module) {
	if m.Replace != nil {
		m = m.Replace
	}
	_, plainPath := collect.Word.Parse(m.Path)
	_, plainVersion := collect.Word.Parse(m.Version)
	sum, err := treehash.ParseH1(m.Sum)
	if !plainPath || !plainVersion || err != nil {
		r.f.Gap("module", "a module has no version or no digest, as when a directory replaces it")
		return
	}
	namespace, name := "", m.Path
	if i := strings.LastIndexByte(m.Path, '/'); i >= 0 {
		namespace, name = m.Path[:i], m.Path[i+1:]
	}
	uri := packageurl.NewPackageURL(packageurl.TypeGolang, namespace, name, m.Version, nil, "").ToString()
	r.f.Input(provenance.RoleOther, attest.Descriptor{Name: m.Path, URI: uri, Digest: sum.Set()}, collect.Measured, r.file+" dep", r.evidence)
}

// Build makes the build that the facts of a record tell of. The repository must be
// known from elsewhere.
func Build(r *collect.Record, o collect.Options) (*provenance.Build, *collect.Report, error) {
	d := r.Draft(buildtype.GoBuild)
	if at, ok := r.Fact(collect.Repository); ok {
		d.Value("source", strings.TrimPrefix(at.Value, "git+"), at)
	}
	d.Need("package", collect.EntryPoint)
	for _, f := range r.Facts() {
		if name, ok := strings.CutPrefix(string(f.Key), string(Setting)); ok {
			d.External("settings/"+name, f.Key)
		}
	}
	d.Internal("go", Toolchain)
	d.Internal("mainModule", Main)
	d.Source()
	return d.Build(o)
}
