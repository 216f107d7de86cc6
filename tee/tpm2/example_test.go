package tpm2_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/tee"
	"github.com/sealwright/sealwright/tee/teetest"
	"github.com/sealwright/sealwright/tee/teetest/faketpm"
	"github.com/sealwright/sealwright/tee/tpm2"
)

// A verifier reads facts out of evidence; whether they suffice is the
// appraiser's to say.
func ExampleNewVerifier() {
	platform, err := faketpm.New(faketpm.Config{Seed: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	evidence, err := platform.Quote(context.Background(), tee.Binding{
		Purpose: "build-provenance", Nonce: []byte("an unpredictable 32 byte nonce.."),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := tpm2.NewVerifier()
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := verifier.Verify(context.Background(), evidence, tee.Params{
		Time: teetest.Now(), Roots: platform.Roots(), AllowThrowaway: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(claims.Measurements), "registers, debug", claims.Debug)

	// In production, a fake proves nothing.
	_, err = verifier.Verify(context.Background(), evidence, tee.Params{Time: teetest.Now(), Roots: platform.Roots()})
	fmt.Println(err)
	// Output:
	// 8 registers, debug no
	// tee.params.throwaway at Roots: want a root that vouches for something, got "CN=root,O=THROWAWAY TEST ROOT\\, NOT FOR PRODUCTION"
}
