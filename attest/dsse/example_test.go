package dsse_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
)

// Two of three maintainers must sign. Two keys of one maintainer are not two
// maintainers.
func Example_threshold() {
	key := func(label string) attest.Signer { return attesttest.Signer(label) }
	verifier, err := dsse.NewVerifier(dsse.Trust{
		Authority: "example.com/maintainers",
		Keys: []dsse.Key{
			{Principal: "alice", Public: key("alice's laptop").Public()},
			{Principal: "alice", Public: key("alice's token").Public()},
			{Principal: "bob", Public: key("bob's token").Public()},
			{Principal: "carol", Public: key("carol's token").Public()},
		},
		Threshold: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	statement, err := attest.NewStatement("https://example.com/release/v1", struct{}{},
		attest.Descriptor{Name: "app", Digest: digest.FromBytes([]byte("app")).Set()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, second := range []string{"bob's token", "alice's token"} {
		attestor, err := dsse.NewAttestor(key("alice's laptop"), key(second))
		if err != nil {
			fmt.Println(err)
			return
		}
		evidence, err := attestor.Attest(context.Background(), statement)
		if err != nil {
			fmt.Println(err)
			return
		}
		verified, err := verifier.Verify(context.Background(), evidence, attest.Want{AnySubject: true})
		if err != nil {
			fmt.Println("refused:", attest.Reasons(err)[0])
			continue
		}
		for _, signer := range verified.Signers() {
			fmt.Println("signed by", signer.Principal())
		}
	}
	// Output:
	// signed by alice
	// signed by bob
	// refused: attest.dsse.threshold at /signatures: want 2 principals, got 1: "alice"
}
