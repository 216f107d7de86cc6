package sigstore_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// A release job's provenance is verified against a trusted root from a file.
func Example() {
	verify := func(rootJSON, bundle, artifact []byte) (*attest.Verified, error) {
		root, err := sigstore.ParseTrustedRoot(rootJSON)
		if err != nil {
			return nil, err
		}
		v, err := sigstore.NewVerifier(sigstore.Trust{
			Authority: "example.com/releases",
			Root:      root,
			Identities: []sigstore.Identity{{
				Issuer:  sigstore.Exactly("https://token.actions.githubusercontent.com"),
				Subject: sigstore.Exactly("https://github.com/example/app/.github/workflows/release.yml@refs/heads/main"),
			}},
		})
		if err != nil {
			return nil, err
		}
		return v.Verify(context.Background(), attest.Attestation{MediaType: sigstore.MediaTypeBundle03, Body: bundle},
			attest.Want{Subjects: []digest.Set{digest.FromBytes(artifact).Set()}})
	}
	_, err := verify([]byte(`{"mediaType":"application/vnd.example+json"}`), nil, nil)
	fmt.Fprintln(os.Stdout, attest.Reasons(err)[0].Code)
	// Output: attest.sigstore.root-version
}
