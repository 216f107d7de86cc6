package deploy

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// An Entry is one record in a Timeline.
type Entry struct {
	// Index is the record's place in the log.
	Index uint64
	// State is where its request stands now.
	State State
	// Ended is when it ceased to be live; zero while it is, or if it never was.
	Ended time.Time
	// Deployment is what the record says. Its slices and maps are shared and must
	// not be changed.
	Deployment Deployment
	// Verified is the evidence for it.
	Verified *attest.Verified
}

// A Timeline is the fold of a log of verified records: a function of the log and
// nothing else. It holds every record in memory, answers as a Querier, and is
// what recorders judge new records by. The zero Timeline is that of an empty
// log. It is safe for concurrent use and must not be copied.
type Timeline struct {
	mu       sync.RWMutex
	entries  []*Entry
	places   map[Place]*course
	envs     map[EnvironmentID]*scope
	requests map[digest.Digest]uint64
	digests  map[string][]uint64 // by SHA-256 of the artifact
}

// scope lists what belongs to an environment.
type scope struct {
	courses []*course
	indexes []uint64
}

// course is the history of one place.
type course struct {
	entries []*Entry
	live    *Entry
	last    *Entry          // the last that was live
	lived   map[string]bool // identities of all that were
}

func (c *course) head() Head {
	if c == nil || len(c.entries) == 0 {
		return Head{}
	}
	d := &c.entries[len(c.entries)-1].Deployment
	return Head{d.Request.Generation, d.RequestDigest}
}

// Len returns the number of records.
func (t *Timeline) Len() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return uint64(len(t.entries))
}

// Find returns the record of a request.
func (t *Timeline) Find(request digest.Digest) (Entry, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.requests[request]
	if !ok {
		return Entry{}, false
	}
	return *t.entries[i], true
}

// Check reports, by a nil error, that Append would take d next: its request is
// new (CodeReplay), its generation the next of its place (CodeGeneration), it
// names the place's last record (CodePrevious) and does not end before it
// (CodeClock); a deploy brings back nothing that was replaced (CodeDowngrade), a
// rollback something that ran there and does not run now (CodeRollback), and a
// removal ends exactly what runs (CodeRemoval).
func (t *Timeline) Check(d *Deployment) error {
	if d == nil {
		return attest.Refuse(CodeNil, "deployment", "a deployment", "nil")
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.check(d)
}

func (t *Timeline) check(d *Deployment) error {
	if i, ok := t.requests[d.RequestDigest]; ok {
		return attest.Refuse(CodeReplay, d.Place().String(), "a new request", d.RequestDigest.String()+" of entry "+strconv.FormatUint(i, 10))
	}
	c := t.places[d.Place()]
	head := c.head()
	if d.Request.Generation != head.Generation+1 {
		return attest.Refuse(CodeGeneration, d.Place().String(), strconv.FormatUint(head.Generation+1, 10), strconv.FormatUint(d.Request.Generation, 10))
	}
	if d.Previous != head.Request {
		return attest.Refuse(CodePrevious, d.Place().String(), "previous "+orNone(head.Request), orNone(d.Previous))
	}
	if c == nil {
		c = &course{}
	}
	return c.check(d)
}

func orNone(d digest.Digest) string {
	if d.IsZero() {
		return "none"
	}
	return d.String()
}

// check judges d against what ran in the place.
func (c *course) check(d *Deployment) error {
	where, what := d.Place().String(), d.Request.identity()
	if n := len(c.entries); n > 0 && d.Finished.Before(c.entries[n-1].Deployment.Finished) {
		return attest.Refuse(CodeClock, where, "an end not before "+instant(c.entries[n-1].Deployment.Finished), instant(d.Finished))
	}
	switch d.Request.Action {
	case ActionDeploy:
		if c.lived[what] && what != c.last.Deployment.Request.identity() {
			return attest.Refuse(CodeDowngrade, where, "a rollback, to bring back what was replaced", "a deploy")
		}
	case ActionRollback:
		if !c.lived[what] {
			return attest.Refuse(CodeRollback, where, "artifacts that ran here before", "artifacts that never did")
		}
		if c.live != nil && what == c.live.Deployment.Request.identity() && d.Request.Config == c.live.Deployment.Request.Config {
			return attest.Refuse(CodeRollback, where, "artifacts that do not run here now", "those that do")
		}
	case ActionRemove:
		if c.live == nil || what != c.live.Deployment.Request.identity() {
			return attest.Refuse(CodeRemoval, where, "exactly the artifacts that run here", "others")
		}
	}
	return nil
}

// Append parses a verified record and adds it as the next entry, if Check admits
// it. On an error the timeline is unchanged.
func (t *Timeline) Append(v *attest.Verified) (Entry, error) {
	d, err := ParseRecord(v)
	if err != nil {
		return Entry{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(d); err != nil {
		return Entry{}, err
	}
	if t.places == nil {
		t.places, t.envs = make(map[Place]*course), make(map[EnvironmentID]*scope)
		t.requests, t.digests = make(map[digest.Digest]uint64), make(map[string][]uint64)
	}
	e := &Entry{Index: uint64(len(t.entries)), State: d.State(), Deployment: *d, Verified: v}
	c, s := t.placeOf(d)
	if err := c.advance(e); err != nil {
		return Entry{}, err
	}
	t.entries = append(t.entries, e)
	t.requests[d.RequestDigest] = e.Index
	s.indexes = append(s.indexes, e.Index)
	for _, subject := range d.Request.Subjects {
		sum := subject.Digest[digest.SHA256]
		t.digests[sum] = append(t.digests[sum], e.Index)
	}
	return *e, nil
}

// placeOf returns the course of d's place and the scope of its environment, and
// makes them if they are new.
func (t *Timeline) placeOf(d *Deployment) (*course, *scope) {
	s := t.envs[d.Request.Environment]
	if s == nil {
		s = &scope{}
		t.envs[d.Request.Environment] = s
	}
	c := t.places[d.Place()]
	if c == nil {
		c = &course{lived: make(map[string]bool)}
		t.places[d.Place()] = c
		s.courses = append(s.courses, c)
	}
	return c, s
}

// advance adds e and moves what it ends to its next state.
func (c *course) advance(e *Entry) error {
	ended := c.live
	if e.State != Failed && ended != nil {
		next, err := Next(ended.State, endedBy(e.Deployment.Request.Action))
		if err != nil {
			return err
		}
		ended.State, ended.Ended = next, e.Deployment.Finished
		c.live = nil
	}
	if e.State == Live {
		c.live, c.last = e, e
		c.lived[e.Deployment.Request.identity()] = true
	}
	c.entries = append(c.entries, e)
	return nil
}

func endedBy(a Action) Event {
	switch a {
	case ActionRollback:
		return EventRollBack
	case ActionRemove:
		return EventRemove
	}
	return EventSupersede
}

// at returns what ran in the place at the instant, or nil.
func (c *course) at(instant time.Time) *Entry {
	for _, e := range slices.Backward(c.entries) {
		begun := !e.Deployment.Finished.After(instant)
		if begun && e.State != Failed {
			if e.Deployment.Request.Action == ActionRemove {
				return nil
			}
			return e
		}
	}
	return nil
}
