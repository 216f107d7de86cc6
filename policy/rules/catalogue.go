package rules

import (
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/scan"
	"github.com/sealwright/sealwright/tee"
)

// Catalogue returns, by their usual names, functions that make rules from parameters in
// JSON, for documents that name rules. The parameters are the fields of the rules, with
// a small first letter and the trust as "trust"; unknown ones are refused. Durations
// are written as Go does, "36h". A build-level of a build type that package buildtype
// knows has its profiles, so that a certificate is held against the statement. Signer, Builder, Source, Parameters, Reproduced and
// NoVulnerabilities are in the catalogue of package doc itself.
func Catalogue() map[string]func(with json.RawMessage) (policy.Rule, error) {
	all := map[string]func(json.RawMessage) (policy.Rule, error){}
	for name, e := range entries() {
		all[name] = e.read
	}
	return all
}

// ParameterTypes returns, by the names of Catalogue, the types that the parameters are
// read into, for those who describe documents.
func ParameterTypes() map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for name, e := range entries() {
		all[name] = e.parameters
	}
	return all
}

// An entry of the catalogue.
type entry struct {
	read       func(with json.RawMessage) (policy.Rule, error)
	parameters reflect.Type
}

func entries() map[string]entry {
	return map[string]entry{
		"base-image":   entryOf[baseImageEntry](),
		"build-level":  entryOf[buildLevelEntry](),
		"dependencies": entryOf[dependenciesEntry](),
		"environment":  entryOf[environmentEntry](),
		"hardening":    entryOf[hardeningEntry](),
		"image-config": entryOf[imageConfigEntry](),
		"level":        entryOf[levelEntry](),
		"licences":     entryOf[licencesEntry](),
		"review":       entryOf[reviewEntry](),
		"risk":         entryOf[riskEntry](),
		"sbom":         entryOf[sbomEntry](),
		"scanned":      entryOf[scannedEntry](),
		"secrets":      entryOf[secretsEntry](),
		"separation":   entryOf[separationEntry](),
		"target":       entryOf[targetEntry](),
		"tests":        entryOf[testsEntry](),
	}
}

func entryOf[P interface{ rule() policy.Rule }]() entry {
	return entry{read[P], reflect.TypeFor[P]()}
}

func read[P interface{ rule() policy.Rule }](with json.RawMessage) (policy.Rule, error) {
	var p P
	if err := strictjson.Unmarshal(with, &p, strictjson.Options{Bytes: 1 << 20}); err != nil {
		return nil, attest.Refuse(CodeConfig, "", "the rule's parameters", "").Because(err)
	}
	return p.rule(), nil
}

// duration is written as Go does.
type duration time.Duration

// UnmarshalText reads what time.ParseDuration reads, unless it is negative.
func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return errors.New("no duration such as 36h or 90s")
	}
	*d = duration(v)
	return nil
}

type trusted struct {
	Signers   []string `json:"signers"`
	Threshold int      `json:"threshold,omitempty"`
	MaxAge    duration `json:"maxAge,omitempty"`
}

func (t trusted) trust() Trust {
	return Trust{Signers: t.Signers, Threshold: t.Threshold, MaxAge: time.Duration(t.MaxAge)}
}

type baseImageEntry struct {
	Trust        trusted      `json:"trust"`
	Repositories []string     `json:"repositories"`
	Digests      []digest.Set `json:"digests,omitempty"`
	Scratch      bool         `json:"scratch,omitempty"`
}

func (p baseImageEntry) rule() policy.Rule {
	return BaseImage{Trust: p.Trust.trust(), Repositories: p.Repositories, Digests: p.Digests, Scratch: p.Scratch}
}

type sourceEntry struct {
	URI       string     `json:"uri"`
	Digest    digest.Set `json:"digest,omitempty"`
	AllowSHA1 bool       `json:"allowSHA1,omitempty"`
}

type grantEntry struct {
	Signer    string `json:"signer"`
	BuilderID string `json:"builderID"`
	Level     int    `json:"level"`
}

