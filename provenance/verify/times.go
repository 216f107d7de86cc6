package verify

import (
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
)

// Clock bounds when evidence was made. The zero Clock bounds nothing.
type Clock struct {
	// Now is the present. It is required by MaxAge. Where it is set, no trusted time
	// may lie in its future, and no build may finish after its evidence existed.
	Now time.Time
	// MaxAge is the longest that the earliest trusted time of evidence may lie in the
	// past; evidence without a trusted time is then refused. 0 sets no limit.
	MaxAge time.Duration
	// Skew is by how much the clocks of builders and authorities may disagree.
	Skew time.Duration
}

func (c Clock) validate() error {
	if c.MaxAge < 0 || c.Skew < 0 || c.MaxAge > 0 && c.Now.IsZero() {
		return attest.Refuse(CodeExpectations, "Clock", "durations not below zero, and Now with MaxAge", "others")
	}
	return nil
}

// check tells what is wrong with the times of evidence; b may be nil.
func (c Clock) check(e *attest.Verified, b *provenance.Build) []attest.Reason {
	if c.Now.IsZero() {
		return nil
	}
	var reasons []attest.Reason
	first, told := earliest(e)
	for _, t := range e.Times() {
		if t.Time.After(c.Now.Add(c.Skew)) {
			reasons = append(reasons, attest.Reason{Code: CodeFuture, Where: t.Authority, Want: "not after " + stamp(c.Now), Got: stamp(t.Time)})
		}
	}
	if c.MaxAge > 0 && !told {
		reasons = append(reasons, attest.Reason{Code: CodeUntimed, Want: "a trusted time", Got: "none"})
	}
	if c.MaxAge > 0 && told && first.Before(c.Now.Add(-c.MaxAge)) {
		reasons = append(reasons, attest.Reason{Code: CodeStale, Want: "not before " + stamp(c.Now.Add(-c.MaxAge)), Got: stamp(first)})
	}
	if b != nil {
		for _, t := range []time.Time{b.Started, b.Finished} {
			if !t.IsZero() && (told && t.After(first.Add(c.Skew)) || t.After(c.Now.Add(c.Skew))) {
				reasons = append(reasons, attest.Reason{Code: CodeOrder, Where: "/predicate/runDetails/metadata", Want: "a build before its evidence", Got: stamp(t)})
			}
		}
	}
	return reasons
}

// earliest returns the time before which the evidence was certainly made.
func earliest(e *attest.Verified) (first time.Time, told bool) {
	for _, t := range e.Times() {
		if !told || t.Time.Before(first) {
			first, told = t.Time, true
		}
	}
	return first, told
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// open reports whether the earliest trusted time of the evidence lies in the window; the zero
// time leaves an end open, and a window without ends needs no time.
func open(e *attest.Verified, notBefore, notAfter time.Time) bool {
	if notBefore.IsZero() && notAfter.IsZero() {
		return true
	}
	first, told := earliest(e)
	return told && !first.Before(notBefore) && (notAfter.IsZero() || !first.After(notAfter))
}
