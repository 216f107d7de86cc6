package compat

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// SignatureType is the predicate type of cosign's signature of an image, where it is an
// in-toto statement in a Sigstore bundle.
const SignatureType = "https://sigstore.dev/cosign/sign/v1"

// Options tell what the caller's verifiers stand for.
type Options struct {
	// Fulcio and Rekor are URLs of the certificate authorities and of the logs that
	// the accepted authorities of the engine demand. A clause that names another one
	// is refused.
	Fulcio, Rekor []string
}

// An ImagePolicy is a loaded ClusterImagePolicy.
type ImagePolicy struct {
	Name string
	// Root demands one of the policy's authorities.
	Root  policy.Node
	globs []*regexp.Regexp
}

// Applies reports whether the policy is about an image, which is named in full:
// "registry.example.com/team/app", without tag and digest. Policies that do not apply
// demand nothing; an image to which none applies is for the caller to refuse.
func (p *ImagePolicy) Applies(repository string) bool {
	return slices.ContainsFunc(p.globs, func(glob *regexp.Regexp) bool { return glob.MatchString(repository) })
}

// ClusterImagePolicy loads a policy of policy-controller, API version
// policy.sigstore.dev/v1beta1, in YAML or JSON. Supported are authorities by a key that
// stands in the policy and keyless ones by exact or anchored identities, with or
// without attestations; without, a signature (SignatureType) is demanded. The error
// joins all clauses that are not supported.
func ClusterImagePolicy(document []byte, o Options) (*ImagePolicy, error) {
	var errs []error
	root, err := parse(document, &errs)
	if err != nil {
		return nil, err
	}
	p := &ImagePolicy{}
	var authorities []policy.Node
	var version, kind string
	root.fields(map[string]func(clause){
		"apiVersion": func(c clause) { version = c.text(); c.is("policy.sigstore.dev/v1beta1") },
		"kind":       func(c clause) { kind = c.text(); c.is("ClusterImagePolicy") },
		"metadata": func(c clause) {
			c.fields(map[string]func(clause){"name": into(&p.Name), "labels": passOver, "annotations": passOver})
		},
		"spec": func(c clause) {
			c.fields(map[string]func(clause){
				"images": func(c clause) { p.images(c) },
				"authorities": func(c clause) {
					for i, a := range c.list() {
						authorities = append(authorities, a.authority("cip.authority-"+strconv.Itoa(i), o))
					}
				},
				"mode": func(c clause) { c.is("enforce") },
			})
		},
	})
	if version == "" || kind == "" || p.Name == "" || len(p.globs) == 0 || len(authorities) == 0 {
		errs = append(errs, attest.Refuse(CodeFormat, "", "apiVersion, kind, metadata/name, spec/images and spec/authorities", "a part of them"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	p.Root = policy.AnyOf(authorities...)
	return p, nil
}

// images reads globs, in which "*" stands for a part of a path and "**" for any.
func (p *ImagePolicy) images(c clause) {
	for _, image := range c.list() {
		image.fields(map[string]func(clause){"glob": func(c clause) {
			glob := c.text()
			host, _, path := strings.Cut(glob, "/")
			whole := strings.HasPrefix(glob, "**") || path && strings.ContainsAny(host, ".:")
			if !whole || strings.ContainsAny(glob, "@?[]{}\\") {
				c.refuse(`a pattern for names in full, "registry.example.com/team/*"`, excerpt.Quote(glob))
				return
			}
			quoted := strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`).Replace(regexp.QuoteMeta(glob))
			p.globs = append(p.globs, regexp.MustCompile(`^(?s:`+quoted+`)$`))
		}})
	}
}

// authority reads one authority: who signs, and what.
func (c clause) authority(id string, o Options) policy.Node {
	var name string
	var signers []signer
	ways := 0
	var attestations []signed
	served := func(urls []string) func(clause) {
		return func(c clause) {
			if url := c.text(); !slices.Contains(urls, strings.TrimSuffix(url, "/")) {
				c.refuse("a service that the caller's verifiers stand for", excerpt.Quote(url))
			}
		}
	}
	c.fields(map[string]func(clause){
		"name": into(&name),
		"key": func(c clause) {
			ways++
			var data string
			c.fields(map[string]func(clause){
				"data":          into(&data),
				"hashAlgorithm": func(c clause) { c.is("sha256") },
			})
			if data != "" {
				signers = append(signers, keySigner(c.child(c.node, "data"), []byte(data)))
			} else {
				c.refuse("the key itself, as data", "none")
			}
		},
		"keyless": func(c clause) {
			ways++
			c.fields(map[string]func(clause){
				"url": served(o.Fulcio),
				"identities": func(c clause) {
					for _, identity := range c.list() {
						signers = append(signers, identity.identity())
					}
				},
			})
			if len(signers) == 0 {
				c.refuse("identities", "none")
			}
		},
		"ctlog": func(c clause) { c.fields(map[string]func(clause){"url": served(o.Rekor)}) },
		"attestations": func(c clause) {
			for i, a := range c.list() {
				attestations = append(attestations, a.attestation(id+".attestation-"+strconv.Itoa(i)))
			}
			if len(attestations) == 0 {
				c.refuse("at least one attestation", "none")
			}
		},
	})
	if ways != 1 {
		c.refuse("either key or keyless", strconv.Itoa(ways)+" of them")
	}
	if len(attestations) == 0 {
		attestations = []signed{{id: id, title: "signature by " + excerpt.Quote(name), predicateType: SignatureType}}
	}
	var rules []policy.Rule
	for _, a := range attestations {
		a.signers = signers
		rules = append(rules, a)
	}
	return policy.Rules(rules...)
}

// identity reads an issuer and a subject.
func (c clause) identity() signer {
	var s signer
	set := func(to *matcher, read func(clause) matcher) func(clause) {
		return func(c clause) {
			if !to.zero() {
				c.refuse("one issuer and one subject", "two")
			}
			*to = read(c)
		}
	}
	exact := func(c clause) matcher { return matcher{exact: c.text()} }
	c.fields(map[string]func(clause){
		"issuer": set(&s.issuer, exact), "issuerRegExp": set(&s.issuer, expression),
		"subject": set(&s.subject, exact), "subjectRegExp": set(&s.subject, expression),
	})
	if s.issuer.zero() || s.subject.zero() {
		c.refuse("an issuer and a subject", "a part of them")
	}
	return s
}

// attestation reads a predicate type.
func (c clause) attestation(id string) signed {
	s := signed{id: id}
	var name string
	c.fields(map[string]func(clause){
		"name": into(&name),
		"predicateType": func(c clause) {
			short := map[string]string{
				"slsaprovenance1": "https://slsa.dev/provenance/v1", "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
				"slsaprovenance": "https://slsa.dev/provenance/v0.2", "spdx": "https://spdx.dev/Document", "spdxjson": "https://spdx.dev/Document",
				"cyclonedx": "https://cyclonedx.org/bom", "openvex": "https://openvex.dev/ns/v0.2.0",
			}
			s.predicateType = c.text()
			if uri, ok := short[s.predicateType]; ok {
				s.predicateType = uri
			}
			if attest.CheckTypeURI(s.predicateType) != nil {
				c.refuse("a predicate type that is a URI, or whose short name is known", excerpt.Quote(s.predicateType))
			}
		},
	})
	if s.predicateType == "" {
		c.refuse("a predicateType", "none")
	}
	s.title = "attestation " + excerpt.Quote(name)
	return s
}
