package oci_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/oci"
)

// An image layout needs no network; a registry is used the same way.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "layout")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	store, err := oci.OpenLayout(root, true, oci.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	image := oci.Descriptor{MediaType: oci.MediaTypeManifest, Digest: digest.FromBytes([]byte("an image's manifest")), Size: 19}
	envelope := attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: []byte(`{"payload":"..."}`)}
	if _, err := store.Attach(ctx, image, envelope, nil); err != nil {
		fmt.Println(err)
		return
	}
	for referrer, err := range store.List(ctx, image.Digest, oci.Query{}) {
		fmt.Println(referrer.Attestation.MediaType, string(referrer.Attestation.Body), err)
	}
	// Output: application/vnd.dsse.envelope.v1+json {"payload":"..."} <nil>
}
