//go:build linux

package measure_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible/measure"
)

// jail makes a file tree that holds true and all that it loads, and pins it.
func jail(t *testing.T) (root string, pin *measure.ToolPin, o measure.PinOptions) {
	t.Helper()
	real, err := measure.Pin(t.Context(), "true", measure.PinOptions{Search: []string{"/usr/bin", "/bin"}})
	require.NoError(t, err)
	root = t.TempDir()
	for _, f := range real.Files() {
		install(t, root, f.Path, f.Path)
	}
	if real.Interpreter != nil {
		// The program names its interpreter by a path that may lead through a link.
		install(t, root, real.Interpreter.Path, "/lib64/ld-linux-x86-64.so.2")
		install(t, root, real.Interpreter.Path, "/lib/ld-linux-aarch64.so.1")
		for _, f := range real.Libraries {
			install(t, root, f.Path, "/lib64/"+filepath.Base(f.Path))
		}
	}
	o = measure.PinOptions{Root: root, Search: []string{"/opt/bin", filepath.Dir(real.Tool.Path)}}
	pin, err = measure.Pin(t.Context(), "true", o)
	require.NoError(t, err)
	require.NoError(t, pin.Verify(t.Context()))
	return root, pin, o
}

func install(t *testing.T, root, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, to)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, to), b, 0o755))
}

func TestAPinHoldsWhatTheLoaderSaysItLoads(t *testing.T) {
	if _, err := os.Stat("/usr/bin/gcc"); err != nil {
		t.Skip("needs the Debian package gcc")
	}
	for _, tool := range []string{"gcc", "true", "bash"} {
		pin, err := measure.Pin(t.Context(), tool, measure.PinOptions{Search: []string{"/usr/bin", "/bin"}})
		require.NoError(t, err)
		out, err := exec.Command("ldd", pin.Tool.Path).Output()
		require.NoError(t, err)
		var paths []string
		for _, f := range pin.Files() {
			paths = append(paths, f.Path)
		}
		for line := range strings.Lines(string(out)) {
			for word := range strings.FieldsSeq(line) {
				if !strings.HasPrefix(word, "/") {
					continue
				}
				real, err := filepath.EvalSymlinks(word)
				require.NoError(t, err)
				assert.Contains(t, paths, real, tool)
			}
		}
	}
}

func TestEachAttackOnAToolIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		attack func(t *testing.T, root string, pin *measure.ToolPin)
		code   attest.Code
	}{
		"the tool is replaced between pin and use": {func(t *testing.T, root string, pin *measure.ToolPin) {
			install(t, root, "/proc/self/exe", "/new")
			require.NoError(t, os.Rename(filepath.Join(root, "new"), filepath.Join(root, pin.Tool.Path)))
		}, measure.CodeToolChanged},
		"a tool of the same name comes earlier in the search path": {func(t *testing.T, root string, pin *measure.ToolPin) {
			install(t, root, pin.Tool.Path, "/opt/bin/true")
		}, measure.CodeToolShadowed},
		"the tool becomes a link to another": {func(t *testing.T, root string, pin *measure.ToolPin) {
			install(t, root, pin.Tool.Path, "/evil")
			require.NoError(t, os.Remove(filepath.Join(root, pin.Tool.Path)))
			require.NoError(t, os.Symlink("/evil", filepath.Join(root, pin.Tool.Path)))
		}, measure.CodeToolShadowed},
		"the tool becomes a link out of the tree": {func(t *testing.T, root string, pin *measure.ToolPin) {
			require.NoError(t, os.Remove(filepath.Join(root, pin.Tool.Path)))
			require.NoError(t, os.Symlink("../../../../../../../../nowhere", filepath.Join(root, pin.Tool.Path)))
		}, measure.CodeToolAbsent},
		"the tool is removed": {func(t *testing.T, root string, pin *measure.ToolPin) {
			require.NoError(t, os.Remove(filepath.Join(root, pin.Tool.Path)))
		}, measure.CodeToolAbsent},
		"the tool becomes a script": {func(t *testing.T, root string, pin *measure.ToolPin) {
			require.NoError(t, os.WriteFile(filepath.Join(root, pin.Tool.Path), []byte("#!/bin/sh\n"), 0o755))
		}, measure.CodeToolFormat},
		"an empty preload list is added": {func(t *testing.T, root string, pin *measure.ToolPin) {
			write(t, root, "etc/ld.so.preload", "# nothing yet\n")
		}, measure.CodeToolPreload},
		"a library is preloaded": {func(t *testing.T, root string, pin *measure.ToolPin) {
			install(t, root, filepath.Join(root, pin.Libraries[0].Path), "/evil.so")
			write(t, root, "etc/ld.so.preload", "/evil.so")
		}, measure.CodeToolPreload},
		"a library that does not exist is preloaded": {func(t *testing.T, root string, pin *measure.ToolPin) {
			write(t, root, "etc/ld.so.preload", "/evil.so")
		}, measure.CodeToolLibrary},
		"a variant of a library for newer processors is added": {func(t *testing.T, root string, pin *measure.ToolPin) {
			dir, name := filepath.Split(pin.Libraries[0].Path)
			install(t, root, filepath.Join(root, pin.Libraries[0].Path), dir+"/glibc-hwcaps/x86-64-v3/"+name)
		}, measure.CodeToolClosure},
		"a library is edited": {func(t *testing.T, root string, pin *measure.ToolPin) {
			appendTo(t, filepath.Join(root, pin.Libraries[0].Path))
		}, measure.CodeToolClosure},
		"the interpreter is edited": {func(t *testing.T, root string, pin *measure.ToolPin) {
			appendTo(t, filepath.Join(root, pin.Interpreter.Path))
		}, measure.CodeToolClosure},
		"the interpreter is removed": {func(t *testing.T, root string, pin *measure.ToolPin) {
			require.NoError(t, os.Remove(filepath.Join(root, pin.Interpreter.Path)))
		}, measure.CodeToolLibrary},
		"the loader's cache is no cache": {func(t *testing.T, root string, pin *measure.ToolPin) {
			write(t, root, "etc/ld.so.cache", "glibc-ld.so.cache1.1\xff\xff\xff\xff")
		}, measure.CodeToolFormat},
	} {
		t.Run(name, func(t *testing.T) {
			root, pin, _ := jail(t)
			if pin.Interpreter == nil {
				t.Skip("needs a dynamic true(1), as the Debian package coreutils has it")
			}
			c.attack(t, root, pin)
			require.ErrorIs(t, pin.Verify(t.Context()), attest.Is(c.code))
			cmd, _, err := pin.Command(t.Context())
			require.ErrorIs(t, err, attest.Is(c.code))
			require.Nil(t, cmd)
		})
	}
}

