package graph

import (
	"strings"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/internal/slsa1"
)

// A reading is the memory of whoever reads many statements one after the other. Facts are
// cut from it, so that there are few allocations.
type reading struct {
	short    slsa1.Build // the last statement that was plain
	facts    []fact      // that are left
	mentions []factMention
	digests  []string
	keys     strings.Builder // what keys are cut from
	atOnce   int             // for how many statements memory is made at once; at least 1
}

// How many statements memory is made for at once, and how much one of them takes.
const (
	mostAtOnce      = 64
	mentionsPerFact = 8
	keysPerFact     = 512
)

// newReading returns a reading for about n statements.
func newReading(n int) *reading { return &reading{atOnce: max(1, min(n, mostAtOnce))} }

func (m *reading) fact() *fact {
	if len(m.facts) == 0 {
		m.facts = make([]fact, m.atOnce)
	}
	f := &m.facts[0]
	m.facts = m.facts[1:]
	f.reading = m
	return f
}

// expect makes room for n mentions with so many digests altogether; more may come.
func (f *fact) expect(n, digests int) {
	f.mentions = cut(&f.reading.mentions, n, f.atOnce*mentionsPerFact)
	f.digests = cut(&f.reading.digests, digests, f.atOnce*mentionsPerFact)
}

// cut takes an empty slice with room for n off the free memory, or off so much more.
func cut[T any](free *[]T, n, more int) []T {
	if len(*free) < n {
		*free = make([]T, max(n, more))
	}
	taken := (*free)[:0:n]
	*free = (*free)[n:]
	return taken
}

// room returns what a key of n bytes can be written to, and where it begins.
func (m *reading) room(n int) (keys *strings.Builder, start int) {
	if m.keys.Cap()-m.keys.Len() < n {
		m.keys.Reset()
		m.keys.Grow(max(n, m.atOnce*keysPerFact))
	}
	return &m.keys, m.keys.Len()
}

// key returns a key of a kind.
func (m *reading) key(kind byte, text string) string {
	keys, start := m.room(1 + len(text))
	keys.WriteByte(kind)
	keys.WriteString(text)
	return keys.String()[start:]
}

func (m *reading) digestKey(d digest.Digest) string {
	var buf [1 + 64]byte
	key := appendDigestKey(buf[:0], d)
	keys, start := m.room(len(key))
	keys.Write(key)
	return keys.String()[start:]
}

func (m *reading) nameOrNone(name string) string {
	if name == "" {
		return ""
	}
	return m.key(kindName, name)
}
