package chain

import "time"

// A Window is a closed interval of time. A zero Start or End leaves that side
// open.
type Window struct{ Start, End time.Time }

// Contains reports whether t lies in w, its edges included.
func (w Window) Contains(t time.Time) bool {
	return (w.Start.IsZero() || !t.Before(w.Start)) && (w.End.IsZero() || !t.After(w.End))
}

// String returns the window as start/end in RFC 3339; an open side is empty.
func (w Window) String() string {
	return stamp(w.Start) + "/" + stamp(w.End)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
