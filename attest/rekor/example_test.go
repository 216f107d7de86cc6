package rekor_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/rekor"
	"github.com/sealwright/sealwright/attest/sigstore"
)

// An auditor asks a log who signed an artifact, and believes only what a verifier
// accepts.
func Example() {
	signers := func(ctx context.Context, v *sigstore.Verifier, artifact digest.Digest) ([]attest.Identity, error) {
		log, err := rekor.New(rekor.Config{URL: "https://rekor.sigstore.dev", Client: &http.Client{Timeout: time.Minute}})
		if err != nil {
			return nil, err
		}
		found, err := log.Search(ctx, rekor.Query{Digest: artifact})
		if err != nil {
			return nil, err
		}
		var out []attest.Identity
		for _, id := range found {
			e, err := log.ByID(ctx, id)
			if err != nil {
				return nil, err
			}
			bundle, err := e.MessageBundle()
			if err != nil {
				continue // of another kind
			}
			if signed, err := v.VerifyArtifact(ctx, bundle, artifact); err == nil {
				out = append(out, signed.Signer())
			}
		}
		return out, nil
	}
	_, err := signers(context.Background(), nil, digest.Digest{})
	fmt.Println(attest.Reasons(err)[0].Code)
	// Output: attest.rekor.query
}
