//go:build linux && (amd64 || arm64)

package sandbox

import (
	"bytes"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/trace"
)

// Descriptors that the child inherits.
const (
	planFD    = 3 // sealed memfd that holds the plan
	controlFD = 4 // SOCK_SEQPACKET pair: reports to the monitor, permission from it
)

// planMagic begins every plan. Its last line is the version of the format, which
// monitor and child always share, being one program.
const planMagic = "sealwright sandbox plan\n1\n"

// allSeals make a memfd immutable, its seals included.
const allSeals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// A plan tells the child what to set up. The monitor has checked everything in
// it.
type plan struct {
	Mounts  []mount  `json:"mounts"`
	Command []string `json:"command"`
	Env     []string `json:"env"`
	Dir     string   `json:"dir"`

	UID          uint32 `json:"uid"`
	GID          uint32 `json:"gid"`
	Switch       bool   `json:"switch"` // the child starts as root of its namespace
	Hostname     string `json:"hostname"`
	Umask        uint32 `json:"umask"`
	OutputBytes  int64  `json:"outputBytes"`
	OutputFiles  int64  `json:"outputFiles"`
	ScratchBytes int64  `json:"scratchBytes"`
	PIDs         int64  `json:"pids"`
	CPUSeconds   int64  `json:"cpuSeconds"`
	AddressSpace int64  `json:"addressSpace"` // per process; 0 = no limit
	Trace        bool   `json:"trace"`        // the monitor listens to what the command touches
	FixedClock   bool   `json:"fixedClock"`   // the monitor answers questions for the date
	CPUs         uint32 `json:"cpus"`         // processors; 0 = all
	Sorted       bool   `json:"sorted"`       // directories of inputs list their names in order

	// Namespaces are the monitor's, by name; the child must be in none of them.
	Namespaces map[string]string `json:"namespaces"`
}

// watch tells what the monitor is told of.
func (p *plan) watch() trace.Watch { return trace.Watch{Files: p.Trace, Clock: p.FixedClock} }

// A mount is one read-only bind, or a copy.
type mount struct {
	Source string `json:"source"` // on the machine
	Target string `json:"target"` // relative to the new root
	Dir    bool   `json:"dir"`
	// Copy has the tree copied in order, into a file system of that many bytes and
	// entries, and not bound.
	Copy    bool  `json:"copy"`
	Bytes   int64 `json:"bytes"`
	Entries int64 `json:"entries"`
}

// A report is what the child tells the monitor.
type report struct {
	// Achieved are the guarantees that the child set up and read back. It comes
	// with the descriptor of /out.
	Achieved reproducible.Guarantees `json:"achieved"`
	// Step and Error tell what failed instead.
	Step  string `json:"step,omitempty"`
	Error string `json:"error,omitempty"`
}

// file returns the plan in a sealed memfd.
func (p *plan) file() (*os.File, error) {
	body, err := strictjson.Marshal(p)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("plan", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("plan", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "plan")
	if _, err := f.WriteString(planMagic + string(body)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, allSeals); err != nil {
		return nil, errors.Join(os.NewSyscallError("fcntl", err), f.Close())
	}
	return f, nil
}

// inherited reports whether this process is the child of a sandbox: process 1 of
// its pid namespace, with a sealed plan at planFD.
func inherited() bool {
	if os.Getpid() != 1 {
		return false
	}
	seals, err := unix.FcntlInt(planFD, unix.F_GET_SEALS, 0)
	if err != nil || seals&allSeals != allSeals {
		return false
	}
	head := make([]byte, len(planMagic))
	n, err := unix.Pread(planFD, head, 0)
	return err == nil && string(head[:n]) == planMagic
}

// readPlan reads the plan at planFD.
func readPlan() (*plan, error) {
	f := os.NewFile(planFD, "plan")
	raw, err := io.ReadAll(io.NewSectionReader(f, 0, 16<<20))
	if err != nil {
		return nil, err
	}
	body, ok := bytes.CutPrefix(raw, []byte(planMagic))
	if !ok {
		return nil, errors.New("no plan")
	}
	var p plan
	return &p, strictjson.Unmarshal(body, &p, strictjson.Options{})
}
