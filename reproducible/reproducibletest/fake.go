package reproducibletest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"sync"
	"testing/fstest"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/reproducible"
)

// A Program is what a Fake runs in place of an executable. It gets the arguments
// after Command[0] and returns an exit status.
type Program func(m Machine, args []string) int

// A Fake is a reproducible.Builder in memory. It runs Go functions in place of
// programs, uses no file, process, network or clock, and gives equal results for
// equal specs. Make one with NewFake. It is safe for concurrent use.
type Fake struct {
	// Grants are the guarantees that it claims to achieve. A Fake isolates
	// nothing; it claims what the test at hand needs.
	Grants reproducible.Guarantees

	mu       sync.Mutex
	files    map[digest.Digest][]byte
	trees    map[digest.Digest]fstest.MapFS
	programs map[digest.Digest]Program
}

var _ reproducible.Builder = (*Fake)(nil)

// NewFake returns a Fake that claims every guarantee.
func NewFake() *Fake {
	return &Fake{
		Grants: reproducible.AllGuarantees &^ (reproducible.Traced | reproducible.FixedClock),
		files:  map[digest.Digest][]byte{}, trees: map[digest.Digest]fstest.MapFS{}, programs: map[digest.Digest]Program{},
	}
}

// PutProgram stores a program under a name and returns the digest by which an
// executable input refers to it: that of the name.
func (f *Fake) PutProgram(name string, p Program) digest.Digest {
	d := f.put([]byte(name))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.programs[d] = p
	return d
}

// PutFile stores what r yields, for inputs.
func (f *Fake) PutFile(_ context.Context, r io.Reader) (digest.Digest, int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return digest.Digest{}, 0, err
	}
	return f.put(b), int64(len(b)), nil
}

// PutTree stores a tree for inputs, with the modes of fsys.
func (f *Fake) PutTree(ctx context.Context, fsys fstest.MapFS) (digest.Digest, error) {
	m, err := treehash.WalkFS(ctx, fsys, treehash.WalkOptions{})
	if err != nil {
		return digest.Digest{}, err
	}
	d, err := m.Digest()
	if err != nil {
		return digest.Digest{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trees[d] = fsys
	return d, nil
}

// Open returns a stored file, an artifact or a log.
func (f *Fake) Open(_ context.Context, d digest.Digest) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.files[d]
	if !ok {
		return nil, attest.Refuse(reproducible.CodeInput, "fake", d.String(), "nothing")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (f *Fake) put(b []byte) digest.Digest {
	d := digest.FromBytes(b)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[d] = bytes.Clone(b)
	return d
}

// Build runs spec as reproducible.Builder says. Started is the spec's epoch, and
// Finished later by as much as the program slept.
func (f *Fake) Build(ctx context.Context, spec *reproducible.Spec) (*reproducible.Result, error) {
	action, err := spec.Digest()
	if err != nil {
		return nil, err
	}
	granted := f.Grants
	if len(spec.HostPaths) > 0 {
		granted &^= reproducible.InputsPinned
	}
	if err := reproducible.RequireMet(spec.Require, granted, nil); err != nil {
		return nil, err
	}
	if spec.CPUs > processors {
		return nil, attest.Refuse(reproducible.CodeCPUs, "Spec.CPUs", strconv.Itoa(processors), strconv.Itoa(int(spec.CPUs)))
	}
	m, program, err := f.load(spec.WithDefaults())
	if err != nil {
		return nil, err
	}
	status := program(m, spec.Command[1:])
	if err := ctx.Err(); err != nil {
		return nil, attest.Refuse(reproducible.CodeCancelled, "build", "", "").Because(context.Cause(ctx))
	}
	started := time.Unix(spec.Epoch, 0).UTC()
	r := &reproducible.Result{
		Spec: action, Achieved: granted, Exit: m.exit(status), Log: reproducible.NewLog(m.kept()),
		Started: started, Finished: started.Add(m.slept),
	}
	f.put(r.Log.Text)
	for _, p := range spec.HostPaths {
		r.Findings = append(r.Findings, reproducible.Finding{Code: reproducible.CodeHostPath, Path: p})
	}
	err = r.Exit.Err()
	if err == nil {
		err = f.capture(m, r)
	}
	if err != nil {
		return nil, &reproducible.RunError{Result: r, Err: err}
	}
	return r, nil
}

// load gathers inputs and finds the program.
func (f *Fake) load(spec *reproducible.Spec) (*memory, Program, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &memory{spec: spec, files: map[string]file{}}
	var program Program
	for _, in := range spec.Inputs {
		absent := attest.Refuse(reproducible.CodeInput, in.Path, in.Digest.String(), "nothing")
		if in.Kind == reproducible.Tree {
			tree, ok := f.trees[in.Digest]
			if !ok {
				return nil, nil, absent
			}
			if err := m.mount(in.Path, tree); err != nil {
				return nil, nil, err
			}
			continue
		}
		data, ok := f.files[in.Digest]
		if !ok {
			return nil, nil, absent
		}
		m.files[in.Path] = file{data: data, links: 1}
		if in.Path == spec.Command[0] && in.Kind == reproducible.Executable {
			program = f.programs[in.Digest]
		}
	}
	if program == nil {
		return nil, nil, attest.Refuse(reproducible.CodeStart, "command", "a program of the fake", spec.Command[0])
	}
	return m, program, nil
}

// mount puts the regular files of a tree below a path.
func (m *memory) mount(at string, tree fstest.MapFS) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := fs.ReadFile(tree, name)
		m.files[at+"/"+name] = file{data: data, links: 1}
		return err
	})
}

// kept is the log as far as its limit allows.
func (m *memory) kept() []byte {
	return m.log.Bytes()[:min(int64(m.log.Len()), m.spec.Limits.LogBytes)]
}

// exit names the limit that ended the program, if one did.
func (m *memory) exit(status int) reproducible.Exit {
	switch {
	case int64(m.log.Len()) > m.spec.Limits.LogBytes:
		return reproducible.Exit{Code: -1, Signal: "SIGKILL", Limit: reproducible.CodeLimitLog}
	case m.slept > m.spec.Limits.Wall:
		return reproducible.Exit{Code: -1, Signal: "SIGKILL", Limit: reproducible.CodeLimitWall}
	}
	return reproducible.Exit{Code: status}
}

var errReadOnly = errors.New("read-only file system")
