package doc

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/strictjson"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/verify"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/scan"
)

// A Catalogue holds the rules that documents may name, each with the function that
// makes it from its parameters. The function must refuse parameters that it does
// not know; Decode does.
type Catalogue map[string]func(with json.RawMessage) (policy.Rule, error)

// Decode reads parameters strictly into v, a pointer to a struct.
func Decode(with json.RawMessage, v any) error {
	return strictjson.Unmarshal(with, v, strictjson.Options{Bytes: maxBytes})
}

// Builtin returns the rules of package rules by their usual names: those whose
// parameters are the types of this package that are named after them, and those of
// rules.Catalogue.
func Builtin() Catalogue {
	all := Catalogue{
		"builder":         entry[Builder],
		"parameters":      entry[Parameters],
		"reproduced":      entry[Reproduced],
		"signer":          entry[Signer],
		"source":          entry[Source],
		"vulnerabilities": entry[Vulnerabilities],
	}
	maps.Copy(all, rules.Catalogue())
	return all
}

// entry makes a rule of parameters of type P.
func entry[P interface{ rule() policy.Rule }](with json.RawMessage) (policy.Rule, error) {
	var p P
	if err := Decode(with, &p); err != nil {
		return nil, err
	}
	return p.rule(), nil
}

// Trusted says whose evidence a rule believes, as rules.Trust.
type Trusted struct {
	Signers   []string `json:"signers"`
	Threshold int      `json:"threshold,omitempty"`
	MaxAge    Duration `json:"maxAge,omitempty"`
}

func (t Trusted) trust() rules.Trust {
	return rules.Trust{Signers: t.Signers, Threshold: t.Threshold, MaxAge: time.Duration(t.MaxAge)}
}

// Builder are the parameters of rules.Builder.
type Builder struct {
	Builders map[string][]string `json:"builders"`
	MaxAge   Duration            `json:"maxAge,omitempty"`
}

func (p Builder) rule() policy.Rule {
	return rules.Builder{Builders: p.Builders, MaxAge: time.Duration(p.MaxAge)}
}

// Parameters are the parameters of rules.Parameters.
type Parameters struct {
	Trust     Trusted                    `json:"trust"`
	BuildType string                     `json:"buildType"`
	Equal     map[string]json.RawMessage `json:"equal,omitempty"`
	Ignore    []string                   `json:"ignore,omitempty"`
}

func (p Parameters) rule() policy.Rule {
	return rules.Parameters{Trust: p.Trust.trust(), BuildType: p.BuildType, Parameters: verify.Parameters{Equal: p.Equal, Ignore: p.Ignore}}
}

// Reproduced are the parameters of rules.Reproduced.
type Reproduced struct {
	Trust   Trusted                 `json:"trust"`
	Builds  int                     `json:"builds"`
	Require reproducible.Guarantees `json:"require,omitempty"`
}

func (p Reproduced) rule() policy.Rule {
	return rules.Reproduced{Trust: p.Trust.trust(), Builds: p.Builds, Require: p.Require}
}

// Signer are the parameters of rules.Signer.
type Signer struct {
	Trust          Trusted  `json:"trust"`
	PredicateTypes []string `json:"predicateTypes"`
}

func (p Signer) rule() policy.Rule {
	return rules.Signer{Trust: p.Trust.trust(), PredicateTypes: p.PredicateTypes}
}

// Source are the parameters of rules.Source.
type Source struct {
	Trust   Trusted          `json:"trust"`
	Sources []ExpectedSource `json:"sources"`
}

// An ExpectedSource is as verify.Source.
type ExpectedSource struct {
	URI       string     `json:"uri"`
	Digest    digest.Set `json:"digest,omitempty"`
	AllowSHA1 bool       `json:"allowSHA1,omitempty"`
}

func (p Source) rule() policy.Rule {
	r := rules.Source{Trust: p.Trust.trust()}
	for _, s := range p.Sources {
		r.Sources = append(r.Sources, verify.Source(s))
	}
	return r
}

// Vulnerabilities are the parameters of rules.NoVulnerabilities.
type Vulnerabilities struct {
	Trust          Trusted       `json:"trust"`
	At             scan.Severity `json:"at"`
	MaxDatabaseAge Duration      `json:"maxDatabaseAge"`
}

func (p Vulnerabilities) rule() policy.Rule {
	return rules.NoVulnerabilities{Trust: p.Trust.trust(), At: p.At, MaxDatabaseAge: time.Duration(p.MaxDatabaseAge)}
}
