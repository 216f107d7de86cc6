package rules

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/policy"
)

// OpenVEXType is the predicate type of an OpenVEX document, version 0.2.0.
const OpenVEXType = "https://openvex.dev/ns/v0.2.0"

// openVEX is an OpenVEX document (OpenVEX specification v0.2.0).
type openVEX struct {
	Context     string         `json:"@context"`
	ID          string         `json:"@id"`
	Author      string         `json:"author"`
	Role        string         `json:"role,omitempty"`
	Timestamp   time.Time      `json:"timestamp"`
	LastUpdated time.Time      `json:"last_updated,omitzero"`
	Version     int            `json:"version"`
	Tooling     string         `json:"tooling,omitempty"`
	Supplier    string         `json:"supplier,omitempty"`
	Statements  []vexStatement `json:"statements"`
}

type vexStatement struct {
	ID              string           `json:"@id,omitempty"`
	Version         int              `json:"version,omitempty"`
	Vulnerability   vexVulnerability `json:"vulnerability"`
	Timestamp       time.Time        `json:"timestamp,omitzero"`
	LastUpdated     time.Time        `json:"last_updated,omitzero"`
	Products        []vexProduct     `json:"products"`
	Status          string           `json:"status"`
	StatusNotes     string           `json:"status_notes,omitempty"`
	Justification   string           `json:"justification,omitempty"`
	ImpactStatement string           `json:"impact_statement,omitempty"`
	ActionStatement string           `json:"action_statement,omitempty"`
	ActionTimestamp string           `json:"action_statement_timestamp,omitempty"`
	Supplier        string           `json:"supplier,omitempty"`
}

type vexVulnerability struct {
	ID          string   `json:"@id,omitempty"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
}

type vexProduct struct {
	ID            string            `json:"@id,omitempty"`
	Identifiers   map[string]string `json:"identifiers,omitempty"`
	Hashes        map[string]string `json:"hashes,omitempty"`
	Supplier      string            `json:"supplier,omitempty"`
	Subcomponents []vexProduct      `json:"subcomponents,omitempty"`
}

var errVEX = errors.New("the document breaks the OpenVEX specification")

// parseVEX reads a document strictly. It must date from now or earlier.
func parseVEX(s *attest.Statement, now time.Time) (*openVEX, error) {
	var v openVEX
	err := s.DecodePredicate(&v, false)
	if err == nil {
		err = v.validate(now)
	}
	if err != nil {
		return nil, attest.Refuse(CodeVEX, "/predicate", "an OpenVEX document", "").Because(err)
	}
	return &v, nil
}

func (v *openVEX) validate(now time.Time) error {
	if v.Context != OpenVEXType || v.ID == "" || v.Author == "" || v.Version < 1 || v.Timestamp.IsZero() || len(v.Statements) == 0 {
		return errVEX
	}
	if v.Timestamp.After(now) || v.LastUpdated.After(now) {
		return errors.New("the document is from the future")
	}
	for i := range v.Statements {
		if err := v.Statements[i].validate(now); err != nil {
			return err
		}
	}
	return nil
}

// validate holds a statement to the specification, and to this beyond: who says that
// the product is not affected says why by one of the justifications, not in prose.
func (s *vexStatement) validate(now time.Time) error {
	if s.Vulnerability.Name == "" || s.Timestamp.After(now) || s.LastUpdated.After(now) {
		return errVEX
	}
	switch s.Status {
	case "not_affected":
		switch s.Justification {
		case "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
			"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist":
			return nil
		}
		return errors.New("a product is not affected, without a justification")
	case "affected", "fixed", "under_investigation":
		return nil
	}
	return errVEX
}

// clears reports whether the status says that the vulnerability does not matter.
func (s *vexStatement) clears() bool { return s.Status == "not_affected" || s.Status == "fixed" }

// speaksOf reports whether the statement is about the vulnerability in a part of the
// subject. It must name the subject by a digest; with subcomponents, the part must be
// one of them. A statement that clears nothing also speaks of parts that it, or the
// scan, does not name, and of a part with other qualifiers: it may mean this one.
func (s *vexStatement) speaksOf(id, purl string, subject digest.Set) bool {
	if s.Vulnerability.Name != id && !slices.Contains(s.Vulnerability.Aliases, id) {
		return false
	}
	return slices.ContainsFunc(s.Products, func(p vexProduct) bool {
		if !p.is(subject) {
			return false
		}
		of := func(c vexProduct) bool { return purl != "" && (c.ID == purl || c.Identifiers["purl"] == purl) }
		if !s.clears() {
			of = func(c vexProduct) bool { return c.mayBe(purl) }
		}
		return len(p.Subcomponents) == 0 || slices.ContainsFunc(p.Subcomponents, of)
	})
}

// mayBe reports whether the component is the part with the package URL, as far as the
// two are named.
func (p vexProduct) mayBe(purl string) bool {
	named := false
	for _, name := range []string{p.ID, p.Identifiers["purl"]} {
		if strings.HasPrefix(name, "pkg:") {
			named = true
			if string(folded(nil, []byte(name))) == string(folded(nil, []byte(purl))) {
				return true
			}
		}
	}
	return purl == "" || !named
}

// is reports whether the product is the subject, by its hashes, or by the digest at
// the end of its @id.
func (p vexProduct) is(subject digest.Set) bool {
	set := digest.Set{}
	for name, algorithm := range map[string]digest.Algorithm{"sha-256": digest.SHA256, "sha-384": digest.SHA384, "sha-512": digest.SHA512} {
		if value, ok := p.Hashes[name]; ok {
			set[algorithm] = value
		}
	}
	if len(set) > 0 {
		return subject.Match(set) == nil
	}
	id, _, _ := strings.Cut(p.ID, "?")
	_, set[digest.SHA256], _ = strings.Cut(strings.ReplaceAll(id, "%3A", ":"), "@sha256:")
	return subject.Match(set) == nil
}

// A vex is what the accepted documents say.
type vex []*openVEX

// readVEX reads the documents of the need; the result tells which one cannot be read.
func readVEX(facts *policy.Facts) (vex, policy.Result) {
	var out vex
	result := facts.Judge(exploitability, func(e policy.Evidence) policy.Result {
		v, err := parseVEX(e.Statement(), facts.Now())
		if err != nil {
			return unreadable(err)
		}
		out = append(out, v)
		return policy.Result{Outcome: policy.Satisfied}
	})
	return out, result
}

// clears reports whether the documents say that the vulnerability does not matter:
// every statement about it says so, and there is one.
func (v vex) clears(id, purl string, subject digest.Set) bool {
	found := false
	for _, doc := range v {
		for i := range doc.Statements {
			s := &doc.Statements[i]
			if !s.speaksOf(id, purl, subject) {
				continue
			}
			if !s.clears() {
				return false
			}
			found = true
		}
	}
	return found
}

// text returns an annotation that is a text; "" if there is none, or if two
// annotations differ.
func text(annotations []map[string]any, key string) string {
	found, told := "", false
	for _, a := range annotations {
		value, there := a[key]
		if !there {
			continue
		}
		s, ok := value.(string)
		if !ok || told && s != found {
			return ""
		}
		found, told = s, true
	}
	return found
}

// number reads a decimal of a rating.
func number(score string) (float64, bool) {
	var f float64
	err := json.Unmarshal([]byte(score), &f)
	return f, err == nil
}
