package main

import (
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/vsa"
)

func main() {
	var s policy.Simulation
	_, _ = vsa.Encode(s, vsa.Options{})
	_, _ = vsa.EncodeSVR(s, vsa.Options{})
}
