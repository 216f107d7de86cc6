package layout_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/attest/layout"
)

// The layout that in-toto ships as its demonstration names an inspection. It is not
// run; without its result the layout is refused.
func Example() {
	pem, err := os.ReadFile("testdata/demo/alice.pub")
	if err != nil {
		fmt.Println(err)
		return
	}
	alice, err := key.ParsePublicPEM(pem)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := layout.NewVerifier(layout.Trust{Owners: []layout.Owner{{Principal: "alice", Public: alice}}, Threshold: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	signed, err := os.ReadFile("testdata/demo/demo.layout")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.Verify(context.Background(), layout.Evidence{Layout: signed, Links: os.DirFS("testdata/demo")},
		time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	fmt.Println(attest.Reasons(err)[0])
	// Output: attest.layout.inspection at /inspect/"untar": want a result: inspections are not run, got none
}
