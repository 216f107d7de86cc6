package deploy_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// log appends changes to one timeline, each the next generation of its place.
type log struct {
	t        *testing.T
	timeline deploy.Timeline
	outcome  deploy.Outcome
	verified []*attest.Verified
}

func (l *log) next(p deploy.Place, a deploy.Action, artifacts ...string) (deploy.Entry, error) {
	l.t.Helper()
	head, err := l.timeline.Head(l.t.Context(), p)
	require.NoError(l.t, err)
	req := deploytest.Request(p, head.Generation+1, artifacts...)
	req.Action = a
	r, err := deploytest.Record(l.t.Context(), req, head.Request)
	require.NoError(l.t, err)
	if l.outcome != "" {
		r.Outcome = l.outcome
	}
	s, err := r.Statement()
	require.NoError(l.t, err)
	v := sealed(l.t, s, "test:log", "recorder")
	e, err := l.timeline.Append(v)
	if err == nil {
		l.verified = append(l.verified, v)
	}
	return e, err
}

func (l *log) must(p deploy.Place, a deploy.Action, artifacts ...string) deploy.Entry {
	l.t.Helper()
	e, err := l.next(p, a, artifacts...)
	require.NoError(l.t, err)
	return e
}

// states returns the states of a place's environment in the order of the log.
func (l *log) states(env deploy.EnvironmentID) []deploy.State {
	a, err := l.timeline.History(l.t.Context(), deploy.HistoryQuery{Environment: env})
	require.NoError(l.t, err)
	var out []deploy.State
	for _, e := range a.Entries {
		out = append(out, e.State)
	}
	return out
}

func TestATimelineFoldsTheLog(t *testing.T) {
	l, web := &log{t: t}, deploytest.At("production", "web")
	l.must(web, deploy.ActionDeploy, "v1")
	l.must(web, deploy.ActionDeploy, "v2")
	l.must(web, deploy.ActionRollback, "v1")
	l.must(web, deploy.ActionRemove, "v1")
	assert.Equal(t, []deploy.State{deploy.Superseded, deploy.RolledBack, deploy.Removed, deploy.Removed}, l.states("production"))
	l.must(web, deploy.ActionRollback, "v2")
	assert.Equal(t, deploy.Live, l.states("production")[4])
}

func TestATimelineRefuses(t *testing.T) {
	web := deploytest.At("production", "web")
	tests := []struct {
		name   string
		before []string // deployed one after the other
		action deploy.Action
		what   string
		code   attest.Code
	}{
		{"an implicit downgrade", []string{"v1", "v2"}, deploy.ActionDeploy, "v1", deploy.CodeDowngrade},
		{"a rollback to what never ran", []string{"v1", "v2"}, deploy.ActionRollback, "v3", deploy.CodeRollback},
		{"a rollback to what runs", []string{"v1", "v2"}, deploy.ActionRollback, "v2", deploy.CodeRollback},
		{"a rollback in an empty place", nil, deploy.ActionRollback, "v1", deploy.CodeRollback},
		{"a removal of what does not run", []string{"v1", "v2"}, deploy.ActionRemove, "v1", deploy.CodeRemoval},
		{"a removal in an empty place", nil, deploy.ActionRemove, "v1", deploy.CodeRemoval},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := &log{t: t}
			for _, a := range tt.before {
				l.must(web, deploy.ActionDeploy, a)
			}
			_, err := l.next(web, tt.action, tt.what)
			requireCode(t, err, tt.code)
			assert.Equal(t, uint64(len(tt.before)), l.timeline.Len(), "a refusal changes nothing")
		})
	}
	t.Run("a downgrade that waits for a removal", func(t *testing.T) {
		l := &log{t: t}
		l.must(web, deploy.ActionDeploy, "v1")
		l.must(web, deploy.ActionDeploy, "v2")
		l.must(web, deploy.ActionRemove, "v2")
		_, err := l.next(web, deploy.ActionDeploy, "v1")
		requireCode(t, err, deploy.CodeDowngrade)
		l.must(web, deploy.ActionDeploy, "v2")
	})
	t.Run("what ran elsewhere", func(t *testing.T) {
		l := &log{t: t}
		l.must(deploytest.At("staging", "web"), deploy.ActionDeploy, "v1")
		_, err := l.next(web, deploy.ActionRollback, "v1")
		requireCode(t, err, deploy.CodeRollback)
	})
	t.Run("a clock that was set back", func(t *testing.T) {
		l := &log{t: t}
		first := l.must(web, deploy.ActionDeploy, "v1")
		d := first.Deployment
		d.Request.Generation, d.Previous = 2, d.RequestDigest
		d.RequestDigest = deploytest.Policy()
		d.Finished = d.Finished.Add(-1)
		requireCode(t, l.timeline.Check(&d), deploy.CodeClock)
		requireCode(t, l.timeline.Check(nil), deploy.CodeNil)
	})
}

