package reproducibletest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/reproducible"
)

// A Setup is a Builder under test with what the kit needs around it.
type Setup struct {
	Builder reproducible.Builder
	// Spec returns a new spec whose command performs the steps that are appended
	// to Command, as Act says: a program that calls Main, or a Program of a Fake.
	// The kit sets outputs, limits and requirements.
	Spec func() *reproducible.Spec
	// PutFile makes content available as an input and returns its digest and
	// size, as store.PutFile does.
	PutFile func(ctx context.Context, r io.Reader) (digest.Digest, int64, error)
	// Open returns an artifact or a log by digest, as store.Open does.
	Open func(ctx context.Context, d digest.Digest) (io.ReadCloser, error)
}

// A Violation is one clause of the contract of reproducible.Builder that an
// implementation breaks.
type Violation struct {
	Clause string
	Err    error
}

// Error names the clause and tells what happened.
func (v *Violation) Error() string { return "reproducible.Builder: " + v.Clause + ": " + v.Err.Error() }

// Unwrap returns what happened.
func (v *Violation) Unwrap() error { return v.Err }

// CheckBuilder tries every clause of the contract and returns a *Violation for
// each that is broken, joined. It takes some seconds with a real Builder.
func CheckBuilder(ctx context.Context, s Setup) error {
	var broken []error
	for _, c := range clauses() {
		if err := c.check(ctx, s); err != nil {
			broken = append(broken, &Violation{c.name, err})
		}
	}
	return errors.Join(broken...)
}

// TestBuilder runs each clause as a subtest.
func TestBuilder(t *testing.T, s Setup) {
	for _, c := range clauses() {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Clauses returns the names of the clauses that CheckBuilder tries.
func Clauses() []string {
	var names []string
	for _, c := range clauses() {
		names = append(names, c.name)
	}
	return names
}

type clause struct {
	name  string
	check func(ctx context.Context, s Setup) error
}

func clauses() []clause {
	return []clause{
		{"a nil spec is refused", checkNil},
		{"an invalid spec is refused", checkInvalid},
		{"an input that nobody has is refused", checkAbsentInput},
		{"a program that does not exist is refused", checkNoProgram},
		{"a requirement that cannot be met is refused by name", checkUnmet},
		{"what is required is achieved", checkRequired},
		{"host paths are recorded and clear inputs-pinned", checkHostPaths},
		{"the environment is the spec's", checkEnvironment},
		{"the host name is the spec's where that is achieved", checkHostname},
		{"the processors are as many as the spec says, or it is refused", checkProcessors},
		{"sorted inputs are listed in order, or refused by name", checkSorted},
		{"inputs are at their paths", checkInput},
		{"artifacts are what the command wrote", checkArtifacts},
		{"the result belongs to the spec", checkResult},
		{"the log is kept", checkLog},
		{"two builds of one spec agree", checkRepeat},
		{"builds at the same time do not meet", checkConcurrent},
		{"a failing command is an error with its log", checkFailure},
		{"a missing output is refused", checkMissingOutput},
		{"a link is no output", checkSymlink},
		{"a hard link is no output", checkHardLink},
		{"an undeclared file is a finding and no artifact", checkUndeclared},
		{"too much output is refused", checkOutputLimit},
		{"too long a log is refused", checkLogLimit},
		{"too long a run is ended", checkWall},
		{"a cancelled build ends with the cause", checkCancelled},
		{"the spec is not changed", checkUnchanged},
	}
}

// spec returns a spec that performs steps and declares the output "result".
func (s Setup) spec(steps ...string) *reproducible.Spec {
	c := s.Spec()
	c.Command = append(append([]string{}, c.Command...), steps...)
	c.Outputs = []string{"result"}
	c.Limits.Wall = time.Minute
	return c
}

// read returns the content of the artifact at path, checked against its digest
// and size.
func (s Setup) read(ctx context.Context, r *reproducible.Result, path string) (string, error) {
	a, ok := r.Artifact(path)
	if !ok {
		return "", fmt.Errorf("no artifact %q", path)
	}
	d := digest.Digest{Algorithm: digest.SHA256, Hex: a.Digest[digest.SHA256]}
	b, err := s.content(ctx, d)
	if err == nil && int64(len(b)) != a.Size {
		err = fmt.Errorf("artifact of %d bytes has size %d", len(b), a.Size)
	}
	return string(b), err
}

func (s Setup) content(ctx context.Context, d digest.Digest) ([]byte, error) {
	r, err := s.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if got := digest.FromBytes(b); got != d {
		return nil, fmt.Errorf("content of %v has digest %v", d, got)
	}
	return b, nil
}
