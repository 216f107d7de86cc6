package deploy_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vote returns a verified ballot on req.
func vote(t *testing.T, req deploy.Request, v deploy.Vote, principals ...string) *attest.Verified {
	t.Helper()
	return ballot(t, req, deploy.Ballot{Decision: v, Expires: req.NotAfter}, deploytest.Approvals, principals...)
}

func ballot(t *testing.T, req deploy.Request, b deploy.Ballot, authority string, principals ...string) *attest.Verified {
	t.Helper()
	s, err := deploy.NewApproval(req, b)
	require.NoError(t, err)
	return sealed(t, s, authority, principals...)
}

func sealed(t *testing.T, s *attest.Statement, authority string, principals ...string) *attest.Verified {
	t.Helper()
	v, err := deploytest.Seal(s, authority, principals...)
	require.NoError(t, err)
	return v
}

// statement returns an approval with a predicate that NewApproval never writes.
func statement(t *testing.T, predicate any, subjects ...attest.Descriptor) *attest.Statement {
	t.Helper()
	s, err := attest.NewStatement(deploy.ApprovalPredicateType, predicate, subjects...)
	require.NoError(t, err)
	return s
}

func TestAnApproval(t *testing.T) {
	req := request()
	name, err := req.Digest()
	require.NoError(t, err)
	until := req.NotAfter
	good := map[string]any{"decision": "approve", "expires": until}
	subject := attest.Descriptor{Digest: name.Set()}
	chain, err := deploytest.Chain(t.Context(), req.Place(), 1)
	require.NoError(t, err)
	record, err := chain[0].Statement()
	require.NoError(t, err)
	tests := []struct {
		name string
		v    func() *attest.Verified
		code attest.Code
	}{
		{"that is nil is refused", func() *attest.Verified { return nil }, deploy.CodeNil},
		{"that is the zero Verified is refused", func() *attest.Verified { return new(attest.Verified) }, deploy.CodeNil},
		{"that expired is refused", func() *attest.Verified {
			return ballot(t, req, deploy.Ballot{Decision: deploy.VoteApprove, Expires: req.NotBefore}, deploytest.Approvals, "ann")
		}, deploy.CodeApprovalExpired},
		{"signed by the requester is refused", func() *attest.Verified { return vote(t, req, deploy.VoteApprove, "rita") }, deploy.CodeApprovalExcluded},
		{"signed by the requester in other letters is refused", func() *attest.Verified { return vote(t, req, deploy.VoteApprove, "RITA") }, deploy.CodeApprovalPrincipal},
		{"signed by the builder is refused", func() *attest.Verified { return vote(t, req, deploy.VoteApprove, "builder") }, deploy.CodeApprovalExcluded},
		{"signed by a stranger is refused", func() *attest.Verified { return vote(t, req, deploy.VoteApprove, "mallory") }, deploy.CodeApprovalPrincipal},
		{"of an unlisted authority is refused", func() *attest.Verified {
			return ballot(t, req, deploy.Ballot{Decision: deploy.VoteApprove, Expires: until}, "test:elsewhere", "ann")
		}, deploy.CodeApprovalAuthority},
		{"that is a record is refused", func() *attest.Verified { return sealed(t, record, deploytest.Approvals, "ann") }, deploy.CodeApprovalType},
		{"with an unknown field is refused", func() *attest.Verified {
			return sealed(t, statement(t, map[string]any{"decision": "approve", "expires": until, "scope": "all"}, subject), deploytest.Approvals, "ann")
		}, deploy.CodeApproval},
		{"with an unknown decision is refused", func() *attest.Verified {
			return sealed(t, statement(t, map[string]any{"decision": "APPROVE", "expires": until}, subject), deploytest.Approvals, "ann")
		}, deploy.CodeApproval},
		{"without decision is refused", func() *attest.Verified {
			return sealed(t, statement(t, map[string]any{"expires": until}, subject), deploytest.Approvals, "ann")
		}, deploy.CodeApproval},
		{"without expiry is refused", func() *attest.Verified {
			return sealed(t, statement(t, map[string]any{"decision": "approve"}, subject), deploytest.Approvals, "ann")
		}, deploy.CodeApproval},
		{"of two requests is refused", func() *attest.Verified {
			return sealed(t, statement(t, good, subject, deploytest.Artifact("other")), deploytest.Approvals, "ann")
		}, deploy.CodeApproval},
		{"with a second digest is refused", func() *attest.Verified {
			two := attest.Descriptor{Digest: digest.Set{"sha256": name.Hex, "sha512": hexOf("a") + hexOf("a")}}
			return sealed(t, statement(t, good, two), deploytest.Approvals, "ann")
		}, deploy.CodeApproval},
		{"of another digest is refused", func() *attest.Verified {
			return sealed(t, statement(t, good, deploytest.Artifact("app")), deploytest.Approvals, "ann")
		}, deploy.CodeApprovalRequest},
		{"that denies is refused", func() *attest.Verified { return vote(t, req, deploy.VoteDeny, "ann") }, deploy.CodeApprovalDenied},
	}
	q := deploy.Quorum{Threshold: 1, Principals: []string{"ann", "bob", "rita", "builder"}, Authorities: []string{deploytest.Approvals}, Exclude: []string{"Builder"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tally, err := q.Tally(req, []*attest.Verified{tt.v()}, req.NotBefore)
			requireCode(t, err, tt.code)
			requireCode(t, err, deploy.CodeQuorumShort)
			assert.False(t, tally.Met())
			if tt.code == deploy.CodeApprovalDenied {
				return
			}
			tally, err = q.Tally(req, []*attest.Verified{tt.v(), vote(t, req, deploy.VoteApprove, "bob")}, req.NotBefore)
			require.NoError(t, err, "one that does not count hinders no other")
			require.Len(t, tally.Refused, 1)
			requireCode(t, tally.Refused[0], tt.code)
		})
	}
}

