package reproducibletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
)

// refused demands an error with the code, and no result beside it.
func refused(r *reproducible.Result, err error, code attest.Code) error {
	if err == nil {
		return fmt.Errorf("no error, want %s", code)
	}
	if r != nil {
		return errors.New("a result beside an error")
	}
	if !slices.ContainsFunc(attest.Reasons(err), func(x attest.Reason) bool { return x.Code == code }) {
		return fmt.Errorf("error without code %s: %w", code, err)
	}
	return nil
}

// ranAndFailed demands a *RunError with the code, whose result has no artifacts.
func ranAndFailed(r *reproducible.Result, err error, code attest.Code) (*reproducible.Result, error) {
	if err := refused(r, err, code); err != nil {
		return nil, err
	}
	var failed *reproducible.RunError
	if !errors.As(err, &failed) || failed.Result == nil {
		return nil, fmt.Errorf("no RunError with a result: %w", err)
	}
	if len(failed.Result.Artifacts) > 0 {
		return nil, errors.New("artifacts of a failed run")
	}
	return failed.Result, nil
}

func checkNil(ctx context.Context, s Setup) error {
	r, err := s.Builder.Build(ctx, nil)
	return refused(r, err, reproducible.CodeSpecNil)
}

func checkInvalid(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	spec.Inputs = append(spec.Inputs, reproducible.Input{Path: "/in/latest", Kind: reproducible.File})
	r, err := s.Builder.Build(ctx, spec)
	return refused(r, err, reproducible.CodeSpecDigest)
}

func checkAbsentInput(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	spec.Inputs = append(spec.Inputs, reproducible.Input{
		Path: "/in/absent", Kind: reproducible.File, Digest: digest.FromBytes([]byte("nobody has this content")),
	})
	r, err := s.Builder.Build(ctx, spec)
	return refused(r, err, reproducible.CodeInput)
}

func checkNoProgram(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	spec.Command[0] = "/no/such/program"
	r, err := s.Builder.Build(ctx, spec)
	return refused(r, err, reproducible.CodeStart)
}

// hostPath is a directory that every Unix machine has.
const hostPath = "/usr"

func checkUnmet(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	spec.HostPaths = []string{hostPath}
	spec.Require = reproducible.InputsPinned
	r, err := s.Builder.Build(ctx, spec)
	if err := refused(r, err, reproducible.CodeRequireUnmet); err != nil {
		return err
	}
	var unmet *reproducible.UnmetError
	if !errors.As(err, &unmet) || !unmet.Missing.Has(reproducible.InputsPinned) || !strings.Contains(err.Error(), "inputs-pinned") {
		return fmt.Errorf("the error does not name what is missing: %w", err)
	}
	return nil
}

func checkRequired(ctx context.Context, s Setup) error {
	first, err := s.Builder.Build(ctx, s.spec("write result x"))
	if err != nil {
		return err
	}
	spec := s.spec("write result x")
	spec.Require = first.Achieved
	again, err := s.Builder.Build(ctx, spec)
	if err != nil {
		return fmt.Errorf("what was achieved once cannot be required: %w", err)
	}
	if !again.Achieved.Has(spec.Require) {
		return fmt.Errorf("required %v, achieved %v", spec.Require, again.Achieved)
	}
	return nil
}

func checkHostPaths(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	spec.HostPaths = []string{hostPath}
	r, err := s.Builder.Build(ctx, spec)
	if err != nil {
		return err
	}
	if r.Achieved.Has(reproducible.InputsPinned) {
		return errors.New("inputs are told to be pinned")
	}
	if !slices.Contains(r.Findings, reproducible.Finding{Code: reproducible.CodeHostPath, Path: hostPath}) {
		return fmt.Errorf("not among the findings: %v", r.Findings)
	}
	return nil
}