type buildLevelEntry struct {
	Grants    []grantEntry               `json:"grants"`
	BuilderID string                     `json:"builderID"`
	BuildType string                     `json:"buildType"`
	Level     int                        `json:"level"`
	Sources   []sourceEntry              `json:"sources"`
	Equal     map[string]json.RawMessage `json:"equal,omitempty"`
	Ignore    []string                   `json:"ignore,omitempty"`
	MaxAge    duration                   `json:"maxAge,omitempty"`
}

func (p buildLevelEntry) rule() policy.Rule {
	r := BuildLevel{Want: verify.Expectations{
		BuilderID: p.BuilderID, BuildType: p.BuildType, Level: p.Level,
		Parameters: verify.Parameters{Equal: p.Equal, Ignore: p.Ignore}, Clock: verify.Clock{MaxAge: time.Duration(p.MaxAge)},
	}}
	if _, known := buildtype.Find(buildtype.Profiles(), p.BuildType); known {
		r.Want.Profiles = buildtype.Profiles()
	}
	for _, g := range p.Grants {
		r.Grants = append(r.Grants, verify.Grant{Signer: g.Signer, BuilderID: g.BuilderID, Level: g.Level})
	}
	for _, s := range p.Sources {
		r.Want.Sources = append(r.Want.Sources, verify.Source(s))
	}
	return r
}

type dependenciesEntry struct {
	Trust trusted  `json:"trust"`
	Allow []string `json:"allow"`
	Deny  []string `json:"deny,omitempty"`
}

func (p dependenciesEntry) rule() policy.Rule {
	return Dependencies{Trust: p.Trust.trust(), Allow: p.Allow, Deny: p.Deny}
}

type environmentEntry struct {
	Trust    trusted    `json:"trust"`
	Kinds    []tee.Kind `json:"kinds"`
	Purpose  string     `json:"purpose"`
	Audience string     `json:"audience,omitempty"`
}

func (p environmentEntry) rule() policy.Rule {
	return Environment{Trust: p.Trust.trust(), Kinds: p.Kinds, Purpose: p.Purpose, Audience: p.Audience}
}

type hardeningEntry struct {
	Trust      trusted  `json:"trust"`
	Attributes []string `json:"attributes"`
	Cited      bool     `json:"cited,omitempty"`
}

func (p hardeningEntry) rule() policy.Rule {
	return Hardening{Trust: p.Trust.trust(), Attributes: p.Attributes, Cited: p.Cited}
}

