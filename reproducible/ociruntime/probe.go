//go:build linux && (amd64 || arm64)

package ociruntime

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/internal/stop"
)

// kept are the guarantees that do not depend on the runtime: how inputs are had, how
// outputs and logs are taken, how long is waited.
const kept = reproducible.InputsPinned | reproducible.WallLimit | reproducible.OutputLimit | reproducible.StorageLimit

// configured are those that the bundle asks for and that inspect confirms, or that
// the package's comment says to rest on the runtime.
const configured = reproducible.ReadOnlyInputs | reproducible.MinimalRoot | reproducible.ConfinedFiles | reproducible.NoNetwork |
	reproducible.PIDIsolation | reproducible.IPCIsolation | reproducible.UTSIsolation | reproducible.UserIsolation |
	reproducible.NoNewPrivileges | reproducible.NoCapabilities | reproducible.Seccomp | reproducible.KillTree |
	reproducible.ClosedDescriptors | reproducible.CleanEnvironment | reproducible.FixedHostname |
	reproducible.CPULimit | reproducible.PIDsPerUser

// probe creates a container that never runs, and looks at it.
func (b *Builder) probe(ctx context.Context) (g grant, err error) {
	const program = "/bin/probe" // the runtime itself: it has to exist, and never runs
	spec := (&reproducible.Spec{Command: []string{program}, Dir: "/"}).WithDefaults()
	c, err := b.newContainer(spec, []input{{b.pin.Tool.Path, program}})
	if err != nil {
		return grant{}, err
	}
	defer func() { err = errors.Join(err, c.remove(context.WithoutCancel(ctx))) }()
	log, err := os.Create(c.at("output"))
	if err != nil {
		return grant{}, machineError("output", err)
	}
	defer log.Close()
	cmd, err := c.start(ctx, "create", log)
	if err != nil {
		return grant{}, stop.Or(ctx, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	unwatch := context.AfterFunc(ctx, func() { c.stop(ctx, cmd) })
	defer unwatch()
	waitErr := cmd.Wait()
	if ctx.Err() != nil {
		return grant{}, attest.Refuse(reproducible.CodeCancelled, "probe", "", "").Because(context.Cause(ctx))
	}
	pid, err := c.pid()
	if err != nil || waitErr != nil {
		return grant{}, c.failed(cmd.ProcessState, err, spec)
	}
	return inspect(pid, spec, b.config)
}

// inspect compares a container that was created with what its bundle says.
func inspect(pid int, spec *reproducible.Spec, c Config) (grant, error) {
	proc := "/proc/" + strconv.Itoa(pid)
	if err := errors.Join(
		inspectNamespaces(proc), inspectStatus(proc, c), inspectLimits(proc, spec.Limits), inspectFiles(proc+"/root", spec),
	); err != nil {
		return grant{}, err
	}
	g := grant{guarantees: kept | configured}
	memory, pids := readGroup(proc, spec.Limits)
	if memory == nil {
		g.guarantees |= reproducible.MemoryLimit
	}
	if pids == nil {
		g.guarantees |= reproducible.PIDsLimit
	}
	g.missing = errors.Join(memory, pids)
	return g, nil
}

func inspectNamespaces(proc string) error {
	for _, n := range namespaces() {
		own, err := os.Readlink("/proc/self/ns/" + n.proc)
		if err != nil {
			return machineError("/proc/self/ns", err)
		}
		theirs, err := os.Readlink(proc + "/ns/" + n.proc)
		if err != nil || theirs == own {
			return attest.Refuse(CodeSetUp, n.oci+" namespace", "one of the container's own", theirs).Because(err)
		}
	}
	return nil
}

// inspectStatus looks at the identity and the privileges.
func inspectStatus(proc string, c Config) error {
	text, err := os.ReadFile(proc + "/status")
	if err != nil {
		return machineError("status", err)
	}
	uid, gid := strconv.FormatUint(uint64(c.HostUID), 10), strconv.FormatUint(uint64(c.HostGID), 10)
	const none = "0000000000000000"
	want := map[string]string{
		"NoNewPrivs": "1", "CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
		"Uid": strings.Join([]string{uid, uid, uid, uid}, " "), "Gid": strings.Join([]string{gid, gid, gid, gid}, " "), "Groups": "",
	}
	var faults []error
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.Join(strings.Fields(value), " ")
		if wanted, ok := want[name]; ok && value != wanted {
			faults = append(faults, setUpError(name, wanted, value))
		}
		delete(want, name)
	}
	if len(want) > 0 {
		faults = append(faults, setUpError("status", "privileges", "none told"))
	}
	return errors.Join(faults...)
}

// inspectLimits looks at the limits of the process.
func inspectLimits(proc string, l reproducible.Limits) error {
	text, err := os.ReadFile(proc + "/limits")
	if err != nil {
		return machineError("limits", err)
	}
	cpu, pids := strconv.FormatInt(max(1, int64(l.CPU.Seconds())), 10), strconv.FormatInt(l.PIDs, 10)
	for name, value := range map[string]string{"Max cpu time": cpu, "Max processes": pids, "Max core file size": "0"} {
		_, rest, found := strings.Cut(string(text), name)
		fields := strings.Fields(rest)
		if !found || len(fields) < 2 || fields[0] != value || fields[1] != value {
			return setUpError(name, value, "another")
		}
	}
	return nil
}

// inspectFiles looks at the file tree: what is in it and what may be written. It
// tells everything that is wrong, in the same order each time.
func inspectFiles(root string, spec *reproducible.Spec) error {
	var faults []error
	for _, d := range []struct {
		dir   string
		known []string
	}{
		{"/", []string{"bin", "dev", "out", "proc", "tmp"}},
		{"/dev", []string{"core", "fd", "full", "null", "ptmx", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}},
	} {
		entries, err := os.ReadDir(filepath.Join(root, d.dir))
		if err != nil {
			faults = append(faults, attest.Refuse(CodeSetUp, d.dir, "a directory", "").Because(err))
		}
		for _, e := range entries {
			if !slices.Contains(d.known, e.Name()) {
				faults = append(faults, setUpError(d.dir, "nothing but "+strings.Join(d.known, " "), e.Name()))
				break
			}
		}
	}
	return errors.Join(errors.Join(faults...), inspectMounts(root, spec))
}

func inspectMounts(root string, spec *reproducible.Spec) error {
	var faults []error
	const readOnly = unix.ST_RDONLY
	for _, m := range []struct {
		target string
		flags  int64
	}{
		{"/", readOnly}, {"/proc", readOnly | unix.ST_NOSUID | unix.ST_NODEV}, {"/dev", readOnly | unix.ST_NOSUID},
		{spec.Command[0], readOnly | unix.ST_NOSUID | unix.ST_NODEV},
		{reproducible.OutputDir, unix.ST_NOSUID | unix.ST_NODEV}, {reproducible.ScratchDir, unix.ST_NOSUID | unix.ST_NODEV},
	} {
		var s unix.Statfs_t
		if err := unix.Statfs(filepath.Join(root, m.target), &s); err != nil {
			faults = append(faults, attest.Refuse(CodeSetUp, m.target, "a mount", "").Because(err))
		} else if s.Flags&m.flags != m.flags {
			faults = append(faults, setUpError(m.target, "mount flags "+strconv.FormatInt(m.flags, 16), strconv.FormatInt(s.Flags, 16)))
		}
	}
	return errors.Join(faults...)
}
