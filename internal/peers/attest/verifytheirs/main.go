// Verifytheirs is verifyours on sigstore-go.
package main

import (
	"os"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

func main() {
	if len(os.Args) != 5 {
		fail("usage: verifytheirs ROOT BUNDLE ISSUER SUBJECT")
	}
	trusted, err := root.NewTrustedRootFromPath(os.Args[1])
	check(err)
	b, err := bundle.LoadJSONFromPath(os.Args[2])
	check(err)
	v, err := verify.NewVerifier(trusted, verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	check(err)
	identity, err := verify.NewShortCertificateIdentity(os.Args[3], "", os.Args[4], "")
	check(err)
	got, err := v.Verify(b, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithCertificateIdentity(identity)))
	check(err)
	os.Stdout.WriteString(got.Statement.GetPredicateType() + "\n")
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
