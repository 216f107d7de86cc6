package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/sandbox"
	"github.com/sealwright/sealwright/reproducible/store"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// An account is what the runner tells about a run.
type account struct {
	Command   []string                `json:"command"`
	Explained bool                    `json:"explained,omitempty"`
	Spec      digest.Digest           `json:"spec,omitzero"`
	Inputs    []inputAccount          `json:"inputs"`
	Required  []string                `json:"required,omitempty"`
	Granted   []string                `json:"granted,omitempty"`
	Missing   string                  `json:"missing,omitempty"`
	Env       []string                `json:"env,omitempty"`
	Achieved  reproducible.Guarantees `json:"achieved"`
	Seconds   float64                 `json:"seconds"`
	Outputs   []outputAccount         `json:"outputs"`
	Findings  []findingAccount        `json:"findings"`
	Read      []inputAccount          `json:"read"`     // files that were opened, run or loaded
	Untouched []string                `json:"unread"`   // inputs of which nothing was
	Sought    []string                `json:"sought"`   // names that led to nothing
	Reached   []string                `json:"reached"`  // addresses that were tried
	Complete  bool                    `json:"complete"` // the three lists miss nothing that is watched
	Log       string                  `json:"log"`
	programs  []string                // among Sought, those to be run
	Refused   string                  `json:"refused,omitempty"`
	Reasons   []attest.Reason         `json:"reasons,omitempty"`
}

type inputAccount struct {
	Path   string        `json:"path"`
	Digest digest.Digest `json:"digest,omitzero"` // absent: not pinned
}

type outputAccount struct {
	Path   string     `json:"path"`
	Digest digest.Set `json:"digest"`
	Size   int64      `json:"size"`
	mode   os.FileMode
}

type findingAccount struct {
	Code attest.Code `json:"code"`
	Path string      `json:"path"`
}

func (a *account) inputs(spec *reproducible.Spec) {
	for _, in := range spec.Inputs {
		a.Inputs = append(a.Inputs, inputAccount{in.Path, in.Digest})
	}
	for _, p := range spec.HostPaths {
		a.Inputs = append(a.Inputs, inputAccount{Path: p})
	}
}

func (a *account) explain(spec *reproducible.Spec, c sandbox.Capabilities) {
	a.Required, a.Granted, a.Env = spec.Require.Names(), c.Granted.Names(), spec.Environment()
	if c.Missing != nil {
		a.Missing = c.Missing.Error()
	}
}

func (a *account) result(r *reproducible.Result) {
	if r == nil {
		return
	}
	a.Achieved, a.Seconds, a.Log = r.Achieved, r.Finished.Sub(r.Started).Seconds(), string(r.Log.Text)
	for _, o := range r.Artifacts {
		a.Outputs = append(a.Outputs, outputAccount{o.Path, o.Digest, o.Size, o.Mode})
	}
	for _, f := range r.Findings {
		a.Findings = append(a.Findings, findingAccount(f))
	}
}

// trace tells what the command read, sought in vain and tried to reach.
func (a *account) trace(ctx context.Context, spec *reproducible.Spec, t *reproducible.Trace, s *store.Store) error {
	if t == nil {
		return nil
	}
	a.Complete = t.Complete
	for _, x := range t.Accesses {
		switch {
		case x.Op == reproducible.OpConnect:
			a.Reached = append(a.Reached, x.Path)
		case x.Outcome == reproducible.OutcomeAbsent && (x.Op == reproducible.OpOpen || x.Op == reproducible.OpExec):
			a.Sought = append(a.Sought, x.Path)
			if x.Op == reproducible.OpExec {
				a.programs = append(a.programs, x.Path)
			}
		}
	}
	if !t.Complete {
		return nil // what was read cannot be told from what was not
	}
	m, err := trace.MaterialsOf(ctx, spec, t, s.Manifest)
	if err != nil {
		return err
	}
	for _, d := range m.Touched {
		a.Read = append(a.Read, inputAccount{d.Name, digest.Digest{Algorithm: digest.SHA256, Hex: d.Digest[digest.SHA256]}})
	}
	for _, name := range m.Unpinned {
		a.Read = append(a.Read, inputAccount{Path: name})
	}
	a.Untouched = m.Untouched
	return nil
}

func (a *account) refuse(err error) {
	if err != nil {
		a.Refused, a.Reasons = err.Error(), attest.Reasons(err)
	}
}

// copy takes the outputs out of the store, verified on the way. What could not be
// verified to its end is removed again.
func (a *account) copy(ctx context.Context, s *store.Store, to string) error {
	for _, o := range a.Outputs {
		d, _ := o.Digest.Strongest()
		from, err := s.Open(ctx, d)
		if err != nil {
			return err
		}
		at := filepath.Join(to, filepath.FromSlash(o.Path))
		err = errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), copyNew(at, o.mode, from), from.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

func copyNew(at string, mode os.FileMode, from io.Reader) error {
	file, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(at))
	}
	return nil
}

func (a *account) print(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(a)
	}
	var failed error
	line := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		failed = errors.Join(failed, err)
	}
	if a.Log != "" {
		line("%s", a.Log)
	}
	for _, in := range a.Inputs {
		pinned := in.Digest.String()
		if in.Digest.IsZero() {
			pinned = "of this machine, not pinned"
		}
		line("input     %s  %s", in.Path, pinned)
	}
	for _, in := range a.Read {
		line("read      %s", in.Path)
	}
	for _, name := range a.Untouched {
		line("unread    %s", name)
	}
	for _, name := range a.Reached {
		line("reached   %s", name)
	}
	if len(a.Sought) > 0 {
		line("sought    %d names that led to nothing; -json lists them", len(a.Sought))
	}
	if a.Refused != "" {
		for _, name := range a.programs {
			line("          the program %s", name)
		}
	}
	for _, o := range a.Outputs {
		line("output    %s  %s  %d bytes", o.Path, o.Digest, o.Size)
	}
	if a.Explained {
		line("spec      %s\nenv       %q\nrequired  %v\ngranted   %v", a.Spec, a.Env, a.Required, a.Granted)
		if a.Missing != "" {
			line("missing   %s", a.Missing)
		}
	} else if a.Seconds > 0 {
		line("achieved  %s", a.Achieved)
	}
	for _, f := range a.Findings {
		line("finding   %s  %q", f.Code, f.Path)
	}
	for _, r := range a.Reasons {
		line("refused   %s", r)
	}
	if len(a.Reasons) == 0 && a.Refused != "" {
		line("failed    %s", a.Refused)
	}
	return failed
}
