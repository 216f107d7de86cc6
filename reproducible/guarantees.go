package reproducible

import (
	"math/bits"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Guarantees is a set of properties of a run. Its zero value is the empty set.
// In JSON it is the list of names in ascending order of the constants; names
// are stable.
type Guarantees uint64

// The guarantees. A weaker sibling says in its comment what it does not give.
const (
	// InputsPinned: everything that the command could read from outside was
	// named by digest. Spec.HostPaths clears it.
	InputsPinned Guarantees = 1 << iota
	// ReadOnlyInputs: no process of the build could change an input.
	ReadOnlyInputs
	// MinimalRoot: the file tree holds nothing but inputs, host paths that the
	// spec names, and empty private directories.
	MinimalRoot
	// NoNetwork: no network but a loopback of the build's own, and no abstract
	// socket of the machine. A Unix socket that lies below one of Spec.HostPaths
	// stays within reach, as InputsPinned, which those clear, says too.
	NoNetwork
	// PIDIsolation: no process outside the build can be seen or signalled.
	PIDIsolation
	// IPCIsolation: System V and POSIX queues, semaphores and memory are private.
	IPCIsolation
	// UTSIsolation: the host name and domain are private.
	UTSIsolation
	// UserIsolation: the command runs in a user namespace of its own, under an
	// identity that is not the machine's root.
	UserIsolation
	// NoNewPrivileges: no exec gains privilege; setuid and file capabilities are
	// without effect.
	NoNewPrivileges
	// NoCapabilities: every capability set is empty and stays empty.
	NoCapabilities
	// Seccomp: a system call filter denies kernel interfaces that no build needs
	// and kills on foreign architectures.
	Seccomp
	// KillTree: when the command ends, everything that it started has been
	// killed before an output is looked at.
	KillTree
	// ClosedDescriptors: the command inherits no descriptor but 0, 1 and 2.
	ClosedDescriptors
	// MemoryLimit: the memory of the whole build is bounded.
	MemoryLimit
	// MemoryPerProcess: the address space of each process is bounded, their sum
	// is not. MemoryLimit includes it.
	MemoryPerProcess
	// PIDsLimit: the number of processes and threads of the whole build is bounded
	// by a control group.
	PIDsLimit
	// PIDsPerUser: the number is bounded by RLIMIT_NPROC, which counts by user in
	// the build's user namespace. PIDsLimit includes it.
	PIDsPerUser
	// CPULimit: the CPU time of each process is bounded.
	CPULimit
	// WallLimit: the run ends in bounded time.
	WallLimit
	// OutputLimit: outputs and log beyond their limits are refused.
	OutputLimit
	// StorageLimit: all that the build writes anywhere is bounded while it runs.
	StorageLimit
	// CleanEnvironment: no environment variable is inherited.
	CleanEnvironment
	// FixedHostname: the host name is the spec's.
	FixedHostname
	// Traced: every file that the build opened, wrote, removed or ran, and every
	// address that it connected to, is in Result.Trace, which is complete.
	Traced
	// FixedClock: every clock that tells the date says SOURCE_DATE_EPOCH, to every
	// program that asks the kernel or a library; other clocks go on running. Times
	// of files are the machine's. A Builder sets it up only for a spec that requires
	// it, since it slows.
	FixedClock
	// ConfinedFiles: the command can open no file but inputs, host paths that the
	// spec names, devices without memory such as /dev/null, and its own; and write
	// to none but its own. The names and metadata of others may be visible, which
	// MinimalRoot excludes.
	ConfinedFiles
	// SortedInputs: every directory of a tree that is an input, and every one on
	// the way to an input, lists its names in ascending order of their bytes, on
	// whatever file system the machine has them. Spec.HostPaths clears it. A Builder
	// sets it up only for a spec that requires it, since it copies.
	SortedInputs
	// TimeIsolation: the clocks that count from the start of the machine count from
	// that of the build, so that they do not tell the machine.
	TimeIsolation

	lastGuarantee = TimeIsolation
)

// AllGuarantees is the set of every guarantee.
const AllGuarantees = lastGuarantee<<1 - 1

// Hermetic is the set that a build needs whose inputs are all known: nothing
// unpinned to read, nothing to reach over a network, nothing left running.
const Hermetic = InputsPinned | ReadOnlyInputs | MinimalRoot | NoNetwork | PIDIsolation | IPCIsolation |
	KillTree | ClosedDescriptors | CleanEnvironment

// name returns the stable name of a single guarantee.
func (g Guarantees) name() string {
	switch g {
	case InputsPinned:
		return "inputs-pinned"
	case ReadOnlyInputs:
		return "read-only-inputs"
	case MinimalRoot:
		return "minimal-root"
	case NoNetwork:
		return "no-network"
	case PIDIsolation:
		return "pid-isolation"
	case IPCIsolation:
		return "ipc-isolation"
	case UTSIsolation:
		return "uts-isolation"
	case UserIsolation:
		return "user-isolation"
	case NoNewPrivileges:
		return "no-new-privileges"
	case NoCapabilities:
		return "no-capabilities"
	case Seccomp:
		return "seccomp"
	case KillTree:
		return "kill-tree"
	case ClosedDescriptors:
		return "closed-descriptors"
	case MemoryLimit:
		return "memory-limit"
	case MemoryPerProcess:
		return "memory-per-process"
	case PIDsLimit:
		return "pids-limit"
	case PIDsPerUser:
		return "pids-per-user"
	case CPULimit:
		return "cpu-limit"
	case WallLimit:
		return "wall-limit"
	case OutputLimit:
		return "output-limit"
	case StorageLimit:
		return "storage-limit"
	case CleanEnvironment:
		return "clean-environment"
	case FixedHostname:
		return "fixed-hostname"
	case Traced:
		return "traced"
	case FixedClock:
		return "fixed-clock"
	case ConfinedFiles:
		return "confined-files"
	case SortedInputs:
		return "sorted-inputs"
	case TimeIsolation:
		return "time-isolation"
	}
	return ""
}

// Has reports whether g holds every guarantee of want.
func (g Guarantees) Has(want Guarantees) bool { return g&want == want }

// Names returns the stable names, in the order of the constants. It leaves out
// bits that name no guarantee; Validate finds them.
func (g Guarantees) Names() []string {
	names := make([]string, 0, bits.OnesCount64(uint64(g)))
	for one := InputsPinned; one <= lastGuarantee; one <<= 1 {
		if g.Has(one) {
			names = append(names, one.name())
		}
	}
	return names
}

// String returns the names separated by commas, or "none".
func (g Guarantees) String() string {
	if g&AllGuarantees == 0 {
		return "none"
	}
	return strings.Join(g.Names(), ",")
}

// Validate refuses bits that name no guarantee.
func (g Guarantees) Validate() error {
	if g&^AllGuarantees != 0 {
		return attest.Refuse(CodeGuarantee, "guarantees", "known guarantees", "unknown bits")
	}
	return nil
}

// ParseGuarantee returns the guarantee with that name.
func ParseGuarantee(name string) (Guarantees, error) {
	for one := InputsPinned; one <= lastGuarantee; one <<= 1 {
		if one.name() == name {
			return one, nil
		}
	}
	return 0, attest.Refuse(CodeGuarantee, "guarantees", "a known guarantee", excerpt.Quote(name))
}

// MarshalJSON writes the list of names.
func (g Guarantees) MarshalJSON() ([]byte, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	return strictjson.Marshal(g.Names())
}

// UnmarshalJSON reads a list of names; it refuses unknown and repeated ones.
func (g *Guarantees) UnmarshalJSON(data []byte) error {
	var names []string
	if err := strictjson.Unmarshal(data, &names, strictjson.Options{Values: 128}); err != nil {
		return attest.Refuse(CodeGuarantee, "guarantees", "a list of names", "").Because(err)
	}
	var set Guarantees
	for _, name := range names {
		one, err := ParseGuarantee(name)
		if err != nil {
			return err
		}
		if set.Has(one) {
			return attest.Refuse(CodeGuarantee, "guarantees", "each name once", excerpt.Quote(name))
		}
		set |= one
	}
	*g = set
	return nil
}

// An UnmetError tells which required guarantees a Builder cannot give.
type UnmetError struct {
	Missing Guarantees
	Err     error // what the machine refused, if that is known
}

// Error names the missing guarantees.
func (e *UnmetError) Error() string {
	if e.Err != nil {
		return "missing " + e.Missing.String() + ": " + e.Err.Error()
	}
	return "missing " + e.Missing.String()
}

// Unwrap returns what the machine refused.
func (e *UnmetError) Unwrap() error { return e.Err }

// RequireMet returns nil when granted holds all of required; otherwise an error
// with CodeRequireUnmet that lists the missing names and wraps an *UnmetError,
// whose cause is why (which may be nil). Builders call it before they run
// anything.
func RequireMet(required, granted Guarantees, why error) error {
	missing := required &^ granted
	if missing == 0 {
		return nil
	}
	return attest.Refuse(CodeRequireUnmet, "Spec.Require", required.String(), granted.String()).
		Because(&UnmetError{Missing: missing, Err: why})
}
