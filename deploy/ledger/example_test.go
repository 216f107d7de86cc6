package ledger_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/sealwright/sealwright/deploy/ledger"
)

// A recorder keeps a deployment, answers what runs where, and gives a receipt
// that proves the record to who has never seen the ledger.
func ExampleRecorder() {
	ctx := context.Background()
	path, err := os.MkdirTemp("", "ledger")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	root, err := os.OpenRoot(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()

	// In production the keys come from package attest/key or a KMS, and records
	// are signed with package attest/dsse.
	logKey, notary := deploytest.NewAuthority("log"), deploytest.NewAuthority("notary")
	recorder, err := ledger.CreateRecorder(ctx, ledger.RecorderConfig{
		Ledger:   ledger.Config{Dir: ledger.Directory(root), Origin: "example.com/deployments", Signer: logKey},
		Attestor: notary, Verifier: notary,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer recorder.Close()

	records, err := deploytest.Chain(ctx, deploytest.At("production", "web"), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	var receipt deploy.Receipt
	for _, r := range records {
		if receipt, err = recorder.Record(ctx, r); err != nil {
			fmt.Println(err)
			return
		}
	}
	live, err := recorder.Live(ctx, "production")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range live.Entries {
		d := e.Deployment
		fmt.Println(d.Place(), "runs", d.Request.Subjects[0].Name, "as generation", d.Request.Generation)
	}

	trust := ledger.Trust{Origin: "example.com/deployments", Key: logKey.Public()}
	proven, err := ledger.VerifyReceipt(ctx, receipt, trust, notary)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("entry", receipt.Index, "of", receipt.TreeSize, "was requested by", proven.Request.Requester)
	// Output:
	// production/-/-/web runs v2 as generation 2
	// entry 1 of 2 was requested by rita
}