func checkEnvironment(ctx context.Context, s Setup) error {
	spec := s.spec("environment result")
	spec.Env = map[string]string{"KIT": "a value", "HOME": "/nowhere", "TMPDIR": "/tmp"}
	spec.Epoch = 1234567890
	r, err := s.Builder.Build(ctx, spec)
	if err != nil {
		return err
	}
	text, err := s.read(ctx, r, "result")
	if err != nil {
		return err
	}
	got := strings.Split(text, "\n")
	slices.Sort(got)
	if want := spec.Environment(); !slices.Equal(got, want) {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	return nil
}

func checkHostname(ctx context.Context, s Setup) error {
	spec := s.spec("hostname result")
	spec.Hostname = "kit.example"
	r, err := s.Builder.Build(ctx, spec)
	if err != nil || !r.Achieved.Has(reproducible.FixedHostname) {
		return err
	}
	return s.expect(ctx, r, "result", "kit.example")
}

func checkProcessors(ctx context.Context, s Setup) error {
	for _, n := range []uint32{1, 1024} {
		spec := s.spec("processors result")
		spec.CPUs = n
		r, err := s.Builder.Build(ctx, spec)
		if err != nil {
			err = refused(r, err, reproducible.CodeCPUs)
		} else {
			err = s.expect(ctx, r, "result", strconv.Itoa(int(n)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkSorted(ctx context.Context, s Setup) error {
	d, _, err := s.PutFile(ctx, strings.NewReader("content of an input"))
	if err != nil {
		return err
	}
	spec := s.spec("list ../in result")
	spec.Require = reproducible.SortedInputs
	names := strings.Fields("m b Z é a 10 9 z")
	for _, name := range names {
		spec.Inputs = append(spec.Inputs, reproducible.Input{Path: "/in/" + name, Kind: reproducible.File, Digest: d})
	}
	r, err := s.Builder.Build(ctx, spec)
	if err != nil {
		var unmet *reproducible.UnmetError
		if !errors.As(err, &unmet) || !unmet.Missing.Has(reproducible.SortedInputs) {
			return fmt.Errorf("it is not refused by name: %w", err)
		}
		return refused(r, err, reproducible.CodeRequireUnmet)
	}
	if !r.Achieved.Has(reproducible.SortedInputs) {
		return errors.New("it is not achieved")
	}
	slices.Sort(names)
	return s.expect(ctx, r, "result", strings.Join(names, "\n"))
}

func checkInput(ctx context.Context, s Setup) error {
	d, _, err := s.PutFile(ctx, strings.NewReader("content of an input"))
	if err != nil {
		return err
	}
	spec := s.spec("copy ../in/deep/file result")
	spec.Inputs = append(spec.Inputs, reproducible.Input{Path: "/in/deep/file", Kind: reproducible.File, Digest: d})
	r, err := s.Builder.Build(ctx, spec)
	if err != nil {
		return err
	}
	return s.expect(ctx, r, "result", "content of an input")
}

func (s Setup) expect(ctx context.Context, r *reproducible.Result, path, want string) error {
	got, err := s.read(ctx, r, path)
	if err == nil && got != want {
		err = fmt.Errorf("%s holds %q, want %q", path, got, want)
	}
	return err
}

func checkArtifacts(ctx context.Context, s Setup) error {
	spec := s.spec("write b second", "write a first")
	spec.Outputs = []string{"b", "a"}
	r, err := s.Builder.Build(ctx, spec)
	if err != nil {
		return err
	}
	if len(r.Artifacts) != 2 || r.Artifacts[0].Path != "a" {
		return fmt.Errorf("want a and b in order, got %v", r.Artifacts)
	}
	return errors.Join(s.expect(ctx, r, "a", "first"), s.expect(ctx, r, "b", "second"))
}

func checkResult(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	r, err := s.Builder.Build(ctx, spec)
	if err != nil {
		return err
	}
	want, err := spec.Digest()
	if err != nil {
		return err
	}
	if r.Spec != want {
		return fmt.Errorf("Result.Spec is %v, want %v", r.Spec, want)
	}
	if r.Started.IsZero() || r.Finished.Before(r.Started) {
		return fmt.Errorf("started %v, finished %v", r.Started, r.Finished)
	}
	return r.Validate()
}

func checkLog(ctx context.Context, s Setup) error {
	r, err := s.Builder.Build(ctx, s.spec("log one", "log two", "write result x"))
	if err != nil {
		return err
	}
	if got := string(r.Log.Text); got != "one\ntwo\n" {
		return fmt.Errorf("the log is %q", got)
	}
	if r.Log.Digest != digest.FromBytes(r.Log.Text) {
		return errors.New("the log's digest is not that of its text")
	}
	_, err = s.content(ctx, r.Log.Digest)
	return err
}

func checkRepeat(ctx context.Context, s Setup) error {
	a, err := s.Builder.Build(ctx, s.spec("write result x", "log y"))
	if err != nil {
		return err
	}
	b, err := s.Builder.Build(ctx, s.spec("write result x", "log y"))
	if err != nil {
		return err
	}
	c, err := reproducible.Compare(a, b)
	if err != nil {
		return err
	}
	return c.Err()
}

func checkConcurrent(ctx context.Context, s Setup) error {
	const builds = 6
	faults := make([]error, builds)
	var wg sync.WaitGroup
	for i := range builds {
		wg.Go(func() {
			own := fmt.Sprint("build ", i)
			r, err := s.Builder.Build(ctx, s.spec("write scratch "+own, "sleep 20ms", "copy scratch result"))
			if err == nil {
				err = s.expect(ctx, r, "result", own)
			}
			faults[i] = err
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

func checkFailure(ctx context.Context, s Setup) error {
	r, err := s.Builder.Build(ctx, s.spec("write result x", "log why", "exit 3"))
	failed, err := ranAndFailed(r, err, reproducible.CodeExit)
	if err != nil {
		return err
	}
	if failed.Exit.Code != 3 || string(failed.Log.Text) != "why\n" {
		return fmt.Errorf("exit %+v, log %q", failed.Exit, failed.Log.Text)
	}
	return nil
}

func checkMissingOutput(ctx context.Context, s Setup) error {
	spec := s.spec("write result x")
	spec.Outputs = []string{"result", "never"}
	r, err := s.Builder.Build(ctx, spec)
	_, err = ranAndFailed(r, err, reproducible.CodeOutputMissing)
	return err
}

func checkSymlink(ctx context.Context, s Setup) error {
	r, err := s.Builder.Build(ctx, s.spec("write other x", "symlink other result"))
	_, err = ranAndFailed(r, err, reproducible.CodeOutputType)
	return err
}

func checkHardLink(ctx context.Context, s Setup) error {
	r, err := s.Builder.Build(ctx, s.spec("write other x", "link other result"))
	_, err = ranAndFailed(r, err, reproducible.CodeOutputLinked)
	return err
}

func checkUndeclared(ctx context.Context, s Setup) error {
	r, err := s.Builder.Build(ctx, s.spec("write result x", "write surplus y"))
	if err != nil {
		return err
	}
	if _, ok := r.Artifact("surplus"); ok {
		return errors.New("it is an artifact")
	}
	want := reproducible.Finding{Code: reproducible.CodeOutputUndeclared, Path: reproducible.OutputDir + "/surplus"}
	if !slices.Contains(r.Findings, want) {
		return fmt.Errorf("not among the findings: %v", r.Findings)
	}
	return nil
}

func checkOutputLimit(ctx context.Context, s Setup) error {
	spec := s.spec("fill a 40000", "fill result 40000")
	spec.Outputs = []string{"a", "result"}
	spec.Limits.OutputBytes = 64 << 10
	r, err := s.Builder.Build(ctx, spec)
	if err == nil {
		return errors.New("no error")
	}
	// A file system with a limit makes the command fail; a capture with one
	// refuses.
	var failed *reproducible.RunError
	if r != nil || !errors.As(err, &failed) {
		return fmt.Errorf("no RunError: %w", err)
	}
	return nil
}

func checkLogLimit(ctx context.Context, s Setup) error {
	spec := s.spec("write result x", "flood 100000")
	spec.Limits.LogBytes = 1000
	r, err := s.Builder.Build(ctx, spec)
	failed, err := ranAndFailed(r, err, reproducible.CodeLimitLog)
	if err == nil && len(failed.Log.Text) > 1000 {
		err = fmt.Errorf("%d bytes were kept", len(failed.Log.Text))
	}
	return err
}

func checkWall(ctx context.Context, s Setup) error {
	spec := s.spec("write result x", "sleep 60s")
	spec.Limits.Wall = 500 * time.Millisecond
	r, err := s.Builder.Build(ctx, spec)
	_, err = ranAndFailed(r, err, reproducible.CodeLimitWall)
	return err
}

func checkCancelled(ctx context.Context, s Setup) error {
	cause := errors.New("the caller has left")
	ctx, cancel := context.WithCancelCause(ctx)
	stop := time.AfterFunc(200*time.Millisecond, func() { cancel(cause) })
	defer stop.Stop()
	defer cancel(nil)
	r, err := s.Builder.Build(ctx, s.spec("write result x", "sleep 60s"))
	if err == nil {
		<-ctx.Done() // a Builder whose time is not real was faster
		r, err = s.Builder.Build(ctx, s.spec("write result x"))
	}
	if err := refused(r, err, reproducible.CodeCancelled); err != nil {
		return err
	}
	if !errors.Is(err, cause) {
		return fmt.Errorf("the error does not wrap the cause: %w", err)
	}
	return nil
}

func checkUnchanged(ctx context.Context, s Setup) error {
	spec := s.spec("write b x", "write a y")
	spec.Outputs = []string{"b", "a"}
	spec.Env = map[string]string{"Z": "1"}
	before := fmt.Sprintf("%+v", *spec)
	if _, err := s.Builder.Build(ctx, spec); err != nil {
		return err
	}
	if after := fmt.Sprintf("%+v", *spec); after != before {
		return fmt.Errorf("it was %s, it is %s", before, after)
	}
	return nil
}
