package main

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

func main() {
	s, _ := attest.ParseStatement([]byte("{}"), attest.Limits{})
	_ = policy.Request{Evidence: []*attest.Verified{s}}
}
