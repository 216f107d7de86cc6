package report

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/scan"
)

// VulnsType is the predicate type of the in-toto vulnerability predicate
// (in-toto attestation, predicates/vulns_02.md).
const VulnsType = "https://in-toto.io/attestation/vulns/v0.2"

// Vulns is the in-toto vulnerability predicate, version 0.2.
type Vulns struct {
	Scanner  Scanner  `json:"scanner"`
	Metadata Metadata `json:"metadata"`
}

// A Scanner is the scanner as the predicate tells it, with what it found. Result
// is never nil; empty means that no vulnerability was found.
type Scanner struct {
	URI     string   `json:"uri"`
	Version string   `json:"version,omitempty"`
	DB      Database `json:"db"`
	Result  []Result `json:"result"`
}

// A Database is the advisory database that was asked.
type Database struct {
	URI        string    `json:"uri,omitempty"`
	Version    string    `json:"version,omitempty"`
	LastUpdate time.Time `json:"lastUpdate,omitzero"`
}

// A Result is one vulnerability of the subject.
type Result struct {
	ID          string           `json:"id"`
	Severity    []Severity       `json:"severity"`
	Annotations []map[string]any `json:"annotations,omitempty"`
}

// A Severity is a rating by one method.
type Severity struct {
	Method string `json:"method"`
	Score  string `json:"score"`
}

// Metadata tells when the scan ran.
type Metadata struct {
	ScanStartedOn  time.Time `json:"scanStartedOn,omitzero"`
	ScanFinishedOn time.Time `json:"scanFinishedOn,omitzero"`
}

// MethodRating is the method under which the qualitative rating is told, which
// every result has: "unknown", "none", "low", "medium", "high" or "critical".
const MethodRating = "rating"

// An Invocation tells what a report does not know of itself.
type Invocation struct {
	// URI and Version name the scanner as a product. URI is required.
	URI, Version string
	// Matcher is the name of the check that asked the advisory database, such as
	// osv.Name. The report must have it.
	Matcher string
	// DB describes the database. Without a Version it gets the digest that the
	// matcher gives its records. LastUpdate is required.
	DB Database
	// Started and Finished are required.
	Started, Finished time.Time
	// Known tells what is known of a finding beside its advisory; nil for nothing.
	Known func(scan.Finding) Known
}

// VulnsStatement makes the vulnerability statement about the report's subject.
//
// It is refused with CodeIncomplete if the coverage is incomplete, CodeNotMatched
// if the matcher took no part, CodeUndated if the database has no time of update,
// CodeTime if the times are missing or out of order, CodeScanner without a URI,
// CodeKnown if what is known of a finding is impossible or contradicts its advisory.
func VulnsStatement(r *scan.Report, in Invocation) (*attest.Statement, error) {
	if r == nil {
		return nil, attest.Refuse(CodeNil, "report", "a report", "nil")
	}
	if !r.Coverage.Complete() {
		reasons := r.Coverage.Reasons()
		return nil, attest.Refuse(CodeIncomplete, "coverage", "no gap", strconv.Itoa(len(reasons))+", first "+reasons[0].String())
	}
	at := slices.IndexFunc(r.Checks, func(d scan.Descriptor) bool { return d.Name == in.Matcher })
	if at < 0 || in.Matcher == "" {
		return nil, attest.Refuse(CodeNotMatched, "checks", scan.Quote(in.Matcher), "other checks")
	}
	v := &Vulns{
		Scanner:  Scanner{URI: in.URI, Version: in.Version, DB: in.DB},
		Metadata: Metadata{in.Started.UTC(), in.Finished.UTC()},
	}
	if data := r.Checks[at].Data; v.Scanner.DB.Version == "" && !data.IsZero() {
		v.Scanner.DB.Version = data.String()
	}
	var err error
	if v.Scanner.Result, err = results(r.Findings, in.Known); err != nil {
		return nil, err
	}
	v.Scanner.DB.LastUpdate = in.DB.LastUpdate.UTC()
	if err := v.validate(); err != nil {
		return nil, err
	}
	return attest.NewStatement(VulnsType, v, r.Subject)
}

