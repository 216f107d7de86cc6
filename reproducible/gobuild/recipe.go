package gobuild

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
)

// Where the inputs are in the file tree of a build.
const (
	sourceDir    = "/src"
	toolchainDir = "/go"
	modulesDir   = "/modules"
	compilerDir  = "/usr/bin" // of Config.C
)

// A recipe is everything that differs between two plans, apart from the inputs.
type recipe struct {
	pkg, output        string
	goos, goarch, arch string // arch is the value of GOAMD64, GOARM64, ...
	tags               string
	ldflags            string
	vendored           bool
	cgo                bool
}

var (
	packageForm = regexp.MustCompile(`^\.(/[A-Za-z0-9_+~-][A-Za-z0-9_.+~-]*)*$`)
	wordForm    = regexp.MustCompile(`^[a-z0-9]+$`)
	archForm    = regexp.MustCompile(`^[a-z0-9.,]*$`)
	tagsForm    = regexp.MustCompile(`^([A-Za-z0-9_.]+(,[A-Za-z0-9_.]+)*)?$`)
	flagsForm   = regexp.MustCompile(`^[A-Za-z0-9_./:=@+, -]*$`)
)

func (r recipe) validate() error {
	for _, c := range []struct {
		where, value string
		ok           bool
	}{
		{"Package", r.pkg, packageForm.MatchString(r.pkg)},
		{"Output", r.output, reproducible.ValidOutputPath(r.output) && path.Base(r.output) == r.output && !strings.HasPrefix(r.output, "-")},
		{"GOOS", r.goos, wordForm.MatchString(r.goos)},
		{"GOARCH", r.goarch, wordForm.MatchString(r.goarch)},
		{"Level", r.arch, archForm.MatchString(r.arch)},
		{"Tags", r.tags, tagsForm.MatchString(r.tags)},
		{"LDFlags", r.ldflags, flagsForm.MatchString(r.ldflags)},
	} {
		if !c.ok {
			return attest.Refuse(CodeConfig, c.where, "a value of the documented form", quote(c.value))
		}
	}
	return nil
}

// command is the one command line of a recipe.
func (r recipe) command() []string {
	args := []string{toolchainDir + "/bin/go", "build", "-trimpath", "-buildvcs=false"}
	if r.tags != "" {
		args = append(args, "-tags="+r.tags)
	}
	if r.ldflags != "" {
		args = append(args, "-ldflags="+r.ldflags)
	}
	return append(args, "-o", path.Join(reproducible.OutputDir, r.output), r.pkg)
}

// levelVariable names the variable that chooses the instructions of an
// architecture, and its default.
func levelVariable(goarch string) (name, value string) {
	switch goarch {
	case "386":
		return "GO386", "sse2"
	case "amd64":
		return "GOAMD64", "v1"
	case "arm":
		return "GOARM", "7"
	case "arm64":
		return "GOARM64", "v8.0"
	case "mips", "mipsle":
		return "GOMIPS", "hardfloat"
	case "mips64", "mips64le":
		return "GOMIPS64", "hardfloat"
	case "ppc64", "ppc64le":
		return "GOPPC64", "power8"
	case "riscv64":
		return "GORISCV64", "rva20u64"
	}
	return "", ""
}

