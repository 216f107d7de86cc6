package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

// A report is what is printed.
type report struct {
	Verified bool            `json:"verified"`
	Artifact string          `json:"artifact"`
	Level    int             `json:"level"`
	Signers  []string        `json:"signers,omitempty"`
	Builder  string          `json:"builder,omitempty"`
	Sources  []string        `json:"sources,omitempty"`
	Findings []finding       `json:"findings,omitempty"`
	ForMore  []attest.Reason `json:"missingForNextLevel,omitempty"`
	Reasons  []attest.Reason `json:"reasons,omitempty"`
	Error    string          `json:"error,omitempty"`
	// Provenance is what was verified, where it was asked for.
	Provenance []json.RawMessage `json:"provenance,omitempty"`

	evidence []*attest.Verified
}

type finding struct {
	Check  verify.CheckID `json:"check"`
	Status string         `json:"status"`
	Reason *attest.Reason `json:"reason,omitempty"`
}

// fill takes over what the verdict tells.
func (r *report) fill(f flags, v verify.Verdict, evidence []*attest.Verified) {
	r.Verified, r.Level = v.Passed(), v.Level()
	if r.Verified {
		r.ForMore = v.MissingForNext()
	}
	for _, found := range v.Findings() {
		one := finding{Check: found.Check, Status: found.Status.String()}
		if found.Status != verify.Passed {
			one.Reason = &found.Reason
		}
		r.Findings = append(r.Findings, one)
	}
	for _, e := range evidence {
		for _, s := range e.Signers() {
			r.Signers = append(r.Signers, s.Principal())
		}
		b, err := f.build(e)
		if err != nil {
			continue // no provenance
		}
		r.Builder = b.Builder.ID
		for _, in := range b.Inputs {
			r.Sources = append(r.Sources, in.Descriptor.URI+" "+in.Descriptor.Digest.String())
		}
	}
}

func (r report) print(w io.Writer, f flags, err error) error {
	if err != nil {
		r.Error, r.Reasons = err.Error(), attest.Reasons(err)
	}
	if f.json {
		if f.printProvenance && err == nil {
			for _, e := range r.evidence {
				r.Provenance = append(r.Provenance, e.Statement().Bytes())
			}
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	if err != nil {
		r.refusal(w)
		return nil
	}
	fmt.Fprintf(w, "verified  %s\n  level   SLSA Build %d\n  builder %s\n", r.Artifact, r.Level, r.Builder)
	for _, s := range r.Signers {
		fmt.Fprintf(w, "  signer  %s\n", s)
	}
	for _, s := range r.Sources {
		fmt.Fprintf(w, "  input   %s\n", s)
	}
	passed := 0
	for _, finding := range r.Findings {
		if finding.Status == verify.Passed.String() {
			passed++
		} else {
			fmt.Fprintf(w, "  %-7s %s: %s\n", finding.Status, finding.Check, finding.Reason)
		}
	}
	fmt.Fprintf(w, "  checks  %d passed\n", passed)
	for _, reason := range r.ForMore {
		fmt.Fprintf(w, "  for level %d: %s\n", r.Level+1, reason)
	}
	if f.printProvenance {
		for _, e := range r.evidence {
			fmt.Fprintf(w, "%s\n", e.Statement().Bytes())
		}
	}
	return nil
}

// refusal explains a refusal, one reason a line.
func (r report) refusal(w io.Writer) {
	fmt.Fprintln(w, "REFUSED  ", r.Artifact)
	told := map[string]bool{}
	for _, reason := range r.Reasons {
		if text := reason.String(); !told[text] { // each line of a file may fail alike
			told[text] = true
			fmt.Fprintln(w, "  ", text)
		}
	}
	if hint := hint(r.Reasons); hint != "" {
		fmt.Fprintln(w, "  ", hint)
	}
	if len(r.Reasons) == 0 {
		fmt.Fprintln(w, "  ", r.Error)
	}
}

// hint names the flag that a refusal asks for.
func hint(reasons []attest.Reason) string {
	for _, reason := range reasons {
		switch reason.Code {
		case slsa.CodePredicateType:
			if !strings.Contains(reason.Got, "slsa.dev/provenance/v0") {
				continue // no provenance at all
			}
			fallthrough
		case attest.CodeStatementType, verify.CodeNone:
			return "(-allow-legacy accepts statements v0.1 and provenance v0.2)"
		case sigstore.CodeIdentity:
			return "(-signer tells the name in the certificate, where it is not the builder's id)"
		}
	}
	return ""
}
