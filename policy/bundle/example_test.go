package bundle_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/oci"
	"github.com/sealwright/sealwright/policy/bundle"
	"github.com/sealwright/sealwright/policy/doc"
)

// A bundle is released by one signer, stored in an image layout, and read by its
// digest.
func Example() {
	if err := example(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// application/vnd.sealwright.policy.bundle.v1 with 1 signature
	// policy.bundle.unpinned
}

func example(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "layout")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	store, err := oci.OpenLayout(root, true, oci.Limits{})
	if err != nil {
		return err
	}
	release, err := doc.NewRelease(document(1))
	if err != nil {
		return err
	}
	attestor, err := dsse.NewAttestor(attesttest.Signer("ann"))
	if err != nil {
		return err
	}
	signature, err := attestor.Attest(ctx, release)
	if err != nil {
		return err
	}
	d, err := bundle.Push(ctx, store, bundle.Bundle{Document: document(1), Signatures: []attest.Attestation{signature}}, "stable")
	if err != nil {
		return err
	}
	b, err := bundle.Pull(ctx, store, "stable@"+d.Digest.String())
	if err != nil {
		return err
	}
	fmt.Println(bundle.ArtifactType, "with", len(b.Signatures), "signature")
	_, err = bundle.Pull(ctx, store, "stable")
	fmt.Println(attest.Reasons(err)[0].Code)
	return nil
}