type imageConfigEntry struct {
	Trust    trusted           `json:"trust"`
	NonRoot  bool              `json:"nonRoot,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	MaxPorts *int              `json:"maxPorts,omitempty"` // any number if missing
}

func (p imageConfigEntry) rule() policy.Rule {
	r := ImageConfig{Trust: p.Trust.trust(), NonRoot: p.NonRoot, Labels: p.Labels, MaxPorts: -1}
	if p.MaxPorts != nil {
		r.MaxPorts = *p.MaxPorts
	}
	return r
}

type summaryGrantEntry struct {
	Signer     string         `json:"signer"`
	VerifierID string         `json:"verifierID"`
	Levels     map[string]int `json:"levels,omitempty"`
	Properties []string       `json:"properties,omitempty"`
}

type levelEntry struct {
	Grants      []summaryGrantEntry `json:"grants"`
	ResourceURI string              `json:"resourceURI"`
	Levels      map[string]int      `json:"levels,omitempty"`
	Properties  []string            `json:"properties,omitempty"`
	Policy      attest.Descriptor   `json:"policy,omitzero"`
	SourceRef   string              `json:"sourceRef,omitempty"`
	MaxAge      duration            `json:"maxAge,omitempty"`
}

func (p levelEntry) rule() policy.Rule {
	r := Level{Want: verify.SummaryExpectations{
		ResourceURI: p.ResourceURI, Levels: p.Levels, Properties: p.Properties, Policy: p.Policy, SourceRef: p.SourceRef,
		Clock: verify.Clock{MaxAge: time.Duration(p.MaxAge)},
	}}
	for _, g := range p.Grants {
		r.Grants = append(r.Grants, verify.SummaryGrant(g))
	}
	return r
}

type licencesEntry struct {
	Trust  trusted  `json:"trust"`
	Allow  []string `json:"allow"`
	Deny   []string `json:"deny,omitempty"`
	Except []string `json:"except,omitempty"`
}

func (p licencesEntry) rule() policy.Rule {
	return Licences{Trust: p.Trust.trust(), Allow: p.Allow, Deny: p.Deny, Except: p.Except}
}

type reviewEntry struct {
	Trust    trusted  `json:"trust"`
	Property string   `json:"property,omitempty"`
	Builders []string `json:"builders,omitempty"`
}

func (p reviewEntry) rule() policy.Rule {
	return Review{Trust: p.Trust.trust(), Property: p.Property, Builders: p.Builders}
}

type riskEntry struct {
	Trust           trusted       `json:"trust"`
	At              scan.Severity `json:"at"`
	EPSS            float64       `json:"epss,omitempty"`
	KEV             bool          `json:"kev,omitempty"`
	TolerateUnfixed bool          `json:"tolerateUnfixed,omitempty"`
	MaxDatabaseAge  duration      `json:"maxDatabaseAge"`
	VEX             *trusted      `json:"vex,omitempty"`
}

func (p riskEntry) rule() policy.Rule {
	r := Risk{Trust: p.Trust.trust(), At: p.At, EPSS: p.EPSS, KEV: p.KEV, TolerateUnfixed: p.TolerateUnfixed, MaxDatabaseAge: time.Duration(p.MaxDatabaseAge)}
	if p.VEX != nil {
		r.VEX = p.VEX.trust()
	}
	return r
}

type sbomEntry struct {
	Trust         trusted `json:"trust"`
	MinComponents int     `json:"minComponents,omitempty"`
	Complete      bool    `json:"complete,omitempty"`
	Identified    bool    `json:"identified,omitempty"`
	Hashed        bool    `json:"hashed,omitempty"`
}

func (p sbomEntry) rule() policy.Rule {
	return SBOM{Trust: p.Trust.trust(), MinComponents: p.MinComponents, Complete: p.Complete, Identified: p.Identified, Hashed: p.Hashed}
}

type scannedEntry struct {
	Trust      trusted  `json:"trust"`
	Checks     []string `json:"checks"`
	MaxScanAge duration `json:"maxScanAge"`
}

func (p scannedEntry) rule() policy.Rule {
	return Scanned{Trust: p.Trust.trust(), Checks: p.Checks, MaxScanAge: time.Duration(p.MaxScanAge)}
}

type secretsEntry struct {
	Trust         trusted      `json:"trust"`
	Configuration []digest.Set `json:"configuration"`
	Required      []string     `json:"required,omitempty"`
}

func (p secretsEntry) rule() policy.Rule {
	return Secrets{Trust: p.Trust.trust(), Configuration: p.Configuration, Required: p.Required}
}

type separationEntry struct {
	Duties []dutyEntry `json:"duties"`
}

type dutyEntry struct {
	Name           string   `json:"name"`
	PredicateTypes []string `json:"predicateTypes"`
	Trust          trusted  `json:"trust"`
}

func (p separationEntry) rule() policy.Rule {
	var r Separation
	for _, d := range p.Duties {
		r.Duties = append(r.Duties, Duty{Name: d.Name, PredicateTypes: d.PredicateTypes, Trust: d.Trust.trust()})
	}
	return r
}

type targetEntry struct {
	Trust trusted `json:"trust"`
}

func (p targetEntry) rule() policy.Rule { return Target{Trust: p.Trust.trust()} }

type testsEntry struct {
	Trust         trusted      `json:"trust"`
	Configuration []digest.Set `json:"configuration"`
	Required      []string     `json:"required,omitempty"`
	AllowWarned   bool         `json:"allowWarned,omitempty"`
}

func (p testsEntry) rule() policy.Rule {
	return Tests{Trust: p.Trust.trust(), Configuration: p.Configuration, Required: p.Required, AllowWarned: p.AllowWarned}
}
