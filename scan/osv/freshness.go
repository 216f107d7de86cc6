package osv

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// Demands tell what a snapshot must be to be relied on. The zero value demands
// that it is dated, not from the future of the zero Now, and without rejected
// records; set Now.
type Demands struct {
	// Root, if it is not zero, is the one snapshot that is accepted.
	Root digest.Digest
	// Now is the time of the judgement.
	Now time.Time
	// MaxAge bounds the age of the newest record; 0 allows any. A database that is
	// updated daily and whose newest record is a month old has stopped being updated.
	MaxAge time.Duration
	// Updated is when the database was last updated, told by whoever delivered it;
	// it takes the place of the newest record's time where records do not tell.
	Updated time.Time
	// MinRecords are the least numbers of records per ecosystem. Each must be there.
	MinRecords map[string]int
	// Last is the snapshot that was relied on before, if any: an older or smaller
	// one is a rollback.
	Last *Info
	// AllowRejected accepts rejected records; they are gaps in what is matched all
	// the same.
	AllowRejected bool
}

// Check reports, by a nil error, that the snapshot satisfies d. It reports
// everything that it does not.
func (s *Snapshot) Check(d Demands) error {
	return errors.Join(s.checkRoot(d), s.checkAge(d), s.checkRecords(d), s.checkLast(d))
}

func (s *Snapshot) checkRoot(d Demands) error {
	if !d.Root.IsZero() && d.Root != s.info.Root {
		return attest.Refuse(CodeOther, "snapshot", d.Root.String(), s.info.Root.String())
	}
	return nil
}

// updated is the newest record's time, or what d says.
func (s *Snapshot) updated(d Demands) time.Time {
	if s.info.Newest.IsZero() {
		return d.Updated
	}
	return s.info.Newest
}

func (s *Snapshot) checkAge(d Demands) error {
	at := s.updated(d)
	switch {
	case at.IsZero():
		return attest.Refuse(CodeUndated, "snapshot", "a time of modification", "none")
	case at.After(d.Now):
		return attest.Refuse(CodeFuture, "snapshot", "modified before "+timeText(d.Now), timeText(at))
	case d.MaxAge > 0 && d.Now.Sub(at) > d.MaxAge:
		return attest.Refuse(CodeStale, "snapshot", "modified within "+d.MaxAge.String(), timeText(at))
	}
	return nil
}

func (s *Snapshot) checkRecords(d Demands) error {
	var errs []error
	for _, eco := range slices.Sorted(maps.Keys(d.MinRecords)) {
		if got, least := s.info.Records[eco], max(1, d.MinRecords[eco]); got < least {
			errs = append(errs, attest.Refuse(CodeShrunk, eco, "at least "+strconv.Itoa(least)+" records", strconv.Itoa(got)))
		}
	}
	if n := len(s.info.Rejected); n > 0 && !d.AllowRejected {
		first := s.info.Rejected[0]
		errs = append(errs, attest.Refuse(CodeRejected, first.Path, "no rejected record", strconv.Itoa(n)+", first "+first.Reason.String()))
	}
	return errors.Join(errs...)
}

func (s *Snapshot) checkLast(d Demands) error {
	if d.Last == nil || d.Last.Root == s.info.Root {
		return nil
	}
	if s.info.Newest.Before(d.Last.Newest) {
		return attest.Refuse(CodeRollback, "snapshot", "modified at or after "+timeText(d.Last.Newest), timeText(s.info.Newest))
	}
	for _, eco := range slices.Sorted(maps.Keys(d.Last.Records)) {
		now := s.info.Records[eco] + s.info.Withdrawn
		if before := d.Last.Records[eco]; now < before {
			return attest.Refuse(CodeRollback, eco, "at least "+strconv.Itoa(before)+" records", strconv.Itoa(now))
		}
	}
	return nil
}

func timeText(t time.Time) string {
	return cmp.Or(t.UTC().Format(time.RFC3339), "none")
}
