package rules

import (
	"context"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// A Tests demands a test result (in-toto test-result v0.1) that passed. Results of
// other suites, told apart by their configuration, are passed over.
type Tests struct {
	ID string // "tests" if empty
	Trust
	// Configuration pins the suite: each set must match the digest of one descriptor
	// among the result's configuration. At least one.
	Configuration []digest.Set
	// Required names tests that must have passed.
	Required []string
	// AllowWarned accepts the result WARNED.
	AllowWarned bool
}

// Spec implements policy.Rule.
func (r Tests) Spec() (policy.Spec, error) {
	return r.describe("tests", "the tests passed")
}

func (r Tests) describe(usual, title string) (policy.Spec, error) {
	if len(r.Configuration) == 0 {
		return policy.Spec{}, refuse("Configuration", "at least one digest", "none")
	}
	for i, set := range r.Configuration {
		if _, resists := set.Strongest(); set.Validate() != nil || !resists {
			return policy.Spec{}, refuse("Configuration["+strconv.Itoa(i)+"]", "a digest that resists collisions", excerpt.Quote(set.String()))
		}
	}
	return among(r.spec(r.ID, usual, title, predicate.TestResultType)), nil
}

// Check implements policy.Rule.
func (r Tests) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judgeAmong(facts, func(s *attest.Statement) (bool, []policy.Reason, error) {
		p, err := predicate.Decode[predicate.TestResult](s, predicate.Reading{AllowUnknown: true})
		if err != nil {
			return true, nil, err
		}
		if !r.configured(p) {
			return false, []policy.Reason{
				fault(CodeTestSuite, "/predicate/configuration", "the suite "+r.Configuration[0].String(), "another one", "run the expected tests"),
			}, nil
		}
		return true, r.judge(p), nil
	})
}

func (r Tests) configured(p *predicate.TestResult) bool {
	for _, want := range r.Configuration {
		if !slices.ContainsFunc(p.Configuration, func(d attest.Descriptor) bool { return want.Match(d.Digest) == nil }) {
			return false
		}
	}
	return true
}

func (r Tests) judge(p *predicate.TestResult) []policy.Reason {
	var f faults
	if p.Result != predicate.ResultPassed && !(r.AllowWarned && p.Result == predicate.ResultWarned) {
		f.add(CodeTestFailed, "/predicate/result", predicate.ResultPassed, p.Result, "mend what the tests found, and run them again")
	}
	for i, name := range p.FailedTests {
		f.add(CodeTestFailed, "/predicate/failedTests/"+strconv.Itoa(i), "no failed test", excerpt.Quote(name), "mend what the test found, and run it again")
	}
	for i, name := range p.WarnedTests {
		if !r.AllowWarned {
			f.add(CodeTestFailed, "/predicate/warnedTests/"+strconv.Itoa(i), "no warning", excerpt.Quote(name), "mend what the test found, and run it again")
		}
	}
	for _, name := range r.Required {
		if !slices.Contains(p.PassedTests, name) {
			f.add(CodeTestMissing, "/predicate/passedTests", excerpt.Quote(name), "other tests", "run the test")
		}
	}
	return f.list()
}

// A Secrets demands that a search for secrets found none: a test result by a secret
// scanner, whose configuration is its rule set. Warnings count as findings.
type Secrets struct {
	ID string // "secrets" if empty
	Trust
	// Configuration are the digests of the scanner and of its rules; at least one.
	Configuration []digest.Set
	// Required names rules of the scanner that must have been tried.
	Required []string
}

// Spec implements policy.Rule.
func (r Secrets) Spec() (policy.Spec, error) {
	return r.tests().describe("secrets", "no secret was found in the artifact")
}

// Check implements policy.Rule.
func (r Secrets) Check(ctx context.Context, facts *policy.Facts) policy.Result {
	return r.tests().Check(ctx, facts)
}

func (r Secrets) tests() Tests {
	return Tests{ID: r.ID, Trust: r.Trust, Configuration: r.Configuration, Required: r.Required}
}
