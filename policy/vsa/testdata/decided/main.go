package main

import (
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/vsa"
)

func main() {
	var d policy.Decision
	_, _ = vsa.Encode(d, vsa.Options{})
	_, _ = vsa.EncodeSVR(d, vsa.Options{})
}
