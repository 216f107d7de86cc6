package tuf_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/attest/tuf"
)

// A verifier keeps its trusted root up to date with the public instance of
// Sigstore, starting from a root that it was shipped with.
func Example() {
	trust := func(ctx context.Context, root []byte, dir string) (*sigstore.TrustedRoot, time.Time, error) {
		s, err := tuf.New(tuf.Config{
			Root: root, Metadata: "https://tuf-repo-cdn.sigstore.dev", Dir: dir,
			Client: &http.Client{Timeout: time.Minute}, Now: time.Now,
		})
		if err != nil {
			return nil, time.Time{}, err
		}
		return s.TrustedRoot(ctx)
	}
	_, _, err := trust(context.Background(), []byte("{}"), "/var/lib/app/tuf")
	fmt.Println(attest.Reasons(err)[0].Code)
	// Output: attest.tuf.root
}
