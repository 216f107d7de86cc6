package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"

	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/reproducible"
)

// spawn measures what it costs to run the smallest build. A Builder does more than
// to spawn: it verifies its inputs, keeps the log and takes the output. The thread
// tier is told by what it adds to the same Builder without confinement; the rootfs
// tier with all of that, beside bubblewrap alone, and beside bubblewrap in a builder
// that does as much with the same store. A probe is the set-up of the rootfs tier
// and its end, without a command and without the store.
func (l *lab) spawn(t *goals.Table) error {
	spec := func() *reproducible.Spec {
		return &reproducible.Spec{
			Inputs:  []reproducible.Input{{Path: "/bin/tool", Kind: reproducible.Executable, Digest: l.tool}},
			Command: []string{"/bin/tool", "/out/result"}, Outputs: []string{"result"},
		}
	}
	relative := func() *reproducible.Spec {
		s := spec()
		s.Command[1] = "result"
		return s
	}
	tool, out := l.dir+"/tool", l.dir+"/result"
	run := func(args ...string) func() error {
		return func() error { return exec.Command(args[0], args[1:]...).Run() }
	}
	builds := func(b reproducible.Builder, spec func() *reproducible.Spec) func() error {
		return func() error { _, err := build(b, spec()); return err }
	}
	wrapped := func(tool, out string, outBind ...string) []string {
		return slices.Concat([]string{"bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", tool, "/bin/tool", "--proc", "/proc", "--dev", "/dev"},
			outBind, []string{"--tmpfs", "/tmp", "--clearenv", "/bin/tool", out})
	}
	probe := func() error {
		c, err := l.rootfs.Probe(context.Background())
		return errors.Join(err, c.Missing)
	}
	all, err := alternate(100,
		wall(run(tool, out)),
		wall(builds(l.plain, relative)), wall(builds(l.thread, relative)),
		wall(builds(l.rootfs, spec)), wall(probe),
		wall(run(wrapped(tool, "/out/result", "--tmpfs", "/out")...)),
		wall(func() error { return l.bwrapBuild(wrapped) }),
		wall(run("unshare", "-Urnmpuif", tool, out)))
	if err != nil {
		return err
	}
	fork, plain, thread, rootfs, probes, bwrap, stored, unshare := all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7]
	row := func(what string, s samples) {
		t.Note(what, "min "+number(s.least())+" p50 "+number(s.median())+" ms")
	}
	row("fork/exec", fork)
	row("plain Builder, no isolation", plain)
	row("thread tier, whole build", thread)
	row("rootfs tier, whole build", rootfs)
	row("rootfs tier, probe", probes)
	row("bubblewrap", bwrap)
	row("bubblewrap in a builder", stored)
	row("unshare -Urnmpuif", unshare)
	t.AtMost("thread tier's addition + fork/exec, over fork/exec, p50", (fork.median()+thread.median()-plain.median())/fork.median(), 1.5, "x")
	t.AtMost("the same, min", (fork.least()+thread.least()-plain.least())/fork.least(), 1.5, "x")
	t.AtMost("rootfs tier, whole build, over bubblewrap, p50", rootfs.median()/bwrap.median(), 0.85, "x")
	t.AtMost("rootfs tier, whole build, over bubblewrap in a builder, p50", rootfs.median()/stored.median(), 0.85, "x")
	t.AtMost("rootfs tier, probe, over bubblewrap, p50", probes.median()/bwrap.median(), 0.85, "x")
	t.AtMost("rootfs tier, whole build, min", rootfs.least(), 4, " ms")
	return nil
}

// bwrapBuild does with bubblewrap what a Builder does.
func (l *lab) bwrapBuild(wrapped func(tool, out string, outBind ...string) []string) error {
	ctx := context.Background()
	tool, err := l.store.MaterializeFile(ctx, l.tool, true)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(l.dir, "out-")
	if err != nil {
		return err
	}
	args := wrapped(tool, "/out/result", "--bind", dir, "/out")
	log, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return err
	}
	if _, _, err := l.store.PutFile(ctx, bytes.NewReader(log)); err != nil {
		return err
	}
	_, err = l.put(dir + "/result")
	return errors.Join(err, os.RemoveAll(dir))
}
