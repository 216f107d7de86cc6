//go:build amd64 && !purego

package sha256x

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// callers returns, for each function or type that is called in the package
// outside tests, the names of the functions that call it.
func callers(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	by := make(map[string][]string)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "kernel_other.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch fun := call.Fun.(type) {
				case *ast.Ident:
					by[fun.Name] = append(by[fun.Name], f.Name.Name)
				case *ast.SelectorExpr:
					by[fun.Sel.Name] = append(by[fun.Sel.Name], f.Name.Name)
				}
				return true
			})
		}
	}
	for name := range by {
		slices.Sort(by[name])
		by[name] = slices.Compact(by[name])
	}
	return by
}

// Assembly cannot be preempted, so every way to it must go through a stretch,
// and every stretch must come from stretchOf.
func TestEveryCallOfAssemblyIsBounded(t *testing.T) {
	by := callers(t)
	require.Equal(t, []string{"stretchOf"}, by["stretch"], "only stretchOf converts to stretch")
	var routines int
	for name, from := range by {
		if strings.HasPrefix(name, "blocks") {
			routines++
			require.Subset(t, []string{"call", "callShared"}, from, name)
		}
	}
	require.Equal(t, 6, routines)
	require.Equal(t, []string{"run"}, by["call"])
	require.Equal(t, []string{"foldShared"}, by["callShared"])
}

// Dirty upper halves of vector registers slow down SSE code that runs after.
func TestEveryRoutineClearsTheUpperHalves(t *testing.T) {
	text, err := os.ReadFile("lanes_amd64.s")
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	var returns int
	for i, l := range lines {
		if strings.TrimSpace(l) == "RET" {
			returns++
			require.Equal(t, "VZEROUPPER", strings.TrimSpace(lines[i-1]), "line %d", i+1)
		}
	}
	require.Equal(t, 6, returns)
}

func TestTheAssemblyIsWhatTheGeneratorWrites(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("_asm")))
	cmd := exec.Command("go", "run", ".", "-out", "lanes_amd64.s")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	msg, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", msg)
	fresh, err := os.ReadFile(filepath.Join(dir, "lanes_amd64.s"))
	require.NoError(t, err)
	kept, err := os.ReadFile("lanes_amd64.s")
	require.NoError(t, err)
	require.Equal(t, string(fresh), string(kept), "run go generate")
}
