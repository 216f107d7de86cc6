package predicate_test

import (
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/predicate"
)

func Example() {
	summary := &predicate.VSA{
		Verifier:           predicate.Verifier{ID: "https://example.com/verifier/v1"},
		TimeVerified:       predicate.Timestamp{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		ResourceURI:        "pkg:generic/app@1.2.3",
		Policy:             attest.Descriptor{URI: "https://example.com/policy"},
		VerificationResult: predicate.ResultPassed,
		VerifiedLevels:     []string{predicate.Level{Track: predicate.TrackBuild, Level: 3}.String()},
	}
	statement, err := predicate.Encode(summary, subject())
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := predicate.Decode[predicate.VSA](statement, predicate.Reading{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(again.VerificationResult, again.VerifiedLevels)

	summary.VerificationResult = predicate.ResultFailed
	_, err = predicate.Encode(summary, subject())
	fmt.Println(err)
	// Output:
	// PASSED [SLSA_BUILD_LEVEL_3]
	// provenance.predicate.levels at /verifiedLevels: want ["FAILED"] for a failed verification, got "SLSA_BUILD_LEVEL_3"
}
