//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/cgroup"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/capture"
	"github.com/sealwright/sealwright/reproducible/internal/record"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
	"github.com/sealwright/sealwright/reproducible/trace"
)

func supported() error { return nil }

// Build runs spec as reproducible.Builder says. Beyond the codes of that package
// it returns CodeSetUp when the machine refuses a step of the isolation.
func (s *Sandbox) Build(ctx context.Context, spec *reproducible.Spec) (*reproducible.Result, error) {
	action, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	if err := s.checkRequired(ctx, spec); err != nil {
		return nil, err
	}
	spec = spec.WithDefaults()
	for range mendings {
		result, doubt, err := s.attempt(ctx, spec, action)
		if !doubt {
			return result, err
		}
		if err := s.mend(ctx, spec); err != nil {
			return nil, err
		}
	}
	result, _, err := s.attempt(ctx, spec, action)
	return result, err
}

// mendings bounds how often a build begins again because an input was not what it
// should be.
const mendings = 2

// attempt builds once. doubt says that nothing has run, nothing is left, and all that
// was wrong is an input, which the store may be able to mend.
func (s *Sandbox) attempt(ctx context.Context, spec *reproducible.Spec, action digest.Digest) (result *reproducible.Result, doubt bool, err error) {
	r := &run{sandbox: s, spec: spec, result: &reproducible.Result{Spec: action}}
	if err = r.prepare(ctx); err == nil {
		err = r.do(ctx)
	}
	if wrong := r.inputs.verified(); wrong != nil && ctx.Err() == nil {
		doubt, err = true, wrong // also of a child that failed: its inputs come first
	}
	if left := r.clean(); left != nil {
		doubt, err = false, errors.Join(err, left)
	}
	if err != nil {
		return nil, doubt, err
	}
	return r.result, false, nil
}

// checkRequired refuses what the machine cannot grant to this spec, before
// anything is prepared.
func (s *Sandbox) checkRequired(ctx context.Context, spec *reproducible.Spec) error {
	c, err := s.capabilities(ctx)
	if err != nil {
		return err
	}
	granted := c.Granted
	if len(spec.HostPaths) > 0 {
		granted &^= ofTheMachine
	}
	return errors.Join(reproducible.RequireMet(spec.Require, granted, c.Missing), checkProcessors(spec.CPUs))
}

// ofTheMachine are the guarantees that paths of the machine clear.
const ofTheMachine = reproducible.InputsPinned | reproducible.SortedInputs

// errUntraceable is a machine that does not let the monitor stop the programs of
// a build.
var errUntraceable = errors.New("the programs of a build cannot be stopped")

// promises are the guarantees that the monitor itself keeps.
func (s *Sandbox) promises() reproducible.Guarantees {
	return reproducible.InputsPinned | reproducible.WallLimit | reproducible.OutputLimit
}

// A run is one build.
type run struct {
	sandbox *Sandbox
	spec    *reproducible.Spec
	result  *reproducible.Result

	plan   *plan
	child  *child
	inputs *inputs
	group  *cgroup.Group
	log    *record.Recorder
	jail   *jail
	wall   *time.Timer // ends the run
	output *os.Root    // what the child made of /out
	tracer *trace.Tracer
}

// prepare gathers everything that needs no child.
func (r *run) prepare(ctx context.Context) error {
	limits := r.spec.Limits
	grouped := make(chan *cgroup.Group)
	go func() { // while the child is composed
		// What the group cannot limit is limited per process, or refused if the spec
		// requires more, so why it cannot does not matter here.
		group, _ := cgroup.Create(cgroup.Host{}, cgroup.Limits{Memory: limits.Memory, PIDs: limits.PIDs})
		grouped <- group
	}()
	err := r.compose(ctx)
	r.group = <-grouped
	return err
}

// compose opens the inputs and composes the child.
func (r *run) compose(ctx context.Context) error {
	mounts, err := r.mounts(ctx)
	if err != nil {
		return stop.Or(ctx, err)
	}
	r.plan = r.sandbox.newPlan(r.spec, mounts)
	if r.plan.Sorted {
		if err := r.sandbox.copied(ctx, r.spec, r.plan.Mounts); err != nil {
			return err
		}
		if r.plan.Order, err = r.sandbox.order(ctx); err != nil {
			return err
		}
	}
	r.child, err = compose(r.plan)
	return err
}

