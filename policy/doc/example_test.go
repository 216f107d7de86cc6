package doc_test

import (
	"fmt"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/doc"
)

// An editor checks a document without trusting it.
func ExampleParse() {
	document, err := doc.Parse([]byte(`{
		"schema": "https://github.com/sealwright/sealwright/policy/doc/v1",
		"id": "https://example.com/policies/release", "version": 1, "expires": "2027-01-01T00:00:00Z",
		"authorities": ["example.com/release-keys"], "validity": "1h",
		"policy": {"rule": {"use": "signer", "id": "approved", "with": {
			"trust": {"signers": ["alice", "bob"], "threshold": 2}, "predicateTypes": ["https://example.com/approval/v1"]
		}}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	config, err := document.Config(doc.Builtin(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = policy.New(config)
	fmt.Println(config.Policy.URI, err)
	// Output: https://example.com/policies/release <nil>
}
