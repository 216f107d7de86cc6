package policy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A leash is the context of the rules of one round: it ends with its parent, when the
// round is abandoned, and when it is over. It allocates nothing until somebody waits
// for it.
type leash struct {
	mu     sync.Mutex
	parent context.Context
	done   chan struct{} // nil until somebody asks for it
	stop   func() bool   // ends the watch on the parent
	err    error
	ended  atomic.Bool // cut was called
}

// on returns a leash below parent; l itself, if nobody has ever waited for it.
func (l *leash) on(parent context.Context) *leash {
	if l == nil {
		return &leash{parent: parent}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done != nil || l.err != nil {
		return &leash{parent: parent}
	}
	l.parent = parent
	return l
}

// slip ends a round that is over.
func (l *leash) slip() {
	l.mu.Lock()
	waited := l.done != nil
	if !waited {
		l.parent = context.Background()
	}
	l.mu.Unlock()
	if waited {
		l.cut()
	}
}

// above returns the parent.
func (l *leash) above() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.parent
}

// cut ends the context.
func (l *leash) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.ended.Store(true)
	l.err = context.Canceled
	if err := l.parent.Err(); err != nil {
		l.err = err
	}
	if l.done != nil {
		close(l.done)
	}
	if l.stop != nil {
		l.stop()
	}
}

// Deadline implements context.Context.
func (l *leash) Deadline() (time.Time, bool) { return l.above().Deadline() }

// Value implements context.Context.
func (l *leash) Value(key any) any { return l.above().Value(key) }

// Err implements context.Context.
func (l *leash) Err() error {
	l.mu.Lock()
	err, parent := l.err, l.parent
	l.mu.Unlock()
	if err == nil {
		err = parent.Err()
	}
	return err
}

// Done implements context.Context.
func (l *leash) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.err != nil {
			close(l.done)
		} else if l.parent.Done() != nil {
			l.stop = context.AfterFunc(l.parent, l.cut)
		}
	}
	return l.done
}
