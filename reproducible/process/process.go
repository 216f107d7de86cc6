package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/capture"
	"github.com/sealwright/sealwright/reproducible/internal/record"
	"github.com/sealwright/sealwright/reproducible/store"
)

// Achieved is all that this Builder can give.
const Achieved = reproducible.CleanEnvironment | reproducible.WallLimit | reproducible.OutputLimit

// grace is how long a command's descendants may hold its log open after it has
// ended and its process group was killed.
const grace = 2 * time.Second

// Config says what a Builder works with. Store, Dir and Now are required.
type Config struct {
	Store *store.Store     // holds the inputs, takes the outputs and logs
	Dir   string           // where private directories are made: an absolute path
	Now   func() time.Time // tells when builds start and finish
	// Confiner starts the commands under restrictions; nil starts them plainly.
	Confiner Confiner
}

// A Confiner restricts commands without giving them another file tree. It must be
// safe for concurrent use.
type Confiner interface {
	// Grants returns the guarantees that Start adds, and why others that it can
	// give elsewhere are missing on this machine.
	Grants() (reproducible.Guarantees, error)
	// Start starts cmd under all of the restrictions that Grants told, or returns an
	// error and starts nothing.
	Start(cmd *exec.Cmd, tree Tree) error
}

// A Tree says what a command needs of the machine, its file tree above all.
type Tree struct {
	Root     string   // the private directory: to be read and run
	Writable []string // directories below Root: to be written too
	Host     []string // Spec.HostPaths: to be read and run
	CPUs     uint32   // Spec.CPUs: exactly so many processors, or CodeCPUs and no start; 0 = all
}

// A Builder runs commands as plain processes. It is safe for concurrent use.
type Builder struct{ config Config }

var _ reproducible.Builder = (*Builder)(nil)

// New returns a Builder. It refuses an incomplete config with CodeConfig.
func New(c Config) (*Builder, error) {
	if c.Store == nil || c.Now == nil || !filepath.IsAbs(c.Dir) {
		return nil, attest.Refuse(CodeConfig, "Config", "Store, Now and an absolute Dir", "an incomplete config")
	}
	return &Builder{c}, nil
}

// Build runs spec as reproducible.Builder says.
func (b *Builder) Build(ctx context.Context, spec *reproducible.Spec) (*reproducible.Result, error) {
	action, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	achieved, missing := b.grants()
	if err := reproducible.RequireMet(spec.Require, achieved, missing); err != nil {
		return nil, err
	}
	if spec.CPUs != 0 && b.config.Confiner == nil {
		return nil, attest.Refuse(reproducible.CodeCPUs, "Spec.CPUs", "0, as all of the machine can be used", strconv.Itoa(int(spec.CPUs)))
	}
	dir, err := os.MkdirTemp(b.config.Dir, "build-")
	if err != nil {
		return nil, machineError(b.config.Dir, err)
	}
	r := &run{
		config: b.config, spec: spec.WithDefaults(), root: dir,
		result: &reproducible.Result{Spec: action, Achieved: achieved},
	}
	err = r.do(ctx)
	if e := os.RemoveAll(dir); e != nil {
		err = errors.Join(err, machineError(dir, e))
	}
	if err != nil {
		return nil, err
	}
	return r.result, nil
}

// grants tells what every build of b has.
func (b *Builder) grants() (reproducible.Guarantees, error) {
	if b.config.Confiner == nil {
		return Achieved, nil
	}
	more, missing := b.config.Confiner.Grants()
	return Achieved | more, missing
}

// A run is one build.
type run struct {
	config Config
	spec   *reproducible.Spec
	root   string
	result *reproducible.Result
}

// errWall is the cause of a context whose wall time is used up.
var errWall = errors.New("the wall time is used up")

func (r *run) do(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.spec.Limits.Wall, errWall)
	defer cancel()
	if err := r.layOut(ctx); err != nil {
		return stopped(ctx, err)
	}
	if err := r.run(ctx); err != nil {
		return err
	}
	if err := r.result.Exit.Err(); err != nil {
		return &reproducible.RunError{Result: r.result, Err: err}
	}
	return r.capture(ctx)
}

