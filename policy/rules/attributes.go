package rules

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/tee"
)

// A Hardening demands attributes of the artifact (in-toto SCAI v0.3), such as the
// hardening of an executable: one report that has all of them.
type Hardening struct {
	ID string // "hardening" if empty
	Trust
	// Attributes are names, compared exactly; at least one.
	Attributes []string
	// Cited demands that each attribute cites evidence by a digest that resists
	// collisions.
	Cited bool
}

// Spec implements policy.Rule.
func (r Hardening) Spec() (policy.Spec, error) {
	if len(r.Attributes) == 0 || slices.Contains(r.Attributes, "") {
		return policy.Spec{}, refuse("Attributes", "at least one name", "none")
	}
	return among(r.spec(r.ID, "hardening", "the artifact is hardened", predicate.SCAIType)), nil
}

// Check implements policy.Rule.
func (r Hardening) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judgeAmong(facts, func(s *attest.Statement) (bool, []policy.Reason, error) {
		p, err := predicate.Decode[predicate.SCAI](s, predicate.Reading{AllowUnknown: true})
		if err != nil {
			return false, nil, err
		}
		var f faults
		for _, name := range r.Attributes {
			if !slices.ContainsFunc(p.Attributes, func(a predicate.Attribute) bool { return a.Attribute == name && r.cited(a) }) {
				f.add(CodeAttribute, "/predicate/attributes", r.wanted(name), "none such", "harden the artifact, and have it reported")
			}
		}
		return false, f.list(), nil
	})
}

func (r Hardening) cited(a predicate.Attribute) bool {
	if !r.Cited {
		return true
	}
	if a.Evidence == nil {
		return false
	}
	_, resists := a.Evidence.Digest.Strongest()
	return resists
}

func (r Hardening) wanted(name string) string {
	if r.Cited {
		return excerpt.Quote(name) + " with evidence"
	}
	return excerpt.Quote(name)
}

// An Environment demands that the artifact was built in an environment that hardware
// attested: an assertion (tee.Assertion) by who appraised the evidence that it cites.
// For a level of SLSA's Build Environment track, see Level.
type Environment struct {
	ID string // "environment" if empty
	// Trust lists appraisers.
	Trust
	// Kinds are the accepted technologies; at least one.
	Kinds []tee.Kind
	// Purpose and Audience must be those of the evidence. Purpose is required.
	Purpose, Audience string
}

// Spec implements policy.Rule.
func (r Environment) Spec() (policy.Spec, error) {
	if len(r.Kinds) == 0 {
		return policy.Spec{}, refuse("Kinds", "at least one", "none")
	}
	for _, k := range r.Kinds {
		if err := k.Validate(); err != nil {
			return policy.Spec{}, err
		}
	}
	if r.Purpose == "" {
		return policy.Spec{}, refuse("Purpose", "a purpose", "none")
	}
	return among(r.spec(r.ID, "environment", "hardware attested the build environment", tee.AssertionPredicateType)), nil
}

// Check implements policy.Rule.
func (r Environment) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judgeAmong(facts, func(s *attest.Statement) (bool, []policy.Reason, error) {
		p, err := predicate.Decode[predicate.SCAI](s, predicate.Reading{AllowUnknown: true})
		if err != nil {
			return true, nil, err
		}
		if !has(p, tee.AssertionAttribute) {
			return false, []policy.Reason{fault(CodeEnvironment, "/predicate/attributes", tee.AssertionAttribute, "other attributes", "build in an environment that hardware attests")}, nil
		}
		a, err := tee.ParseAssertion(s)
		if err != nil {
			return true, nil, err
		}
		var f faults
		const where = "/predicate/attributes/0/conditions/"
		if !slices.Contains(r.Kinds, a.Conditions.Kind) {
			f.add(CodeEnvironment, where+"kind", "an accepted technology", excerpt.Quote(string(a.Conditions.Kind)), "build in an environment of an accepted kind")
		}
		if a.Conditions.Purpose != r.Purpose {
			f.add(CodeEnvironment, where+"purpose", excerpt.Quote(r.Purpose), excerpt.Quote(a.Conditions.Purpose), "have evidence made for this purpose")
		}
		if a.Conditions.Audience != r.Audience {
			f.add(CodeEnvironment, where+"audience", excerpt.Quote(r.Audience), excerpt.Quote(a.Conditions.Audience), "have evidence made for this audience")
		}
		return true, f.list(), nil
	})
}

