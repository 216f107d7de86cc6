// Verifyours verifies one bundle against a trusted root: the smallest useful
// program on attest/sigstore, to be weighed.
package main

import (
	"context"
	"os"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore"
)

func main() {
	if len(os.Args) != 5 {
		fail("usage: verifyours ROOT BUNDLE ISSUER SUBJECT")
	}
	root, err := os.ReadFile(os.Args[1])
	check(err)
	body, err := os.ReadFile(os.Args[2])
	check(err)
	trusted, err := sigstore.ParseTrustedRoot(root)
	check(err)
	v, err := sigstore.NewVerifier(sigstore.Trust{
		Authority: "peers", Root: trusted,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(os.Args[3]), Subject: sigstore.Exactly(os.Args[4])}},
	})
	check(err)
	got, err := v.Verify(context.Background(), attest.Attestation{MediaType: sigstore.MediaTypeBundle03, Body: body}, attest.Want{AnySubject: true})
	check(err)
	os.Stdout.WriteString(got.Signers()[0].Principal() + " " + got.Statement().PredicateType() + "\n")
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(text string) {
	os.Stderr.WriteString(text + "\n")
	os.Exit(1)
}
