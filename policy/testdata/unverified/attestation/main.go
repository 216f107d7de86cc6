package main

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

func main() {
	a := attest.Attestation{MediaType: attest.MediaTypeDSSE, Body: []byte("{}")}
	_ = policy.Request{Evidence: []*attest.Verified{&a}}
}
