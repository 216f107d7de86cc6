// Package seccompbpf assembles seccomp filters (seccomp(2), classic BPF over
// struct seccomp_data) from a list of rules. It is pure Go and touches no
// kernel: whoever installs the program owns what it does.
//
// The program works on little-endian machines of 64 bits (amd64, arm64), where
// the low half of argument i lies at offset 16+8i.
package seccompbpf

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// An Action is the value that a filter returns for a system call.
type Action uint32

// The actions that this package needs (seccomp(2), "SECCOMP_RET_*").
const (
	KillProcess Action = 0x80000000
	Notify      Action = 0x7fc00000 // asks the holder of the notification descriptor
	Allow       Action = 0x7fff0000
	errnoAction Action = 0x00050000
)

// Errno returns the action that fails the call with that error number.
func Errno(e uint16) Action { return errnoAction | Action(e) }

// An Op compares the low 32 bits of an argument.
type Op uint8

// The operators. The zero Op is invalid.
const (
	Equal    Op = iota + 1 // the argument equals Value
	NotEqual               // the argument differs from Value
	AnyBit                 // the argument has at least one bit of Value
)

// A Condition tests the low 32 bits of one argument. The kernel itself reads
// only those bits of every argument for which the rules here are meant (int and
// unsigned int), so high bits cannot hide a value.
type Condition struct {
	Arg   int // 0 to 5
	Op    Op
	Value uint32
}

// A Rule gives an Action to one system call when every condition holds. Rules
// are tried in order; the first that holds decides.
type Rule struct {
	Syscall uint32
	When    []Condition
	Action  Action
}

// A Filter is a policy: calls of another architecture, and calls whose number
// has a bit of Foreign, kill the process; numbers above Last fail with Beyond;
// calls that no rule decides are allowed.
type Filter struct {
	Arch    uint32 // AUDIT_ARCH_* of audit.h
	Foreign uint32 // bits that mark another calling convention (x32), or 0
	Last    uint32 // the highest number that the policy knows
	Beyond  Action // for numbers above Last
	Rules   []Rule
}

// An Instruction is struct sock_filter of the kernel.
type Instruction struct {
	Code   uint16
	Jt, Jf uint8
	K      uint32
}

// Opcodes of classic BPF (linux/bpf_common.h).
const (
	loadWord = 0x20 // BPF_LD | BPF_W | BPF_ABS
	jumpEq   = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	jumpGt   = 0x25 // BPF_JMP | BPF_JGT | BPF_K
	jumpGe   = 0x35 // BPF_JMP | BPF_JGE | BPF_K
	jumpFar  = 0x05 // BPF_JMP | BPF_JA
	jumpSet  = 0x45 // BPF_JMP | BPF_JSET | BPF_K
	ret      = 0x06 // BPF_RET | BPF_K
)

// Offsets in struct seccomp_data.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// maxJump is how far a conditional jump reaches.
const maxJump = 255

// maxInstructions is the kernel's BPF_MAXINSNS.
const maxInstructions = 4096

// Assemble returns the program. It refuses a policy that the kernel would not
// take or that says nothing.
func (f Filter) Assemble() ([]Instruction, error) {
	if f.Arch == 0 || f.Last == 0 {
		return nil, errors.New("seccompbpf: a filter needs an architecture and a last system call")
	}
	p := []Instruction{
		{Code: loadWord, K: offArch},
		{Code: jumpEq, K: f.Arch, Jt: 1},
		{Code: ret, K: uint32(KillProcess)},
		{Code: loadWord, K: offNumber},
	}
	if f.Foreign != 0 {
		p = append(p, Instruction{Code: jumpSet, K: f.Foreign, Jf: 1}, Instruction{Code: ret, K: uint32(KillProcess)})
	}
	p = append(p, Instruction{Code: jumpGt, K: f.Last, Jf: 1}, Instruction{Code: ret, K: uint32(f.Beyond)})
	decisions, err := f.decisions()
	if err != nil {
		return nil, err
	}
	p = search(p, decisions)
	if len(p) > maxInstructions {
		return nil, fmt.Errorf("seccompbpf: %d instructions, at most %d", len(p), maxInstructions)
	}
	return p, nil
}