// mounts opens every input and looks at the host paths.
func (r *run) mounts(ctx context.Context) (out []mount, err error) {
	if r.inputs, err = r.sandbox.offer(ctx, r.spec); err != nil {
		return nil, err
	}
	for i, in := range r.spec.Inputs {
		out = append(out, mount{Source: r.inputs.offers[i].Path(), Target: in.Path[1:], Dir: in.Kind == reproducible.Tree})
	}
	for _, p := range r.spec.HostPaths {
		info, err := os.Stat(p)
		if err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			return nil, attest.Refuse(reproducible.CodeInput, p, "a file or a directory", "").Because(err)
		}
		out = append(out, mount{Source: p, Target: p[1:], Dir: info.IsDir()})
	}
	return out, nil
}

// do starts the child, runs the command in it, and captures what it made. Its
// thread is the child's parent.
func (r *run) do(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.wall = time.AfterFunc(r.spec.Limits.Wall, func() { cancel(stop.ErrWall) })
	defer r.wall.Stop()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer r.release()
	go r.inputs.verify()
	if err := r.start(ctx); err != nil {
		return err
	}
	defer r.jail.stopWhen(ctx)()
	r.unaccounted(r.inputs.verify) // while the child sets up what they are mounted in
	if err := r.admit(); err != nil {
		return r.failed(ctx, err)
	}
	if err := r.verified(); err != nil {
		return r.failed(ctx, err)
	}
	r.result.Started = r.sandbox.config.Now()
	if err := r.jail.permit(); err != nil {
		return r.failed(ctx, err)
	}
	end := r.jail.wait()
	if err := r.jail.ran(); err != nil {
		return r.failed(ctx, err)
	}
	r.result.Finished = r.sandbox.config.Now()
	if err := r.unwatch(ctx); err != nil {
		return err
	}
	if err := r.finish(ctx, end); err != nil {
		return err
	}
	if err := r.traced(); err != nil {
		return err
	}
	return capture.Into(ctx, r.result, r.output, r.spec, r.sandbox.config.Store) // no process is left
}

// verified waits for the inputs.
func (r *run) verified() (err error) {
	r.unaccounted(func() { err = r.inputs.verified() })
	return err
}

// unaccounted does what is no part of the run: wall time begins anew after it. A
// probe has none.
func (r *run) unaccounted(do func()) {
	if r.wall == nil {
		return
	}
	r.wall.Stop()
	do()
	r.wall.Reset(r.spec.Limits.Wall)
}

// release ends the child, if there is one.
func (r *run) release() {
	if r.jail != nil {
		r.jail.stop()
		r.jail.done()
	}
}

func (r *run) start(ctx context.Context) (err error) {
	r.log, err = record.New(r.spec.Limits.LogBytes)
	if err != nil {
		return machineError("log", err)
	}
	addressSpace := int64(0)
	if !r.group.Memory() {
		addressSpace = r.spec.Limits.Memory
	}
	doors, err := r.group.Doors()
	if err == nil {
		r.jail, err = start(r.child, doors, addressSpace, r.log.Writer())
	} else {
		err = machineError("control group", err)
	}
	if err != nil {
		r.log.Abandon()
		return err
	}
	r.log.Start(func() { _ = r.jail.process.Kill() })
	return stop.Reason(ctx)
}