func TestAFailureLeavesWhatRan(t *testing.T) {
	l, web := &log{t: t}, deploytest.At("production", "web")
	l.must(web, deploy.ActionDeploy, "v1")
	l.outcome = deploy.OutcomeFailed
	failed := l.must(web, deploy.ActionDeploy, "v2")
	assert.Equal(t, deploy.Failed, failed.State)
	live, err := l.timeline.Live(t.Context(), "production")
	require.NoError(t, err)
	require.Len(t, live.Entries, 1)
	assert.Equal(t, uint64(0), live.Entries[0].Index)
	then, err := l.timeline.AsOf(t.Context(), "production", failed.Deployment.Finished)
	require.NoError(t, err)
	assert.Equal(t, live.Entries, then.Entries)
	l.outcome = ""
	_, err = l.next(web, deploy.ActionRollback, "v2")
	requireCode(t, err, deploy.CodeRollback)
}

func TestWhatRanAtTheInstantsOfChange(t *testing.T) {
	l, web := &log{t: t}, deploytest.At("production", "web")
	v1 := l.must(web, deploy.ActionDeploy, "v1")
	v2 := l.must(web, deploy.ActionDeploy, "v2")
	gone := l.must(web, deploy.ActionRemove, "v2")
	at := func(when time.Time) int {
		a, err := l.timeline.AsOf(t.Context(), "production", when)
		require.NoError(t, err)
		if len(a.Entries) == 0 {
			return -1
		}
		return int(a.Entries[0].Index)
	}
	for _, c := range []struct {
		end  time.Time
		then int
		now  int
	}{{v1.Deployment.Finished, -1, 0}, {v2.Deployment.Finished, 0, 1}, {gone.Deployment.Finished, 1, -1}} {
		assert.Equal(t, c.then, at(c.end.Add(-time.Nanosecond)))
		assert.Equal(t, c.now, at(c.end))
	}
	_, err := l.timeline.AsOf(t.Context(), "production", time.Time{})
	requireCode(t, err, deploy.CodeQuery)
}

func TestOneDigestInManyEnvironments(t *testing.T) {
	l := &log{t: t}
	for _, env := range []string{"production", "staging", "test"} {
		l.must(deploytest.At(env, "web"), deploy.ActionDeploy, "v1")
	}
	l.must(deploytest.At("test", "web"), deploy.ActionRemove, "v1")
	sum := digest.Digest{Algorithm: "sha256", Hex: deploytest.Artifact("v1").Digest["sha256"]}
	a, err := l.timeline.History(t.Context(), deploy.HistoryQuery{Digest: sum})
	require.NoError(t, err)
	var live []deploy.EnvironmentID
	for _, e := range a.Entries {
		if e.State == deploy.Live {
			live = append(live, e.Deployment.Request.Environment)
		}
	}
	assert.Equal(t, []deploy.EnvironmentID{"production", "staging"}, live, "a removed one is not live")
	a, err = l.timeline.History(t.Context(), deploy.HistoryQuery{Digest: sum, Environment: "test"})
	require.NoError(t, err)
	assert.Len(t, a.Entries, 2)
}

func TestHistoryPagesWhileTheLogGrows(t *testing.T) {
	l, web := &log{t: t}, deploytest.At("production", "web")
	q := deploy.HistoryQuery{Environment: "production", Limit: 3}
	var seen []uint64
	for i := range 20 {
		l.must(web, deploy.ActionDeploy, "v"+strconv.Itoa(i))
		if i < 4 {
			continue
		}
		a, err := l.timeline.History(t.Context(), q)
		require.NoError(t, err)
		for _, e := range a.Entries {
			seen = append(seen, e.Index)
		}
		if a.Next == 0 {
			break
		}
		q.From = a.Next
	}
	for i, x := range seen {
		require.Equal(t, uint64(i), x)
	}
	require.Greater(t, len(seen), 5)
	for _, bad := range []deploy.HistoryQuery{{}, {Environment: "A"}, {Environment: "a", Limit: -1},
		{Digest: digest.Digest{Algorithm: "sha1", Hex: "a"}}} {
		_, err := l.timeline.History(t.Context(), bad)
		requireCode(t, err, deploy.CodeQuery)
	}
}

// TestRandomLogsFoldToOneLiveEntryPerPlace compares the timeline with a naive
// model, and its replay with itself.
func TestRandomLogsFoldToOneLiveEntryPerPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	actions := []deploy.Action{deploy.ActionDeploy, deploy.ActionDeploy, deploy.ActionRollback, deploy.ActionRemove}
	for range 40 {
		l, model := &log{t: t}, map[deploy.Place]string{}
		for range 30 {
			p := deploytest.At("production", "web"+strconv.Itoa(random.IntN(2)))
			a, what := actions[random.IntN(len(actions))], "v"+strconv.Itoa(random.IntN(4))
			l.outcome = deploy.OutcomeSucceeded
			if random.IntN(4) == 0 {
				l.outcome = deploy.OutcomeFailed
			}
			e, err := l.next(p, a, what)
			if err != nil || e.State == deploy.Failed {
				continue
			}
			delete(model, p)
			if a != deploy.ActionRemove {
				model[p] = what
			}
		}
		live, err := l.timeline.Live(t.Context(), "production")
		require.NoError(t, err)
		require.Len(t, live.Entries, len(model))
		for _, e := range live.Entries {
			require.Equal(t, model[e.Deployment.Place()], e.Deployment.Request.Subjects[0].Name)
		}
		var again deploy.Timeline
		for _, v := range l.verified {
			_, err := again.Append(v)
			require.NoError(t, err)
		}
		replayed, err := again.Live(t.Context(), "production")
		require.NoError(t, err)
		require.Equal(t, live, replayed)
	}
}
