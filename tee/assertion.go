package tee

import (
	"encoding/hex"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// AssertionPredicateType is the predicate type of an Assertion: in-toto
// Supply Chain Attribute Integrity v0.3.
const AssertionPredicateType = "https://in-toto.io/attestation/scai/v0.3"

// AssertionAttribute is the one attribute that Assertion states.
const AssertionAttribute = "HARDWARE_ATTESTED_BUILD_ENVIRONMENT"

type scaiPredicate struct {
	Attributes []scaiAttribute `json:"attributes"`
}

type scaiAttribute struct {
	Attribute  string             `json:"attribute"`
	Target     *attest.Descriptor `json:"target,omitempty"`
	Conditions Conditions         `json:"conditions"`
	Evidence   attest.Descriptor  `json:"evidence"`
}

// Conditions are the part of a Binding that an assertion repeats, so that a
// reader can tell what to expect of the evidence without having it.
type Conditions struct {
	Kind      Kind   `json:"kind"`
	Purpose   string `json:"purpose"`
	Nonce     string `json:"nonce"`               // hexadecimal, lower case
	Key       string `json:"key,omitempty"`       // "sha256:hex" of the SPKI
	Statement string `json:"statement,omitempty"` // "algorithm:hex"
	Audience  string `json:"audience,omitempty"`
	BuildID   string `json:"buildID,omitempty"`
}

// ConditionsOf returns the conditions under which ev speaks.
func ConditionsOf(ev *Evidence) Conditions {
	b := ev.Binding
	c := Conditions{
		Kind: ev.Kind, Purpose: b.Purpose, Nonce: hex.EncodeToString(b.Nonce),
		Statement: b.Statement.String(), Audience: b.Audience, BuildID: b.BuildID,
	}
	if len(b.SPKI) > 0 {
		c.Key = sha256Digest(b.SPKI).String()
	}
	return c
}

// Assertion returns the statement that the subjects were built in an
// environment which hardware attested, citing ev by the SHA-256 digest of its
// encoding. target names the environment, for example the runner's image; the
// zero Descriptor leaves it out. The conditions are taken from ev, so that they
// cannot contradict it. The evidence is cited and not judged: who reads the
// statement fetches it and appraises it.
func Assertion(subjects []attest.Descriptor, ev *Evidence, target attest.Descriptor) (*attest.Statement, error) {
	d, err := ev.Digest()
	if err != nil {
		return nil, err
	}
	a := scaiAttribute{
		Attribute:  AssertionAttribute,
		Conditions: ConditionsOf(ev),
		Evidence:   attest.Descriptor{Digest: d.Set(), MediaType: MediaTypeEvidence},
	}
	if !isZero(target) {
		if err := target.Validate(); err != nil {
			return nil, attest.Refuse(CodeAssertion, "target", "a descriptor that names something", "").Because(err)
		}
		a.Target = &target
	}
	return attest.NewStatement(AssertionPredicateType, scaiPredicate{[]scaiAttribute{a}}, subjects...)
}

func isZero(d attest.Descriptor) bool {
	return d.Name == "" && d.URI == "" && len(d.Digest) == 0 && len(d.Content) == 0 &&
		d.DownloadLocation == "" && d.MediaType == "" && len(d.Annotations) == 0
}

// An Asserted is what an assertion says. It is as trustworthy as whoever
// signed the statement.
type Asserted struct {
	Subjects   []attest.Descriptor
	Target     *attest.Descriptor // nil when the assertion names none
	Conditions Conditions
	Evidence   digest.Digest // SHA-256 of the evidence's encoding
}

// ParseAssertion reads what Assertion writes, and refuses a statement with
// another predicate type, another attribute, several attributes, unknown fields,
// or conditions that no binding has.
func ParseAssertion(s *attest.Statement) (*Asserted, error) {
	if s == nil {
		return nil, attest.Refuse(attest.CodeNil, "statement", "a statement", "nil")
	}
	if s.PredicateType() != AssertionPredicateType {
		return nil, attest.Refuse(CodeAssertion, "/predicateType", AssertionPredicateType, excerpt.Quote(s.PredicateType()))
	}
	var p scaiPredicate
	if err := s.DecodePredicate(&p, false); err != nil {
		return nil, err
	}
	if len(p.Attributes) != 1 || p.Attributes[0].Attribute != AssertionAttribute {
		return nil, attest.Refuse(CodeAssertion, "/predicate/attributes", "one attribute, "+AssertionAttribute, "something else")
	}
	a := p.Attributes[0]
	if err := a.Conditions.validate(); err != nil {
		return nil, err
	}
	if a.Target != nil {
		if err := a.Target.Validate(); err != nil {
			return nil, attest.Refuse(CodeAssertion, "/predicate/attributes/0/target", "a descriptor that names something", "").Because(err)
		}
	}
	d := digest.Digest{Algorithm: digest.SHA256, Hex: a.Evidence.Digest[digest.SHA256]}
	if err := d.Validate(); err != nil {
		return nil, attest.Refuse(CodeAssertion, "/predicate/attributes/0/evidence/digest", "a SHA-256 digest", "").Because(err)
	}
	if a.Evidence.MediaType != MediaTypeEvidence {
		return nil, attest.Refuse(CodeAssertion, "/predicate/attributes/0/evidence/mediaType", MediaTypeEvidence, excerpt.Quote(a.Evidence.MediaType))
	}
	return &Asserted{Subjects: s.Subjects(), Target: a.Target, Conditions: a.Conditions, Evidence: d}, nil
}

// validate reports whether c could be the conditions of some evidence.
func (c Conditions) validate() error {
	if err := c.Kind.Validate(); err != nil {
		return err
	}
	nonce, err := hex.DecodeString(c.Nonce)
	if err != nil || strings.ToLower(c.Nonce) != c.Nonce {
		return attest.Refuse(CodeAssertion, "conditions/nonce", "lower-case hexadecimal", excerpt.Quote(c.Nonce)).Because(err)
	}
	b := Binding{Purpose: c.Purpose, Nonce: nonce, Audience: c.Audience, BuildID: c.BuildID}
	if c.Statement != "" {
		if b.Statement, err = digest.Parse(c.Statement); err != nil {
			return attest.Refuse(CodeAssertion, "conditions/statement", "algorithm:hex", "").Because(err)
		}
	}
	if c.Key != "" {
		if d, err := digest.Parse(c.Key); err != nil || d.Algorithm != digest.SHA256 {
			return attest.Refuse(CodeAssertion, "conditions/key", "sha256:hex", excerpt.Quote(c.Key)).Because(err)
		}
	}
	return b.Validate()
}

// Cites reports, by a nil error, that a cites ev and repeats its binding.
func (a *Asserted) Cites(ev *Evidence) error {
	d, err := ev.Digest()
	if err != nil {
		return err
	}
	if d != a.Evidence {
		return attest.Refuse(CodeAssertionEvidence, "evidence", a.Evidence.String(), d.String())
	}
	if got := ConditionsOf(ev); got != a.Conditions {
		return attest.Refuse(CodeAssertionEvidence, "conditions", "those of the evidence", "others")
	}
	return nil
}