// admit reads what the child has set up. It refuses when that is less than the spec
// requires.
func (r *run) admit() error {
	if r.plan.Sorted {
		if err := r.fill(); err != nil {
			return err
		}
	}
	monitors, err := readNamespaces("/proc/self/")
	if err != nil {
		return machineError("namespaces", err)
	}
	rep, err := r.jail.expect(reportSize)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(r.jail.proc("root"))
	if err != nil {
		return machineError("root", err)
	}
	defer root.Close()
	achieved, err := r.jail.achieved(rep, root, monitors)
	if err != nil {
		return attest.Refuse(CodeSetUp, "child", "the isolation", "").Because(err)
	}
	if err := r.inputs.mounted(root, r.plan.Mounts); err != nil {
		return err
	}
	if r.output, err = root.OpenRoot(reproducible.OutputDir[1:]); err != nil {
		return machineError(reproducible.OutputDir, err)
	}
	if r.jail.child.listener != 0 {
		if err := r.watch(); err != nil {
			return machineError("listener", err)
		}
	}
	achieved |= r.sandbox.promises()
	if len(r.spec.HostPaths) > 0 {
		achieved &^= ofTheMachine
	}
	// The child sets the limits of single processes after it has permission, and
	// does not run the command unless it could.
	achieved |= reproducible.CPULimit | reproducible.PIDsPerUser | reproducible.MemoryPerProcess
	if r.group.Memory() {
		achieved |= reproducible.MemoryLimit
	}
	if r.group.PIDs() {
		achieved |= reproducible.PIDsLimit
	}
	if r.tracer != nil && r.plan.Trace {
		achieved |= reproducible.Traced
	}
	if r.plan.FixedClock {
		if err := r.jail.follow(); err != nil {
			return attest.Refuse(CodeSetUp, "fixed clock", "to trace the child", "").Because(errors.Join(errUntraceable, err))
		}
		achieved |= reproducible.FixedClock
	}
	r.result.Achieved = achieved
	return reproducible.RequireMet(r.spec.Require, achieved, nil)
}

// fill has the copies filled while the child waits.
func (r *run) fill() error {
	if _, err := r.jail.expect(fillSize); err != nil {
		return err
	}
	if err := r.verified(); err != nil {
		return err
	}
	if err := r.inputs.copied(r.plan.Mounts); err != nil {
		return err
	}
	if err := r.jail.fill(); err != nil {
		return machineError("sorted inputs", err)
	}
	return r.jail.permit()
}

// watch starts the tracer of a child that waits before its command.
func (r *run) watch() error {
	listener, err := r.jail.listener()
	if err != nil {
		return err
	}
	root, err := os.OpenFile(r.jail.proc("root"), os.O_RDONLY|unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	mounts, err := os.Open(r.jail.proc("ns/mnt"))
	if err != nil {
		return errors.Join(err, listener.Close(), root.Close())
	}
	c := trace.Config{
		Listener: listener, Root: root, Mounts: mounts, Kill: func() { _ = r.jail.process.Kill() },
		NoFiles: !r.plan.Trace, FixedClock: r.plan.FixedClock, Epoch: r.spec.Epoch,
	}
	if o := r.sandbox.config.Trace; o != nil {
		c.Decide, c.MaxAccesses = o.Decide, o.MaxAccesses
	}
	for _, m := range r.plan.Mounts {
		c.Inputs = append(c.Inputs, "/"+m.Target)
	}
	r.tracer, err = trace.Start(c)
	return err
}

// unwatch keeps what the tracer of an ended build has seen.
func (r *run) unwatch(ctx context.Context) error {
	if r.tracer == nil {
		return nil
	}
	t, err := r.tracer.Stop()
	if err != nil || !r.plan.Trace {
		return err
	}
	r.result.Trace = t
	if !t.Complete {
		r.result.Achieved &^= reproducible.Traced
	}
	text, err := t.Marshal()
	if err != nil {
		return err
	}
	_, _, err = r.sandbox.config.Store.PutFile(context.WithoutCancel(ctx), bytes.NewReader(text))
	return err
}

// traced refuses a trace with gaps where the spec requires one without.
func (r *run) traced() error {
	if r.spec.Require.Has(reproducible.Traced) && !r.result.Trace.Complete {
		return &reproducible.RunError{Result: r.result, Err: attest.Refuse(reproducible.CodeTrace, "Result.Trace", "a complete trace", "an incomplete one")}
	}
	return nil
}

// failed stops a child whose command did not run, and prefers to report that the
// caller or the clock ended it.
func (r *run) failed(ctx context.Context, err error) error {
	r.jail.stop()
	r.log.Wait()
	if stopped := stop.Reason(ctx); stopped != nil {
		return stopped
	}
	return err
}

// clean gives back what the run holds, when there is no child any more. It is called
// once, whatever happened.
func (r *run) clean() error {
	if r.log != nil {
		r.log.Wait()
	}
	faults := []error{r.inputs.close()}
	if r.tracer != nil {
		_, err := r.tracer.Stop()
		faults = append(faults, err)
	}
	if r.output != nil {
		faults = append(faults, r.output.Close())
	}
	if r.group != nil {
		faults = append(faults, r.group.Remove())
	}
	if err := errors.Join(faults...); err != nil {
		return machineError("clean-up", err)
	}
	return nil
}
