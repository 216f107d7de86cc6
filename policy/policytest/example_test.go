package policytest_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// A fake engine lets a gate be tested without policies or evidence.
func ExampleScripted() {
	engine := &policytest.Scripted{Steps: []policytest.Step{{Verdict: policy.Allow}, {Verdict: policy.Deny}}}
	req := policy.Request{
		Subject: attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}},
		Phase:   policy.PhaseDeploy,
		Now:     time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	}
	for range 2 {
		decision, err := engine.Evaluate(context.Background(), req)
		fmt.Println(decision.Allowed(req.Now), err)
	}
	// Output:
	// true <nil>
	// false <nil>
}
