package compat

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// authority reads one authority: who signs, and what.
func (c clause) authority(id string, o Options) policy.Node {
	var name string
	var signers []signer
	ways := 0
	var attestations []signed
	c.fields(map[string]func(clause){
		"name": into(&name),
		"key":  func(c clause) { ways++; signers = append(signers, c.publicKey(o.Keys)) },
		"keyless": func(c clause) {
			ways++
			signers = c.keyless(o)
		},
		"static": func(c clause) { // nobody signs for it, so it always fails
			ways++
			c.fields(map[string]func(clause){"action": func(c clause) { c.is("fail") }, "message": passOver})
		},
		"ctlog":            func(c clause) { c.fields(o.services(o.Rekor)) },
		"rfc3161timestamp": func(c clause) { c.timestamps(o) },
		"source":           func(c clause) { c.source() },
		"attestations": func(c clause) {
			for i, a := range c.list() {
				attestations = append(attestations, a.attestation(id+".attestation-"+strconv.Itoa(i), o.Rego))
			}
			if len(attestations) == 0 {
				c.refuse("at least one attestation", "none")
			}
		},
	})
	if ways != 1 {
		c.refuse("one of key, keyless and static", strconv.Itoa(ways)+" of them")
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

// services accepts what the caller's verifiers stand for.
func (o Options) services(urls []string) map[string]func(clause) {
	return map[string]func(clause){
		"url": func(c clause) {
			if url := c.text(); !slices.Contains(urls, strings.TrimSuffix(url, "/")) {
				c.refuse("a service that the caller's verifiers stand for", excerpt.Quote(url))
			}
		},
		"trustRootRef": func(c clause) {
			if name := c.text(); !slices.Contains(o.TrustRoots, name) {
				c.refuse("a root that the caller's verifiers stand for", excerpt.Quote(name))
			}
		},
	}
}

// timestamps demands the timestamps of a root, which only the verifiers can see to.
func (c clause) timestamps(o Options) {
	read := o.services(nil)
	delete(read, "url")
	c.fields(read)
	if len(c.node.Content) == 0 {
		c.refuse("a trustRootRef", "none")
	}
}

// source reads where signatures are, which decides nothing about those that are here.
func (c clause) source() {
	for _, s := range c.list() {
		s.fields(map[string]func(clause){
			"oci": func(c clause) { c.text() }, "tagPrefix": func(c clause) { c.text() }, "signaturePullSecrets": passOver,
		})
	}
}

// publicKey reads a key, or finds the one that is referred to.
func (c clause) publicKey(keys map[string]string) signer {
	var pem string
	given := 0
	refer := func(c clause, to string) {
		given++
		if pem = keys[to]; pem == "" && to != "" {
			c.refuse("a key that the caller has", excerpt.Quote(to))
		}
	}
	c.fields(map[string]func(clause){
		"data": func(c clause) { given++; pem = c.text() },
		"kms":  func(c clause) { refer(c, c.text()) },
		"secretRef": func(c clause) {
			name, namespace := "", "cosign-system"
			c.fields(map[string]func(clause){"name": into(&name), "namespace": into(&namespace)})
			refer(c, "k8s://"+namespace+"/"+name)
		},
		"hashAlgorithm": func(c clause) { c.is("sha256") },
	})
	if given != 1 {
		c.refuse("one of data, kms and secretRef", strconv.Itoa(given)+" of them")
	}
	if given != 1 || pem == "" {
		return signer{}
	}
	return keySigner(c.child(c.node, "data"), []byte(pem))
}

// keyless reads who signs with certificates.
func (c clause) keyless(o Options) (signers []signer) {
	read := o.services(o.Fulcio)
	read["identities"] = func(c clause) {
		for _, identity := range c.list() {
			signers = append(signers, identity.identity(o.Anchored))
		}
	}
	// Verifiers that demand the log of certificates demand more than a policy that does
	// not, and what they demand is not for the policy to lift.
	read["insecureIgnoreSCT"] = passOver
	c.fields(read)
	if len(signers) == 0 {
		c.refuse("identities", "none")
	}
	return signers
}

// identity reads an issuer and a subject.
func (c clause) identity(anchored bool) signer {
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
	expression := func(c clause) matcher { return expression(c, anchored) }
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
func (c clause) attestation(id string, rego RegoCompiler) signed {
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
		"policy": func(c clause) { s.check = c.judge(rego) },
	})
	if s.predicateType == "" {
		c.refuse("a predicateType", "none")
	}
	s.title = "attestation " + excerpt.Quote(name)
	return s
}

// judge reads the policy of an attestation, which is a Rego module.
func (c clause) judge(rego RegoCompiler) func(context.Context, *attest.Statement) (policy.Result, error) {
	var kind, module string
	c.fields(map[string]func(clause){
		"type": func(c clause) { kind = c.text(); c.is("rego") },
		"data": into(&module),
	})
	if kind != "rego" || module == "" { // another type is refused already
		if kind == "rego" || kind == "" {
			c.refuse("a type, and a module as data", "a part of them")
		}
		return nil
	}
	deny := c.compile(rego, c.where, []byte(module))
	return func(ctx context.Context, s *attest.Statement) (policy.Result, error) {
		reasons, err := deny(ctx, s.Bytes())
		switch {
		case err != nil:
			return policy.Result{}, err
		case len(reasons) == 0:
			return policy.Result{Outcome: policy.Satisfied}, nil
		}
		return violated(CodeAttestation, "/predicate", "an attestation that the module does not deny", excerpt.Quote(reasons[0]), "mend what the module denies"), nil
	}
}
