package gobuild_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/command"
	"github.com/sealwright/sealwright/reproducible/gobuild"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
)

// goCommand runs the go command of this machine, with exactly the given environment.
func goCommand(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	return out, err
}

func newStore(t testing.TB) *store.Store {
	t.Helper()
	dir, err := os.MkdirTemp("", "gobuild-store-")
	require.NoError(t, err)
	t.Cleanup(func() { removeAll(t, dir) })
	s, err := store.Open(dir, store.Limits{})
	require.NoError(t, err)
	return s
}

// removeAll also removes directories that are read-only.
func removeAll(t testing.TB, dir string) {
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return nil
	})
	assert.NoError(t, os.RemoveAll(dir))
}

func write(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o755))
	}
	return dir
}

// smallGo returns as much of this machine's Go tree as a program takes that imports
// "C" alone.
func smallGo(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT", "GOTOOLDIR").Output()
	if err != nil {
		t.Skip("needs go in PATH")
	}
	lines := strings.Fields(string(out))
	root, tools := lines[0], lines[1]
	list := exec.Command("go", "list", "-deps", "-f", "{{.Dir}}", "runtime/cgo", "syscall")
	list.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err = list.Output()
	require.NoError(t, err)
	from := append(strings.Fields(string(out)), filepath.Join(root, "pkg", "include"))
	files := []string{filepath.Join(root, "VERSION"), filepath.Join(root, "go.env"), filepath.Join(root, "bin", "go")}
	for _, tool := range []string{"asm", "cgo", "compile", "link"} {
		files = append(files, filepath.Join(tools, tool))
	}
	for _, dir := range from {
		names, err := filepath.Glob(filepath.Join(dir, "*.*"))
		require.NoError(t, err)
		files = append(files, names...)
	}
	to := t.TempDir()
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(t, err)
		if !info.Mode().IsRegular() || strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		at := filepath.Join(to, strings.TrimPrefix(name, root))
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, content, info.Mode().Perm()))
	}
	return to
}

const dep = "example.com/dep@v1.0.0/"

