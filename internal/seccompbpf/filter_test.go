package seccompbpf

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/bpf"
)

// data is struct seccomp_data.
type data struct {
	nr, arch uint32
	args     [6]uint64
}

// machine returns the interpreter of golang.org/x/net/bpf with a program.
func machine(t testing.TB, p []Instruction) *bpf.VM {
	raw := make([]bpf.Instruction, len(p))
	for i, in := range p {
		raw[i] = bpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}.Disassemble()
	}
	vm, err := bpf.NewVM(raw)
	require.NoError(t, err)
	return vm
}

// interpret runs the program of vm, which reads words big-endian, as packets have
// them.
func interpret(t testing.TB, vm *bpf.VM, d data) Action {
	b := make([]byte, 64)
	binary.BigEndian.PutUint32(b[0:], d.nr)
	binary.BigEndian.PutUint32(b[4:], d.arch)
	for i, a := range d.args {
		binary.BigEndian.PutUint32(b[16+8*i:], uint32(a))
		binary.BigEndian.PutUint32(b[20+8*i:], uint32(a>>32))
	}
	n, err := vm.Run(b)
	require.NoError(t, err)
	return Action(uint32(n))
}

// judge is the meaning of a Filter, said without BPF.
func judge(f Filter, d data) Action {
	if d.arch != f.Arch || d.nr&f.Foreign != 0 {
		return KillProcess
	}
	if d.nr > f.Last {
		return f.Beyond
	}
rules:
	for _, r := range f.Rules {
		if r.Syscall != d.nr {
			continue
		}
		for _, c := range r.When {
			low := uint32(d.args[c.Arg])
			holds := map[Op]bool{Equal: low == c.Value, NotEqual: low != c.Value, AnyBit: low&c.Value != 0}[c.Op]
			if !holds {
				continue rules
			}
		}
		return r.Action
	}
	return Allow
}

func TestAFilterMeansWhatAnIndependentInterpreterSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		f := randomFilter(rng)
		p, err := f.Assemble()
		require.NoError(t, err)
		vm := machine(t, p)
		for range 300 {
			d := randomData(rng, f)
			require.Equal(t, judge(f, d), interpret(t, vm, d), "%+v %+v", f, d)
		}
	}
}

func randomFilter(rng *rand.Rand) Filter {
	f := Filter{Arch: rng.Uint32() | 1, Last: 20, Beyond: Errno(38)}
	if rng.IntN(2) == 0 {
		f.Foreign = 0x40000000
	}
	rules := 40
	if rng.IntN(4) == 0 { // so many calls that some jumps are far
		rules, f.Last = 400, 500
	}
	for range rng.IntN(rules) {
		r := Rule{Syscall: rng.Uint32N(f.Last), Action: Errno(uint16(rng.IntN(3)))}
		for range rng.IntN(4) * rng.IntN(2) {
			r.When = append(r.When, Condition{Arg: rng.IntN(6), Op: Op(1 + rng.IntN(3)), Value: rng.Uint32N(4)})
		}
		f.Rules = append(f.Rules, r)
	}
	return f
}

func randomData(rng *rand.Rand, f Filter) data {
	d := data{nr: rng.Uint32N(f.Last + 4), arch: f.Arch}
	switch rng.IntN(20) {
	case 0:
		d.arch = rng.Uint32()
	case 1:
		d.nr |= 0x40000000
	case 2:
		d.nr = rng.Uint32()
	}
	for i := range d.args {
		d.args[i] = uint64(rng.Uint32N(4)) | uint64(rng.Uint32N(3))<<32
	}
	return d
}

func TestAFilterThatSaysNothingIsRefused(t *testing.T) {
	for name, f := range map[string]Filter{
		"no architecture":      {Last: 1},
		"no last system call":  {Arch: 1},
		"an unknown operator":  {Arch: 1, Last: 1, Rules: []Rule{{When: []Condition{{}}}}},
		"a seventh argument":   {Arch: 1, Last: 1, Rules: []Rule{{When: []Condition{{Arg: 6, Op: Equal}}}}},
		"too many conditions":  {Arch: 1, Last: 1, Rules: []Rule{{When: make([]Condition, 101)}}},
		"a program too long":   {Arch: 1, Last: 1, Rules: make([]Rule, 4096)},
		"a negative argument":  {Arch: 1, Last: 1, Rules: []Rule{{When: []Condition{{Arg: -1, Op: Equal}}}}},
		"too much for a call":  {Arch: 1, Last: 1, Rules: make([]Rule, 256)},
		"an operator past end": {Arch: 1, Last: 1, Rules: []Rule{{When: []Condition{{Op: 9}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Assemble()
			require.Error(t, err)
		})
	}
}
