package policy

import (
	"sync/atomic"
	"time"
)

// A watch knocks at a lane as long as it is at work, at whole intervals of the shortest
// time that a rule has. It goes on from one round to the next, because to set a timer
// for each would cost more than a round does; so the first knock of a round may come at
// any time, and only the next tells how long the round has taken.
type watch struct {
	interval time.Duration
	knocks   chan int64   // the rounds that were seen at work; zero tells that a round is over
	at       atomic.Int64 // the number of the round that is at work; zero between rounds
	set      atomic.Bool  // the timer is running
	timer    *time.Timer
}

func newWatch(interval time.Duration) *watch {
	w := &watch{interval: interval, knocks: make(chan int64, 2)}
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	return w
}

// begin starts to watch the round.
func (w *watch) begin(round int64) {
	w.at.Store(round)
	w.wind()
}

func (w *watch) wind() {
	if !w.set.Load() && w.set.CompareAndSwap(false, true) {
		w.timer.Reset(w.interval)
	}
}

// end stops to watch.
func (w *watch) end() { w.at.Store(0) }

// look knocks, if there is a round at work. There are never two knocks that nobody has
// heard, so that the end of a round always finds room beside one.
func (w *watch) look() {
	if round := w.at.Load(); round != 0 {
		if len(w.knocks) == 0 {
			w.knocks <- round
		}
		w.timer.Reset(w.interval)
		return
	}
	w.set.Store(false)
	if w.at.Load() != 0 { // a round began in between, and took the timer for running
		w.wind()
	}
}
