package attest_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
)

// Review is a predicate of one's own.
type Review struct {
	Reviewer string `json:"reviewer"`
	Approved bool   `json:"approved"`
}

const reviewType = "https://example.com/review/v1"

// sign has alice attest her review of an artifact. Real signers come from package key.
func sign(artifact []byte) (attest.Attestation, error) {
	statement, err := attest.NewStatement(reviewType, Review{"alice", true},
		attest.Descriptor{Name: "app.tar", Digest: digest.FromBytes(artifact).Set()})
	if err != nil {
		return attest.Attestation{}, err
	}
	attestor, err := dsse.NewAttestor(attesttest.Signer("alice"))
	if err != nil {
		return attest.Attestation{}, err
	}
	return attestor.Attest(context.Background(), statement)
}

// verify asks whether evidence is a review of an artifact by a trusted reviewer.
func verify(evidence attest.Attestation, artifact []byte) (*attest.Verified, error) {
	verifier, err := dsse.NewVerifier(dsse.Trust{
		Authority: "example.com/reviewers",
		Keys:      []dsse.Key{{Principal: "alice@example.com", Public: attesttest.Signer("alice").Public()}},
		Threshold: 1,
	})
	if err != nil {
		return nil, err
	}
	return verifier.Verify(context.Background(), evidence, attest.Want{
		Subjects:       []digest.Set{digest.FromBytes(artifact).Set()},
		PredicateTypes: []string{reviewType},
	})
}

// Signing makes a claim attributable: the evidence carries the statement.
func Example_sign() {
	evidence, err := sign([]byte("the artifact"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(evidence.MediaType)
	// Output:
	// application/vnd.dsse.envelope.v1+json
}

// Verifying turns evidence into a Verified, from which the predicate is read.
func Example_verify() {
	evidence, err := sign([]byte("the artifact"))
	if err != nil {
		fmt.Println(err)
		return
	}
	verified, err := verify(evidence, []byte("the artifact"))
	if err != nil {
		fmt.Println(err)
		return
	}
	var review Review
	if err := verified.Statement().DecodePredicate(&review, false); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verified.Signers()[0].Principal(), "says approved:", review.Approved)
	// Output:
	// alice@example.com says approved: true
}

// A refusal tells every reason, each with a stable code.
func Example_refuse() {
	evidence, err := sign([]byte("the artifact"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verify(evidence, []byte("another artifact"))
	for _, reason := range attest.Reasons(err) {
		fmt.Println(reason.Code, "at", reason.Where)
	}

	evidence.Body = []byte(strings.Replace(string(evidence.Body), `"sig":"`, `"sig":"AAAA`, 1))
	_, err = verify(evidence, []byte("the artifact"))
	for _, reason := range attest.Reasons(err) {
		fmt.Println(reason.Code, "at", reason.Where)
	}
	// Output:
	// attest.want.subject at /subject
	// attest.dsse.threshold at /signatures
	// attest.dsse.signature at /signatures/0
}
