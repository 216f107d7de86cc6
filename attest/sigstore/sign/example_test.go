package sign_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/sigstore/sign"
)

// A CI job signs a statement in its own name, with the services that the signing
// configuration of its Sigstore instance names.
func Example() {
	release := func(ctx context.Context, configuration []byte, v *sigstore.Verifier, s *attest.Statement, now time.Time) (attest.Attestation, error) {
		config, err := sign.ParseSigningConfig(configuration)
		if err != nil {
			return attest.Attestation{}, err
		}
		services, err := config.Select(now)
		if err != nil {
			return attest.Attestation{}, err
		}
		client := &http.Client{Timeout: 30 * time.Second}
		signer, err := sign.New(sign.Config{
			Client: client, Services: services, Verifier: v, Retry: sign.Retry{Times: 3, Pause: time.Second},
			Token: func(ctx context.Context) (sign.Token, error) {
				return sign.Ambient(ctx, sign.Environment{Getenv: os.Getenv, ReadFile: os.ReadFile, Client: client})
			},
		})
		if err != nil {
			return attest.Attestation{}, err
		}
		return signer.Attest(ctx, s)
	}
	_, err := release(context.Background(), []byte(`{"mediaType":"application/vnd.example+json"}`), nil, nil, time.Time{})
	fmt.Println(attest.Reasons(err)[0].Code)
	// Output: attest.sign.services-version
}
