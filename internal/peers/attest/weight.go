package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/internal/peers/goals"
)

// weight measures what attest/sigstore compiles, and two programs that verify one
// bundle. dir has both, stripped.
func weight(dir string, t *goals.Table) {
	for _, p := range []struct {
		path              string
		packages, modules float64
		bounded           bool
	}{
		{"github.com/sealwright/sealwright/attest", 0, 0, false},
		{"github.com/sealwright/sealwright/attest/sigstore", 14, 7, true},
	} {
		own, third, modules := dependencies(p.path)
		_, theirs, theirModules := dependencies("github.com/sigstore/sigstore-go/pkg/verify")
		name := strings.TrimPrefix(p.path, "github.com/sealwright/sealwright/")
		if !p.bounded {
			t.AtMost(name+": packages of third parties", float64(third), 0, "")
			continue
		}
		t.AtMost(name+": packages, own and third", float64(own+third), p.packages, "").Beside(float64(theirs))
		t.AtMost(name+": modules of third parties", float64(modules), p.modules, "").Beside(float64(theirModules))
	}
	size := func(name string) float64 { return float64(must(os.Stat(filepath.Join(dir, name))).Size()) / 1e6 }
	t.AtMost("a verifying program, stripped", size("ours"), 3.3, " MB").Beside(size("theirs"))
	t.Measured("  one that parses and verifies a certificate by crypto/x509, and nothing else", size("x509"), " MB")
}

// dependencies counts the packages that a package compiles besides the standard
// library: ours, those of third parties, and their modules.
func dependencies(path string) (own, third, modules int) {
	out := must(exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.Module.Path}}{{end}}", path).Output())
	var all []string
	for module := range strings.FieldsSeq(string(out)) {
		if module == "github.com/sealwright/sealwright" {
			own++
			continue
		}
		third++
		if !slices.Contains(all, module) {
			all = append(all, module)
		}
	}
	return own, third, len(all)
}
