//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os"

	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// A plan says what a child is to set up. The monitor has checked everything in it.
type plan struct {
	Mounts  []mount
	Command []string
	Env     []string
	Dir     string

	UID, GID         uint32 // of the command, as it sees itself
	HostUID, HostGID uint32 // the same, as the machine sees it
	Switch           bool   // the caller is root, and the command is not
	Hostname         string
	Umask            uint32
	OutputBytes      int64
	OutputFiles      int64
	ScratchBytes     int64
	PIDs             int64
	CPUSeconds       int64
	Trace            bool   // the monitor listens to what the command touches
	FixedClock       bool   // the monitor answers questions for the date
	CPUs             uint32 // processors; 0 = all
	Sorted           bool   // directories of inputs list their names in order
	Order            order  // in which a tmpfs is filled for that
	Filters          *assembled
}

// newPlan says what the child is to set up.
func (s *Sandbox) newPlan(spec *reproducible.Spec, mounts []mount) *plan {
	p := &plan{
		Mounts: mounts, Command: spec.Command, Env: spec.Environment(), Dir: spec.Dir,
		UID: spec.UID, GID: spec.GID, Hostname: spec.Hostname, Umask: spec.Umask,
		OutputBytes: spec.Limits.OutputBytes, OutputFiles: spec.Limits.OutputFiles, ScratchBytes: spec.Limits.ScratchBytes,
		PIDs: spec.Limits.PIDs, CPUSeconds: max(1, int64(spec.Limits.CPU.Seconds())), CPUs: spec.CPUs,
		Trace: s.config.Trace != nil, FixedClock: spec.Require.Has(reproducible.FixedClock),
		Sorted: spec.Require.Has(reproducible.SortedInputs), Filters: &s.filters,
	}
	p.HostUID, p.HostGID = uint32(os.Geteuid()), uint32(os.Getegid())
	if p.HostUID == 0 {
		p.Switch, p.HostUID, p.HostGID = true, s.config.HostUID, s.config.HostGID
	}
	return p
}

// watch tells what the monitor is told of.
func (p *plan) watch() trace.Watch { return trace.Watch{Files: p.Trace, Clock: p.FixedClock} }

// A mount is one read-only bind, or a copy.
type mount struct {
	Source string // on the machine
	Target string // relative to the new root
	Dir    bool
	// Copy has the tree copied in order, into a file system of that many bytes and
	// entries, and not bound.
	Copy    bool
	Bytes   int64
	Entries int64
}
