package reproducible

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
)

// A Spec says how to build something, completely. Two runs of equal specs should
// give equal bits. Spec.Validate tells what is allowed; Spec.Digest identifies
// it.
type Spec struct {
	// Inputs are mounted read-only at their paths.
	Inputs []Input
	// HostPaths are files and directories of the machine, at the same absolute
	// paths, read-only. Nothing pins them: they are recorded, and clear
	// InputsPinned.
	HostPaths []string
	// Command is the program and its arguments. Command[0] is an absolute path.
	Command []string
	// Env holds environment variables beyond the fixed ones; see Environment.
	Env map[string]string
	// Dir is the working directory, an absolute path in the command's tree.
	// Default OutputDir.
	Dir string
	// Outputs are the files and directories that the command makes, as clean
	// slash-separated paths relative to OutputDir. At least one.
	Outputs []string
	// Epoch is SOURCE_DATE_EPOCH: seconds since 1970-01-01T00:00:00Z, not
	// negative.
	Epoch int64
	// Locale is LC_ALL (default C.UTF-8), TZ the time zone (default UTC),
	// Hostname the name of the machine (default "build").
	Locale, TZ, Hostname string
	// Umask holds permission bits; default 022.
	Umask uint32
	// UID and GID are the identity that the command sees, where the Builder can
	// choose it; default 1000. A command never sees itself as root.
	UID, GID uint32
	// CPUs is how many processors the command sees and can use; 0 means all of the
	// machine. A Builder that cannot give exactly as many refuses with CodeCPUs.
	CPUs uint32
	// Limits bound the run; each has a default.
	Limits Limits
	// Require names the guarantees without which nothing runs.
	Require Guarantees
}

// A Kind tells what an input is.
type Kind string

// The kinds of input. The empty kind is refused.
const (
	File       Kind = "file"       // a regular file, mode 0444; Digest is of its bytes
	Executable Kind = "executable" // a regular file, mode 0555; Digest is of its bytes
	Tree       Kind = "tree"       // a directory; Digest is of its treehash.Manifest
)

// An Input is one artifact that the command reads.
type Input struct {
	// Path is where the command finds it: absolute, clean, not within another
	// input, OutputDir, ScratchDir, /proc or /dev.
	Path string
	// Kind says how to present it.
	Kind Kind
	// Digest is SHA-256.
	Digest digest.Digest
	// Role, Name and URI go into provenance. Role defaults to RoleOther.
	Role provenance.Role
	Name string
	URI  string
}

// Limits bound one run. The zero value of a field means its default; negative
// values are refused.
type Limits struct {
	Memory       int64         // bytes of memory, private file trees included; default 4 GiB
	PIDs         int64         // processes and threads; default 1024
	CPU          time.Duration // CPU time per process, whole seconds; default 1 h
	Wall         time.Duration // default 1 h
	OutputBytes  int64         // all outputs together; default 1 GiB
	OutputFiles  int64         // files and directories in OutputDir; default 10,000
	LogBytes     int64         // standard output and error together; default 4 MiB
	ScratchBytes int64         // ScratchDir; default 4 GiB
}

// WithDefaults returns l with every zero field set to its default.
func (l Limits) WithDefaults() Limits {
	set := func(p *int64, v int64) {
		if *p == 0 {
			*p = v
		}
	}
	set(&l.Memory, 4<<30)
	set(&l.PIDs, 1024)
	set((*int64)(&l.CPU), int64(time.Hour))
	set((*int64)(&l.Wall), int64(time.Hour))
	set(&l.OutputBytes, 1<<30)
	set(&l.OutputFiles, 10_000)
	set(&l.LogBytes, 4<<20)
	set(&l.ScratchBytes, 4<<30)
	return l
}

// WithDefaults returns a copy of s with every unset field set to its default.
// Builders run what it returns, and Digest is taken over it, so that a default
// spelled out and one left out are the same spec. Slices and the map are shared
// with s.
func (s *Spec) WithDefaults() *Spec {
	c := *s
	str := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	num := func(p *uint32, v uint32) {
		if *p == 0 {
			*p = v
		}
	}
	str(&c.Dir, OutputDir)
	str(&c.Locale, "C.UTF-8")
	str(&c.TZ, "UTC")
	str(&c.Hostname, "build")
	num(&c.Umask, 0o022)
	num(&c.UID, 1000)
	num(&c.GID, 1000)
	c.Limits = s.Limits.WithDefaults()
	return &c
}

// Environment returns the complete environment of the command as "NAME=value",
// in ascending order: Env, SOURCE_DATE_EPOCH, LC_ALL and TZ from their fields,
// and, where Env does not set them, HOME, TMPDIR and PATH.
func (s *Spec) Environment() []string {
	c := s.WithDefaults()
	vars := map[string]string{
		"HOME":   HomeDir,
		"TMPDIR": ScratchDir,
		"PATH":   "/usr/local/bin:/usr/bin:/bin",
	}
	maps.Copy(vars, c.Env)
	vars["SOURCE_DATE_EPOCH"] = strconv.FormatInt(c.Epoch, 10)
	vars["LC_ALL"] = c.Locale
	vars["TZ"] = c.TZ
	out := make([]string, 0, len(vars))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, name+"="+vars[name])
	}
	return out
}