// program is a main module with a dependency, and a proxy that has it. go.sum is
// what the go command itself wrote.
func program(t *testing.T) (source, proxy string) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"dep.go", "go.mod"} {
		f, err := w.Create(dep + name)
		require.NoError(t, err)
		_, err = f.Write([]byte(map[string]string{
			"go.mod": "module example.com/dep\n\ngo 1.26\n",
			"dep.go": "package dep\n\nfunc Greeting() string { return \"hello\\n\" }\n",
		}[name]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	const at = "example.com/dep/@v/"
	proxy = write(t, t.TempDir(), map[string]string{
		at + "list": "v1.0.0\n", at + "v1.0.0.info": `{"Version":"v1.0.0"}`,
		at + "v1.0.0.mod": "module example.com/dep\n\ngo 1.26\n", at + "v1.0.0.zip": b.String(),
	})
	source = write(t, t.TempDir(), map[string]string{
		"go.mod":  "module example.com/app\n\ngo 1.26\n\nrequire example.com/dep v1.0.0\n",
		"main.go": "package main\n\nimport \"example.com/dep\"\n\nfunc main() { print(dep.Greeting()) }\n",
	})
	temp := t.TempDir()
	_, err := goCommand(t.Context(), source, []string{
		"HOME=" + temp, "GOPATH=" + temp, "GOCACHE=" + filepath.Join(temp, "c"), "GOPROXY=file://" + proxy,
		"GOSUMDB=off", "GOFLAGS=-modcacherw -mod=mod", "GOTOOLCHAIN=local", "GOENV=off", "PATH=" + os.Getenv("PATH"),
	}, "list", "-deps", ".")
	require.NoError(t, err)
	return source, "file://" + proxy
}

func TestAStrangerRepeatsABuildFromItsProvenanceAlone(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs go in PATH")
	}
	source, proxy := program(t)
	s := newStore(t)
	temp, start := t.TempDir(), time.Now()
	t.Setenv("GOFLAGS", "-ldflags=-X=main.evil=1") // nothing hidden may reach a plan
	spec, err := gobuild.Plan(t.Context(), gobuild.Config{
		Source: source, SourceURI: "git+https://example.com/app", Output: "app", Store: s, Temp: temp, Run: goCommand,
		GOROOT: smallGo(t), Proxy: proxy, LDFlags: []string{"-s", "-w"},
	})
	require.NoError(t, err)

	box, err := sandbox.New(sandbox.Config{Store: s, Now: time.Now})
	require.NoError(t, err)
	if granted, err := box.Probe(t.Context()); err != nil || !granted.Granted.Has(spec.Require) {
		t.Skipf("needs a machine that grants user namespaces: %v %v", err, granted.Missing)
	}
	first, err := box.Build(t.Context(), spec)
	require.NoError(t, err, "%s", logOf(err))
	build, err := reproducible.Describe(spec, first, reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder"}})
	require.NoError(t, err)
	statement, err := slsa.Encode(build)
	require.NoError(t, err)

	read, err := slsa.Decode(statement)
	require.NoError(t, err)
	repeated, err := gobuild.FromProvenance(read)
	require.NoError(t, err)
	second, err := box.Build(t.Context(), repeated)
	require.NoError(t, err, "%s", logOf(err))
	c, err := reproducible.Compare(first, second)
	require.NoError(t, err)
	require.Equal(t, reproducible.Identical, c.Verdict())
	t.Logf("planned in %v, built in %v and %v", first.Started.Sub(start), first.Finished.Sub(first.Started), second.Finished.Sub(second.Started))

	a, ok := first.Artifact("app")
	require.True(t, ok)
	d, _ := a.Digest.Strongest()
	path, err := s.MaterializeFile(t.Context(), d, true)
	require.NoError(t, err)
	out, err := exec.Command(path).CombinedOutput()
	require.NoError(t, err)
	assert.Equal(t, "hello\n", string(out))
}

func logOf(err error) string {
	var failed *reproducible.RunError
	if errors.As(err, &failed) {
		return string(failed.Result.Log.Text)
	}
	return ""
}

// toolchain is a tree with the parts of a Go tree, for plans that nobody builds.
func toolchain(t testing.TB) string {
	tool := "pkg/tool/" + runtime.GOOS + "_" + runtime.GOARCH
	return write(t, t.TempDir(), map[string]string{
		"VERSION": "go1.26.8\ntime 2026-08-28\n", "src/fmt/print.go": "package fmt", "src/fmt/print_test.go": "package fmt",
		"src/fmt/testdata/x": "x", "bin/go": "go", "pkg/include/asm.h": "", tool + "/compile": "compile", "doc/x": "x",
	})
}

// nothing is a Runner for modules without dependencies.
func nothing(context.Context, string, []string, ...string) ([]byte, error) { return nil, nil }

func config(t testing.TB) gobuild.Config {
	return gobuild.Config{
		Source: write(t, t.TempDir(), map[string]string{"go.mod": "module example.com/app\n", "main.go": "package main\n"}),
		Output: "app", GOROOT: toolchain(t), Store: newStore(t), Temp: t.TempDir(), Run: nothing, GOARCH: "amd64", GOOS: "linux",
	}
}

func TestTheToolchainIsTheGoCommandsOwnWhereNoneIsNamed(t *testing.T) {
	c := config(t)
	want, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	root := c.GOROOT
	c.GOROOT, c.Temp = "", t.TempDir()
	c.Run = func(_ context.Context, _ string, _ []string, args ...string) ([]byte, error) {
		if slices.Equal(args, []string{"env", "GOROOT"}) {
			return []byte(root + "\n"), nil
		}
		return nil, nil
	}
	got, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestAPlanSpellsOutEverythingThatDecidesWhatGoMakes(t *testing.T) {
	c := config(t)
	c.Package, c.Tags, c.LDFlags = "./cmd/app", []string{"netgo", "osusergo"}, []string{"-s", "-X=main.v=1.2"}
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"/go/bin/go", "build", "-trimpath", "-buildvcs=false", "-tags=netgo,osusergo", "-ldflags=-s -X=main.v=1.2", "-o", "/out/app", "./cmd/app",
	}, spec.Command)
	assert.Empty(t, spec.HostPaths)
	for _, in := range spec.Inputs {
		assert.Equal(t, digest.SHA256, in.Digest.Algorithm)
	}
	for name, want := range map[string]string{"CGO_ENABLED": "0", "GOAMD64": "v1", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"} {
		assert.Equal(t, want, spec.Env[name])
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs go in PATH")
	}
	// Every variable that the go command itself lists is fixed, names a host tool that
	// a build without cgo does not run, or is derived and cannot be set.
	out, err := exec.Command("go", "env", "-json").Output()
	require.NoError(t, err)
	var known map[string]string
	require.NoError(t, json.Unmarshal(out, &known))
	irrelevant := strings.Fields(`AR CC CXX FC PKG_CONFIG GCCGO GCCGOTOOLDIR GOAUTH GOBIN GOCACHEPROG GOEXE GOGCCFLAGS
		GOHOSTARCH GOHOSTOS GOINSECURE GOMOD GONOSUMDB GOPRIVATE GOTELEMETRYDIR GOTMPDIR GOTOOLDIR GOVERSION`)
	for name := range known {
		_, fixed := spec.Env[name]
		assert.True(t, fixed || slices.Contains(irrelevant, name), name)
	}
}

func TestEqualInputGivesEqualPlans(t *testing.T) {
	c := config(t)
	a, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	c.Temp, c.Store = t.TempDir(), newStore(t)
	b, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, a, b)
}

