package policy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
)

// A sleeper is a rule that takes its time.
type sleeper struct{ time.Duration }

func (s sleeper) Spec() (Spec, error) { return Spec{}, nil }

func (s sleeper) Check(context.Context, *Facts) Result {
	time.Sleep(s.Duration)
	return Result{Outcome: Satisfied}
}

// Whenever a round begins while the watch goes on, its rule has at least its time, and at
// most two intervals more.
func TestARuleHasItsTimeWheneverItBegins(t *testing.T) {
	const interval = 20 * time.Millisecond
	for _, begin := range []time.Duration{0, 1, 7 * time.Millisecond, interval - 1, interval, interval + 1, 10 * interval} {
		for _, budget := range []time.Duration{interval, interval + 1, 2 * interval, 5 * interval} {
			for takes, code := range map[time.Duration]attest.Code{
				0: "", 1: "", budget - 1: "", budget + 2*interval: CodeRuleTimeout, time.Hour: CodeRuleTimeout,
			} {
				synctest.Test(t, func(t *testing.T) {
					l := &lane{rounds: make(chan *round), watch: newWatch(interval), round: new(round)}
					go serve(l.rounds, l.watch.knocks)
					defer func() {
						time.Sleep(2 * time.Hour) // until an abandoned rule is done too
						close(l.rounds)
					}()
					one := func(takes time.Duration) (bool, attest.Code) {
						l.start(t.Context(), []ask{{rule: &compiled{rule: sleeper{takes}, budget: Budget{Time: budget}}}})
						_, over, missed := l.await(t.Context())
						return over, missed
					}
					over, _ := one(1) // sets the watch
					require.True(t, over)
					time.Sleep(begin)
					before := time.Now()
					over, missed := one(takes)
					require.Equal(t, code, missed, "%v, %v, %v", begin, budget, takes)
					require.Equal(t, code == "", over)
					require.Less(t, time.Since(before), budget+2*interval)
				})
			}
		}
	}
}

// The watch ends with the work.
func TestAWatchWindsDown(t *testing.T) {
	w := newWatch(time.Hour)
	w.begin(1)
	require.True(t, w.set.Load())
	w.look()
	w.look()
	require.Len(t, w.knocks, 1, "nobody has heard the first")
	require.EqualValues(t, 1, <-w.knocks)
	w.end()
	w.look()
	require.Empty(t, w.knocks)
	require.False(t, w.set.Load())
	w.begin(2)
	require.True(t, w.set.Load())
	require.True(t, w.timer.Stop(), "the timer runs again")
}
