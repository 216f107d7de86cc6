package vsa_test

import (
	"fmt"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/vsa"
)

// A decision that nobody made cannot be told.
func ExampleEncode() {
	statement, err := vsa.Encode(policy.Decision{}, vsa.Options{
		VerifierID:  "https://example.com/verifier/v1",
		ResourceURI: "https://example.com/app-1.2.tar.gz",
	})
	fmt.Println(statement == nil, err)
	// Output: true policy.vsa.decision: want a decision that an engine made, got the zero Decision
}
