//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/capture"
	"github.com/sealwright/sealwright/reproducible/internal/record"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
)

func supported() error {
	if os.Geteuid() != 0 {
		return attest.Refuse(CodeUnsupported, "user", "root", "another user")
	}
	return nil
}

// Build runs spec as reproducible.Builder says. Beyond the codes of that package it
// returns CodeRuntime when the runtime fails, CodeSetUp when it makes a container
// other than it was told to, and the codes of package measure when the runtime's
// files are no longer those that New measured.
func (b *Builder) Build(ctx context.Context, spec *reproducible.Spec) (*reproducible.Result, error) {
	action, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	g, err := b.granted(ctx)
	if err != nil {
		return nil, err
	}
	achieved := g.guarantees
	if len(spec.HostPaths) > 0 {
		achieved &^= reproducible.InputsPinned
	}
	if err := reproducible.RequireMet(spec.Require, achieved, g.missing); err != nil {
		return nil, err
	}
	if spec.CPUs != 0 {
		// Some runtimes give a container all processors whatever their own are, and
		// nothing is seen of that before the command runs.
		return nil, attest.Refuse(reproducible.CodeCPUs, "Spec.CPUs", "0: all of the machine", strconv.Itoa(int(spec.CPUs)))
	}
	r := &run{builder: b, spec: spec.WithDefaults(), result: &reproducible.Result{Spec: action, Achieved: achieved}}
	ctx, cancel := context.WithTimeoutCause(ctx, r.spec.Limits.Wall, stop.ErrWall)
	defer cancel()
	if err := errors.Join(r.do(ctx), r.clean(ctx)); err != nil {
		return nil, err
	}
	return r.result, nil
}

// A run is one build.
type run struct {
	builder *Builder
	spec    *reproducible.Spec
	result  *reproducible.Result
	box     *container
}

func (r *run) do(ctx context.Context) error {
	inputs, err := r.builder.inputs(ctx, r.spec)
	if err != nil {
		return stop.Or(ctx, err)
	}
	if r.box, err = r.builder.newContainer(r.spec, inputs); err != nil {
		return err
	}
	if err := r.run(ctx); err != nil {
		return err
	}
	if err := r.result.Exit.Err(); err != nil {
		return &reproducible.RunError{Result: r.result, Err: err}
	}
	return capture.Into(ctx, r.result, r.box.output, r.spec, r.builder.config.Store) // no process is left
}

// inputs has the store hand out every input, verified, and looks at the host paths.
func (b *Builder) inputs(ctx context.Context, spec *reproducible.Spec) ([]input, error) {
	var out []input
	for _, in := range spec.Inputs {
		var source string
		var err error
		if in.Kind == reproducible.Tree {
			source, err = b.config.Store.Materialize(ctx, in.Digest)
		} else {
			source, err = b.config.Store.MaterializeFile(ctx, in.Digest, in.Kind == reproducible.Executable)
		}
		if err != nil {
			return nil, attest.Refuse(reproducible.CodeInput, in.Path, in.Digest.String(), "").Because(err)
		}
		out = append(out, input{source, in.Path})
	}
	for _, p := range spec.HostPaths {
		info, err := os.Stat(p)
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			return nil, attest.Refuse(reproducible.CodeInput, p, "a file or a directory", "").Because(err)
		}
		out = append(out, input{p, p})
	}
	return out, nil
}

// grace is how long a process that the runtime left behind may hold the log open.
const grace = 2 * time.Second

// run runs the container to its end and keeps its log.
func (r *run) run(ctx context.Context) error {
	log, err := record.New(r.spec.Limits.LogBytes)
	if err != nil {
		return machineError("log", err)
	}
	r.result.Started = r.builder.config.Now()
	cmd, err := r.box.start(ctx, "run", log.Writer())
	if err != nil {
		log.Abandon()
		return stop.Or(ctx, err)
	}
	stop := func() { r.box.stop(ctx, cmd) }
	unwatch := context.AfterFunc(ctx, stop)
	defer unwatch()
	log.Start(stop)
	waitErr := cmd.Wait()
	giveUp := time.AfterFunc(grace, log.Close)
	text, over := log.Wait()
	giveUp.Stop()
	r.result.Finished = r.builder.config.Now()
	r.result.Log = reproducible.NewLog(text)
	if _, _, err := r.builder.config.Store.PutFile(context.WithoutCancel(ctx), bytes.NewReader(text)); err != nil {
		return err
	}
	return r.judge(ctx, cmd.ProcessState, waitErr, over)
}

// judge describes how the container ended, and refuses a runtime that ran none.
func (r *run) judge(ctx context.Context, state *os.ProcessState, waitErr error, over bool) error {
	if state == nil {
		return machineError("wait", waitErr)
	}
	cause := context.Cause(ctx)
	if cause != nil && !errors.Is(cause, stop.ErrWall) {
		return stop.Or(ctx, cause)
	}
	if _, err := r.box.pid(); err != nil && cause == nil && !over {
		return r.box.failed(state, err, r.spec)
	}
	e := reproducible.Exit{Code: state.ExitCode(), Signal: signalOf(state)}
	// The runtime waits for the container, whose time is in this sum. The kernel
	// counts ticks against the limit, which may run ahead of it a little.
	used := (state.UserTime() + state.SystemTime()) * 10 / 9
	switch {
	case over:
		e.Limit = reproducible.CodeLimitLog
	case cause != nil && !e.Success():
		e.Limit = reproducible.CodeLimitWall
	case (e.Code == 128+sigXCPU || e.Code == 128+sigKill) && used >= r.spec.Limits.CPU:
		e.Limit = reproducible.CodeLimitCPU
	}
	r.result.Exit = e
	return nil
}

// failed tells why a runtime has run no container: what the spec says, or itself.
func (c *container) failed(state *os.ProcessState, why error, spec *reproducible.Spec) error {
	text, blames := c.messages(spec)
	got := state.String()
	if text != "" {
		got += ": " + excerpt.Quote(text)
	}
	if blames {
		return attest.Refuse(reproducible.CodeStart, "command", "a command that starts", got)
	}
	return attest.Refuse(CodeRuntime, c.builder.config.Runtime, "a container that ran", got).Because(why)
}

// clean gives back what the run holds. It is called once, whatever happened.
func (r *run) clean(ctx context.Context) error {
	if r.box == nil {
		return nil
	}
	return r.box.remove(context.WithoutCancel(ctx))
}