func has(p *predicate.SCAI, name string) bool {
	return slices.ContainsFunc(p.Attributes, func(a predicate.Attribute) bool { return a.Attribute == name })
}

// ImageConfigAttribute is the SCAI attribute whose conditions are the "config" object
// of an image configuration (OCI image-spec v1.1, config.md).
const ImageConfigAttribute = "OCI_IMAGE_CONFIG"

// An ImageConfig demands of a container image how it runs: a SCAI report with one
// ImageConfigAttribute.
type ImageConfig struct {
	ID string // "image-config" if empty
	Trust
	// NonRoot demands that User is a number above 0: a name may be anybody's.
	NonRoot bool
	// Labels must be there: with the value, or, if it is empty, with any but the
	// empty one.
	Labels map[string]string
	// MaxPorts is how many ports may be exposed; -1 for any number.
	MaxPorts int
}

// Spec implements policy.Rule.
func (r ImageConfig) Spec() (policy.Spec, error) {
	if r.MaxPorts < -1 {
		return policy.Spec{}, refuse("MaxPorts", "-1 or more", strconv.Itoa(r.MaxPorts))
	}
	if !r.NonRoot && len(r.Labels) == 0 && r.MaxPorts == -1 {
		return policy.Spec{}, refuse("NonRoot, Labels, MaxPorts", "a demand", "none")
	}
	return among(r.spec(r.ID, "image-config", "the image runs as it may", predicate.SCAIType)), nil
}

// imageConfig is what the rule reads of the object.
type imageConfig struct {
	User         string              `json:"User"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts"`
	Labels       map[string]string   `json:"Labels"`
}

// Check implements policy.Rule.
func (r ImageConfig) Check(_ context.Context, facts *policy.Facts) policy.Result {
	return judgeAmong(facts, func(s *attest.Statement) (bool, []policy.Reason, error) {
		p, err := predicate.Decode[predicate.SCAI](s, predicate.Reading{AllowUnknown: true})
		if err != nil {
			return true, nil, err
		}
		var configs []json.RawMessage
		for _, a := range p.Attributes {
			if a.Attribute == ImageConfigAttribute {
				configs = append(configs, a.Conditions)
			}
		}
		if len(configs) != 1 || configs[0] == nil {
			return len(configs) > 0, []policy.Reason{fault(CodeImageConfig, "/predicate/attributes", "one "+ImageConfigAttribute+" with conditions", strconv.Itoa(len(configs)), "have the image's configuration reported")}, nil
		}
		var c imageConfig
		if err := strictjson.Unmarshal(configs[0], &c, strictjson.Options{AllowUnknown: true}); err != nil {
			return true, nil, attest.Refuse(CodeImageConfig, "/predicate/attributes", "the config of an OCI image", "").Because(err)
		}
		return true, r.judge(c), nil
	})
}

func (r ImageConfig) judge(c imageConfig) []policy.Reason {
	var f faults
	const remedy = "change the image's configuration, and build it again"
	if r.NonRoot && !nonRoot(c.User) {
		f.add(CodeImageConfig, "/User", "a numeric user other than 0", excerpt.Quote(c.User), remedy)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		want, got := r.Labels[name], c.Labels[name]
		if got == "" || want != "" && got != want {
			f.add(CodeImageConfig, "/Labels", excerpt.Quote(name)+" = "+excerpt.Quote(want), excerpt.Quote(got), remedy)
		}
	}
	if r.MaxPorts >= 0 && len(c.ExposedPorts) > r.MaxPorts {
		f.add(CodeImageConfig, "/ExposedPorts", "at most "+strconv.Itoa(r.MaxPorts), strconv.Itoa(len(c.ExposedPorts)), remedy)
	}
	return f.list()
}

// nonRoot reads "uid" or "uid:gid".
func nonRoot(user string) bool {
	uid, _, _ := strings.Cut(user, ":")
	n, err := strconv.ParseUint(uid, 10, 32)
	return err == nil && n > 0
}