func TestAnApprovalCannotBeMovedToAnotherRequest(t *testing.T) {
	q := deploy.Quorum{Threshold: 1, Principals: []string{"ann"}, Authorities: []string{deploytest.Approvals}}
	approval := vote(t, request(), deploy.VoteApprove, "ann")
	_, err := q.Tally(request(), []*attest.Verified{approval}, deploytest.Epoch())
	require.NoError(t, err)
	for name, change := range changes() {
		t.Run("that differs in "+name, func(t *testing.T) {
			r := request()
			r.Subjects[0].Digest = r.Subjects[0].Digest.Clone()
			change(&r)
			_, err := q.Tally(r, []*attest.Verified{approval}, deploytest.Epoch().Add(1))
			requireCode(t, err, deploy.CodeApprovalRequest)
		})
	}
}

func TestAQuorumCountsDistinctPrincipals(t *testing.T) {
	req := request()
	q := deploy.Quorum{Threshold: 2, Principals: []string{"ann", "bob"}, Authorities: []string{deploytest.Approvals}}
	ann, bob := vote(t, req, deploy.VoteApprove, "ann"), vote(t, req, deploy.VoteApprove, "bob")
	otherKey, err := attest.Seal(attest.Facts{
		Authority: deploytest.Approvals, Statement: ann.Statement(), Evidence: deploytest.Policy(),
		Signers: []attest.Identity{{Subject: "ann", Key: deploytest.Policy()}},
	})
	require.NoError(t, err)
	both := vote(t, req, deploy.VoteApprove, "ann", "bob")
	tests := []struct {
		name string
		in   []*attest.Verified
		code attest.Code
	}{
		{"two principals suffice", []*attest.Verified{ann, bob}, ""},
		{"one attestation that two signed suffices", []*attest.Verified{both}, ""},
		{"the order does not matter", []*attest.Verified{bob, ann}, ""},
		{"one approval twice is one", []*attest.Verified{ann, ann}, deploy.CodeApprovalRepeated},
		{"one person with two keys is one", []*attest.Verified{ann, otherKey}, deploy.CodeApprovalRepeated},
		{"nobody is too few", nil, deploy.CodeQuorumShort},
		{"a denial after two approvals wins", []*attest.Verified{ann, bob, vote(t, req, deploy.VoteDeny, "bob")}, deploy.CodeApprovalDenied},
		{"a denial before two approvals wins", []*attest.Verified{vote(t, req, deploy.VoteDeny, "bob"), ann, bob}, deploy.CodeApprovalDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tally, err := q.Tally(req, tt.in, req.NotBefore)
			assert.Equal(t, tt.code == "", tally.Met())
			if tt.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, err, tt.code)
		})
	}
}

