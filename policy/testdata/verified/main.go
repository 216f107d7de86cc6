package main

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

func main() {
	_ = policy.Request{Evidence: []*attest.Verified{new(attest.Verified)}}
}
