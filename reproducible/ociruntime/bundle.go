//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"path/filepath"
	"strconv"

	"github.com/sealwright/sealwright/reproducible"
)

// A bundle is config.json of OCI runtime-spec 1.0.2, as far as it is used here.
type bundle struct {
	Version  string  `json:"ociVersion"`
	Process  process `json:"process"`
	Root     root    `json:"root"`
	Hostname string  `json:"hostname"`
	Mounts   []mount `json:"mounts"`
	Linux    linux   `json:"linux"`
}

type process struct {
	Terminal        bool                `json:"terminal"`
	User            user                `json:"user"`
	Args            []string            `json:"args"`
	Env             []string            `json:"env"`
	Cwd             string              `json:"cwd"`
	Capabilities    map[string][]string `json:"capabilities"`
	Rlimits         []rlimit            `json:"rlimits"`
	NoNewPrivileges bool                `json:"noNewPrivileges"`
}

type user struct {
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
	Umask uint32 `json:"umask"`
}

type rlimit struct {
	Type string `json:"type"`
	Hard int64  `json:"hard"`
	Soft int64  `json:"soft"`
}

type root struct {
	Path     string `json:"path"`
	Readonly bool   `json:"readonly"`
}

type mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options"`
}

type linux struct {
	UIDMappings   []idMapping `json:"uidMappings"`
	GIDMappings   []idMapping `json:"gidMappings"`
	Namespaces    []namespace `json:"namespaces"`
	Resources     resources   `json:"resources"`
	Seccomp       seccomp     `json:"seccomp"`
	MaskedPaths   []string    `json:"maskedPaths"`
	ReadonlyPaths []string    `json:"readonlyPaths"`
}

type idMapping struct {
	ContainerID uint32 `json:"containerID"`
	HostID      uint32 `json:"hostID"`
	Size        uint32 `json:"size"`
}

type namespace struct {
	Type string `json:"type"`
}

type resources struct {
	Devices []deviceRule `json:"devices"`
	Memory  memory       `json:"memory"`
	PIDs    pids         `json:"pids"`
}

type deviceRule struct {
	Allow  bool   `json:"allow"`
	Access string `json:"access"`
}

type memory struct {
	Limit int64 `json:"limit"`
	// Swap is the limit of memory and swap together; left out where there is none,
	// since its control file may be missing too.
	Swap int64 `json:"swap,omitempty"`
}

type pids struct {
	Limit int64 `json:"limit"`
}

// An input is a file or directory of the machine that a container sees.
type input struct{ source, target string }

// newBundle describes the container of a spec, whose defaults are filled in. work is
// the directory that holds what is mounted.
func (b *Builder) newBundle(s *reproducible.Spec, inputs []input, work string, swap bool) *bundle {
	limits := s.Limits
	cpu := max(1, int64(limits.CPU.Seconds()))
	c := &bundle{
		Version: "1.0.2", Hostname: s.Hostname, Root: root{filepath.Join(work, rootDir), true},
		Process: process{
			User: user{s.UID, s.GID, s.Umask}, Args: s.Command, Env: s.Environment(), Cwd: s.Dir,
			Capabilities: map[string][]string{}, NoNewPrivileges: true,
			Rlimits: []rlimit{
				{"RLIMIT_CPU", cpu, cpu}, {"RLIMIT_CORE", 0, 0}, {"RLIMIT_NPROC", limits.PIDs, limits.PIDs},
			},
		},
		Linux: linux{
			UIDMappings: []idMapping{{0, b.config.HostUID - 1, 1}, {s.UID, b.config.HostUID, 1}},
			GIDMappings: []idMapping{{0, b.config.HostGID - 1, 1}, {s.GID, b.config.HostGID, 1}},
			Resources: resources{
				Devices: []deviceRule{{Allow: false, Access: "rwm"}}, Memory: memory{Limit: limits.Memory}, PIDs: pids{limits.PIDs},
			},
			Seccomp: newSeccomp(),
			MaskedPaths: []string{
				"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
				"/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
			},
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
	if swap {
		c.Linux.Resources.Memory.Swap = limits.Memory
	}
	for _, set := range []string{"bounding", "effective", "inheritable", "permitted", "ambient"} {
		c.Process.Capabilities[set] = []string{}
	}
	for _, n := range namespaces() {
		c.Linux.Namespaces = append(c.Linux.Namespaces, namespace{n.oci})
	}
	c.Mounts = mounts(inputs, work)
	return c
}

// mounts lists what a container sees, in the order of mounting.
func mounts(inputs []input, work string) []mount {
	bind := func(source, target, access string) mount {
		return mount{target, "bind", source, []string{"rbind", "rprivate", access, "nosuid", "nodev"}}
	}
	out := []mount{
		{"/proc", "proc", "proc", []string{"nosuid", "noexec", "nodev", "ro", "subset=pid"}},
		{"/dev", "tmpfs", "tmpfs", []string{"nosuid", "noexec", "ro", "mode=755", "size=65536"}},
		bind(filepath.Join(work, outputDir), reproducible.OutputDir, "rw"),
		bind(filepath.Join(work, scratchDir), reproducible.ScratchDir, "rw"),
	}
	for _, in := range inputs {
		out = append(out, bind(in.source, in.target, "ro"))
	}
	return out
}

// kernelNamespace is a kind of namespace as the OCI and /proc name it.
type kernelNamespace struct{ oci, proc string }

// namespaces are those that every container has of its own.
func namespaces() []kernelNamespace {
	return []kernelNamespace{
		{"user", "user"}, {"mount", "mnt"}, {"pid", "pid"}, {"network", "net"}, {"ipc", "ipc"}, {"uts", "uts"}, {"cgroup", "cgroup"},
	}
}

// Directories below the one of a build.
const (
	rootDir    = "root"
	outputDir  = "out"
	scratchDir = "tmp"
	stateDir   = "state" // the runtime's own
)

// tmpfsOptions are those of a private file system for the command, which belongs to
// an identity of the machine.
func tmpfsOptions(uid, gid uint32, bytes, inodes int64) string {
	return "mode=0755,uid=" + strconv.FormatUint(uint64(uid), 10) + ",gid=" + strconv.FormatUint(uint64(gid), 10) +
		",size=" + strconv.FormatInt(bytes, 10) + ",nr_inodes=" + strconv.FormatInt(inodes, 10)
}
