package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/verify"
)

const builder = "https://github.com/octocat/hello-world/.github/workflows/release.yml@refs/tags/v1.2.3"

// expectations are those of a release of hello-world; profiles may be nil.
func expectations(profiles []buildtype.Profile) verify.Expectations {
	return verify.Expectations{
		BuilderID: builder, BuildType: buildtype.GitHubWorkflowV1, Level: 2, Profiles: profiles,
		Sources: verify.Sources{{URI: "git+https://github.com/octocat/hello-world@refs/tags/v1.2.3", Digest: digest.Set{digest.GitCommit: commit}, AllowSHA1: true}},
		Parameters: verify.Parameters{Equal: map[string]json.RawMessage{
			"workflow": json.RawMessage(`{"ref":"refs/tags/v1.2.3","repository":"https://github.com/octocat/hello-world","path":".github/workflows/release.yml"}`),
		}},
	}
}

// checking measures all checks on a statement whose signature was verified, its decoding
// included.
func checking(_ string, t *goals.Table) error {
	s, err := attest.ParseStatement(gitHub(), attest.Limits{})
	if err != nil {
		return err
	}
	evidence, err := attest.Seal(attest.Facts{Authority: "peers", Statement: s, Evidence: digest.FromBytes(gitHub()), Signers: []attest.Identity{{Subject: "platform"}}})
	if err != nil {
		return err
	}
	roots := verify.Roots{Authorities: []string{"peers"}, Grants: []verify.Grant{{Signer: "platform", BuilderID: builder, Level: verify.MaxLevel}}}
	artifact := s.Subjects()[0].Digest
	var sides [2]func() error
	for i, profiles := range [][]buildtype.Profile{nil, buildtype.Profiles()} {
		checker, err := verify.New(roots, expectations(profiles))
		if err != nil {
			return err
		}
		sides[i] = func() error {
			_, err := checker.Verify(context.Background(), artifact, []*attest.Verified{evidence})
			return err
		}
	}
	plain, profiled, err := medians(sides[0], sides[1])
	if err != nil {
		return err
	}
	for i, name := range []string{"all checks on a verified statement", "the same with its profile"} {
		n, err := allocations(sides[i])
		if err != nil {
			return err
		}
		took := []float64{float64(plain), float64(profiled)}[i] / 1000
		if i == 0 {
			t.AtMost(name, took, 25, " us")
			t.AtMost(name, n, 60, " allocations")
			continue
		}
		t.Note(name, fmt.Sprintf("%.3g us, %.0f allocations", took, n))
	}
	return nil
}