func TestAPlainPlanRunsInAPlainProcessAndCannotPassForAPinnedOne(t *testing.T) {
	c := config(t)
	// A go command that tells what it was given.
	write(t, c.GOROOT, map[string]string{"bin/go": "#!/bin/sh\nset -eu\ncd \"${GOPROXY#file://}\"\ncd -\nprintf '%s\\n' \"$*\" \"$GOCACHE\" > ../out/app\n"})
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	plain := gobuild.Plain(spec)
	builder, err := process.New(process.Config{Store: c.Store, Dir: t.TempDir(), Now: time.Now})
	require.NoError(t, err)
	result, err := builder.Build(t.Context(), plain)
	require.NoError(t, err, logOf(err))
	a, ok := result.Artifact("app")
	require.True(t, ok)
	d, _ := a.Digest.Strongest()
	text, err := c.Store.ReadFile(t.Context(), d, 1<<10)
	require.NoError(t, err)
	told := strings.Split(string(text), "\n")
	assert.Equal(t, "build -trimpath -buildvcs=false -o ../out/app .", told[0])
	assert.True(t, filepath.IsAbs(told[1]), told[1])
	assert.Equal(t, "/go/bin/go", spec.Command[0], "the plan itself stays as it was")

	_, err = gobuild.FromProvenance(record(t, plain))
	require.ErrorIs(t, err, attest.Is(command.CodeUnpinned))
}

func TestAPlanLeavesTestsOfTheStandardLibraryOut(t *testing.T) {
	c := config(t)
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	m, err := c.Store.Manifest(t.Context(), spec.Inputs[1].Digest)
	require.NoError(t, err)
	for _, e := range m.Entries {
		assert.NotContains(t, e.Path, "test")
		assert.NotContains(t, e.Path, "doc")
	}
	assert.Equal(t, "go1.26.8", spec.Inputs[1].Name)
}

