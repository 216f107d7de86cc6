package predicate

import (
	"errors"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// TestResultType is the predicate type of a TestResult.
const TestResultType = "https://in-toto.io/attestation/test-result/v0.1"

// ResultWarned is the result of a TestResult between ResultPassed and ResultFailed.
const ResultWarned = "WARNED"

// A TestResult is the outcome of one run of a test suite.
type TestResult struct {
	// Result is ResultPassed, ResultWarned or ResultFailed.
	Result string `json:"result"`
	// Configuration is required and may be empty.
	Configuration []attest.Descriptor `json:"configuration"`
	URL           string              `json:"url,omitempty"`
	PassedTests   []string            `json:"passedTests,omitempty"`
	WarnedTests   []string            `json:"warnedTests,omitempty"`
	FailedTests   []string            `json:"failedTests,omitempty"`
}

// Type returns TestResultType.
func (*TestResult) Type() string { return TestResultType }

func (*TestResult) about([]attest.Descriptor) error { return nil }

// Validate holds r to the specification, and to this beyond: a test has one outcome,
// and a run that passed has no failed test.
func (r *TestResult) Validate() error {
	if r == nil {
		return attest.Refuse(CodeNil, "TestResult", "a result", "nil")
	}
	var errs []error
	switch r.Result {
	case ResultFailed:
	case ResultPassed, ResultWarned:
		if len(r.FailedTests) > 0 {
			errs = append(errs, attest.Refuse(CodeValue, "/failedTests", "none in a run that did not fail", excerpt.Quote(r.FailedTests[0])))
		}
	default:
		errs = append(errs, attest.Refuse(CodeValue, "/result", "PASSED, WARNED or FAILED", excerpt.Quote(r.Result)))
	}
	if r.Configuration == nil {
		errs = append(errs, attest.Refuse(CodeMissing, "/configuration", "a list", "none"))
	}
	for i := range r.Configuration {
		errs = append(errs, checkDescriptor(at("/configuration", i), &r.Configuration[i]))
	}
	if r.URL != "" {
		errs = append(errs, checkURI("/url", r.URL))
	}
	seen := map[string]bool{}
	return errors.Join(append(errs,
		checkNames("/passedTests", r.PassedTests, seen),
		checkNames("/warnedTests", r.WarnedTests, seen),
		checkNames("/failedTests", r.FailedTests, seen))...)
}