// env gives a value to every variable by which the go command decides what it
// makes; "go help environment" lists them.
func (r recipe) env() map[string]string {
	const cFlags = "-O2 -g" // the default of the go command, spelled out
	env := map[string]string{
		"GOROOT": toolchainDir, "GOPATH": "/tmp/go", "GOCACHE": "/tmp/cache", "GOMODCACHE": "/tmp/go/pkg/mod",
		"GOENV": "off", "GOWORK": "off", "GO111MODULE": "on", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off",
		"GOFLAGS": "-mod=readonly", "GOPROXY": "file://" + modulesDir, "GOSUMDB": "off", "GONOPROXY": "none",
		"GOVCS": "*:off", "GOEXPERIMENT": "", "GODEBUG": "", "GOFIPS140": "off", "GOOS": r.goos, "GOARCH": r.goarch,
		"CGO_ENABLED": "0", "CGO_CFLAGS": cFlags, "CGO_CPPFLAGS": "", "CGO_CXXFLAGS": cFlags, "CGO_FFLAGS": cFlags,
		"CGO_LDFLAGS": cFlags,
	}
	if r.vendored {
		env["GOFLAGS"], env["GOPROXY"] = "-mod=vendor", "off"
	}
	if name, _ := levelVariable(r.goarch); name != "" {
		env[name] = r.arch
	}
	if r.cgo {
		maps.Copy(env, map[string]string{
			"CGO_ENABLED": "1", "CC": compilerDir + "/gcc", "CXX": compilerDir + "/g++", "AR": compilerDir + "/ar",
			"FC": compilerDir + "/gfortran", "PKG_CONFIG": compilerDir + "/pkg-config", "PATH": compilerDir + ":/bin",
		})
	}
	return env
}

// spec is the one spec of a recipe, apart from what the inputs hold.
func (r recipe) spec(inputs []reproducible.Input) *reproducible.Spec {
	return &reproducible.Spec{
		Inputs: inputs, Command: r.command(), Env: r.env(), Dir: sourceDir, Outputs: []string{r.output},
	}
}

// places are where the inputs of a recipe are, in ascending order, apart from those
// of a C toolchain.
func (r recipe) places() []string {
	if r.vendored {
		return []string{toolchainDir, sourceDir}
	}
	return []string{toolchainDir, modulesDir, sourceDir}
}

// checkC refuses inputs that are not top-level directories of a system with a C
// compiler, and any at all where there is no C in the recipe.
func (r recipe) checkC(inputs []reproducible.Input) error {
	var compiler bool
	for _, in := range inputs {
		compiler = compiler || in.Path == path.Dir(compilerDir)
		ok := in.Kind == reproducible.Tree && in.Role == provenance.RoleBase && path.Dir(in.Path) == "/" && in.Path != "/"
		if !ok || slices.Contains([]string{toolchainDir, modulesDir, sourceDir}, in.Path) {
			return attest.Refuse(CodeConfig, "Config.C", "top-level trees of a system, as package inputs gives them", quote(in.Path))
		}
	}
	if compiler != r.cgo || !r.cgo && len(inputs) > 0 {
		return attest.Refuse(CodeConfig, "Config.C", path.Dir(compilerDir)+" of a system if C is compiled, and none if not", strconv.Itoa(len(inputs)))
	}
	return nil
}

// recipeOf reads a recipe out of a command and its environment. Whether they are
// exactly those of the recipe is for the caller to compare.
func recipeOf(command []string, env map[string]string) recipe {
	r := recipe{goos: env["GOOS"], goarch: env["GOARCH"], vendored: env["GOPROXY"] == "off", cgo: env["CGO_ENABLED"] == "1"}
	if name, _ := levelVariable(r.goarch); name != "" {
		r.arch = env[name]
	}
	for i, arg := range command {
		if value, ok := strings.CutPrefix(arg, "-tags="); ok {
			r.tags = value
		}
		if value, ok := strings.CutPrefix(arg, "-ldflags="); ok {
			r.ldflags = value
		}
		if i == len(command)-2 {
			r.output, _ = strings.CutPrefix(arg, reproducible.OutputDir+"/")
		}
		if i == len(command)-1 {
			r.pkg = arg
		}
	}
	return r
}

// mismatch returns the name of a variable on which two environments differ, or "".
func mismatch(a, b map[string]string) string {
	names := slices.Sorted(maps.Keys(a))
	for _, name := range append(names, slices.Sorted(maps.Keys(b))...) {
		x, okX := a[name]
		y, okY := b[name]
		if okX != okY || x != y {
			return name
		}
	}
	return ""
}

func quote(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "?")
}