func TestAVendoredModuleNeedsNoProxy(t *testing.T) {
	c := config(t)
	write(t, c.Source, map[string]string{"vendor/modules.txt": ""})
	c.Run = func(context.Context, string, []string, ...string) ([]byte, error) { return nil, errors.New("it ran") }
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	assert.Len(t, spec.Inputs, 2)
	assert.Equal(t, "off", spec.Env["GOPROXY"])
	_, err = gobuild.FromProvenance(record(t, spec))
	require.NoError(t, err)
}

func TestTheGoCommandRunsWithoutAHiddenEnvironment(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GIT_DIR", "/evil")
	c := config(t)
	c.Network = map[string]string{"HTTPS_PROXY": "http://proxy.example"}
	c.Run = func(_ context.Context, _ string, env []string, args ...string) ([]byte, error) {
		assert.Equal(t, []string{"mod", "download"}, args)
		assert.Contains(t, env, "GOFLAGS=-modcacherw")
		assert.Contains(t, env, "HTTPS_PROXY=http://proxy.example")
		for _, v := range env {
			assert.NotContains(t, v, "GIT_DIR")
		}
		return nil, nil
	}
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	assert.NotContains(t, spec.Env, "HTTPS_PROXY")
}

func TestAPlanIsRefusedWhen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*gobuild.Config)
		code   attest.Code
	}{
		"there is no store":          {func(c *gobuild.Config) { c.Store = nil }, gobuild.CodeConfig},
		"there is no runner":         {func(c *gobuild.Config) { c.Run = nil }, gobuild.CodeConfig},
		"the output is a path":       {func(c *gobuild.Config) { c.Output = "../app" }, gobuild.CodeConfig},
		"the output is a flag":       {func(c *gobuild.Config) { c.Output = "-o" }, gobuild.CodeConfig},
		"the package is a flag":      {func(c *gobuild.Config) { c.Package = "-toolexec=/evil" }, gobuild.CodeConfig},
		"the package lies outside":   {func(c *gobuild.Config) { c.Package = "./../x" }, gobuild.CodeConfig},
		"a tag smuggles a flag":      {func(c *gobuild.Config) { c.Tags = []string{"a -toolexec=b"} }, gobuild.CodeConfig},
		"a linker flag quotes":       {func(c *gobuild.Config) { c.LDFlags = []string{`"-extld=x y"`} }, gobuild.CodeConfig},
		"the source is absent":       {func(c *gobuild.Config) { c.Source += "x" }, gobuild.CodeSource},
		"the source is no module":    {func(c *gobuild.Config) { c.Source = c.GOROOT }, gobuild.CodeSource},
		"the toolchain is none":      {func(c *gobuild.Config) { c.GOROOT = c.Source }, gobuild.CodeToolchain},
		"the toolchain is relative":  {func(c *gobuild.Config) { c.GOROOT = "go" }, gobuild.CodeToolchain},
		"the toolchain lacks a part": {func(c *gobuild.Config) { _ = os.RemoveAll(filepath.Join(c.GOROOT, "bin")) }, gobuild.CodeToolchain},
		"go env fails": {func(c *gobuild.Config) {
			c.GOROOT = ""
			c.Run = func(context.Context, string, []string, ...string) ([]byte, error) { return nil, errors.New("no go") }
		}, gobuild.CodeGo},
		"go env says nothing": {func(c *gobuild.Config) { c.GOROOT = "" }, gobuild.CodeToolchain},
		"a module cannot be had": {func(c *gobuild.Config) {
			c.Run = func(context.Context, string, []string, ...string) ([]byte, error) { return nil, errors.New("404") }
		}, gobuild.CodeModules},
		"go.sum lacks a module": {func(c *gobuild.Config) {
			c.Run = func(_ context.Context, dir string, _ []string, _ ...string) ([]byte, error) {
				return nil, os.WriteFile(filepath.Join(dir, "go.sum"), []byte("x"), 0o600)
			}
		}, gobuild.CodeModules},
	} {
		t.Run(name, func(t *testing.T) {
			conf := config(t)
			c.change(&conf)
			spec, err := gobuild.Plan(t.Context(), conf)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, spec)
		})
	}
}