func TestADenialDoesNotExpire(t *testing.T) {
	req := request()
	q := deploy.Quorum{Threshold: 1, Principals: []string{"ann", "bob"}, Authorities: []string{deploytest.Approvals}}
	old := ballot(t, req, deploy.Ballot{Decision: deploy.VoteDeny, Expires: req.NotBefore.Add(-time.Hour)}, deploytest.Approvals, "bob")
	_, err := q.Tally(req, []*attest.Verified{vote(t, req, deploy.VoteApprove, "ann"), old}, req.NotBefore)
	requireCode(t, err, deploy.CodeApprovalDenied)
}

func TestAQuorumThatDemandsNothingIsRefused(t *testing.T) {
	good := deploy.Quorum{Threshold: 1, Principals: []string{"ann"}, Authorities: []string{"a"}}
	require.NoError(t, good.Validate())
	for name, q := range map[string]deploy.Quorum{
		"the zero quorum":              {},
		"threshold 0":                  {Principals: []string{"ann"}, Authorities: []string{"a"}},
		"a negative threshold":         {Threshold: -1, Principals: []string{"ann"}, Authorities: []string{"a"}},
		"no principals":                {Threshold: 1, Authorities: []string{"a"}},
		"an empty principal":           {Threshold: 1, Principals: []string{"ann", ""}, Authorities: []string{"a"}},
		"one principal twice":          {Threshold: 1, Principals: []string{"ann", "Ann"}, Authorities: []string{"a"}},
		"no authorities":               {Threshold: 1, Principals: []string{"ann"}},
		"an empty authority":           {Threshold: 1, Principals: []string{"ann"}, Authorities: []string{""}},
		"more than there are":          {Threshold: 2, Principals: []string{"ann"}, Authorities: []string{"a"}},
		"more than are left after all": {Threshold: 1, Principals: []string{"ann"}, Authorities: []string{"a"}, Exclude: []string{"ann"}},
	} {
		requireCode(t, q.Validate(), deploy.CodeQuorum)
		_, err := q.Tally(request(), nil, deploytest.Epoch())
		requireCode(t, err, deploy.CodeQuorum)
		assert.NotEmpty(t, name)
	}
}

func TestATallyDoesNotDependOnTheOrder(t *testing.T) {
	req := request()
	q := deploy.Quorum{Threshold: 2, Principals: []string{"ann", "bob", "cleo"}, Authorities: []string{deploytest.Approvals}}
	short := ballot(t, req, deploy.Ballot{Decision: deploy.VoteApprove, Expires: req.NotBefore.Add(time.Minute)}, deploytest.Approvals, "ann")
	in := []*attest.Verified{
		short, vote(t, req, deploy.VoteApprove, "ann"), vote(t, req, deploy.VoteApprove, "ann", "cleo"),
		vote(t, req, deploy.VoteApprove, "bob"), nil, vote(t, req, deploy.VoteApprove, "mallory"),
	}
	want, err := q.Tally(req, in, req.NotBefore)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		random.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		got, err := q.Tally(req, in, req.NotBefore)
		require.NoError(t, err)
		require.Equal(t, want.Endorsements, got.Endorsements)
		require.Len(t, got.Refused, len(want.Refused))
	}
}

func TestTooManyApprovalsAreRefused(t *testing.T) {
	q := deploytest.Gate("production").Quorum
	_, err := q.Tally(request(), make([]*attest.Verified, 1001), deploytest.Epoch())
	requireCode(t, err, deploy.CodeApprovalCount)
}

func TestNewApprovalRefusesWhatItCouldNotParse(t *testing.T) {
	_, err := deploy.NewApproval(deploy.Request{}, deploy.Ballot{Decision: deploy.VoteApprove, Expires: deploytest.Epoch()})
	requireCode(t, err, deploy.CodeSubject)
	for _, b := range []deploy.Ballot{{}, {Decision: deploy.VoteApprove}, {Expires: deploytest.Epoch()},
		{Decision: deploy.VoteApprove, Expires: deploytest.Epoch(), Role: "a\x00b"}} {
		_, err := deploy.NewApproval(request(), b)
		requireCode(t, err, deploy.CodeApproval)
	}
	s, err := deploy.NewApproval(request(), deploy.Ballot{Decision: deploy.VoteApprove, Expires: deploytest.Epoch(), Role: "owner"})
	require.NoError(t, err)
	a, err := deploy.ParseApproval(sealed(t, s, deploytest.Approvals, "ann"))
	require.NoError(t, err)
	assert.Equal(t, "owner", a.Role)
}
