package attesttest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
)

// careless believes evidence whatever the caller was looking for.
type careless struct{ attest.Verifier }

func (c careless) Verify(ctx context.Context, a attest.Attestation, _ attest.Want) (*attest.Verified, error) {
	return c.Verifier.Verify(ctx, a, attest.Want{AnySubject: true})
}

// The kit names each clause of the contract that an implementation breaks.
func ExampleCheckVerifier() {
	alice, mallory := attesttest.New("alice"), attesttest.New("mallory")
	fmt.Println(attesttest.CheckVerifier(context.Background(), alice, alice, mallory))

	err := attesttest.CheckVerifier(context.Background(), careless{alice}, alice, mallory)
	var violation *attesttest.Violation
	fmt.Println(errors.As(err, &violation), violation.Clause)
	// Output:
	// <nil>
	// true the zero Want is refused with attest.want.empty
}
