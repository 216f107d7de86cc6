package scan

import (
	"cmp"

	"github.com/sealwright/sealwright/attest"
)

// A Severity is the qualitative rating of a finding (CVSS v3.1 section 5 and
// v4.0 section 6 name the same scale). The zero Severity is Unknown and ranks
// worst: what nobody rated may be anything.
type Severity uint8

// The severities. Compare them with Severity.Compare, not with <.
const (
	Unknown Severity = iota
	None
	Low
	Medium
	High
	Critical
)

// Compare returns -1, 0 or +1 as s is less bad than, as bad as, or worse than t.
func (s Severity) Compare(t Severity) int { return cmp.Compare(s.rank(), t.rank()) }

func (s Severity) rank() int {
	if s == Unknown || s > Critical {
		return int(Critical) + 1
	}
	return int(s)
}

// String returns the lower-case name.
func (s Severity) String() string {
	switch s {
	case None:
		return "none"
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	case Critical:
		return "critical"
	}
	return "unknown"
}

// MarshalText returns the lower-case name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name that MarshalText writes; another one is refused
// with CodeSeverity.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{Unknown, None, Low, Medium, High, Critical} {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return attest.Refuse(CodeSeverity, "severity", "unknown, none, low, medium, high or critical", Quote(string(text)))
}
