package main

import "github.com/sealwright/sealwright/policy"

func main() {
	var allow policy.Decision = policy.Report{Verdict: policy.Allow}
	_ = allow
}