// run runs the command to its end and keeps its log.
func (r *run) run(ctx context.Context) error {
	log, err := record.New(r.spec.Limits.LogBytes)
	if err != nil {
		return machineError("log", err)
	}
	r.result.Started = r.config.Now()
	cmd, err := r.start(ctx, log.Writer())
	if err != nil {
		log.Abandon()
		return stopped(ctx, err)
	}
	kill := func() { killGroup(cmd.Process) }
	unwatch := context.AfterFunc(ctx, kill)
	defer unwatch()
	log.Start(kill)
	waitErr := cmd.Wait()
	kill() // what it left behind in its process group
	giveUp := time.AfterFunc(grace, log.Close)
	text, over := log.Wait()
	giveUp.Stop()
	r.result.Finished = r.config.Now()
	r.result.Log = reproducible.NewLog(text)
	if _, _, err := r.config.Store.PutFile(context.WithoutCancel(ctx), bytes.NewReader(text)); err != nil {
		return err
	}
	return r.judge(ctx, cmd, waitErr, over)
}

// start starts the command. The program is busy for an instant when it has just
// been written and another child of this process, forked meanwhile, has not yet
// closed what it inherited (go.dev/issue/22315).
func (r *run) start(ctx context.Context, log *os.File) (*exec.Cmd, error) {
	for {
		cmd, err := r.command()
		if err != nil {
			return nil, err
		}
		cmd.Stdout, cmd.Stderr = log, log
		err = r.confined(cmd)
		if err == nil {
			return cmd, nil
		}
		if !errors.Is(err, syscall.ETXTBSY) || ctx.Err() != nil {
			return nil, attest.Refuse(reproducible.CodeStart, "command", "a command that starts", "").Because(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (r *run) confined(cmd *exec.Cmd) error {
	if r.config.Confiner == nil {
		return cmd.Start()
	}
	return r.config.Confiner.Start(cmd, Tree{
		Root: r.root, Host: r.spec.HostPaths, CPUs: r.spec.CPUs,
		Writable: []string{r.path(reproducible.OutputDir), r.path(reproducible.ScratchDir)},
	})
}

// judge describes how the command ended. Only the caller's cancellation and the
// machine's own failures are errors.
func (r *run) judge(ctx context.Context, cmd *exec.Cmd, waitErr error, over bool) error {
	var failed *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &failed) {
		return machineError("wait", waitErr)
	}
	cause := context.Cause(ctx)
	if cause != nil && !errors.Is(cause, errWall) {
		return stopped(ctx, cause)
	}
	e := reproducible.Exit{Code: cmd.ProcessState.ExitCode(), Signal: signalName(cmd.ProcessState)}
	switch {
	case over:
		e.Limit = reproducible.CodeLimitLog
	case cause != nil && !e.Success():
		e.Limit = reproducible.CodeLimitWall
	}
	r.result.Exit = e
	return nil
}

// capture takes the outputs.
func (r *run) capture(ctx context.Context) error {
	root, err := os.OpenRoot(r.path(reproducible.OutputDir))
	if err != nil {
		return machineError(reproducible.OutputDir, err)
	}
	defer root.Close()
	artifacts, findings, err := capture.Outputs(ctx, root, r.spec.Outputs, r.spec.Limits, r.config.Store)
	r.result.Findings = findings
	for _, p := range r.spec.HostPaths {
		r.result.Findings = append(r.result.Findings, reproducible.Finding{Code: reproducible.CodeHostPath, Path: p})
	}
	if err != nil && ctx.Err() != nil {
		return stopped(ctx, err)
	}
	if err != nil {
		return &reproducible.RunError{Result: r.result, Err: err}
	}
	r.result.Artifacts = slices.Clip(artifacts)
	return nil
}

// stopped replaces an error by the end of the context, where that came first.
func stopped(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		return err
	case errors.Is(cause, errWall):
		return attest.Refuse(reproducible.CodeLimitWall, "build", "", "").Because(cause)
	}
	return attest.Refuse(reproducible.CodeCancelled, "build", "", "").Because(cause)
}

func machineError(where string, err error) error {
	return attest.Refuse(CodeMachine, where, "", "").Because(err)
}
