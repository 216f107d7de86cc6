package doc

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
)

// SchemaURI is what a document's schema field must be.
const SchemaURI = "https://github.com/sealwright/sealwright/policy/doc/v1"

// maxBytes bounds a document.
const maxBytes = 1 << 20

// A Document is a policy as people write it.
type Document struct {
	Schema string `json:"schema"` // SchemaURI
	// ID is the policy's URI, and Version grows with each change.
	ID      string    `json:"id"`
	Version uint64    `json:"version"`
	Expires time.Time `json:"expires"` // exclusive
	// Authorities and Validity are as in policy.Config.
	Authorities []string `json:"authorities"`
	Validity    Duration `json:"validity"`
	Budget      *Budget  `json:"budget,omitempty"`
	Policy      Node     `json:"policy"`
	Waivers     *Waivers `json:"waivers,omitempty"`
	Levels      []Level  `json:"levels,omitempty"`
	// Redact is as in policy.Config: JSON pointers to what no report may repeat.
	Redact []string `json:"redact,omitempty"`
}

// A Node is a part of the policy: exactly one field is set.
type Node struct {
	Rule      *Rule      `json:"rule,omitempty"`
	Condition *Condition `json:"condition,omitempty"`
	All       []Node     `json:"all,omitempty"`
	Any       []Node     `json:"any,omitempty"`
	AtLeast   *AtLeast   `json:"atLeast,omitempty"`
	When      *When      `json:"when,omitempty"`
}

// AtLeast demands Count of the nodes.
type AtLeast struct {
	Count int    `json:"count"`
	Of    []Node `json:"of"`
}

// When demands Then of the requests that are selected.
type When struct {
	Phases       []policy.Phase `json:"phases,omitempty"`
	Environments []string       `json:"environments,omitempty"`
	Then         Node           `json:"then"`
}

// A Rule names a rule of the catalogue. What With holds is up to it.
type Rule struct {
	Use string `json:"use"`
	// ID is the rule's id in reports. Required, so that waivers and levels name what
	// the document itself names.
	ID          string           `json:"id"`
	Version     int              `json:"version,omitempty"`
	With        json.RawMessage  `json:"with"`
	Controls    []policy.Control `json:"controls,omitempty"`
	EffectiveOn time.Time        `json:"effectiveOn,omitzero"`
	RetiredOn   time.Time        `json:"retiredOn,omitzero"`
	Budget      *Budget          `json:"budget,omitempty"`
}

// A Condition is a rule written in a language, as policy.Clause.
type Condition struct {
	// Language names one of the languages that Config is given.
	Language    string           `json:"language"`
	ID          string           `json:"id"`
	Version     int              `json:"version,omitempty"`
	Title       string           `json:"title,omitempty"`
	Remedy      string           `json:"remedy,omitempty"`
	Controls    []policy.Control `json:"controls,omitempty"`
	EffectiveOn time.Time        `json:"effectiveOn,omitzero"`
	RetiredOn   time.Time        `json:"retiredOn,omitzero"`
	Budget      *Budget          `json:"budget,omitempty"`
	Need        Need             `json:"need"`
	Inputs      []Input          `json:"inputs"`
	Text        string           `json:"text"`
}

// A Need is as policy.Need.
type Need struct {
	PredicateTypes []string   `json:"predicateTypes"`
	Signers        []string   `json:"signers"`
	Threshold      int        `json:"threshold,omitempty"`
	MaxAge         Duration   `json:"maxAge,omitempty"`
	TimeAt         string     `json:"timeAt,omitempty"`
	Quantifier     Quantifier `json:"quantifier,omitempty"`
}

func (n *Need) need() policy.Need {
	return policy.Need{
		PredicateTypes: n.PredicateTypes, Signers: n.Signers, Threshold: n.Threshold,
		MaxAge: time.Duration(n.MaxAge), TimeAt: n.TimeAt, Quantifier: policy.Quantifier(n.Quantifier),
	}
}

// An Input is as policy.Input.
type Input struct {
	Name    string `json:"name"`
	Pointer string `json:"pointer"`
	Type    string `json:"type"`
}

// A Quantifier is a policy.Quantifier, written "all" or "any".
type Quantifier policy.Quantifier

// UnmarshalText reads "all" or "any".
func (q *Quantifier) UnmarshalText(text []byte) error {
	switch string(text) {
	case "all":
		*q = Quantifier(policy.AllMatching)
	case "any":
		*q = Quantifier(policy.AnyMatching)
	default:
		return errors.New("neither all nor any")
	}
	return nil
}

// MarshalText writes "all" or "any".
func (q Quantifier) MarshalText() ([]byte, error) {
	if policy.Quantifier(q) == policy.AnyMatching {
		return []byte("any"), nil
	}
	return []byte("all"), nil
}

// A Budget is as policy.Budget.
type Budget struct {
	Time  Duration `json:"time,omitempty"`
	Cost  int64    `json:"cost,omitempty"`
	Bytes int64    `json:"bytes,omitempty"`
}

func (b *Budget) budget() policy.Budget {
	if b == nil {
		return policy.Budget{}
	}
	return policy.Budget{Time: time.Duration(b.Time), Cost: b.Cost, Bytes: b.Bytes}
}

// A Level is as policy.Level.
type Level struct {
	Name  string   `json:"name"`
	Rules []string `json:"rules"`
}

// Waivers are as policy.WaiverTerms.
type Waivers struct {
	Approvers []string   `json:"approvers,omitempty"`
	Threshold int        `json:"threshold,omitempty"`
	MaxLife   Duration   `json:"maxLife,omitempty"`
	Never     []string   `json:"never,omitempty"`
	Emergency *Emergency `json:"emergency,omitempty"`
}

// Emergency is as policy.EmergencyTerms.
type Emergency struct {
	Approvers []string `json:"approvers"`
	Threshold int      `json:"threshold,omitempty"`
	Recorders []string `json:"recorders"`
}

// A Duration is written as Go does: "36h", "90s".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads, unless it is negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return errors.New("no duration such as 36h or 90s")
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration in the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// ParseYAML reads a document in YAML, or in JSON if it begins with a brace (see
// Canonical), as Parse does.
func ParseYAML(data []byte) (*Document, error) {
	data, err := inJSON(data)
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// Parse reads a document of at most 1 MiB strictly, in JSON: bytes that it accepts are
// what a release pins and may be stored as they are. It does not look into the
// parameters of rules: Config does.
func Parse(data []byte) (*Document, error) {
	var d Document
	if err := strictjson.Unmarshal(data, &d, strictjson.Options{Bytes: maxBytes}); err != nil {
		return nil, attest.Refuse(CodeFormat, "", "a policy document", "something else").Because(err)
	}
	var errs []error
	refuse := func(where, want, got string) { errs = append(errs, attest.Refuse(CodeFormat, where, want, got)) }
	if d.Schema != SchemaURI {
		refuse("/schema", SchemaURI, excerpt.Quote(d.Schema))
	}
	if attest.CheckTypeURI(d.ID) != nil {
		refuse("/id", "an absolute URI", excerpt.Quote(d.ID))
	}
	if d.Version == 0 {
		refuse("/version", "at least 1", "0 or none")
	}
	if d.Expires.IsZero() {
		refuse("/expires", "an instant", "none")
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &d, nil
}
