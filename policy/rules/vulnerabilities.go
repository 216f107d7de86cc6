package rules

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/scan/report"
)

// A NoVulnerabilities demands an in-toto vulnerability statement (vulns v0.2) that
// lists none as severe as At or worse, by a database that is not too old.
//
// A vulnerability is as severe as the worst of its ratings that can be read: a
// qualitative rating by any method, or a CVSS score. One without any, or with one
// that says "unknown", is worse than critical.
type NoVulnerabilities struct {
	ID string // "vulnerabilities" if empty
	Trust
	// At is the least severity that is not tolerated, scan.None to scan.Critical.
	At scan.Severity
	// MaxDatabaseAge bounds the time since the database's last update. Required.
	MaxDatabaseAge time.Duration
}

// Spec implements policy.Rule.
func (r NoVulnerabilities) Spec() (policy.Spec, error) {
	if r.At < scan.None || r.At > scan.Critical {
		return policy.Spec{}, refuse("At", "none, low, medium, high or critical", r.At.String())
	}
	if r.MaxDatabaseAge <= 0 {
		return policy.Spec{}, refuse("MaxDatabaseAge", "a positive duration", r.MaxDatabaseAge.String())
	}
	return r.spec(r.ID, "vulnerabilities", "no known vulnerability of severity "+r.At.String()+" or worse", report.VulnsType), nil
}

// Check implements policy.Rule.
func (r NoVulnerabilities) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return r.check(facts, r.found)
}

// check demands a scan that is not too old, and in which find finds nothing.
func (r NoVulnerabilities) check(facts *policy.Facts, find func(*report.Vulns) []policy.Reason) policy.Result {
	return facts.Judge(evidence, func(e policy.Evidence) policy.Result {
		v, err := report.ParseVulns(e.Statement())
		if err != nil {
			return unreadable(err)
		}
		if found := find(v); len(found) > 0 {
			return policy.Result{Outcome: policy.Violated, Reasons: found}
		}
		until := v.Scanner.DB.LastUpdate.Add(r.MaxDatabaseAge)
		if v.Metadata.ScanFinishedOn.After(facts.Now()) {
			return undetermined(fault(CodeScanFuture, "/predicate/metadata/scanFinishedOn", "not after "+instant(facts.Now()), instant(v.Metadata.ScanFinishedOn), "compare the clocks of the scanner and of the engine's caller"))
		}
		if !facts.Now().Before(until) {
			return undetermined(fault(CodeDatabaseAge, "/predicate/scanner/db/lastUpdate", "younger than "+r.MaxDatabaseAge.String(), instant(v.Scanner.DB.LastUpdate), "update the advisory database and scan again"))
		}
		return policy.Result{Outcome: policy.Satisfied, Until: until}
	})
}

func (r NoVulnerabilities) found(v *report.Vulns) []policy.Reason {
	var reasons []policy.Reason
	for i, result := range v.Scanner.Result {
		if s := worst(result.Severity); s.Compare(r.At) >= 0 {
			reasons = append(reasons, policy.Reason{
				Reason: attest.Reason{Code: CodeVulnerable, Where: "/predicate/scanner/result/" + strconv.Itoa(i), Want: "none of severity " + r.At.String() + " or worse", Got: excerpt.Quote(result.ID) + " of severity " + s.String()},
				Remedy: "update what is affected",
			})
		}
	}
	return reasons
}

// worst returns the worst rating that can be read.
func worst(ratings []report.Severity) scan.Severity {
	severity, read := scan.None, false
	for _, rating := range ratings {
		s, ok := readSeverity(rating)
		if !ok {
			continue
		}
		read = true
		if s.Compare(severity) > 0 {
			severity = s
		}
	}
	if !read {
		return scan.Unknown
	}
	return severity
}

// readSeverity reads a qualitative rating, or a CVSS score by the bands of CVSS v3.1
// section 5 and v4.0 section 6.
func readSeverity(rating report.Severity) (s scan.Severity, ok bool) {
	if s.UnmarshalText([]byte(strings.ToLower(rating.Score))) == nil {
		return s, true
	}
	score, err := strconv.ParseFloat(rating.Score, 64)
	if err != nil || strings.Trim(rating.Score, "0123456789.") != "" || !strings.HasPrefix(strings.ToLower(rating.Method), "cvss") {
		return scan.Unknown, false
	}
	switch {
	case score > 10: // no CVSS score at all
		return scan.Unknown, true
	case score >= 9:
		return scan.Critical, true
	case score >= 7:
		return scan.High, true
	case score >= 4:
		return scan.Medium, true
	case score > 0:
		return scan.Low, true
	}
	return scan.None, true
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