func appendTo(t *testing.T, at string) {
	t.Helper()
	f, err := os.OpenFile(at, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("x")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// echo is a copy of echo(1) that tests may change, and its pin.
func echo(t *testing.T) (string, *measure.ToolPin) {
	t.Helper()
	at := filepath.Join(t.TempDir(), "echo")
	install(t, "/", "/bin/echo", at)
	pin, err := measure.Pin(t.Context(), at, measure.PinOptions{})
	require.NoError(t, err)
	return at, pin
}

func TestACommandRunsTheBytesThatWereVerified(t *testing.T) {
	at, pin := echo(t)
	cmd, memory, err := pin.Command(t.Context(), "hello")
	require.NoError(t, err)
	defer memory.Close()
	// After the check the file is rewritten in place: no descriptor of it would help.
	b, err := os.ReadFile("/bin/false")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(at, b, 0o755))
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Equal(t, "hello\n", string(out))
	require.ErrorIs(t, pin.Verify(t.Context()), attest.Is(measure.CodeToolChanged))
}

func TestACommandLeaksNoDescriptorAndNoEnvironment(t *testing.T) {
	t.Setenv("LD_PRELOAD", "/tmp/evil.so")
	pin, err := measure.Pin(t.Context(), "ls", measure.PinOptions{Search: []string{"/bin"}})
	require.NoError(t, err)
	cmd, memory, err := pin.Command(t.Context(), "/proc/self/fd")
	require.NoError(t, err)
	defer memory.Close()
	out, err := cmd.Output()
	require.NoError(t, err)
	plain, err := exec.Command("/bin/ls", "/proc/self/fd").Output()
	require.NoError(t, err)
	assert.Equal(t, string(plain), string(out), "no more than any child of this process has")
	assert.Empty(t, cmd.Env)
}

func TestAPinIsRefusedWhen(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "script", "#!/bin/sh\n")
	write(t, dir, "plain", "text")
	require.NoError(t, os.Chmod(filepath.Join(dir, "script"), 0o755))
	for name, c := range map[string]struct {
		name string
		o    measure.PinOptions
		code attest.Code
	}{
		"nothing has the name":             {"no-such-tool", measure.PinOptions{Search: []string{"/bin", "/no/such"}}, measure.CodeToolAbsent},
		"there is no search path":          {"true", measure.PinOptions{}, measure.CodeToolAbsent},
		"the search path holds a relative": {"true", measure.PinOptions{Search: []string{"."}}, measure.CodeConfig},
		"the name is a relative path":      {"./true", measure.PinOptions{}, measure.CodeConfig},
		"it is a script":                   {dir + "/script", measure.PinOptions{}, measure.CodeToolFormat},
		"it is no program":                 {dir + "/plain", measure.PinOptions{}, measure.CodeToolFormat},
		"it is a directory":                {dir, measure.PinOptions{}, measure.CodeRead},
		"it is larger than the limit":      {"/bin/true", measure.PinOptions{Limits: measure.Limits{Bytes: 100}}, measure.CodeLimit},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := measure.Pin(t.Context(), c.name, c.o)
			require.ErrorIs(t, err, attest.Is(c.code))
		})
	}
}

func TestAStaticProgramHasNoClosure(t *testing.T) {
	self, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs go in PATH")
	}
	at := filepath.Join(t.TempDir(), "static")
	write(t, filepath.Dir(at), "main.go", "package main\n\nfunc main() {}\n")
	cmd := exec.Command(self, "build", "-o", at, filepath.Join(filepath.Dir(at), "main.go"))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	pin, err := measure.Pin(t.Context(), at, measure.PinOptions{})
	require.NoError(t, err)
	assert.Nil(t, pin.Interpreter)
	assert.Equal(t, []string{at}, slices.Collect(func(yield func(string) bool) {
		for _, f := range pin.Files() {
			yield(f.Path)
		}
	}))
}
