package dirlog_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sealwright/sealwright/attest/attesttest"
	"github.com/sealwright/sealwright/attest/tlog"
	"github.com/sealwright/sealwright/attest/tlog/dirlog"
)

// An entry is logged and its proof verified offline.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "log")
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
	signer, err := tlog.NewSigner("example.com/log", tlog.Ed25519, attesttest.Signer("log"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	config := dirlog.Config{Root: root, Signer: signer}
	if err := dirlog.Create(ctx, config); err != nil {
		fmt.Println(err)
		return
	}
	log, err := dirlog.Open(ctx, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()
	proof, err := log.Add(ctx, []byte("release 1.2.3"))
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := tlog.NewPolicy(tlog.Trust{Logs: []tlog.Log{{Key: signer.Key()}}, Quorum: tlog.QuorumNone})
	if err != nil {
		fmt.Println(err)
		return
	}
	head, err := policy.Verify(proof, []byte("release 1.2.3"))
	fmt.Println(head.Origin, proof.Index, head.Size, err)
	// Output: example.com/log 0 1 <nil>
}
