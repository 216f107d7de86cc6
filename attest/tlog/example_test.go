package tlog_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// An entry is proven offline, under a policy that believes one log and demands one
// of two witnesses.
func ExamplePolicy_Verify() {
	ctx := context.Background()
	log, _ := tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil)
	w1, _ := tlog.NewSigner("w1.example", tlog.CosignatureV1, attesttest.Signer("w1"), nil)
	w2, _ := tlog.NewSigner("w2.example", tlog.CosignatureV1, attesttest.Signer("w2"), nil)
	entry := []byte("the only entry")
	head := tlog.Checkpoint{Origin: "example.com/log", Size: 1, Root: tlog.LeafHash(entry)}
	signed, _ := tlog.SignCheckpoint(ctx, head, time.Unix(1_700_000_000, 0), log, w2)
	evidence, _ := tlog.Proof{Index: 0, Checkpoint: signed}.Marshal()

	policy, err := tlog.ParsePolicy([]byte("log "+log.Key().String()+"\n"+
		"witness one "+w1.Key().String()+"\n"+
		"witness two "+w2.Key().String()+"\n"+
		"group either any one two\n"+
		"quorum either\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proof, err := tlog.ParseProof(evidence)
	if err != nil {
		fmt.Println(err)
		return
	}
	seen, err := policy.Verify(proof, entry)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(seen.Origin, seen.Size, "seen by", seen.Cosigned[0].Key.Name)
	// Output: example.com/log 1 seen by w2.example
}
