package graph

import (
	"bytes"
	"crypto/sha256"
	"math"
	"slices"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/internal/slsa1"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// comparisonType is the predicate type of a comparison of two builds.
const comparisonType = "https://github.com/sealwright/sealwright/reproducible/comparison/v1"

// inputRoles are the uses of inputs. Their order is part of the format. The last is
// that of what the builder is made of.
var inputRoles = [...]provenance.Role{
	provenance.RoleOther, provenance.RoleSource, provenance.RoleTool, provenance.RoleBase, provenance.RoleBuilder,
	provenance.RoleBuilder,
}

const useOfBuilder = uint8(len(inputRoles) - 1)

// A fact is a statement as the store keeps it, with keys in place of ids. Maker and
// resource are "" where there is none.
type fact struct {
	shape               shape
	verdict             verdict
	payload             [32]byte
	envelope, seal, typ string
	maker, resource     string
	mentions            []factMention

	*reading          // which the fact is cut from
	digests  []string // what the digests of mentions are cut from
	before   *fact    // in its batch, with the same envelope
}

type factMention struct {
	role         role
	use          uint8
	index        uint32
	digests      []string
	place, label string
}

const typeSLSA1 = string(rune(kindType)) + slsa.PredicateType

// payloadFact reads the payload of an attestation that nobody verified, and that stands
// in the envelope with the SHA-256 digest evidence; the payload itself if it is nil.
func (m *reading) payloadFact(payload []byte, evidence *[32]byte) (*fact, error) {
	f := m.fact()
	f.payload, f.seal = sha256.Sum256(payload), unsealed
	if evidence == nil {
		evidence = &f.payload
	}
	f.envelope = f.key(kindSHA256, string(evidence[:]))
	// Nearly all statements are of this type, and can be read in one pass. Whatever
	// cannot is left to the way below, whose word counts.
	if bytes.Contains(payload, []byte(slsa.PredicateType)) && m.short.ReadStatement(payload, attest.Limits{}) {
		f.typ = typeSLSA1
		f.plain(&m.short)
		return f, f.check()
	}
	s, err := attest.ParseStatement(payload, attest.Limits{})
	if err != nil {
		return nil, err
	}
	return f, f.complete(s)
}

// newFact reads a statement that was verified.
func (m *reading) newFact(s *attest.Statement, envelope digest.Digest, seal string) (*fact, error) {
	if envelope.Algorithm != digest.SHA256 || envelope.Validate() != nil {
		return nil, attest.Refuse(CodeStatement, "evidence", "a SHA-256 digest", excerpt.Quote(envelope.String()))
	}
	f := m.fact()
	f.payload, f.seal = sha256.Sum256(s.Bytes()), seal
	f.envelope = f.digestKey(envelope)
	return f, f.complete(s)
}

// complete reads the statement. Its predicate must be what its type says.
func (f *fact) complete(s *attest.Statement) error {
	f.typ = f.key(kindType, s.PredicateType())
	if err := f.read(s); err != nil {
		return err
	}
	return f.check()
}

func (f *fact) read(s *attest.Statement) error {
	switch s.PredicateType() {
	case slsa.PredicateType:
		b, err := slsa.Decode(s)
		if err != nil {
			return unreadable(err)
		}
		f.build(shapeSLSA1, b)
	case slsa.PredicateTypeV01, slsa.PredicateTypeV02:
		l, err := slsa.DecodeLegacy(s)
		if err != nil {
			return unreadable(err)
		}
		if l.PredicateType == slsa.PredicateTypeV01 {
			f.build(shapeSLSA01, l.Build)
		} else {
			f.build(shapeSLSA02, l.Build)
			return f.configSource(s)
		}
	case predicate.LinkType:
		l, err := predicate.Decode[predicate.Link](s, predicate.Reading{AllowUnknown: true})
		if err != nil {
			return unreadable(err)
		}
		f.shape = shapeLink
		f.mention(roleOutput, 0, s.Subjects()...)
		f.mention(roleInput, 0, l.Materials...)
	case predicate.VSAType:
		return f.summary(s)
	case predicate.CycloneDXType, predicate.SPDXType, predicate.SPDX23Type, predicate.SPDX3Type:
		return f.bill(s)
	case comparisonType:
		return f.comparison(s)
	default:
		f.shape = shapeOther
		f.mention(roleAbout, 0, s.Subjects()...)
	}
	return nil
}

func (f *fact) build(sh shape, b *provenance.Build) {
	f.shape = sh
	f.maker = f.nameOrNone(b.Builder.ID)
	f.mention(roleOutput, 0, b.Outputs...)
	f.mention(roleByproduct, 0, b.Byproducts...)
	for i, in := range b.Inputs {
		f.mentionAt(roleInput, useOf(in.Role), i, in.Descriptor)
	}
	f.mention(roleInput, useOfBuilder, b.Builder.Dependencies...)
}

// useOf returns the use of an input in a role.
func useOf(ro provenance.Role) uint8 {
	return uint8(max(0, slices.Index(inputRoles[:useOfBuilder], ro)))
}

// plain is build for a statement of SLSA v1 that is plain.
func (f *fact) plain(b *slsa1.Build) {
	mentions, digests := 0, 0
	for _, list := range [...][]slsa1.Artifact{b.Outputs, b.Byproducts, b.Inputs, b.Platform} {
		mentions += len(list)
		for i := range list {
			digests += len(list[i].Digests)
		}
	}
	f.expect(mentions, digests)
	f.shape, f.maker = shapeSLSA1, f.nameOrNone(b.BuilderID)
	f.artifacts(roleOutput, 0, b.Outputs)
	f.artifacts(roleByproduct, 0, b.Byproducts)
	for i := range b.Inputs {
		f.artifactAt(roleInput, useOf(b.Inputs[i].Role), i, &b.Inputs[i])
	}
	f.artifacts(roleInput, useOfBuilder, b.Platform)
}

func (f *fact) artifacts(ro role, use uint8, list []slsa1.Artifact) {
	for i := range list {
		f.artifactAt(ro, use, i, &list[i])
	}
}

func (f *fact) artifactAt(ro role, use uint8, index int, a *slsa1.Artifact) {
	start := len(f.digests)
	for _, d := range a.Digests {
		f.digests = append(f.digests, f.digestKey(d))
	}
	f.mentions = append(f.mentions, factMention{
		role: ro, use: use, index: uint32(index), digests: f.digests[start:len(f.digests):len(f.digests)],
		place: f.nameOrNone(a.URI), label: f.nameOrNone(a.Name),
	})
}

// notListed is the index of the config source of v0.2, which is an input beside the
// materials.
const notListed = math.MaxUint32

// configSource marks the input that is no material, if there is one.
func (f *fact) configSource(s *attest.Statement) error {
	raw := s.Predicate()
	parts, err := strictjson.Fields(raw, strictLimits(raw), "materials")
	if err != nil {
		return unreadable(err)
	}
	var materials []strictjson.Part
	if parts[0] != nil {
		if materials, err = strictjson.Elements(parts[0], strictLimits(raw)); err != nil {
			return unreadable(err)
		}
	}
	for i := range f.mentions {
		if m := &f.mentions[i]; m.role == roleInput && m.use != useOfBuilder && int(m.index) >= len(materials) {
			m.index = notListed
		}
	}
	return nil
}

func (f *fact) summary(s *attest.Statement) error {
	v, err := predicate.Decode[predicate.VSA](s, predicate.Reading{AllowUnknown: true})
	if err != nil {
		return unreadable(err)
	}
	f.shape, f.verdict = shapeSummary, verdictBad
	if v.VerificationResult == predicate.ResultPassed {
		f.verdict = verdictGood
	}
	f.maker, f.resource = f.nameOrNone(v.Verifier.ID), f.nameOrNone(v.ResourceURI)
	f.mention(roleAbout, 0, s.Subjects()...)
	f.mention(rolePolicy, 0, v.Policy)
	f.mention(roleEvidence, 0, v.InputAttestations...)
	return nil
}

// A comparison as package reproducible writes it, as far as the graph goes.
type comparison struct {
	Verdict string `json:"verdict"`
	Outputs []struct {
		Path string `json:"path"`
		B    *struct {
			SHA256 digest.Digest `json:"sha256"`
		} `json:"b"`
	} `json:"outputs"`
}

func (f *fact) comparison(s *attest.Statement) error {
	var c comparison
	if err := s.DecodePredicate(&c, true); err != nil {
		return unreadable(err)
	}
	f.shape = shapeComparison
	switch c.Verdict {
	case "identical":
		f.verdict = verdictGood
	case "different":
		f.verdict = verdictBad
	default:
		return unreadable(attest.Refuse(CodeStatement, "/predicate/verdict", "identical or different", excerpt.Quote(c.Verdict)))
	}
	f.mention(roleAbout, 0, s.Subjects()...)
	for i, o := range c.Outputs {
		if o.B != nil {
			if err := o.B.SHA256.Validate(); err != nil {
				return unreadable(err)
			}
			f.mentionAt(roleCompared, 0, i, attest.Descriptor{Name: o.Path, Digest: o.B.SHA256.Set()})
		}
	}
	return nil
}

func unreadable(err error) error {
	return attest.Refuse(CodeStatement, "/predicate", "what its predicate type says", "").Because(err)
}

func (f *fact) mention(ro role, use uint8, list ...attest.Descriptor) {
	for i, d := range list {
		f.mentionAt(ro, use, i, d)
	}
}

func (f *fact) mentionAt(ro role, use uint8, index int, d attest.Descriptor) {
	m := factMention{role: ro, use: use, index: uint32(index), place: f.nameOrNone(d.URI), label: f.nameOrNone(d.Name)}
	start := len(f.digests)
	if len(d.Digest) == 1 {
		for algorithm, value := range d.Digest {
			f.digests = append(f.digests, f.digestKey(digest.Digest{Algorithm: algorithm, Hex: value}))
		}
	} else {
		for _, algorithm := range d.Digest.Algorithms() {
			f.digests = append(f.digests, f.digestKey(digest.Digest{Algorithm: algorithm, Hex: d.Digest[algorithm]}))
		}
	}
	m.digests = f.digests[start:len(f.digests):len(f.digests)]
	f.mentions = append(f.mentions, m)
}

// check holds every key to its limit.
func (f *fact) check() error {
	long := func(keys ...string) error {
		for _, key := range keys {
			if len(key) > maxName {
				return attest.Refuse(CodeLimit, "statement", "names of at most "+strconv.Itoa(maxName)+" bytes", strconv.Itoa(len(key)))
			}
		}
		return nil
	}
	if err := long(f.typ, f.maker, f.resource); err != nil {
		return err
	}
	for _, m := range f.mentions {
		if err := long(m.place, m.label); err != nil {
			return err
		}
		if err := long(m.digests...); err != nil {
			return err
		}
	}
	return nil
}

// strictLimits are those of statements and envelopes that nobody verified.
func strictLimits(b []byte) strictjson.Options {
	return strictjson.Options{Bytes: max(1, len(b)), AllowUnknown: true}
}