// canonicalSpec is the wire form of a Spec: keys in ascending order, defaults
// filled in, sets sorted, so that equal specs give equal bytes.
type canonicalSpec struct {
	Command   []string          `json:"command"`
	CPUs      uint32            `json:"cpus"`
	Dir       string            `json:"dir"`
	Env       map[string]string `json:"env"`
	Epoch     int64             `json:"epoch"`
	GID       uint32            `json:"gid"`
	HostPaths []string          `json:"hostPaths"`
	Hostname  string            `json:"hostname"`
	Inputs    []canonicalInput  `json:"inputs"`
	Limits    RecordedLimits    `json:"limits"`
	Locale    string            `json:"locale"`
	Outputs   []string          `json:"outputs"`
	Require   Guarantees        `json:"require"`
	TZ        string            `json:"tz"`
	UID       uint32            `json:"uid"`
	Umask     uint32            `json:"umask"`
	Version   string            `json:"version"`
}

type canonicalInput struct {
	Digest digest.Digest   `json:"digest"`
	Kind   Kind            `json:"kind"`
	Name   string          `json:"name"`
	Path   string          `json:"path"`
	Role   provenance.Role `json:"role"`
	URI    string          `json:"uri"`
}

// RecordedLimits are Limits as documents have them: durations in nanoseconds.
type RecordedLimits struct {
	CPU          int64 `json:"cpu"`
	LogBytes     int64 `json:"logBytes"`
	Memory       int64 `json:"memory"`
	OutputBytes  int64 `json:"outputBytes"`
	OutputFiles  int64 `json:"outputFiles"`
	PIDs         int64 `json:"pids"`
	ScratchBytes int64 `json:"scratchBytes"`
	Wall         int64 `json:"wall"`
}

// Limits returns l as a spec has them.
func (l RecordedLimits) Limits() Limits {
	return Limits{
		CPU: time.Duration(l.CPU), LogBytes: l.LogBytes, Memory: l.Memory, OutputBytes: l.OutputBytes,
		OutputFiles: l.OutputFiles, PIDs: l.PIDs, ScratchBytes: l.ScratchBytes, Wall: time.Duration(l.Wall),
	}
}

func (l Limits) recorded() RecordedLimits {
	return RecordedLimits{
		CPU: int64(l.CPU), LogBytes: l.LogBytes, Memory: l.Memory, OutputBytes: l.OutputBytes,
		OutputFiles: l.OutputFiles, PIDs: l.PIDs, ScratchBytes: l.ScratchBytes, Wall: int64(l.Wall),
	}
}

// specVersion names the meaning of the canonical bytes.
const specVersion = "https://github.com/sealwright/sealwright/reproducible/spec/v1"

// Canonical validates s and returns its canonical bytes: JSON with keys in
// ascending order, defaults filled in, and inputs, host paths and outputs
// sorted.
func (s *Spec) Canonical() ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	c := s.WithDefaults()
	w := canonicalSpec{
		Command: c.Command, CPUs: c.CPUs, Dir: c.Dir, Env: c.Env, Epoch: c.Epoch, GID: c.GID,
		HostPaths: sorted(c.HostPaths), Hostname: c.Hostname, Inputs: []canonicalInput{},
		Limits: c.Limits.recorded(), Locale: c.Locale, Outputs: sorted(c.Outputs), Require: c.Require, TZ: c.TZ,
		UID: c.UID, Umask: c.Umask, Version: specVersion,
	}
	if w.Env == nil {
		w.Env = map[string]string{}
	}
	for _, in := range sortedInputs(c.Inputs) {
		w.Inputs = append(w.Inputs, canonicalInput{in.Digest, in.Kind, in.Name, in.Path, roleOf(in), in.URI})
	}
	b, err := strictjson.Marshal(w)
	if err != nil {
		return nil, attest.Refuse(CodeSpecText, "spec", "UTF-8 texts", "").Because(err)
	}
	return b, nil
}

// Digest returns the SHA-256 digest of the canonical bytes: the key of the
// action that s describes. Require and Limits are part of it, because a result
// that met weaker demands does not stand for one that met stronger ones.
func (s *Spec) Digest() (digest.Digest, error) {
	b, err := s.Canonical()
	if err != nil {
		return digest.Digest{}, err
	}
	return sha256Of(b), nil
}

func roleOf(in Input) provenance.Role {
	if in.Role == "" {
		return provenance.RoleOther
	}
	return in.Role
}

func sorted(list []string) []string {
	if len(list) == 0 {
		return []string{}
	}
	return slices.Sorted(slices.Values(list))
}

func sortedInputs(inputs []Input) []Input {
	c := slices.Clone(inputs)
	slices.SortFunc(c, func(a, b Input) int { return compareText(a.Path, b.Path) })
	return c
}
