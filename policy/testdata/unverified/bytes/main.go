package main

import "github.com/sealwright/sealwright/policy"

func main() {
	_ = policy.Request{Evidence: [][]byte{[]byte("{}")}}
}
