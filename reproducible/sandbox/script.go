//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"
)

// A script is a stage that is being composed. Nothing in it depends on a result:
// the stage starts with no descriptors but four, and the kernel always gives the
// lowest that is free (open(2)), so every descriptor is known before it is made.
type script struct {
	steps []step
	parts []string // of what each step is a part, for errors
	calls []string // what each step does, for errors
	part  string
	data  []byte
	free  []bool // descriptors that were opened and closed again
}

func newScript() *script {
	const usual = 320 // steps
	return &script{
		steps: make([]step, 0, usual), parts: make([]string, 0, usual), calls: make([]string, 0, usual),
		data: make([]byte, 0, 16<<10), free: make([]bool, controlFD+1),
	}
}

// first puts the steps that compose adds before all that there are.
func (s *script) first(compose func()) {
	n := len(s.steps)
	compose()
	rotate(s.steps, n)
	rotate(s.parts, n)
	rotate(s.calls, n)
}

// rotate moves what comes after the first n to the front.
func rotate[T any](list []T, n int) {
	copy(list, slices.Concat(list[n:], list[:n]))
}

// add adds a call and the bounds of its right results.
func (s *script) add(what string, least, greatest int64, call uintptr, arguments ...uint64) {
	st := step{call: uint64(call), least: least, greatest: greatest}
	copy(st.argument[:], arguments)
	s.steps = append(s.steps, st)
	s.parts = append(s.parts, s.part)
	s.calls = append(s.calls, what)
}

// do adds a call that returns zero.
func (s *script) do(what string, call uintptr, arguments ...uint64) {
	s.add(what, 0, 0, call, arguments...)
}

// open adds a call that returns a new descriptor, and returns that.
func (s *script) open(what string, call uintptr, arguments ...uint64) (fd uint64) {
	lowest := slices.Index(s.free, true)
	if lowest < 0 {
		lowest, s.free = len(s.free), append(s.free, false)
	}
	s.free[lowest] = false
	s.add(what, int64(lowest), int64(lowest), call, arguments...)
	return uint64(lowest)
}

// any adds a call that succeeds with whatever result.
func (s *script) any(what string, call uintptr, arguments ...uint64) {
	s.add(what, 0, math.MaxInt64, call, arguments...)
}

// bytes puts b into the data, and returns its address, which is a multiple of 8.
func (s *script) bytes(b []byte) (address uint64) {
	for len(s.data)%8 != 0 {
		s.data = append(s.data, 0)
	}
	at := dataAddress + uint64(len(s.data))
	s.data = append(s.data, b...)
	return at
}

// text puts a string that ends with NUL.
func (s *script) text(t string) uint64 { return s.bytes(append([]byte(t), 0)) }

// room puts n zeros.
func (s *script) room(n int) uint64 { return s.bytes(make([]byte, n)) }

// words puts words.
func (s *script) words(words ...uint64) uint64 {
	b := make([]byte, 0, 8*len(words))
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return s.bytes(b)
}

// strings puts a list of strings that ends with NULL, as execve(2) takes it.
func (s *script) strings(list []string) uint64 {
	words := make([]uint64, len(list)+1)
	for i, t := range list {
		words[i] = s.text(t)
	}
	return s.words(words...)
}

// put puts the memory of a value without pointers.
func put[T any](s *script, v T) uint64 {
	return s.bytes(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)))
}
