package compat_test

import (
	"fmt"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy/compat"
)

// A clause that would not be judged as its tool does is refused, by its place.
func ExampleClusterImagePolicy() {
	_, err := compat.ClusterImagePolicy([]byte(`
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: signed
spec:
  policy:
    type: cue
    data: x
  images:
  - glob: registry.example.com/team/*
  authorities:
  - keyless:
      identities:
      - issuer: https://issuer.example.com
        subject: https://git.example.com/acme/app
`), compat.Options{})
	for _, reason := range attest.Reasons(err) {
		fmt.Println(reason)
	}
	// Output: policy.compat.unsupported at /spec/policy: want a clause that is supported, got "policy"
}
