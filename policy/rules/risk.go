package rules

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
)

// A Risk demands an in-toto vulnerability statement (vulns v0.2) in which no
// vulnerability is too grave: by its severity, by the probability that it will be
// exploited (EPSS), or because it is known to be (KEV). It is NoVulnerabilities with
// more to go by, and reads severities in the same way.
//
// What the statement does not tell counts as bad: with EPSS set, a vulnerability
// without such a rating is too grave, and so is, with KEV set, one of which the
// statement does not say that it is not listed.
type Risk struct {
	ID string // "risk" if empty
	// Trust lists scanners.
	Trust
	// At is the least severity that is not tolerated, scan.None to scan.Critical.
	At scan.Severity
	// EPSS, if not 0, is the least probability that is not tolerated: a rating by the
	// method "EPSS" with a score from 0 to 1.
	EPSS float64
	// KEV refuses every known exploited vulnerability: each must have a rating by the
	// method "KEV" with the score "false".
	KEV bool
	// TolerateUnfixed tolerates what is too grave by its severity alone, as long as
	// nobody offers a fix: an annotation "fixState" says "not-fixed" or "wont-fix".
	TolerateUnfixed bool
	// MaxDatabaseAge bounds the time since the database's last update. Required.
	MaxDatabaseAge time.Duration
	// VEX, if it lists signers, needs an OpenVEX document by them, too. What all its
	// statements about a vulnerability of the subject say not to affect it, or to be
	// fixed, is tolerated. To do without a document where there is none, combine two
	// rules in policy.AnyOf.
	VEX Trust
}

// exploitability is the name of the second need.
const exploitability = "vex"

// Spec implements policy.Rule.
func (r Risk) Spec() (policy.Spec, error) {
	s, err := NoVulnerabilities{ID: r.ID, Trust: r.Trust, At: r.At, MaxDatabaseAge: r.MaxDatabaseAge}.Spec()
	if err != nil {
		return policy.Spec{}, err
	}
	if !(r.EPSS >= 0 && r.EPSS <= 1) {
		return policy.Spec{}, refuse("EPSS", "a probability", strconv.FormatFloat(r.EPSS, 'g', -1, 64))
	}
	if r.ID == "" {
		s.ID = "risk"
	}
	s.Title = "no known vulnerability is too grave"
	if len(r.VEX.Signers) > 0 {
		need := r.VEX.spec("", exploitability, "", OpenVEXType).Needs[0]
		need.Name = exploitability
		s.Needs = append(s.Needs, need)
	} else if r.VEX.Threshold != 0 || r.VEX.MaxAge != 0 {
		return policy.Spec{}, refuse("VEX.Signers", "at least one principal", "none")
	}
	return s, nil
}

// Check implements policy.Rule.
func (r Risk) Check(_ context.Context, facts *policy.Facts) policy.Result {
	var documents vex
	if len(r.VEX.Signers) > 0 {
		var result policy.Result
		if documents, result = readVEX(facts); result.Outcome != policy.Satisfied {
			return result
		}
	}
	subject := facts.Subject().Digest
	scanned := NoVulnerabilities{Trust: r.Trust, At: r.At, MaxDatabaseAge: r.MaxDatabaseAge}
	return scanned.check(facts, func(v *report.Vulns) []policy.Reason { return r.found(v, documents, subject) })
}

// found tells what is too grave.
func (r Risk) found(v *report.Vulns, documents vex, subject digest.Set) []policy.Reason {
	var f faults
	for i, result := range v.Scanner.Result {
		severe, other := r.grave(result)
		if severe == "" && other == "" || other == "" && r.TolerateUnfixed && unfixed(result) {
			continue
		}
		if documents.clears(result.ID, text(result.Annotations, "purl"), subject) {
			continue
		}
		why := other
		if why == "" {
			why = severe
		}
		f.add(CodeVulnerable, "/predicate/scanner/result/"+strconv.Itoa(i), "no vulnerability that is too grave", excerpt.Quote(result.ID)+" "+why, "update what is affected")
	}
	return f.list()
}

// grave tells why a vulnerability is too grave: for its severity, and for another
// reason; both may be empty.
func (r Risk) grave(result report.Result) (severe, other string) {
	if s := worst(result.Severity); s.Compare(r.At) >= 0 {
		severe = "of severity " + s.String()
	}
	if r.EPSS > 0 {
		if p := probability(result.Severity); p >= r.EPSS {
			other = "with the probability " + strconv.FormatFloat(p, 'g', -1, 64) + " to be exploited"
		}
	}
	if r.KEV && !unexploited(result.Severity) {
		other = "that is exploited, or may be"
	}
	return severe, other
}

// probability returns the worst EPSS rating; 1 if there is none that can be read.
func probability(ratings []report.Severity) float64 {
	highest, known := 0.0, false
	for _, rating := range ratings {
		if !strings.EqualFold(rating.Method, "EPSS") {
			continue
		}
		p, ok := number(rating.Score)
		if !ok || p < 0 || p > 1 {
			return 1
		}
		highest, known = max(highest, p), true
	}
	if !known {
		return 1
	}
	return highest
}

// unexploited reports whether the ratings say that nobody is known to exploit it.
func unexploited(ratings []report.Severity) bool {
	known := false
	for _, rating := range ratings {
		if strings.EqualFold(rating.Method, "KEV") {
			if rating.Score != "false" {
				return false
			}
			known = true
		}
	}
	return known
}

func unfixed(result report.Result) bool {
	state := text(result.Annotations, "fixState")
	return state == "not-fixed" || state == "wont-fix"
}