// A decision is what runs for system calls in sequence.
type decision struct {
	first, last uint32
	program     []Instruction
}

// continues reports whether d says the same as the decision before it.
func (d decision) continues(before decision) bool {
	return d.first == before.last+1 && slices.Equal(d.program, before.program)
}

// decisions returns those of all rules in ascending order of the calls.
func (f Filter) decisions() ([]decision, error) {
	order := make([]int, len(f.Rules))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.Rules[a].Syscall, f.Rules[b].Syscall) })
	var all []decision
	for len(order) > 0 {
		d := decision{first: f.Rules[order[0]].Syscall, last: f.Rules[order[0]].Syscall}
		for len(order) > 0 && f.Rules[order[0]].Syscall == d.first {
			i := order[0]
			order = order[1:]
			var err error
			if d.program, err = f.Rules[i].appendTo(d.program); err != nil {
				return nil, fmt.Errorf("seccompbpf: rule %d: %w", i, err)
			}
			if len(d.program) > maxJump-1 {
				return nil, fmt.Errorf("seccompbpf: rule %d: too much for call %d", i, d.first)
			}
		}
		if n := len(all); n > 0 && d.continues(all[n-1]) {
			all[n-1].last = d.last
		} else {
			all = append(all, d)
		}
	}
	return all, nil
}

// search appends to p what finds the decision for the number that is loaded. It
// halves what is left: when a filter is installed, the kernel runs it for every call
// that there is (seccomp_cache_prepare in kernel/seccomp.c), which a list of rules
// makes take longer than all the rest.
func search(p []Instruction, decisions []decision) []Instruction {
	allow := Instruction{Code: ret, K: uint32(Allow)}
	switch len(decisions) {
	case 0:
		return append(p, allow)
	case 1:
		only, size := decisions[0], uint8(len(decisions[0].program))
		if only.first == only.last {
			p = append(p, Instruction{Code: jumpEq, K: only.first, Jf: size})
		} else {
			p = append(p, Instruction{Code: jumpGe, K: only.first, Jf: size + 1}, Instruction{Code: jumpGt, K: only.last, Jt: size})
		}
		return append(append(p, only.program...), allow)
	}
	half, at := len(decisions)/2, len(p)
	p = append(p, Instruction{Code: jumpGt, K: decisions[half-1].last})
	p = search(p, decisions[:half])
	low := len(p) - at - 1
	if low <= maxJump {
		p[at].Jt = uint8(low)
	} else {
		p[at].Jf = 1
		p = slices.Insert(p, at+1, Instruction{Code: jumpFar, K: uint32(low)})
	}
	return search(p, decisions[half:])
}

// appendTo appends what runs when the number matches. A condition that fails jumps
// behind it.
func (r Rule) appendTo(p []Instruction) ([]Instruction, error) {
	if len(r.When) == 0 {
		return append(p, Instruction{Code: ret, K: uint32(r.Action)}), nil
	}
	if len(r.When) > 100 {
		return nil, errors.New("more than 100 conditions")
	}
	for i, c := range r.When {
		if c.Arg < 0 || c.Arg > 5 {
			return nil, fmt.Errorf("argument %d", c.Arg)
		}
		fail := uint8(2*(len(r.When)-1-i) + 1) // the rest of the conditions and ret
		p = append(p, Instruction{Code: loadWord, K: uint32(offArgs + 8*c.Arg)})
		switch c.Op {
		case Equal:
			p = append(p, Instruction{Code: jumpEq, K: c.Value, Jf: fail})
		case NotEqual:
			p = append(p, Instruction{Code: jumpEq, K: c.Value, Jt: fail})
		case AnyBit:
			p = append(p, Instruction{Code: jumpSet, K: c.Value, Jf: fail})
		default:
			return nil, fmt.Errorf("operator %d", c.Op)
		}
	}
	return append(p, Instruction{Code: ret, K: uint32(r.Action)}), nil
}
