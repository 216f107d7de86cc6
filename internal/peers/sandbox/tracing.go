package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/reproducible"
)

// system is what compilers need of the machine.
var system = []string{"/bin", "/usr", "/lib", "/lib64"}

// gcc measures tracing on many short processes: 24 compilations and a link.
func (l *lab) gcc(t *goals.Table) error {
	src := l.dir + "/src"
	if err := os.Mkdir(src, 0o755); err != nil {
		return err
	}
	for i := range 24 {
		text := fmt.Sprintf("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"+
			"int f%d(int x) { printf(\"%%d\", x); return x + %d; }\n", i, i)
		if err := os.WriteFile(fmt.Sprintf("%s/f%d.c", src, i), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(src+"/main.c", []byte("int main(void) { return 0; }\n"), 0o644); err != nil {
		return err
	}
	tree, err := l.putTree(src)
	if err != nil {
		return err
	}
	const script = "cd %s && for f in %s/*.c; do gcc -c -O1 $f || exit 1; done && gcc -o %s/result *.o"
	spec := &reproducible.Spec{
		Inputs:    []reproducible.Input{{Path: "/src", Kind: reproducible.Tree, Digest: tree}},
		HostPaths: system, Command: []string{"/bin/sh", "-c", fmt.Sprintf(script, "/tmp", "/src", "/out")}, Outputs: []string{"result"},
	}
	objects := l.dir + "/objects"
	if err := os.Mkdir(objects, 0o755); err != nil {
		return err
	}
	shell := []string{"/bin/sh", "-c", fmt.Sprintf(script, objects, src, objects)}
	strace := append([]string{"strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=%file,%network,%process"}, shell...)
	return l.tracing(t, "24 files by gcc", 5, 25, spec, shell, strace)
}

// golang measures tracing on a build that computes: gofmt, with all of the standard
// library that it needs.
func (l *lab) golang(t *goals.Table, goroot string) error {
	real, err := filepath.EvalSymlinks(goroot)
	if err != nil {
		return err
	}
	paths := system
	if rel, err := filepath.Rel("/usr", real); err != nil || !filepath.IsLocal(rel) {
		paths = append(append([]string{}, system...), real)
	}
	spec := &reproducible.Spec{
		HostPaths: paths, Command: []string{real + "/bin/go", "build", "-o", "/out/result", "cmd/gofmt"}, Outputs: []string{"result"},
		Dir: real + "/src",
		Env: map[string]string{"GOROOT": real, "GOCACHE": "/tmp/cache", "GOPATH": "/tmp/go", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0",
			"GOTELEMETRY": "off", "GOFLAGS": "-buildvcs=false"},
	}
	return l.tracing(t, "gofmt by go build, cold cache", 2, 3, spec, nil, nil)
}

// tracing compares a build with and without a trace, and a command with and without
// strace, if there is one.
func (l *lab) tracing(t *goals.Table, what string, n int, percent float64, spec *reproducible.Spec, shell, strace []string) error {
	accesses := 0
	run := func(args []string) func() error {
		return func() error {
			if args == nil {
				return nil
			}
			out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		}
	}
	all, err := alternate(n,
		cpu(func() error { _, err := build(l.rootfs, spec); return err }),
		cpu(func() error {
			r, err := build(l.traced, spec)
			if err != nil {
				return err
			}
			if r.Trace == nil || !r.Trace.Complete {
				return errors.New("the trace is not complete")
			}
			accesses = len(r.Trace.Accesses)
			return nil
		}),
		cpu(run(shell)), cpu(run(strace)))
	if err != nil {
		return err
	}
	off, on := all[0].median(), all[1].median()
	t.Note(what+": CPU without and with trace", fmt.Sprintf("%.2f s, %.2f s; %d accesses", off, on, accesses))
	t.AtMost(what+": CPU that tracing adds", (on/off-1)*100, percent, " %")
	t.AtMost(what+": the same, of the minima", (all[1].least()/all[0].least()-1)*100, percent, " %")
	if strace != nil {
		t.Note(what+": CPU that strace -f --seccomp-bpf adds", fmt.Sprintf("%.3g %%", (all[3].median()/all[2].median()-1)*100))
	}
	t.AtMost("memory of the process that builds and traces, up to here", resident(), 64, " MB")
	return nil
}

func (l *lab) putTree(dir string) (digest.Digest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return digest.Digest{}, err
	}
	defer root.Close()
	d, _, err := l.store.PutTree(context.Background(), root)
	return d, err
}
