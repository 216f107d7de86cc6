package report

import (
	"math"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// The methods under which exploitability is told.
const (
	// MethodEPSS is that of the Exploit Prediction Scoring System: a probability from 0
	// to 1.
	MethodEPSS = "EPSS"
	// MethodKEV is that of the catalogue of Known Exploited Vulnerabilities: "true" or
	// "false".
	MethodKEV = "KEV"
)

// AnnotationFixState is the annotation that tells whether there is a fix.
const AnnotationFixState = "fixState"

// A FixState tells whether there is a fix.
type FixState string

// The fix states. What nobody looked at is unknown.
const (
	FixUnknown FixState = "unknown"
	Fixed      FixState = "fixed"
	NotFixed   FixState = "not-fixed"
	WontFix    FixState = "wont-fix"
)

// Known is what is known of a finding beside what its advisory says. Advisories of OSV
// tell neither how likely a vulnerability is to be exploited nor that nobody has fixed
// it: a record that names no fixed version may only not know of it. Whoever has the
// catalogues tells it here.
type Known struct {
	// EPSS is the probability that the vulnerability will be exploited; nil if there is
	// none.
	EPSS *float64
	// Exploited tells whether the catalogue of known exploited vulnerabilities lists
	// it; nil if nobody looked.
	Exploited *bool
	// Fix is the state of the fix. If it is empty, it is Fixed where the advisory names
	// a fixed version, and else FixUnknown. It must not contradict the advisory.
	Fix FixState
}

// tell adds what is known to the result of a finding.
func (k Known) tell(r *Result, f scan.Finding, where string) error {
	if k.EPSS != nil {
		if !(*k.EPSS >= 0 && *k.EPSS <= 1) {
			return attest.Refuse(CodeKnown, where, "a probability", strconv.FormatFloat(*k.EPSS, 'g', -1, 64))
		}
		r.Severity = append(r.Severity, Severity{MethodEPSS, strconv.FormatFloat(math.Abs(*k.EPSS), 'f', -1, 64)})
	}
	if k.Exploited != nil {
		r.Severity = append(r.Severity, Severity{MethodKEV, strconv.FormatBool(*k.Exploited)})
	}
	fix := FixUnknown
	if len(f.Advisory.Fixed) > 0 {
		fix = Fixed
	}
	switch {
	case k.Fix == "" || k.Fix == fix:
	case fix == FixUnknown && (k.Fix == Fixed || k.Fix == NotFixed || k.Fix == WontFix):
		fix = k.Fix
	default:
		return attest.Refuse(CodeKnown, where, "a state that the advisory allows, as "+string(fix), scan.Quote(string(k.Fix)))
	}
	r.Annotations[0][AnnotationFixState] = string(fix)
	return nil
}
