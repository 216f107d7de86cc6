package verify_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

func Example() {
	statement, _ := slsa.Encode(provenancetest.Sample())
	// An attest.Verifier does this for evidence that is signed.
	evidence, _ := attest.Seal(attest.Facts{
		Authority: "test:example", Statement: statement, Evidence: sum("attestation"),
		Signers: []attest.Identity{{Subject: "platform", Key: sum("key")}},
	})
	roots := verify.Roots{
		Authorities: []string{"test:example"}, Testing: true,
		Grants: []verify.Grant{{Signer: "platform", BuilderID: provenancetest.BuilderID, Level: 2}},
	}
	want := verify.Expectations{
		BuilderID: provenancetest.BuilderID, BuildType: provenancetest.BuildType, Level: 2,
		Sources: verify.Sources{{URI: provenancetest.SourceURI}},
		Parameters: verify.Parameters{
			Equal:  map[string]json.RawMessage{"target": json.RawMessage(`"linux/amd64"`)},
			Ignore: []string{"source", "flags"},
		},
	}
	verdict, err := verify.Verify(context.Background(), provenancetest.Artifact(), []*attest.Verified{evidence}, roots, want)
	fmt.Println(verdict.Passed(), verdict.Level())
	for _, r := range attest.Reasons(err) {
		fmt.Println("  ", r.Code)
	}
	want.Parameters.Ignore = append(want.Parameters.Ignore, "serial")
	verdict, err = verify.Verify(context.Background(), provenancetest.Artifact(), []*attest.Verified{evidence}, roots, want)
	fmt.Println(verdict.Passed(), verdict.Level(), err)
	for _, r := range verdict.MissingForNext() {
		fmt.Println("   for more:", r)
	}
	// Output:
	// false 0
	//    provenance.verify.refused
	//    provenance.parameter.unexpected
	// true 2 <nil>
	//    for more: provenance.level.insufficient: want a grant of SLSA Build level 3, got level 2
}
