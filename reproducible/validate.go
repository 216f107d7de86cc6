package reproducible

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
)

// Bounds of a spec. They keep a plan within what the kernel takes in one exec.
const (
	maxInputs   = 1024
	maxList     = 4096
	maxText     = 128 << 10
	maxTexts    = 1 << 20
	maxPath     = 1024
	maxHostname = 63
	maxCPUs     = 1024
)

// Validate reports every fault of s, joined: each has a code of this package.
// A spec without faults can be run by some Builder, though not by every one.
func (s *Spec) Validate() error {
	if s == nil {
		return attest.Refuse(CodeSpecNil, "spec", "a spec", "nil")
	}
	return errors.Join(
		s.validateCommand(), s.validateEnv(), s.validateInputs(), s.validateHostPaths(),
		s.validateOutputs(), s.validateIdentity(), s.Limits.validate(), s.Require.Validate(),
	)
}

func (s *Spec) validateCommand() error {
	if len(s.Command) == 0 {
		return attest.Refuse(CodeSpecCommand, "Spec.Command", "a program", "none")
	}
	if err := checkTexts("Spec.Command", s.Command); err != nil {
		return err
	}
	if !cleanAbsolute(s.Command[0]) {
		return attest.Refuse(CodeSpecCommand, "Spec.Command[0]", "a clean absolute path", excerpt.Quote(s.Command[0]))
	}
	if s.Dir != "" && !cleanAbsolute(s.Dir) {
		return attest.Refuse(CodeSpecPath, "Spec.Dir", "a clean absolute path", excerpt.Quote(s.Dir))
	}
	return nil
}

func (s *Spec) validateEnv() error {
	var texts []string
	for name, value := range s.Env {
		texts = append(texts, name, value)
		if name == "" || strings.Contains(name, "=") {
			return attest.Refuse(CodeSpecEnv, "Spec.Env", "a name without =", excerpt.Quote(name))
		}
		switch name {
		case "SOURCE_DATE_EPOCH", "LC_ALL", "TZ":
			return attest.Refuse(CodeSpecEnv, "Spec.Env", "the spec's own field", excerpt.Quote(name))
		}
	}
	return checkTexts("Spec.Env", texts)
}

func (s *Spec) validateInputs() error {
	if len(s.Inputs) > maxInputs {
		return attest.Refuse(CodeSpecLimit, "Spec.Inputs", "at most "+strconv.Itoa(maxInputs), strconv.Itoa(len(s.Inputs)))
	}
	var faults []error
	for i, in := range s.Inputs {
		where := "Spec.Inputs[" + strconv.Itoa(i) + "]"
		switch {
		case invalidDigest(in.Digest):
			faults = append(faults, attest.Refuse(CodeSpecDigest, where, "a SHA-256 digest", excerpt.Quote(in.Digest.String())))
		case in.Kind != File && in.Kind != Executable && in.Kind != Tree:
			faults = append(faults, attest.Refuse(CodeSpecKind, where, "file, executable or tree", excerpt.Quote(string(in.Kind))))
		case !knownRole(in.Role):
			faults = append(faults, attest.Refuse(CodeSpecKind, where, "a role of package provenance", excerpt.Quote(string(in.Role))))
		}
		faults = append(faults, checkTexts(where, []string{in.Name, in.URI}), checkMountPoint(where, in.Path))
		for _, other := range s.Inputs[:i] {
			if within(in.Path, other.Path) || within(other.Path, in.Path) {
				faults = append(faults, attest.Refuse(CodeSpecOverlap, where, "a path outside every other input", excerpt.Quote(in.Path)))
			}
		}
	}
	return errors.Join(faults...)
}

func (s *Spec) validateHostPaths() error {
	if len(s.HostPaths) > maxInputs {
		return attest.Refuse(CodeSpecLimit, "Spec.HostPaths", "at most "+strconv.Itoa(maxInputs), strconv.Itoa(len(s.HostPaths)))
	}
	var faults []error
	for i, p := range s.HostPaths {
		where := "Spec.HostPaths[" + strconv.Itoa(i) + "]"
		faults = append(faults, checkMountPoint(where, p))
		for _, other := range s.HostPaths[:i] {
			if within(p, other) || within(other, p) {
				faults = append(faults, attest.Refuse(CodeSpecOverlap, where, "a path outside every other host path", excerpt.Quote(p)))
			}
		}
		for _, in := range s.Inputs {
			if within(p, in.Path) || within(in.Path, p) {
				faults = append(faults, attest.Refuse(CodeSpecOverlap, where, "a path outside every input", excerpt.Quote(p)))
			}
		}
	}
	return errors.Join(faults...)
}

