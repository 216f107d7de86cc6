package rules_test

import (
	"fmt"
	"time"

	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
)

// A policy for production: built by the hosted platform from the expected source,
// rebuilt elsewhere or approved by two people, and free of grave vulnerabilities.
func Example() {
	platform := rules.Trust{Signers: []string{"platform"}}
	_, err := policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policies/production", Version: "3"},
		Root: policy.AllOf(
			policy.Rules(
				rules.Builder{Builders: map[string][]string{"https://example.com/builders/hosted/v1": {"platform"}}},
				rules.Source{Trust: platform, Sources: verify.Sources{{URI: "git+https://example.com/acme/app"}}},
			),
			policy.AnyOf(
				policy.Rules(rules.Reproduced{Trust: rules.Trust{Signers: []string{"rebuilder"}}, Builds: 2, Require: reproducible.Hermetic}),
				policy.Rules(rules.Signer{
					ID: "approval", PredicateTypes: []string{"https://example.com/approval/v1"},
					Trust: rules.Trust{Signers: []string{"alice", "bob", "carol"}, Threshold: 2},
				}),
			),
			policy.When(policy.Condition{Environments: []string{"production"}}, policy.Rules(rules.NoVulnerabilities{
				Trust: rules.Trust{Signers: []string{"scanner"}, MaxAge: 24 * time.Hour}, At: scan.High, MaxDatabaseAge: 48 * time.Hour,
			})),
		),
		Authorities: []string{"example.com/release-keys"},
		Validity:    time.Hour,
	})
	fmt.Println(err)
	// Output: <nil>
}

// What a scanner calls grave is tolerated where the vendor says, with a justification,
// that the artifact is not affected; without a word of the vendor the scan alone counts.
func ExampleRisk() {
	scan := rules.Risk{
		ID: "risk-by-scan", Trust: rules.Trust{Signers: []string{"scanner"}},
		At: scan.High, EPSS: 0.1, KEV: true, MaxDatabaseAge: 48 * time.Hour,
	}
	vendor := scan
	vendor.ID, vendor.VEX = "risk-by-vendor", rules.Trust{Signers: []string{"vendor"}, MaxAge: 90 * 24 * time.Hour}
	_, err := policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policies/production", Version: "4"},
		Root: policy.AllOf(
			policy.AnyOf(policy.Rules(scan), policy.Rules(vendor)),
			policy.Rules(
				rules.SBOM{Trust: rules.Trust{Signers: []string{"platform"}}, MinComponents: 1, Complete: true},
				rules.Review{Trust: rules.Trust{Signers: []string{"alice", "bob", "carol"}}, Builders: []string{"platform"}},
				rules.Target{Trust: rules.Trust{Signers: []string{"release-manager"}}},
			),
		),
		Authorities: []string{"example.com/release-keys"},
		Validity:    time.Hour,
	})
	fmt.Println(err)
	// Output: <nil>
}
