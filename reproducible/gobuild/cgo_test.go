//go:build linux

package gobuild_test

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/gobuild"
	"github.com/sealwright/sealwright/reproducible/inputs"
	"github.com/sealwright/sealwright/reproducible/sandbox"
)

// compilerFiles are the files of the machine's C compiler, as its packages list
// them, without what compiling C for this machine does not need.
func compilerFiles(t *testing.T) []string {
	t.Helper()
	packages := strings.Fields("gcc gcc-12 cpp-12 libgcc-12-dev libc6-dev linux-libc-dev libc6 libgcc-s1 binutils binutils-x86-64-linux-gnu " +
		"libbinutils libisl23 libmpc3 libmpfr6 libgmp10 zlib1g libzstd1 libjansson4 libctf0 libctf-nobfd0")
	out, err := exec.Command("dpkg", append([]string{"-L"}, packages...)...).Output()
	if err != nil {
		t.Skip("needs the Debian packages of gcc 12 on amd64")
	}
	var files []string
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		info, err := os.Lstat(name)
		if err != nil || info.IsDir() || filepath.Dir(name) == "/" || strings.Contains(name, "/share/") || strings.Contains(name, "lto1") {
			continue
		}
		base := filepath.Base(name)
		if strings.HasSuffix(name, ".a") && info.Size() > 100_000 && base != "libgcc.a" {
			continue
		}
		if filepath.Dir(name) == "/usr/bin" && !slices.Contains(strings.Fields("gcc gcc-12 x86_64-linux-gnu-gcc-12 as ld ld.bfd x86_64-linux-gnu-as x86_64-linux-gnu-ld x86_64-linux-gnu-ld.bfd"), base) {
			continue
		}
		if info.Mode()&os.ModeSymlink != 0 {
			if _, err := os.Stat(name); err != nil {
				continue
			}
		}
		files = append(files, name)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// compiler pins the machine's C compiler.
func compiler(t *testing.T, c gobuild.Config) []reproducible.Input {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "root.tar"))
	require.NoError(t, err)
	defer f.Close()
	h := sha256.New()
	w := tar.NewWriter(io.MultiWriter(f, h))
	for _, name := range compilerFiles(t) {
		info, err := os.Lstat(name)
		require.NoError(t, err)
		target, _ := os.Readlink(name)
		header, err := tar.FileInfoHeader(info, target)
		require.NoError(t, err)
		header.Name, header.ModTime = name[1:], time.Unix(0, 0)
		require.NoError(t, w.WriteHeader(header))
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(name)
			require.NoError(t, err)
			_, err = w.Write(content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	size, err := f.Seek(0, io.SeekCurrent)
	require.NoError(t, err)
	_, err = f.Seek(0, io.SeekStart)
	require.NoError(t, err)
	start := time.Now()
	s, err := inputs.Config{Store: c.Store, Temp: t.TempDir()}.Root(t.Context(), f, digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(h.Sum(nil))})
	require.NoError(t, err)
	t.Logf("a C compiler of %d MB, pinned in %v", size>>20, time.Since(start))
	return s.Inputs
}

const cProgram = `package main

// #include <string.h>
// static int length(int n) { char b[64]; memset(b, 'x', n); b[n] = 0; return strlen(b); }
import "C"

func main() { print(C.length(42), "\n") }
`

func TestAProgramInCAndGoIsRepeatedFromItsProvenance(t *testing.T) {
	c := gobuild.Config{
		Source: write(t, t.TempDir(), map[string]string{"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": cProgram}),
		Output: "app", GOROOT: smallGo(t), Store: newStore(t), Temp: t.TempDir(), Run: goCommand,
	}
	c.C = compiler(t, c)
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	box, err := sandbox.New(sandbox.Config{Store: c.Store, Now: time.Now})
	require.NoError(t, err)
	first, err := box.Build(t.Context(), spec)
	require.NoError(t, err, "%s", logOf(err))
	require.True(t, first.Achieved.Has(reproducible.Hermetic))
	build, err := reproducible.Describe(spec, first, reproducible.DescribeOptions{Builder: provenance.Builder{ID: "https://example.com/builder"}})
	require.NoError(t, err)
	for _, recorded := range []string{`"CGO_ENABLED":"1"`, `"CC":"/usr/bin/gcc"`, `"CGO_CFLAGS":"-O2 -g"`} {
		require.Contains(t, string(build.External), recorded)
	}
	repeated, err := gobuild.FromProvenance(build)
	require.NoError(t, err)
	second, err := box.Build(t.Context(), repeated)
	require.NoError(t, err, "%s", logOf(err))
	compared, err := reproducible.Compare(first, second)
	require.NoError(t, err)
	require.Equal(t, reproducible.Identical, compared.Verdict())
	t.Logf("built in %v and %v", first.Finished.Sub(first.Started), second.Finished.Sub(second.Started))
	a, _ := first.Artifact("app")
	d, _ := a.Digest.Strongest()
	path, err := c.Store.MaterializeFile(t.Context(), d, true)
	require.NoError(t, err)
	out, err := exec.Command(path).CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "42\n", string(out))
}

