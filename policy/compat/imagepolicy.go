package compat

import (
	"errors"
	"regexp"
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy"
)

// SignatureType is the predicate type of cosign's signature of an image, where it is an
// in-toto statement in a Sigstore bundle.
const SignatureType = "https://sigstore.dev/cosign/sign/v1"

// Options tell what the caller's verifiers stand for, and hold what a policy only refers
// to. With the zero Options such clauses are refused.
type Options struct {
	// Fulcio and Rekor are URLs of the certificate authorities and of the logs that
	// the accepted authorities of the engine demand. A clause that names another one
	// is refused.
	Fulcio, Rekor []string
	// TrustRoots are names of TrustRoot resources that the accepted authorities demand
	// likewise: their certificate authorities, logs and timestamp authorities.
	TrustRoots []string
	// Keys are public keys in PEM by where a policy says that they are: the URI of a
	// key management service, or "k8s://namespace/name" for a secret, whose namespace
	// is cosign-system if the policy does not tell.
	Keys map[string]string
	// Anchored reads regular expressions of identities, which policy-controller looks
	// for anywhere in a text, as if they stood between ^ and $: what is loaded then
	// accepts less than there. Otherwise an expression must say where it is open.
	Anchored bool
	// Rego judges attestations by the modules in a policy. It gets the statement.
	Rego RegoCompiler
}

// An ImagePolicy is a loaded ClusterImagePolicy.
type ImagePolicy struct {
	Name string
	// Root demands one of the policy's authorities.
	Root policy.Node
	// Warn tells that policy-controller would admit what Root refuses, with a warning.
	// A caller who does not look at it refuses more.
	Warn bool
	// Match are the resources that the policy is about, if there are any. A caller who
	// does not look at them demands the policy of more.
	Match []Resource
	globs []*regexp.Regexp
}

// A Resource is a kind of Kubernetes resource, of which those with the labels are meant.
type Resource struct {
	Group, Version, Resource string
	Labels                   map[string]string
}

// ClusterImagePolicy loads a policy of policy-controller, API version
// policy.sigstore.dev/v1beta1 or v1alpha1, in YAML or JSON. Supported are authorities by
// a key and keyless ones by exact or anchored identities, with or without attestations;
// without, a signature (SignatureType) is demanded. Where signatures are fetched from
// (source) is the caller's to know. Refused are what Options do not cover, CUE, policies
// over all authorities, certificate authorities by their certificates, digests other
// than SHA-256, and authorities that always pass, as a decision rests on evidence. The
// error joins all clauses that are not supported.
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
		"apiVersion": func(c clause) {
			version = c.text()
			c.is("policy.sigstore.dev/v1beta1", "policy.sigstore.dev/v1alpha1")
		},
		"kind": func(c clause) { kind = c.text(); c.is("ClusterImagePolicy") },
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
				"match": func(c clause) {
					for _, m := range c.list() {
						p.Match = append(p.Match, m.resource())
					}
				},
				"mode": func(c clause) { c.is("enforce", "warn"); p.Warn = c.node.Value == "warn" },
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

// resource reads what a policy is about.
func (c clause) resource() Resource {
	var r Resource
	c.fields(map[string]func(clause){
		"group": into(&r.Group), "version": into(&r.Version),
		"resource": func(c clause) {
			c.is("pods", "deployments", "replicasets", "daemonsets", "statefulsets", "jobs", "cronjobs")
			r.Resource = c.node.Value
		},
		"selector": func(c clause) {
			c.fields(map[string]func(clause){"matchLabels": func(c clause) {
				names, values := c.members()
				r.Labels = map[string]string{}
				for _, name := range names {
					r.Labels[name] = values[name].text()
				}
			}})
		},
	})
	if r.Resource == "" {
		c.refuse("a resource", "none")
	}
	return r
}
