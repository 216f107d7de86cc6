package key_test

import (
	"context"
	"fmt"

	"github.com/sealwright/sealwright/attest/key"
)

// A key file as "openssl genpkey -algorithm ed25519" writes it. Private keys do
// not belong into source text; this one is published in RFC 8410.
const examplePrivateKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`

func Example() {
	signer, err := key.ParsePrivatePEM([]byte(examplePrivateKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	sig, err := signer.Sign(context.Background(), []byte("message"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key.Verify(signer.Public(), []byte("message"), sig))
	fmt.Println(key.Verify(signer.Public(), []byte("another"), sig))

	name, _ := key.Fingerprint(signer.Public())
	fmt.Println(name)
	// Output:
	// <nil>
	// attest.key.signature at signature: want a signature by Ed25519, got another: ed25519: verification error
	// sha256:a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f
}
