package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/capture"
	"github.com/sealwright/sealwright/reproducible/internal/record"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
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

// A Preparer is a Confiner that can restrict what will start a command before there
// is one: it does so while the inputs are copied.
type Preparer interface {
	Confiner
	// Prepare begins. tree.Root and tree.Writable are there, the rest of the tree is
	// being made. The caller must call start once: with the command, which it starts
	// or refuses as Start does; or with nil, when there will be none.
	Prepare(tree Tree) (start func(cmd *exec.Cmd) error)
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
	// prepared starts the command, once, where the Confiner has prepared that.
	prepared func(cmd *exec.Cmd) error
}

func (r *run) do(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.spec.Limits.Wall, stop.ErrWall)
	defer cancel()
	defer r.unprepare()
	if err := r.layOut(ctx); err != nil {
		return stop.Or(ctx, err)
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
		return stop.Or(ctx, err)
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
	switch {
	case r.config.Confiner == nil:
		return cmd.Start()
	case r.prepared != nil:
		start := r.prepared
		r.prepared = nil
		return start(cmd)
	}
	return r.config.Confiner.Start(cmd, r.tree())
}

// prepare has the Confiner begin, if it can do that early.
func (r *run) prepare() {
	if p, ok := r.config.Confiner.(Preparer); ok {
		r.prepared = p.Prepare(r.tree())
	}
}

// unprepare gives up what was prepared, if it was not used.
func (r *run) unprepare() {
	if r.prepared != nil {
		_ = r.prepared(nil)
	}
}

func (r *run) tree() Tree {
	return Tree{
		Root: r.root, Host: r.spec.HostPaths, CPUs: r.spec.CPUs,
		Writable: []string{r.path(reproducible.OutputDir), r.path(reproducible.ScratchDir)},
	}
}

// judge describes how the command ended. Only the caller's cancellation and the
// machine's own failures are errors.
func (r *run) judge(ctx context.Context, cmd *exec.Cmd, waitErr error, over bool) error {
	var failed *exec.ExitError
	if waitErr != nil && !errors.As(waitErr, &failed) {
		return machineError("wait", waitErr)
	}
	cause := context.Cause(ctx)
	if cause != nil && !errors.Is(cause, stop.ErrWall) {
		return stop.Or(ctx, cause)
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
	return capture.Into(ctx, r.result, root, r.spec, r.config.Store)
}

func machineError(where string, err error) error {
	return attest.Refuse(CodeMachine, where, "", "").Because(err)
}
