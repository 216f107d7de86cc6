package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
)

// An approval is a rule: every approval of the artifact must say yes.
type approval struct{}

func (approval) Spec() (policy.Spec, error) {
	return policy.Spec{
		ID:    "approval",
		Title: "two reviewers approved the artifact",
		Needs: []policy.Need{{
			Name:           "approvals",
			PredicateTypes: []string{"https://example.com/approval/v1"},
			Signers:        []string{"alice", "bob", "carol"},
			Threshold:      2,
		}},
	}, nil
}

func (approval) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return facts.Judge("approvals", func(e policy.Evidence) policy.Result {
		var body struct {
			Approved bool `json:"approved"`
		}
		err := e.Statement().DecodePredicate(&body, false)
		switch {
		case err != nil:
			return policy.Result{Outcome: policy.Undetermined, Reasons: []policy.Reason{{Reason: attest.Reason{Code: "example.approval.unreadable"}}}}
		case !body.Approved:
			return policy.Result{Reasons: []policy.Reason{{Reason: attest.Reason{Code: "example.approval.refused", Where: "/predicate/approved", Want: "true", Got: "false"}}}}
		}
		return policy.Result{Outcome: policy.Satisfied}
	})
}

func Example() {
	engine, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policies/release", Version: "1"},
		Root:        policy.Rules(approval{}),
		Authorities: []string{policytest.Authority},
		Testing:     true, // the evidence below is synthetic
		Validity:    time.Hour,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	artifact := attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	approve := func(who string, yes bool) *attest.Verified {
		statement, _ := attest.NewStatement("https://example.com/approval/v1", map[string]bool{"approved": yes}, artifact)
		verified, _ := policytest.Synthetic{Signers: []string{who}}.Seal(statement)
		return verified
	}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	ask := func(evidence ...*attest.Verified) {
		decision, err := engine.Evaluate(context.Background(), policy.Request{
			Subject: artifact, Phase: policy.PhaseDeploy, Evidence: evidence, Now: now,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(decision.Verdict(), decision.Allowed(now))
		for _, reason := range attest.Reasons(decision.Err()) {
			fmt.Println("  ", reason.Code)
		}
	}
	ask(approve("alice", true), approve("bob", true))
	ask(approve("alice", true), approve("alice", true))
	ask(approve("alice", true), approve("bob", true), approve("carol", false))
	// Output:
	// allow true
	// indeterminate false
	//    policy.decision.indeterminate
	//    policy.need.threshold
	// deny false
	//    policy.decision.denied
	//    example.approval.refused
}

// A decision is recorded as its canonical JSON, which its digest covers.
func ExampleDecision() {
	engine := policytest.DenyAll()
	decision, err := engine.Evaluate(context.Background(), policy.Request{
		Subject: attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}},
		Phase:   policy.PhasePublish,
		Now:     time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	record, _ := json.MarshalIndent(decision.Report().Findings, "", "  ")
	fmt.Println(string(record))
	// Output:
	// [
	//   {
	//     "rule": "scripted",
	//     "outcome": "violated",
	//     "reasons": [
	//       {
	//         "code": "policy.scripted.verdict"
	//       }
	//     ]
	//   }
	// ]
}

// An emergency waiver passes over a rule, but not silently: the decision allows once
// it is recorded.
func ExampleDecision_Discharge() {
	engine, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policies/release", Version: "1"},
		Root:        policy.Rules(approval{}),
		Authorities: []string{policytest.Authority},
		Testing:     true, // the evidence below is synthetic
		Validity:    time.Hour,
		Waivers: policy.WaiverTerms{Emergency: policy.EmergencyTerms{
			Approvers: []string{"dora", "ella"}, Threshold: 2, Recorders: []string{"ledger"},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	artifact := attest.Descriptor{Name: "app", Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	statement, _ := policy.NewWaiver(policy.Waiver{
		Rule: "approval", RuleVersion: 1, Phases: []policy.Phase{policy.PhaseDeploy}, Environments: []string{"production"},
		NotBefore: now, Expires: now.Add(2 * time.Hour),
		Author: "alice", Why: "the site is down and bob is asleep", Class: policy.ClassEmergency,
	}, artifact)
	waiver, _ := policytest.Synthetic{Signers: []string{"alice", "dora", "ella"}}.Seal(statement)

	decision, err := engine.Evaluate(context.Background(), policy.Request{
		Subject: artifact, Phase: policy.PhaseDeploy, Target: policy.Target{Environment: "production"},
		Waivers: []*attest.Verified{waiver}, Now: now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(decision.Verdict(), decision.Allowed(now), decision.Report().Findings[0].Outcome)

	owed := decision.Report().Obligations[0]
	record, _ := policy.NewRecord(owed, artifact)
	recorded, _ := policytest.Synthetic{Signers: []string{"ledger"}}.Seal(record)
	decision, err = decision.Discharge(owed.ID, recorded)
	fmt.Println(decision.Allowed(now), err)
	// Output:
	// allow false waived
	// true <nil>
}

// What is missing is told as facts that somebody can go and get.
func ExampleEngine_Explain() {
	engine, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policies/release", Version: "1"},
		Root:        policy.Rules(approval{}),
		Authorities: []string{policytest.Authority},
		Testing:     true,
		Validity:    time.Hour,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	explanation, err := engine.Explain(context.Background(), policy.Request{
		Subject: attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}},
		Phase:   policy.PhaseDeploy,
		Now:     time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	})
	fmt.Println(explanation.Possible, explanation.Minimal, err)
	for _, fact := range explanation.Missing {
		fmt.Println(fact.Signer, fact.PredicateType, fact.Needs)
	}
	// Output:
	// true true <nil>
	// alice https://example.com/approval/v1 [approval/approvals]
	// bob https://example.com/approval/v1 [approval/approvals]
}

// An admission controller that sees one artifact many times looks through its evidence
// once.
func ExampleEngine_Prepare() {
	engine, err := policy.New(policy.Config{
		Policy:      policy.PolicyRef{URI: "https://example.com/policies/release", Version: "1"},
		Root:        policy.Rules(approval{}),
		Authorities: []string{policytest.Authority},
		Testing:     true, // the evidence below is synthetic
		Validity:    time.Hour,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	subject := attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a", 64)}}
	statement, err := attest.NewStatement("https://example.com/approval/v1", map[string]bool{"approved": true}, subject)
	if err != nil {
		fmt.Println(err)
		return
	}
	evidence, err := policytest.Synthetic{Signers: []string{"alice", "bob"}}.Seal(statement)
	if err != nil {
		fmt.Println(err)
		return
	}
	morning := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	prepared, err := engine.Prepare(context.Background(), policy.Request{
		Subject: subject, Phase: policy.PhaseDeploy, Evidence: []*attest.Verified{evidence}, Now: morning,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for hour := range 3 {
		now := morning.Add(time.Duration(hour) * time.Hour)
		decision, err := prepared.Evaluate(context.Background(), now)
		fmt.Println(now.Format(time.Kitchen), decision.Allowed(now), err)
	}
	// Output:
	// 8:00AM true <nil>
	// 9:00AM true <nil>
	// 10:00AM true <nil>
}
