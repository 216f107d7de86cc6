package deploy

import (
	"github.com/sealwright/sealwright/attest"

	"github.com/sealwright/sealwright/internal/excerpt"
)

// A State is where a request stands. The zero State admits no event.
type State string

// The states. A request begins as Proposed; those after Live and the exits are
// final.
const (
	Proposed   State = "proposed"
	Authorized State = "authorized"  // a gate let it pass
	Deploying  State = "deploying"   // the target is being changed
	Live       State = "live"        // its artifacts run
	Superseded State = "superseded"  // a later deploy replaced it
	RolledBack State = "rolled-back" // a rollback replaced it
	Removed    State = "removed"     // a removal ended it, or it is the removal
	Denied     State = "denied"      // somebody who may approve denied it
	Expired    State = "expired"     // its window passed
	Failed     State = "failed"      // the target holds what it held before
)

// An Event moves a request from one state to another.
type Event string

// The events.
const (
	EventAuthorize Event = "authorize"
	EventDeny      Event = "deny"
	EventExpire    Event = "expire"
	EventStart     Event = "start"
	EventSucceed   Event = "succeed" // of a deploy or rollback
	EventFail      Event = "fail"
	EventSupersede Event = "supersede"
	EventRollBack  Event = "roll-back"
	EventRemove    Event = "remove" // of what ran, and of the removal that did it
)

// Final reports whether no event leaves s.
func (s State) Final() bool {
	switch s {
	case Superseded, RolledBack, Removed, Denied, Expired, Failed:
		return true
	}
	return false
}

// Next returns the state that follows s on e, or CodeTransition. There is no way
// to Live but through Authorized and Deploying, and none out of a final state.
func Next(s State, e Event) (State, error) {
	type edge struct {
		State
		Event
	}
	switch (edge{s, e}) {
	case edge{Proposed, EventAuthorize}:
		return Authorized, nil
	case edge{Proposed, EventDeny}, edge{Authorized, EventDeny}:
		return Denied, nil
	case edge{Proposed, EventExpire}, edge{Authorized, EventExpire}:
		return Expired, nil
	case edge{Authorized, EventStart}:
		return Deploying, nil
	case edge{Deploying, EventSucceed}:
		return Live, nil
	case edge{Deploying, EventFail}:
		return Failed, nil
	case edge{Live, EventSupersede}:
		return Superseded, nil
	case edge{Live, EventRollBack}:
		return RolledBack, nil
	case edge{Live, EventRemove}, edge{Deploying, EventRemove}:
		return Removed, nil
	}
	return "", attest.Refuse(CodeTransition, excerpt.Quote(string(s)), "an event that leads on", excerpt.Quote(string(e)))
}