func (s *Spec) validateOutputs() error {
	if len(s.Outputs) == 0 || len(s.Outputs) > maxList {
		return attest.Refuse(CodeSpecOutput, "Spec.Outputs", "1 to "+strconv.Itoa(maxList), strconv.Itoa(len(s.Outputs)))
	}
	var faults []error
	for i, p := range s.Outputs {
		where := "Spec.Outputs[" + strconv.Itoa(i) + "]"
		if !ValidOutputPath(p) {
			faults = append(faults, attest.Refuse(CodeSpecOutput, where, "a clean relative path", excerpt.Quote(p)))
		}
		for _, other := range s.Outputs[:i] {
			if within("/"+p, "/"+other) || within("/"+other, "/"+p) {
				faults = append(faults, attest.Refuse(CodeSpecOverlap, where, "a path outside every other output", excerpt.Quote(p)))
			}
		}
	}
	return errors.Join(faults...)
}

func (s *Spec) validateIdentity() error {
	if s.Epoch < 0 {
		return attest.Refuse(CodeSpecIdentity, "Spec.Epoch", "a time since 1970", strconv.FormatInt(s.Epoch, 10))
	}
	if s.Umask > 0o777 {
		return attest.Refuse(CodeSpecIdentity, "Spec.Umask", "permission bits", "0"+strconv.FormatUint(uint64(s.Umask), 8))
	}
	if s.UID > 1<<30 || s.GID > 1<<30 {
		return attest.Refuse(CodeSpecIdentity, "Spec.UID", "at most 2^30", strconv.FormatUint(uint64(max(s.UID, s.GID)), 10))
	}
	if s.CPUs > maxCPUs {
		return attest.Refuse(CodeSpecLimit, "Spec.CPUs", "at most "+strconv.Itoa(maxCPUs), strconv.FormatUint(uint64(s.CPUs), 10))
	}
	if s.Hostname != "" && !validHostname(s.Hostname) {
		return attest.Refuse(CodeSpecIdentity, "Spec.Hostname", "letters, digits, hyphens and dots", excerpt.Quote(s.Hostname))
	}
	return checkTexts("Spec", []string{s.Locale, s.TZ})
}

func (l Limits) validate() error {
	for _, v := range []int64{l.Memory, l.PIDs, int64(l.CPU), int64(l.Wall), l.OutputBytes, l.OutputFiles, l.LogBytes, l.ScratchBytes} {
		if v < 0 {
			return attest.Refuse(CodeSpecLimit, "Spec.Limits", "no negative limit", strconv.FormatInt(v, 10))
		}
	}
	if l.CPU%time.Second != 0 {
		return attest.Refuse(CodeSpecLimit, "Spec.Limits.CPU", "whole seconds", l.CPU.String())
	}
	return nil
}

// ValidOutputPath reports whether p may name an output: a slash-separated,
// clean, relative path of printable UTF-8, not longer than 1024 bytes.
func ValidOutputPath(p string) bool {
	if !fs.ValidPath(p) || p == "." || len(p) > maxPath {
		return false
	}
	return !strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError })
}

// checkMountPoint demands a path at which something can be mounted without
// hiding what a Builder puts there itself.
func checkMountPoint(where, p string) error {
	if !cleanAbsolute(p) || p == "/" {
		return attest.Refuse(CodeSpecPath, where, "a clean absolute path below /", excerpt.Quote(p))
	}
	for _, reserved := range []string{OutputDir, ScratchDir, "/proc", "/dev", "/sys"} {
		if within(p, reserved) {
			return attest.Refuse(CodeSpecPath, where, "a path outside "+reserved, excerpt.Quote(p))
		}
	}
	return nil
}

func cleanAbsolute(p string) bool {
	return path.IsAbs(p) && path.Clean(p) == p && len(p) <= maxPath && utf8.ValidString(p) && !strings.Contains(p, "\x00")
}

// within reports whether clean path p is dir or lies below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func checkTexts(where string, texts []string) error {
	if len(texts) > maxList {
		return attest.Refuse(CodeSpecLimit, where, "at most "+strconv.Itoa(maxList)+" texts", strconv.Itoa(len(texts)))
	}
	total := 0
	for _, t := range texts {
		total += len(t)
		if strings.Contains(t, "\x00") || !utf8.ValidString(t) {
			return attest.Refuse(CodeSpecText, where, "UTF-8 without NUL", excerpt.Quote(t))
		}
		if len(t) > maxText || total > maxTexts {
			return attest.Refuse(CodeSpecLimit, where, "at most "+strconv.Itoa(maxText)+" bytes each", strconv.Itoa(len(t)))
		}
	}
	return nil
}

func validHostname(name string) bool {
	if len(name) > maxHostname || strings.HasPrefix(name, "-") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

func knownRole(r provenance.Role) bool {
	switch r {
	case "", provenance.RoleSource, provenance.RoleTool, provenance.RoleBase, provenance.RoleBuilder, provenance.RoleOther:
		return true
	}
	return false
}

func sha256Of(b []byte) digest.Digest {
	sum := sha256.Sum256(b)
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(sum[:])}
}

func compareText(a, b string) int { return strings.Compare(a, b) }
