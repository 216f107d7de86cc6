package deploy_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sealwright/sealwright/deploy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func states() []deploy.State {
	return []deploy.State{"", deploy.Proposed, deploy.Authorized, deploy.Deploying, deploy.Live, deploy.Superseded,
		deploy.RolledBack, deploy.Removed, deploy.Denied, deploy.Expired, deploy.Failed, "unknown"}
}

func events() []deploy.Event {
	return []deploy.Event{"", deploy.EventAuthorize, deploy.EventDeny, deploy.EventExpire, deploy.EventStart,
		deploy.EventSucceed, deploy.EventFail, deploy.EventSupersede, deploy.EventRollBack, deploy.EventRemove, "unknown"}
}

func TestTheStateMachineHasExactlyTheseEdges(t *testing.T) {
	type edge struct {
		from deploy.State
		by   deploy.Event
		to   deploy.State
	}
	var got []edge
	for _, s := range states() {
		for _, e := range events() {
			next, err := deploy.Next(s, e)
			if err != nil {
				requireCode(t, err, deploy.CodeTransition)
				require.Empty(t, next)
				continue
			}
			got = append(got, edge{s, e, next})
		}
	}
	assert.Equal(t, []edge{
		{deploy.Proposed, deploy.EventAuthorize, deploy.Authorized},
		{deploy.Proposed, deploy.EventDeny, deploy.Denied},
		{deploy.Proposed, deploy.EventExpire, deploy.Expired},
		{deploy.Authorized, deploy.EventDeny, deploy.Denied},
		{deploy.Authorized, deploy.EventExpire, deploy.Expired},
		{deploy.Authorized, deploy.EventStart, deploy.Deploying},
		{deploy.Deploying, deploy.EventSucceed, deploy.Live},
		{deploy.Deploying, deploy.EventFail, deploy.Failed},
		{deploy.Deploying, deploy.EventRemove, deploy.Removed},
		{deploy.Live, deploy.EventSupersede, deploy.Superseded},
		{deploy.Live, deploy.EventRollBack, deploy.RolledBack},
		{deploy.Live, deploy.EventRemove, deploy.Removed},
	}, got)
}

func TestNothingGetsLiveWithoutAuthorization(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	lived := 0
	for range 100_000 {
		s, path := deploy.Proposed, []deploy.State{deploy.Proposed}
		for range 8 {
			next, err := deploy.Next(s, events()[random.IntN(len(events()))])
			if err != nil {
				continue
			}
			require.False(t, s.Final(), "an event leaves the final state %s", s)
			s = next
			path = append(path, s)
		}
		if i := slices.Index(path, deploy.Live); i >= 0 {
			lived++
			require.Equal(t, []deploy.State{deploy.Proposed, deploy.Authorized, deploy.Deploying}, path[:i])
		}
	}
	require.Positive(t, lived)
}
