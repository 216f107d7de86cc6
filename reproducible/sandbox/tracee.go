//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A fixed clock needs two parts. The tracer answers the system calls that ask for
// the date; but C libraries and the Go runtime ask a page that the kernel shares
// with every process instead (vdso(7)), which they find by the auxiliary vector
// (getauxval(3)). So the monitor stops every program of the build at its first
// instruction and strikes that entry from the vector.

// Options of ptrace(2): stop at exec, follow every child, and kill all of them
// when the tracer dies.
const seizeOptions = unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
	unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL

// seize becomes the tracer of the child. Processes that it starts follow.
func seize(pid int) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, seizeOptions, 0, 0)
	if e != 0 {
		return os.NewSyscallError("ptrace PTRACE_SEIZE", e)
	}
	return nil
}

// waitTraced lets the child and all its descendants run, until none is left, and
// returns how the child ended. It must run on the thread that seized them.
func (j *jail) waitTraced(pid int) ending {
	end := ending{err: errors.New("the child was lost")}
	var fault error
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		got, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, &usage)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil: // ECHILD: all are gone
			if fault != nil {
				end.err = fault
			}
			return end
		case status.Exited() || status.Signaled():
			if got == pid {
				end = ending{status: syscall.WaitStatus(status), used: cpuTime(&usage)}
			}
		case status.Stopped():
			if err := resume(got, status, got == pid); err != nil && fault == nil {
				fault = err
				_ = j.process.Kill()
			}
		}
	}
}

func cpuTime(u *unix.Rusage) time.Duration { return time.Duration(u.Utime.Nano() + u.Stime.Nano()) }

// resume lets a stopped process go on. A process that is killed meanwhile is no
// fault. first is process 1 of the build, which nothing in its namespace can stop
// (pid_namespaces(7)), unless a tracer passes the signal on.
func resume(pid int, status unix.WaitStatus, first bool) error {
	signal, event := int(status.StopSignal()), int(status)>>16
	var err error
	switch event {
	case 0: // a signal on its way
		if first && unix.Signal(signal) == unix.SIGSTOP {
			signal = 0
		}
	case unix.PTRACE_EVENT_EXEC:
		err, signal = hideVDSO(pid), 0
	case unix.PTRACE_EVENT_STOP:
		switch unix.Signal(signal) {
		case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU: // stays stopped until SIGCONT
			_, _, _ = unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_LISTEN, uintptr(pid), 0, 0, 0, 0)
			return nil
		}
		signal = 0
	default:
		signal = 0
	}
	err = errors.Join(err, unix.PtraceCont(pid, signal))
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// Entries of the auxiliary vector.
const (
	auxNull   = 0  // AT_NULL
	auxIgnore = 1  // AT_IGNORE
	auxVDSO   = 33 // AT_SYSINFO_EHDR
)

// hideVDSO strikes the shared page from the auxiliary vector of a program that
// stands at its first instruction. The stack holds the number of arguments,
// their addresses, NULL, those of the environment, NULL, and pairs of words (the
// System V ABI, "Process Initialization").
func hideVDSO(pid int) error {
	at, err := stackPointer(pid)
	if err != nil {
		return fmt.Errorf("stack pointer: %w", err)
	}
	s := stack{pid: pid, at: at}
	arguments := s.next()
	s.at += 8 * (arguments + 1)
	s.have = nil
	for s.next() != 0 { // the environment
	}
	for s.err == nil {
		entry := s.at
		switch key, _ := s.next(), s.next(); key {
		case auxNull:
			return nil
		case auxVDSO:
			return poke(pid, entry, auxIgnore)
		}
	}
	return fmt.Errorf("stack: %w", s.err)
}

// A stack reads words upwards.
type stack struct {
	pid  int
	at   uint64 // address of the next word
	have []byte
	err  error
}

// next returns the next word, or 0 after an error.
func (s *stack) next() uint64 {
	if s.err == nil && len(s.have) < 8 {
		s.fill()
	}
	if s.err != nil {
		return 0
	}
	word := binary.LittleEndian.Uint64(s.have)
	s.have = s.have[8:]
	s.at += 8
	return word
}

// fill reads up to the end of a page, since the next one may not exist.
func (s *stack) fill() {
	page := make([]byte, 4096-s.at%4096)
	local := []unix.Iovec{{Base: &page[0]}}
	local[0].SetLen(len(page))
	n, err := unix.ProcessVMReadv(s.pid, local, []unix.RemoteIovec{{Base: uintptr(s.at), Len: len(page)}}, 0)
	if err == nil && n < 8 {
		err = unix.EFAULT
	}
	s.have, s.err = page[:max(n, 0)], err
}

func poke(pid int, address, word uint64) error {
	b := binary.LittleEndian.AppendUint64(nil, word)
	_, err := unix.PtracePokeData(pid, uintptr(address), b)
	return os.NewSyscallError("ptrace PTRACE_POKEDATA", err)
}
