package gobuild

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/store"
)

// A Runner runs the go command with the arguments args in a directory, with exactly
// that environment, and returns its standard output. Its error tells what the
// command wrote to standard error.
type Runner func(ctx context.Context, dir string, env []string, args ...string) ([]byte, error)

// A Config says what to build. Source, Output, Store, Temp and Run are required.
type Config struct {
	// Source is the directory of the main module; SourceURI is where it is from, for
	// provenance.
	Source, SourceURI string
	// Package is the main package, as "." (the default) or a path such as "./cmd/app".
	Package string
	// Output is the name of the program.
	Output string
	// GOROOT is the toolchain; the default is what "go env GOROOT" says.
	GOROOT string
	// GOOS, GOARCH and Level, the value of GOAMD64, GOARM64 and the like, say what to
	// build for. The defaults are this machine's and the least level.
	GOOS, GOARCH, Level string
	// Tags are build tags, LDFlags flags for the linker.
	Tags, LDFlags []string
	// Proxy is where modules come from, as GOPROXY has it; the default is ModuleCache
	// alone. ModuleCache, if not empty, is a module cache that is asked first. Either
	// way go.sum decides what is right.
	Proxy, ModuleCache string
	// Network are environment variables for downloads, such as HTTPS_PROXY. They
	// reach no build.
	Network map[string]string
	// C is a system with a C compiler at /usr/bin/gcc, its headers and libraries, as
	// inputs.Config.Root and Image give one, already in Store. Programs may then
	// import "C"; without it, CGO_ENABLED is 0.
	C []reproducible.Input
	// Store takes the inputs.
	Store *store.Store
	// Temp is a directory for work, which the caller removes.
	Temp string
	// Run runs the go command.
	Run Runner
	// Require are the guarantees without which the plan must not run; the default is
	// reproducible.Hermetic, and InputsPinned is always among them.
	Require reproducible.Guarantees
	// Epoch and Limits are those of the spec.
	Epoch  int64
	Limits reproducible.Limits
}

// Plan pins everything that the build reads and returns the spec that names it by
// digest. Equal files, toolchain and config give equal specs.
func Plan(ctx context.Context, c Config) (*reproducible.Spec, error) {
	if c.Source == "" || c.Store == nil || c.Temp == "" || c.Run == nil {
		return nil, attest.Refuse(CodeConfig, "Config", "Source, Store, Temp and Run", "one is missing")
	}
	r := recipe{
		pkg: cmp.Or(c.Package, "."), output: c.Output, goos: cmp.Or(c.GOOS, runtime.GOOS),
		goarch: cmp.Or(c.GOARCH, runtime.GOARCH), tags: strings.Join(c.Tags, ","), ldflags: strings.Join(c.LDFlags, " "),
		cgo: len(c.C) > 0,
	}
	_, least := levelVariable(r.goarch)
	r.arch = cmp.Or(c.Level, least)
	if err := errors.Join(r.validate(), r.checkC(c.C)); err != nil {
		return nil, err
	}
	p := planner{Config: c, recipe: r}
	source, err := p.source(ctx)
	if err != nil {
		return nil, err
	}
	toolchain, err := p.toolchain(ctx)
	if err != nil {
		return nil, err
	}
	inputs := []reproducible.Input{source, toolchain}
	if !p.recipe.vendored {
		modules, err := p.modules(ctx)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, modules)
	}
	spec := p.recipe.spec(append(inputs, c.C...))
	spec.Require = cmp.Or(c.Require, reproducible.Hermetic) | reproducible.InputsPinned
	spec.Epoch, spec.Limits = c.Epoch, c.Limits
	return spec, spec.Validate()
}

// A planner is one call of Plan.
type planner struct {
	Config
	recipe recipe
	pinned digest.Digest // of the source
}

// source pins the source and looks for vendored modules in what was pinned.
func (p *planner) source(ctx context.Context) (reproducible.Input, error) {
	in := reproducible.Input{
		Path: sourceDir, Kind: reproducible.Tree, Role: provenance.RoleSource, Name: "source", URI: p.SourceURI,
	}
	root, err := os.OpenRoot(p.Source)
	if err != nil {
		return in, attest.Refuse(CodeSource, "Config.Source", "a directory", "").Because(err)
	}
	defer root.Close()
	d, manifest, err := p.Store.PutTree(ctx, root)
	if err != nil {
		return in, err
	}
	in.Digest, p.pinned = d, d
	module := false
	for _, e := range manifest.Entries {
		module = module || e.Path == "go.mod"
		p.recipe.vendored = p.recipe.vendored || e.Path == "vendor/modules.txt"
	}
	if !module {
		return in, attest.Refuse(CodeSource, "Config.Source", "a go.mod file", "none")
	}
	return in, nil
}