func results(findings []scan.Finding, known func(scan.Finding) Known) ([]Result, error) {
	out := []Result{}
	var errs []error
	for i, f := range findings {
		if f.Advisory == nil {
			continue
		}
		r := Result{ID: f.Advisory.ID, Severity: []Severity{{MethodRating, f.Severity.String()}}}
		for _, s := range f.Scores {
			score := s.Score
			if score == "" {
				score = s.Vector // a method that gives no number
			}
			if s.Method != "" && score != "" {
				r.Severity = append(r.Severity, Severity{s.Method, score})
			}
		}
		r.Annotations = []map[string]any{annotations(f)}
		var k Known
		if known != nil {
			k = known(f)
		}
		errs = append(errs, k.tell(&r, f, "findings/"+strconv.Itoa(i)))
		out = append(out, r)
	}
	return out, errors.Join(errs...)
}

// annotations tell of what, by which record, and what would help.
func annotations(f scan.Finding) map[string]any {
	a := map[string]any{"rule": f.Rule}
	set := func(key, value string) {
		if value != "" {
			a[key] = value
		}
	}
	if f.Package != nil {
		set("ecosystem", f.Package.Ecosystem)
		set("package", f.Package.Name)
		set("version", f.Package.Version)
		set("purl", f.Package.PURL)
	}
	set("record", f.Advisory.Record.String())
	set("snapshot", f.Advisory.Snapshot.String())
	if len(f.Advisory.Aliases) > 0 {
		a["aliases"] = f.Advisory.Aliases
	}
	if len(f.Advisory.Fixed) > 0 {
		a["fixed"] = f.Advisory.Fixed
	}
	var vectors []string
	for _, s := range f.Scores {
		if s.Vector != "" {
			vectors = append(vectors, s.Vector)
		}
	}
	if len(vectors) > 0 {
		a["vectors"] = vectors
	}
	return a
}

// ParseVulns reads a vulnerability statement strictly: every field that the
// specification requires must be there, with none that it does not have, and the
// times must be possible. In particular a predicate without a list of results,
// or whose database does not tell its last update, is refused: it could be read
// as "nothing found".
func ParseVulns(s *attest.Statement) (*Vulns, error) {
	if s == nil {
		return nil, attest.Refuse(CodeNil, "statement", "a statement", "nil")
	}
	if s.PredicateType() != VulnsType {
		return nil, attest.Refuse(CodePredicateType, "/predicateType", VulnsType, scan.Quote(s.PredicateType()))
	}
	var v Vulns
	if err := s.DecodePredicate(&v, false); err != nil {
		return nil, attest.Refuse(CodePredicate, "/predicate", "a vulnerability predicate", "").Because(err)
	}
	if err := v.validate(); err != nil {
		return nil, err
	}
	return &v, nil
}

func (v *Vulns) validate() error {
	if err := attest.CheckTypeURI(v.Scanner.URI); err != nil {
		return attest.Refuse(CodeScanner, "/scanner/uri", "a URI", scan.Quote(v.Scanner.URI))
	}
	updated, started, finished := v.Scanner.DB.LastUpdate, v.Metadata.ScanStartedOn, v.Metadata.ScanFinishedOn
	if updated.IsZero() {
		return attest.Refuse(CodeUndated, "/scanner/db/lastUpdate", "a time", "none")
	}
	if started.IsZero() || finished.IsZero() || finished.Before(started) || updated.After(finished) {
		return attest.Refuse(CodeTime, "/metadata", "an update, then a start, then an end",
			updated.Format(time.RFC3339)+", "+started.Format(time.RFC3339)+", "+finished.Format(time.RFC3339))
	}
	if v.Scanner.Result == nil {
		return attest.Refuse(CodeResult, "/scanner/result", "a list", "none")
	}
	var errs []error
	for i, r := range v.Scanner.Result {
		errs = append(errs, r.validate("/scanner/result/"+strconv.Itoa(i)))
	}
	return errors.Join(errs...)
}

func (r Result) validate(where string) error {
	if r.ID == "" {
		return attest.Refuse(CodeResult, where+"/id", "an id", "none")
	}
	if len(r.Severity) == 0 {
		return attest.Refuse(CodeResult, where+"/severity", "at least one severity", "none")
	}
	for _, s := range r.Severity {
		if s.Method == "" || s.Score == "" {
			return attest.Refuse(CodeResult, where+"/severity", "a method and a score", scan.Quote(s.Method+" "+s.Score))
		}
	}
	return nil
}
