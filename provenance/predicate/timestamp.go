package predicate

import (
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// A Timestamp is an instant as the in-toto field types have it: RFC 3339 in UTC,
// with the zone Z. The zero Timestamp stands for none.
type Timestamp struct{ time.Time }

// MarshalJSON writes the instant in UTC. The zero Timestamp is refused.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return nil, attest.Refuse(CodeTimestamp, "", "an instant", "none")
	}
	return t.UTC().MarshalJSON()
}

// UnmarshalJSON reads a string in RFC 3339 that ends in Z.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	err := t.UnmarshalText([]byte(text))
	if err != nil || len(text)+2 != len(b) || !strings.HasSuffix(text, "Z") || t.IsZero() {
		*t = Timestamp{}
		return attest.Refuse(CodeTimestamp, "", "RFC 3339 in UTC", excerpt.Quote(string(b))).Because(err)
	}
	return nil
}

// checkSpan refuses an end before its start.
func checkSpan(where string, start, end Timestamp) error {
	if !start.IsZero() && !end.IsZero() && end.Before(start.Time) {
		return attest.Refuse(CodeTimestamp, where, "not before "+start.String(), end.String())
	}
	return nil
}
