// Peers measures reproducible/sandbox, trace and measure beside the programs that do
// the same, and prints their goals with what was measured. Run it with the script
// run.
//
// Samples of the two sides alternate, and ratios are of medians. Tracing is told in
// CPU time, of this process and of all that it waited for, since wall time on a busy
// machine tells about the others.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/process"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: run [spawn|gcc|go|measure]...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(dir, goroot string, parts []string) error {
	l, err := newLab(dir)
	if err != nil {
		return err
	}
	t := goals.Table{Progress: os.Stderr}
	for _, part := range []struct {
		name string
		do   func(*goals.Table) error
	}{
		{"spawn", l.spawn}, {"gcc", l.gcc}, {"go", func(t *goals.Table) error { return l.golang(t, goroot) }}, {"measure", measuring},
	} {
		if len(parts) > 0 && !slices.Contains(parts, part.name) {
			continue
		}
		if err := part.do(&t); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return t.Print(os.Stdout)
}

// A lab holds the builders to measure, over a store in memory.
type lab struct {
	dir           string
	store         *store.Store
	rootfs        *sandbox.Sandbox
	traced        *sandbox.Sandbox
	thread, plain *process.Builder
	tool          digest.Digest
}

func newLab(dir string) (*lab, error) {
	s, err := store.Open(dir+"/store", store.Limits{})
	if err != nil {
		return nil, err
	}
	work := dir + "/work"
	if err := os.Mkdir(work, 0o755); err != nil {
		return nil, err
	}
	l := &lab{dir: dir, store: s}
	if l.rootfs, err = sandbox.New(sandbox.Config{Store: s, Now: time.Now}); err != nil {
		return nil, err
	}
	l.traced, err = sandbox.New(sandbox.Config{Store: s, Now: time.Now, Trace: &sandbox.TraceOptions{}})
	if err != nil {
		return nil, err
	}
	if l.thread, err = sandbox.NewThread(sandbox.ThreadConfig{Store: s, Dir: work, Now: time.Now}); err != nil {
		return nil, err
	}
	if l.plain, err = process.New(process.Config{Store: s, Dir: work, Now: time.Now}); err != nil {
		return nil, err
	}
	l.tool, err = l.put(dir + "/tool")
	return l, err
}

func (l *lab) put(path string) (digest.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest.Digest{}, err
	}
	defer f.Close()
	d, _, err := l.store.PutFile(context.Background(), f)
	return d, err
}

// build runs spec, which must succeed.
func build(b reproducible.Builder, spec *reproducible.Spec) (*reproducible.Result, error) {
	r, err := b.Build(context.Background(), spec)
	if failed, ok := err.(*reproducible.RunError); ok {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Result.Log.Text)))
	}
	return r, err
}
