//go:build linux && (amd64 || arm64)

package trace

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/internal/seccompbpf"
)

// A clock answers questions for the date. Processes must be kept from reading
// the kernel's shared page instead (vdso(7)); that is for the sandbox.
type clock struct {
	fixed bool
	epoch int64
}

// dateClocks are those of clock_gettime(2) that tell the date; the others go on
// running, so that programs can wait.
func dateClocks() []uint32 {
	return []uint32{unix.CLOCK_REALTIME, unix.CLOCK_REALTIME_COARSE, unix.CLOCK_REALTIME_ALARM, unix.CLOCK_TAI}
}

// clockRules notify of every question for the date.
func clockRules() []seccompbpf.Rule {
	var rules []seccompbpf.Rule
	for _, id := range dateClocks() {
		rules = append(rules, seccompbpf.Rule{
			Syscall: unix.SYS_CLOCK_GETTIME, Action: seccompbpf.Notify,
			When: []seccompbpf.Condition{{Arg: 0, Op: seccompbpf.Equal, Value: id}},
		})
	}
	rules = append(rules, seccompbpf.Rule{Syscall: unix.SYS_GETTIMEOFDAY, Action: seccompbpf.Notify})
	if timeCall != 0 {
		rules = append(rules, seccompbpf.Rule{Syscall: timeCall, Action: seccompbpf.Notify})
	}
	return rules
}

func (c clock) asked(n *notification) bool {
	nr := uint32(n.nr)
	return nr == unix.SYS_CLOCK_GETTIME || nr == unix.SYS_GETTIMEOFDAY || timeCall != 0 && nr == timeCall
}

// tell writes the date where the call wants it, as the kernel would.
func (c clock) tell(m *memory, n *notification) response {
	pid := int(n.pid)
	var pair [16]byte // struct timespec, struct timeval: seconds and their fraction
	binary.LittleEndian.PutUint64(pair[:], uint64(c.epoch))
	var err error
	result := int64(0)
	switch uint32(n.nr) {
	case unix.SYS_CLOCK_GETTIME:
		err = m.write(pid, n.args[1], pair[:])
	case unix.SYS_GETTIMEOFDAY:
		if n.args[0] != 0 {
			err = m.write(pid, n.args[0], pair[:])
		}
		if n.args[1] != 0 && err == nil { // struct timezone, always UTC
			err = m.write(pid, n.args[1], make([]byte, 8))
		}
	default:
		if result = c.epoch; n.args[0] != 0 {
			err = m.write(pid, n.args[0], pair[:8])
		}
	}
	var e unix.Errno
	switch {
	case err == nil:
		return value(result)
	case errors.As(err, &e):
		return fail(e)
	}
	return fail(unix.EFAULT)
}