func system(paths ...string) []reproducible.Input {
	var out []reproducible.Input
	for _, p := range paths {
		out = append(out, reproducible.Input{Path: p, Kind: reproducible.Tree, Role: provenance.RoleBase, Digest: digest.FromBytes([]byte(p))})
	}
	return out
}

func TestAPlanWithCPinsItsCompilerAndComesBack(t *testing.T) {
	c := config(t)
	c.C = system("/bin", "/etc", "/lib", "/lib64", "/usr")
	spec, err := gobuild.Plan(t.Context(), c)
	require.NoError(t, err)
	for name, want := range map[string]string{
		"CGO_ENABLED": "1", "CC": "/usr/bin/gcc", "CXX": "/usr/bin/g++", "AR": "/usr/bin/ar", "CGO_CFLAGS": "-O2 -g", "CGO_LDFLAGS": "-O2 -g",
		"CGO_CPPFLAGS": "", "PATH": "/usr/bin:/bin",
	} {
		got, ok := spec.Env[name]
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	back, err := gobuild.FromProvenance(record(t, spec))
	require.NoError(t, err)
	want, err := spec.Canonical()
	require.NoError(t, err)
	got, err := back.Canonical()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestWhatIsNoPinnedCompilerIsRefused(t *testing.T) {
	for name, change := range map[string]func(s *reproducible.Spec){
		"no compiler":                      func(s *reproducible.Spec) { s.Inputs = s.Inputs[:3] },
		"a system without /usr":            func(s *reproducible.Spec) { s.Inputs = append(s.Inputs[:3:3], system("/lib")...) },
		"a compiler that is not asked for": func(s *reproducible.Spec) { s.Env["CGO_ENABLED"] = "0" },
		"a directory within":               func(s *reproducible.Spec) { s.Inputs = append(s.Inputs, system("/opt/evil")...) },
		"a file":                           func(s *reproducible.Spec) { s.Inputs[3].Kind = reproducible.File },
		"another compiler":                 func(s *reproducible.Spec) { s.Env["CC"] = "/usr/bin/evil" },
		"flags of C":                       func(s *reproducible.Spec) { s.Env["CGO_CFLAGS"] = "-O2 -g -DEVIL" },
		"flags of the linker":              func(s *reproducible.Spec) { s.Env["CGO_LDFLAGS"] = "-O2 -g -L/tmp" },
		"flags that are allowed":           func(s *reproducible.Spec) { s.Env["CGO_CFLAGS_ALLOW"] = ".*" },
		"another path":                     func(s *reproducible.Spec) { s.Env["PATH"] = "/src/bin:/usr/bin:/bin" },
		"a preloaded library":              func(s *reproducible.Spec) { s.Env["LD_PRELOAD"] = "/src/evil.so" },
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.C = system("/lib", "/usr")
			spec, err := gobuild.Plan(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, []string{"/src", "/go", "/modules", "/lib", "/usr"}, paths(spec.Inputs))
			change(spec)
			_, err = gobuild.FromProvenance(record(t, spec))
			require.NotEmpty(t, attest.Reasons(err), "%v", err)
		})
	}
	for name, inputs := range map[string][]reproducible.Input{
		"no /usr": system("/lib"), "over the source": system("/usr", "/src"), "within /usr": system("/usr", "/usr/lib"), "the root": system("/usr", "/"),
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			c.C = inputs
			_, err := gobuild.Plan(t.Context(), c)
			require.ErrorIs(t, err, attest.Is(gobuild.CodeConfig))
		})
	}
}

func paths(inputs []reproducible.Input) []string {
	var out []string
	for _, in := range inputs {
		out = append(out, in.Path)
	}
	return out
}
