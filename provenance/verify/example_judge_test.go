package verify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/verify"
)

// What a workflow writes about its own source is worth as much as the certificate
// says of it, and not more.
func ExampleJudge() {
	t := &testing.T{} // evidence comes from an attest.Verifier
	evidence := seal(t, provenanceOf(t, gitHub), "platform")
	c := verify.Case{Artifact: provenancetest.Artifact(), Evidence: []*attest.Verified{evidence}}

	v, err := verify.Judge(context.Background(), c, roots(), gitHubExpectations())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("level", v.Level(), "of", v.Track(predicate.TrackBuild).Cap)
	for _, reason := range v.MissingForNext() {
		fmt.Println(reason)
	}

	c.Evidence[0] = sealClaimed(t, provenanceOf(t, gitHub), "platform", buildtype.Claims{
		Repository: "https://github.com/acme/app", Ref: "refs/heads/main", Commit: gitCommit, EntryPoint: ".github/workflows/r.yml",
	})
	v, err = verify.Judge(context.Background(), c, roots(), gitHubExpectations())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("level", v.Level())
	// Output:
	// level 2 of 3
	// provenance.claim.forgeable at source: want a platform that vouches for it, got "git+https://github.com/acme/app"
	// provenance.claim.forgeable at ref: want a platform that vouches for it, got "refs/heads/main"
	// provenance.claim.forgeable at commit: want a platform that vouches for it, got "gitCommit:c27d339ee6075c1f744c5d4b200f7901aad2c369"
	// provenance.claim.forgeable at entry-point: want a platform that vouches for it, got ".github/workflows/r.yml"
	// level 3
}

func ExampleVerifySummary() {
	t := &testing.T{}
	s, err := verify.VerifySummary(context.Background(), provenancetest.Artifact(), summaryOf(t, vsa()),
		verify.SummaryRoots{
			Authorities: []string{authority}, Testing: true,
			Grants: []verify.SummaryGrant{{Signer: "verifier", VerifierID: verifierID, Levels: map[string]int{predicate.TrackBuild: 3}}},
		},
		verify.SummaryExpectations{
			ResourceURI: resource, Levels: map[string]int{predicate.TrackBuild: 2},
			Clock: verify.Clock{Now: finished.Add(time.Hour), MaxAge: 24 * time.Hour},
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("build level", s.Level(predicate.TrackBuild), "source level", s.Level(predicate.TrackSource))
	// Output:
	// build level 3 source level 0
}
