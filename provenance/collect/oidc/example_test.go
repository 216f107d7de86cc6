package oidc_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance/collect"
	"github.com/sealwright/sealwright/provenance/collect/oidc"
)

func ExampleVerify() {
	trust := oidc.Trust{
		Issuer:   "https://token.actions.githubusercontent.com",
		Audience: "https://release.example.com",
		Keys:     []byte(`{"keys":[]}`), // or nil, and Environment.Fetch
	}
	env := collect.Environment{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	_, err := oidc.Verify(context.Background(), env, trust, "eyJhbGciOiJub25lIiwia2lkIjoiMSJ9.e30.AA")
	fmt.Println(attest.Reasons(err)[0].Code)
	// Output: provenance.collect.oidc-algorithm
}
