package predicate

import (
	"encoding/json"
	"errors"

	"github.com/sealwright/sealwright/attest"
)

// VulnsType is the predicate type of a Vulns.
const VulnsType = "https://in-toto.io/attestation/vulns/v0.2"

// A Vulns is the result of a vulnerability scan.
type Vulns struct {
	Scanner  Scanner      `json:"scanner"`
	Metadata ScanMetadata `json:"metadata"`
}

// A Scanner is the scanner of a Vulns and what it found.
type Scanner struct {
	URI     string             `json:"uri"`
	Version string             `json:"version,omitempty"`
	DB      VulnerabilityStore `json:"db"`
	// Result is required. An empty list means that nothing was found.
	Result []Vulnerability `json:"result"`
}

// A VulnerabilityStore is the database that a scanner looked into.
type VulnerabilityStore struct {
	URI        string    `json:"uri,omitempty"`
	Version    string    `json:"version,omitempty"`
	LastUpdate Timestamp `json:"lastUpdate"`
}

// A Vulnerability is one that a scanner found.
type Vulnerability struct {
	ID string `json:"id"`
	// Severity is required and may be empty.
	Severity []Severity `json:"severity"`
	// Annotations are JSON objects of the scanner's form.
	Annotations []json.RawMessage `json:"annotations,omitempty"`
}

// A Severity is a score by a method.
type Severity struct {
	Method string `json:"method"`
	Score  string `json:"score"`
}

// A ScanMetadata tells when a scan ran.
type ScanMetadata struct {
	ScanStartedOn  Timestamp `json:"scanStartedOn"`
	ScanFinishedOn Timestamp `json:"scanFinishedOn"`
}

// Type returns VulnsType.
func (*Vulns) Type() string { return VulnsType }

func (*Vulns) about([]attest.Descriptor) error { return nil }

// Validate holds v to the specification.
func (v *Vulns) Validate() error {
	if v == nil {
		return attest.Refuse(CodeNil, "Vulns", "a result", "nil")
	}
	errs := []error{
		checkURI("/scanner/uri", v.Scanner.URI),
		checkTime("/scanner/db/lastUpdate", v.Scanner.DB.LastUpdate),
		checkTime("/metadata/scanStartedOn", v.Metadata.ScanStartedOn),
		checkTime("/metadata/scanFinishedOn", v.Metadata.ScanFinishedOn),
		checkSpan("/metadata/scanFinishedOn", v.Metadata.ScanStartedOn, v.Metadata.ScanFinishedOn),
	}
	if v.Scanner.DB.URI != "" {
		errs = append(errs, checkURI("/scanner/db/uri", v.Scanner.DB.URI))
	}
	if v.Scanner.Result == nil {
		errs = append(errs, attest.Refuse(CodeMissing, "/scanner/result", "a list", "none"))
	}
	for i, found := range v.Scanner.Result {
		errs = append(errs, found.validate(at("/scanner/result", i)))
	}
	return errors.Join(errs...)
}

func (v Vulnerability) validate(where string) error {
	errs := []error{checkText(where+"/id", v.ID)}
	if v.Severity == nil {
		errs = append(errs, attest.Refuse(CodeMissing, where+"/severity", "a list", "none"))
	}
	for i, s := range v.Severity {
		errs = append(errs, checkText(at(where+"/severity", i)+"/method", s.Method), checkText(at(where+"/severity", i)+"/score", s.Score))
	}
	for i, a := range v.Annotations {
		errs = append(errs, checkObject(at(where+"/annotations", i), append(json.RawMessage{}, a...)))
	}
	return errors.Join(errs...)
}
