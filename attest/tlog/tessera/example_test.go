package tessera_test

import (
	"context"
	"fmt"
	"os"

	"github.com/transparency-dev/tessera/storage/posix"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/tessera"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	signer, err := tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	log, err := tessera.Open(ctx, tessera.Config{Driver: driver, Signer: signer})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()
	proof, err := log.Add(ctx, []byte("an entry"))
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := tlog.NewPolicy(tlog.Trust{Logs: []tlog.Log{{Key: signer.Key()}}, Quorum: tlog.QuorumNone})
	if err != nil {
		fmt.Println(err)
		return
	}
	head, err := policy.Verify(proof, []byte("an entry"))
	fmt.Println(head.Origin, proof.Index, err)
	// Output: example.com/log 0 <nil>
}
