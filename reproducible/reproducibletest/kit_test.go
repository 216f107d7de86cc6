package reproducibletest_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/reproducibletest"
)

func fakeSetup() reproducibletest.Setup {
	f := reproducibletest.NewFake()
	tool := f.PutProgram("tool", reproducibletest.Act)
	return reproducibletest.Setup{
		Builder: f, PutFile: f.PutFile, Open: f.Open,
		Spec: func() *reproducible.Spec {
			return &reproducible.Spec{
				Inputs:  []reproducible.Input{{Path: "/bin/tool", Kind: reproducible.Executable, Digest: tool}},
				Command: []string{"/bin/tool"},
			}
		},
	}
}

func TestTheFakeKeepsTheContract(t *testing.T) {
	reproducibletest.TestBuilder(t, fakeSetup())
	require.NoError(t, reproducibletest.CheckBuilder(t.Context(), fakeSetup()))
}

// broken is a Builder that keeps all but one clause of the contract.
type broken struct {
	reproducible.Builder
	spec   func(*reproducible.Spec) *reproducible.Spec
	result func(*reproducible.Result, error) (*reproducible.Result, error)
}

func (b broken) Build(ctx context.Context, s *reproducible.Spec) (*reproducible.Result, error) {
	if b.spec != nil {
		s = b.spec(s)
	}
	r, err := b.Builder.Build(ctx, s)
	if b.result != nil {
		return b.result(r, err)
	}
	return r, err
}

// forgives returns a result mutation that turns errors with the code into
// success.
func forgives(code attest.Code) func(*reproducible.Result, error) (*reproducible.Result, error) {
	return func(r *reproducible.Result, err error) (*reproducible.Result, error) {
		if !errors.Is(err, attest.Is(code)) {
			return r, err
		}
		a := reproducible.Artifact{Path: "result", Digest: digest.FromBytes(nil).Set()}
		return &reproducible.Result{Artifacts: []reproducible.Artifact{a}, Log: reproducible.NewLog(nil)}, nil
	}
}

func onSuccess(change func(*reproducible.Result)) func(*reproducible.Result, error) (*reproducible.Result, error) {
	return func(r *reproducible.Result, err error) (*reproducible.Result, error) {
		if err == nil {
			change(r)
		}
		return r, err
	}
}

func onSpec(change func(*reproducible.Spec)) func(*reproducible.Spec) *reproducible.Spec {
	return func(s *reproducible.Spec) *reproducible.Spec {
		if s == nil {
			return nil
		}
		c := *s
		change(&c)
		return &c
	}
}

func TestTheKitCatchesABuilderThatBreaksAClause(t *testing.T) {
	runs := 0
	shared := ""
	table := map[string]broken{
		"a nil spec is refused":                               {result: forgives(reproducible.CodeSpecNil)},
		"an invalid spec is refused":                          {result: forgives(reproducible.CodeSpecDigest)},
		"an input that nobody has is refused":                 {result: forgives(reproducible.CodeInput)},
		"a program that does not exist is refused":            {result: forgives(reproducible.CodeStart)},
		"a requirement that cannot be met is refused by name": {spec: onSpec(func(s *reproducible.Spec) { s.Require = 0 })},
		"what is required is achieved": {result: onSuccess(func(r *reproducible.Result) {
			runs++
			if runs > 1 {
				r.Achieved &^= reproducible.NoNetwork
			}
		})},
		"host paths are recorded and clear inputs-pinned": {result: onSuccess(func(r *reproducible.Result) { r.Achieved = reproducible.AllGuarantees })},
		"the environment is the spec's": {spec: onSpec(func(s *reproducible.Spec) {
			if s.Env != nil {
				s.Env = map[string]string{"PATH": os.Getenv("PATH"), "LD_PRELOAD": "evil.so"}
			}
		})},
		"the host name is the spec's where that is achieved":            {spec: onSpec(func(s *reproducible.Spec) { s.Hostname = "" })},
		"the processors are as many as the spec says, or it is refused": {spec: onSpec(func(s *reproducible.Spec) { s.CPUs = 0 })},
		"sorted inputs are listed in order, or refused by name": {spec: onSpec(func(s *reproducible.Spec) {
			if s.Require.Has(reproducible.SortedInputs) {
				s.Inputs = s.Inputs[:len(s.Inputs)-1]
			}
		})},
		"inputs are at their paths": {spec: onSpec(func(s *reproducible.Spec) {
			for i := range s.Inputs {
				if s.Inputs[i].Kind == reproducible.File {
					s.Inputs[i].Path += "-elsewhere"
				}
			}
		})},
		"artifacts are what the command wrote": {result: onSuccess(func(r *reproducible.Result) {
			r.Artifacts[0].Digest = digest.FromBytes([]byte("forged")).Set()
		})},
		"the result belongs to the spec": {result: onSuccess(func(r *reproducible.Result) { r.Spec = digest.FromBytes(nil) })},
		"the log is kept":                {result: onSuccess(func(r *reproducible.Result) { r.Log = reproducible.NewLog(nil) })},
		"two builds of one spec agree": {result: onSuccess(func(r *reproducible.Result) {
			runs++
			r.Artifacts[0].Size += int64(runs)
		})},
		"builds at the same time do not meet": {result: onSuccess(func(r *reproducible.Result) {
			if shared == "" {
				shared = r.Artifacts[0].Digest[digest.SHA256]
			}
			r.Artifacts[0].Digest = digest.Set{digest.SHA256: shared}
		})},
		"a failing command is an error with its log":      {result: forgives(reproducible.CodeExit)},
		"a missing output is refused":                     {result: forgives(reproducible.CodeOutputMissing)},
		"a link is no output":                             {result: forgives(reproducible.CodeOutputType)},
		"a hard link is no output":                        {result: forgives(reproducible.CodeOutputLinked)},
		"an undeclared file is a finding and no artifact": {result: onSuccess(func(r *reproducible.Result) { r.Findings = nil })},
		"too much output is refused":                      {result: forgives(reproducible.CodeLimitOutput)},
		"too long a log is refused":                       {result: forgives(reproducible.CodeLimitLog)},
		"too long a run is ended":                         {spec: onSpec(func(s *reproducible.Spec) { s.Limits.Wall = time.Hour })},
		"a cancelled build ends with the cause":           {result: forgives(reproducible.CodeCancelled)},
		"the spec is not changed": {spec: func(s *reproducible.Spec) *reproducible.Spec {
			if s != nil && s.Env["Z"] != "" {
				s.Outputs[0], s.Outputs[1] = s.Outputs[1], s.Outputs[0]
			}
			return s
		}},
	}
	require.ElementsMatch(t, reproducibletest.Clauses(), slices.Collect(maps.Keys(table)), "each clause has a broken builder")
	for clause, b := range table {
		t.Run(clause, func(t *testing.T) {
			runs, shared = 0, ""
			s := fakeSetup()
			b.Builder = s.Builder
			s.Builder = &serial{Builder: b}
			require.Contains(t, broke(reproducibletest.CheckBuilder(t.Context(), s)), clause)
		})
	}
}

// serial runs one build at a time, so that the mutations above can count.
type serial struct {
	reproducible.Builder
	mu sync.Mutex
}

func (s *serial) Build(ctx context.Context, spec *reproducible.Spec) (*reproducible.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Builder.Build(ctx, spec)
}

// broke lists the clauses of the violations in err.
func broke(err error) []string {
	var out []string
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			var v *reproducibletest.Violation
			if errors.As(e, &v) {
				out = append(out, v.Clause)
			}
		}
	}
	return out
}
