package reproducibletest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

// A memory is the Machine of one build of a Fake.
type memory struct {
	spec  *reproducible.Spec
	files map[string]file // by absolute path
	log   bytes.Buffer
	slept time.Duration
}

// A file is a regular file, or a symbolic link.
type file struct {
	data   []byte
	target string
	links  int
}

func (m *memory) resolve(p string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(m.spec.Dir, p)
}

func (m *memory) ReadFile(p string) ([]byte, error) {
	f, ok := m.files[m.resolve(p)]
	if !ok || f.target != "" {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist}
	}
	return bytes.Clone(f.data), nil
}

func (m *memory) WriteFile(p string, data []byte) error {
	return m.create(p, file{data: bytes.Clone(data), links: 1})
}

func (m *memory) Symlink(target, p string) error {
	return m.create(p, file{target: target, links: 1})
}

func (m *memory) Link(from, p string) error {
	f, ok := m.files[m.resolve(from)]
	if !ok {
		return &fs.PathError{Op: "link", Path: from, Err: fs.ErrNotExist}
	}
	f.links++
	m.files[m.resolve(from)] = f
	return m.create(p, f)
}

// create writes where a command may write: below the output directory and the
// scratch directory.
func (m *memory) create(p string, f file) error {
	full := m.resolve(p)
	for _, dir := range []string{reproducible.OutputDir, reproducible.ScratchDir} {
		if strings.HasPrefix(full, dir+"/") {
			m.files[full] = f
			return nil
		}
	}
	return &fs.PathError{Op: "create", Path: p, Err: errReadOnly}
}

// processors are how many a Fake pretends to have.
const processors = 8

// Processors returns what the spec says.
func (m *memory) Processors() int {
	if m.spec.CPUs == 0 {
		return processors
	}
	return int(m.spec.CPUs)
}

// List returns names in ascending order.
func (m *memory) List(dir string) ([]string, error) {
	found := map[string]bool{}
	for name := range m.files {
		if below, ok := strings.CutPrefix(name, strings.TrimSuffix(m.resolve(dir), "/")+"/"); ok {
			first, _, _ := strings.Cut(below, "/")
			found[first] = true
		}
	}
	if len(found) == 0 {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func (m *memory) Hostname() (string, error) { return m.spec.Hostname, nil }

func (m *memory) Environ() []string     { return m.spec.Environment() }
func (m *memory) Log() io.Writer        { return &m.log }
func (m *memory) Sleep(d time.Duration) { m.slept += d }

// capture does in memory what package capture does with files.
func (f *Fake) capture(m *memory, r *reproducible.Result) error {
	var faults []error
	found := map[string]bool{}
	left := m.spec.Limits.OutputBytes
	for _, full := range slices.Sorted(maps.Keys(m.files)) {
		name, below := strings.CutPrefix(full, reproducible.OutputDir+"/")
		if !below {
			continue
		}
		declared := declaredAs(m.spec.Outputs, name)
		file := m.files[full]
		switch {
		case declared == "":
			r.Findings = append(r.Findings, reproducible.Finding{Code: reproducible.CodeOutputUndeclared, Path: full})
			continue
		case file.target != "":
			faults = append(faults, attest.Refuse(reproducible.CodeOutputType, name, "a regular file", "a link"))
			continue
		case file.links > 1:
			faults = append(faults, attest.Refuse(reproducible.CodeOutputLinked, name, "one link", strconv.Itoa(file.links)))
		case int64(len(file.data)) > left:
			faults = append(faults, attest.Refuse(reproducible.CodeLimitOutput, name, "outputs within the limit", "more"))
		}
		left -= int64(len(file.data))
		found[declared] = true
		r.Artifacts = append(r.Artifacts, reproducible.Artifact{
			Path: name, Digest: f.put(file.data).Set(), Size: int64(len(file.data)), Mode: 0o644,
		})
	}
	for _, name := range m.spec.Outputs {
		if !found[name] {
			faults = append(faults, attest.Refuse(reproducible.CodeOutputMissing, name, "a file", "none"))
		}
	}
	if len(faults) > 0 {
		r.Artifacts = nil
	}
	return errors.Join(faults...)
}

func declaredAs(outputs []string, name string) string {
	for _, o := range outputs {
		if name == o || strings.HasPrefix(name, o+"/") {
			return o
		}
	}
	return ""
}
