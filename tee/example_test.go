package tee_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
)

// The whole flow, with a fake TPM in the place of a real one.
func Example() {
	ctx := context.Background()
	platform, err := faketpm.New(faketpm.Config{Seed: "example", HoldKey: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := platform.Verifier()
	if err != nil {
		fmt.Println(err)
		return
	}

	// The relying party fixes what it will check.
	nonces, err := tee.NewMemoryNonces(tee.MemoryNonces{Now: teetest.Now, TTL: time.Minute, Max: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	appraiser, err := tee.NewAppraiser(tee.Config{
		Backends: []tee.Backend{{Verifier: verifier, Roots: platform.Roots()}},
		Policy:   platform.Policy(),
		Nonces:   nonces,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	want := tee.Expect{
		Purpose: "build-provenance", Key: platform.Signer().Public(), Audience: "example.com",
		BuildID: "job-42", At: teetest.Now(),
	}
	if want.Nonce, err = appraiser.Challenge(ctx, want.Audience); err != nil {
		fmt.Println(err)
		return
	}

	// The attester quotes the binding.
	binding, err := want.Binding()
	if err != nil {
		fmt.Println(err)
		return
	}
	evidence, err := platform.Quote(ctx, binding)
	if err != nil {
		fmt.Println(err)
		return
	}

	result, err := appraiser.Appraise(ctx, want, evidence)
	fmt.Println(result.Status(), err)
	result, err = appraiser.Appraise(ctx, want, evidence)
	fmt.Println(result.Status(), attest.Reasons(err)[0].Code)
	// Output:
	// affirming <nil>
	// contraindicated tee.nonce.reused
}

// An assertion cites evidence beside the provenance of what was built.
func ExampleAssertion() {
	platform, err := faketpm.New(faketpm.Config{Seed: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	evidence, err := platform.Quote(context.Background(), tee.Binding{
		Purpose: "build-provenance", Nonce: []byte("an unpredictable 32 byte nonce.."), BuildID: "job-42",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	artifact := digest.Digest{Algorithm: digest.SHA256, Hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	runner := attest.Descriptor{URI: "oci://example.com/runner", Digest: artifact.Set()}
	statement, err := tee.Assertion([]attest.Descriptor{{Name: "app", Digest: artifact.Set()}}, evidence, runner)
	if err != nil {
		fmt.Println(err)
		return
	}
	asserted, err := tee.ParseAssertion(statement)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(statement.PredicateType())
	fmt.Println(asserted.Conditions.Kind, asserted.Conditions.BuildID, asserted.Cites(evidence))
	// Output:
	// https://in-toto.io/attestation/scai/v0.3
	// tpm2 job-42 <nil>
}