// toolchain pins the parts of a Go tree that compile programs.
func (p *planner) toolchain(ctx context.Context) (reproducible.Input, error) {
	in := reproducible.Input{Path: toolchainDir, Kind: reproducible.Tree, Role: provenance.RoleTool}
	if p.GOROOT == "" {
		out, err := p.Run(ctx, p.Temp, p.goEnv(), "env", "GOROOT")
		if err != nil {
			return in, attest.Refuse(CodeGo, "go env GOROOT", "an answer", "").Because(err)
		}
		p.GOROOT = strings.TrimSpace(string(out))
	}
	if !filepath.IsAbs(p.GOROOT) {
		return in, attest.Refuse(CodeToolchain, "Config.GOROOT", "an absolute path", quote(p.GOROOT))
	}
	version, err := optional(filepath.Join(p.GOROOT, "VERSION"))
	if err != nil || len(version) == 0 {
		return in, attest.Refuse(CodeToolchain, "Config.GOROOT", "a Go tree", "").Because(err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	in.Name = quote(strings.TrimSpace(first))
	dir := filepath.Join(p.Temp, "toolchain")
	if err := copyToolchain(p.GOROOT, dir); err != nil {
		return in, err
	}
	in.Digest, err = p.putTree(ctx, dir)
	return in, err
}

func (p *planner) putTree(ctx context.Context, dir string) (digest.Digest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return digest.Digest{}, attest.Refuse(CodeConfig, "Config.Temp", "a directory for work", "").Because(err)
	}
	defer root.Close()
	d, _, err := p.Store.PutTree(ctx, root)
	return d, err
}

// modules pins the modules that go.sum names, in the form of a module proxy. They
// are downloaded for a copy of the pinned source, so that what is pinned and what
// was resolved are the same, and a go.sum that lacks a module is found.
func (p *planner) modules(ctx context.Context) (reproducible.Input, error) {
	in := reproducible.Input{Path: modulesDir, Kind: reproducible.Tree, Role: provenance.RoleOther, Name: "modules of go.sum"}
	from, err := p.Store.Materialize(ctx, p.pinned)
	if err != nil {
		return in, err
	}
	source, cache := filepath.Join(p.Temp, "source"), filepath.Join(p.Temp, "modules")
	if err := copyTree(from, source, everything); err != nil {
		return in, attest.Refuse(CodeModules, "Config.Temp", "a copy of the source", "").Because(err)
	}
	sum, err := optional(filepath.Join(from, "go.sum"))
	if err != nil {
		return in, attest.Refuse(CodeModules, "go.sum", "a file, if any", "").Because(err)
	}
	if _, err := p.Run(ctx, source, p.goEnv(), "mod", "download"); err != nil {
		return in, attest.Refuse(CodeModules, "go mod download", "the modules of go.sum", "").Because(err)
	}
	now, err := optional(filepath.Join(source, "go.sum"))
	if err != nil || !bytes.Equal(sum, now) {
		return in, attest.Refuse(CodeModules, "go.sum", "every module, as \"go mod tidy\" leaves it", "lines are missing").Because(err)
	}
	proxy := filepath.Join(cache, "cache", "download")
	if err := errors.Join(os.MkdirAll(proxy, 0o755), removeLocks(proxy)); err != nil {
		return in, attest.Refuse(CodeModules, "Config.Temp", "a module cache", "").Because(err)
	}
	in.Digest, err = p.putTree(ctx, proxy)
	return in, err
}

// goEnv is the whole environment of the go command outside of the build.
func (p *planner) goEnv() []string {
	env := []string{
		"HOME=" + p.Temp, "GOPATH=" + filepath.Join(p.Temp, "gopath"), "GOCACHE=" + filepath.Join(p.Temp, "cache"),
		"GOMODCACHE=" + filepath.Join(p.Temp, "modules"), "GOPROXY=" + p.proxies(), "GOFLAGS=-modcacherw",
		"GOENV=off", "GOWORK=off", "GO111MODULE=on", "GOTOOLCHAIN=local", "GOTELEMETRY=off", "GOSUMDB=off", "GOVCS=*:off",
	}
	for name, value := range p.Network {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

func (p *planner) proxies() string {
	var list []string
	if p.ModuleCache != "" {
		list = append(list, "file://"+filepath.ToSlash(filepath.Join(p.ModuleCache, "cache", "download")))
	}
	if p.Proxy != "" {
		list = append(list, p.Proxy)
	}
	return cmp.Or(strings.Join(list, ","), "off")
}

// optional returns what a file holds, and nothing if there is none.
func optional(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 64 << 20
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if len(b) > most {
		return nil, errors.New(name + " is larger than 64 MiB")
	}
	return b, err
}
