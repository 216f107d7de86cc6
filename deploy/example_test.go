package deploy_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
)

// A gate opens when the policy allows every artifact and two people approve this
// very request. Approvals of one request do not open it for another.
func ExampleGate_Authorize() {
	ctx := context.Background()
	gate := deploy.Gate{
		Environment: "production",
		Engines:     []string{deploytest.Engine},
		Policies:    []digest.Digest{deploytest.Policy()},
		Quorum: deploy.Quorum{
			Threshold: 2, Principals: []string{"ann", "bob", "rita"},
			Authorities: []string{deploytest.Approvals},
		},
		Testing: true, // the evidence below is made up
	}
	req := deploytest.Request(deploytest.At("production", "web"), 1, "app")
	now := deploytest.Epoch()
	decisions, err := deploytest.Decisions(req, now)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Approvers sign deploy.NewApproval with an attest.Attestor; an attest.Verifier
	// turns what they signed into evidence. The requester, rita, does not count.
	ballot := deploy.Ballot{Decision: deploy.VoteApprove, Expires: req.NotAfter}
	statement, err := deploy.NewApproval(req, ballot)
	if err != nil {
		fmt.Println(err)
		return
	}
	var approvals []*attest.Verified
	for _, who := range []string{"rita", "ann", "bob"} {
		v, err := deploytest.Seal(statement, deploytest.Approvals, who)
		if err != nil {
			fmt.Println(err)
			return
		}
		approvals = append(approvals, v)
		_, err = gate.Authorize(ctx, req, deploy.AuthorizeInput{Decisions: decisions, Approvals: approvals, Now: now})
		fmt.Println(who, "approves, authorized:", err == nil)
	}

	other := req
	other.Generation++
	_, err = gate.Authorize(ctx, other, deploy.AuthorizeInput{Decisions: decisions, Approvals: approvals, Now: now})
	fmt.Println(attest.Reasons(err)[0].Code)
	fmt.Println(attest.Reasons(err)[1].Code)
	// Output:
	// rita approves, authorized: false
	// ann approves, authorized: false
	// bob approves, authorized: true
	// deploy.quorum.short
	// deploy.approval.other-request
}
