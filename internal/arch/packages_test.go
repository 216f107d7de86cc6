package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/sealwright/sealwright"

// A pkg is what these tests need of `go list -json`.
type pkg struct {
	ImportPath string
	Dir        string
	Standard   bool
	Name       string
	GoFiles    []string
	// IgnoredGoFiles are excluded by build constraints on this machine.
	IgnoredGoFiles []string
	Imports        []string
	Deps           []string
	Module         *struct{ Path string }
}

// room is the first element of the package's path below the module: "attest",
// "internal", "examples", or "" for the root package.
func (p pkg) room() string { return roomOf(p.ImportPath) }

func roomOf(importPath string) string {
	first, _, _ := strings.Cut(rel(importPath), "/")
	return first
}

// rel is the import path below the module.
func rel(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, modulePath), "/")
}

func ours(importPath string) bool {
	return importPath == modulePath || strings.HasPrefix(importPath, modulePath+"/")
}

// all lists the module's packages and everything that they import, once.
var all = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,Name,GoFiles,IgnoredGoFiles,Imports,Deps,Module", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	found := map[string]pkg{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		found[p.ImportPath] = p
	}
})

func listed(t *testing.T) map[string]pkg {
	t.Helper()
	found, err := all()
	require.NoError(t, err, "go list")
	return found
}

// modulePackages are the packages of this module, in order.
func modulePackages(t *testing.T) []pkg {
	t.Helper()
	var mine []pkg
	for path, p := range listed(t) {
		if ours(path) {
			mine = append(mine, p)
		}
	}
	slices.SortFunc(mine, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	require.NotEmpty(t, mine)
	return mine
}

// isTestSupport tells packages that exist for tests: fakes and kits.
func isTestSupport(importPath string) bool {
	for _, element := range strings.Split(rel(importPath), "/") {
		if strings.HasSuffix(element, "test") && element != "test" && element != "attest" {
			return true
		}
	}
	return strings.HasPrefix(rel(importPath), "tee/teetest/")
}
