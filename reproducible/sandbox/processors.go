//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/seccompbpf"
	"github.com/sealwright/sealwright/reproducible"
)

// A command counts the processors that it may run on (sched_getaffinity(2)):
// /sys and most of /proc, where others could be counted, are not there.

// firstOf returns the first n processors of a set, and false if it has fewer.
func firstOf(allowed unix.CPUSet, n uint32) (unix.CPUSet, bool) {
	var set unix.CPUSet
	for cpu := 0; cpu < len(set)*64 && n > 0; cpu++ {
		if allowed.IsSet(cpu) {
			set.Set(cpu)
			n--
		}
	}
	return set, n == 0
}

// processors returns the first n of those that this thread may use.
func processors(n uint32) (unix.CPUSet, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return allowed, attest.Refuse(reproducible.CodeCPUs, "Spec.CPUs", strconv.Itoa(int(n)), "").Because(os.NewSyscallError("sched_getaffinity", err))
	}
	set, ok := firstOf(allowed, n)
	if !ok {
		return set, attest.Refuse(reproducible.CodeCPUs, "Spec.CPUs", "at most the "+strconv.Itoa(allowed.Count())+" of this machine", strconv.Itoa(int(n)))
	}
	return set, nil
}

// checkProcessors refuses more than the machine has.
func checkProcessors(n uint32) error {
	if n == 0 {
		return nil
	}
	_, err := processors(n)
	return err
}

// takeProcessors leaves this thread, and what it becomes or starts, n processors;
// 0 changes nothing.
func takeProcessors(n uint32) error {
	if n == 0 {
		return nil
	}
	set, err := processors(n)
	if err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return os.NewSyscallError("sched_setaffinity", err)
	}
	var now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &now); err != nil || now != set {
		return errors.Join(errors.New("the processors are not those that were asked for"), err)
	}
	return nil
}

// keepProcessors denies the call that would take others.
func keepProcessors() seccompbpf.Rule {
	return seccompbpf.Rule{Syscall: unix.SYS_SCHED_SETAFFINITY, Action: seccompbpf.Errno(uint16(unix.EPERM))}
}
