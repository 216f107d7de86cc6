package measure

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
)

// A Report tells what changed between two snapshots. Diff and ParseReport make it.
type Report struct {
	Roots, Skip []string
	StatOnly    bool
	// Before and After are the Merkle digests of the snapshots; zero with StatOnly.
	Before, After digest.Digest
	Entries       int // in the later snapshot
	// Findings are in the order of a walk. It is empty if nothing changed.
	Findings []Finding
}

// A Finding is one aspect of one entry that changed.
type Finding struct {
	Code attest.Code `json:"code"`
	// Path is printable: other bytes, and the percent sign, are written as % and
	// two hexadecimal digits.
	Path string `json:"path"`
	// Before and After tell what was and what is; "" for nothing.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Allowed is the reason that the policy gives, or "" if it does not allow this.
	Allowed string `json:"allowed,omitempty"`
}

// Reason returns the finding in the form of a refusal's reason.
func (f Finding) Reason() attest.Reason {
	return attest.Reason{Code: f.Code, Where: f.Path, Want: f.Before, Got: f.After}
}

// A Verdict sums a Report up.
type Verdict string

// The verdicts. The empty verdict is that of a Report that nobody made.
const (
	Untouched Verdict = "untouched" // nothing changed
	Allowed   Verdict = "allowed"   // what changed is allowed
	Tampered  Verdict = "tampered"  // something changed that is not allowed
)

// Verdict follows from the findings.
func (r *Report) Verdict() Verdict {
	switch {
	case r == nil || len(r.Roots) == 0:
		return ""
	case len(r.Findings) == 0:
		return Untouched
	case len(r.tampers()) == 0:
		return Allowed
	}
	return Tampered
}

// tampers are the findings that nothing allows.
func (r *Report) tampers() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Allowed != "" })
}

// Err returns nil if everything that changed is allowed, and otherwise one error
// for each finding that is not, joined. The zero Report gives an error.
func (r *Report) Err() error {
	if r.Verdict() == "" {
		return attest.Refuse(CodeReport, "Report", "a comparison of two snapshots", "none")
	}
	var faults []error
	for _, f := range r.tampers() {
		faults = append(faults, attest.Refuse(f.Code, f.Path, f.Before, f.After))
	}
	return errors.Join(faults...)
}

// validate reports whether r can have come from Diff.
func (r *Report) validate() error {
	bad := func(where, want, got string) error { return attest.Refuse(CodeReport, where, want, quote(got)) }
	if r == nil || len(r.Roots) == 0 {
		return bad("Report.Roots", "at least one", "none")
	}
	for where, paths := range map[string][]string{"Report.Roots": r.Roots, "Report.Skip": r.Skip} {
		sorted, err := checkPaths(where, paths)
		if err != nil || !slices.Equal(sorted, paths) {
			return bad(where, "clean absolute paths in order", strings.Join(paths, " "))
		}
	}
	if r.Entries < 0 {
		return bad("Report.Entries", "a number", strconv.Itoa(r.Entries))
	}
	for _, d := range []digest.Digest{r.Before, r.After} {
		sha256 := d.Algorithm == digest.SHA256 && d.Validate() == nil
		if r.StatOnly != d.IsZero() || !r.StatOnly && !sha256 {
			return bad("Report.Before", "SHA-256 digests, unless stat-only", d.String())
		}
	}
	if !r.StatOnly && r.Before != r.After && len(r.Findings) == 0 {
		return bad("Report.Findings", "what makes the digests differ", "nothing")
	}
	for i, f := range r.Findings {
		where := "Report.Findings[" + strconv.Itoa(i) + "]"
		if !isFinding(f.Code) {
			return bad(where, "the code of a finding", string(f.Code))
		}
		if !cleanAbsolute(f.Path) {
			return bad(where, "a clean absolute path", f.Path)
		}
	}
	return nil
}
