package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/policytest"
	"github.com/sealwright/sealwright/policy/rules"
	"github.com/sealwright/sealwright/provenance/predicate"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

// What every side demands of a bill: each component has a package URL below
// example.com, a digest and an allowed licence.
const (
	billModule = `package policy

deny contains "no components" if count(input.components) < 1
deny contains c.name if {
	some c in input.components
	not good(c)
}
good(c) if {
	startswith(c.purl, "pkg:golang/example.com/")
	some h in c.hashes
	h.alg == "SHA-256"
	count(h.content) == 64
	some l in c.licenses
	l.license.id in {"MIT", "Apache-2.0"}
}
`
	billExpression = `size(s.components) > 0 && s.components.all(c, c.purl.startsWith("pkg:golang/example.com/") && ` +
		`c.hashes.exists(h, h.alg == "SHA-256" && size(h.content) == 64) && c.licenses.exists(l, l.license.id in ["MIT", "Apache-2.0"]))`
)

// largeBill is a CycloneDX bill of n components, 5 MB for 17 000.
func largeBill(n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"bom-ref":"app","name":"app","hashes":[{"alg":"SHA-256","content":"%s"}]}},"components":[`,
		provenancetest.Artifact()["sha256"])
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"library","bom-ref":"m%d","name":"module-%d","version":"v1.%d.0","purl":"pkg:golang/example.com/group/module-%d@v1.%d.0",`+
			`"hashes":[{"alg":"SHA-256","content":"%064x"}],"licenses":[{"license":{"id":"Apache-2.0"}}]}`, i, i, i, i, i, i)
	}
	b.WriteString(`],"compositions":[{"aggregate":"complete","assemblies":["app"]}]}`)
	return []byte(b.String())
}

// bills measures rules on a bill of 5 MB: ours on the verified statement, which they
// read as a stream, and the others on its predicate, which they decode first.
func bills(_ string, t *goals.Table) error {
	raw := largeBill(17_000)
	bad := []byte(strings.Replace(string(raw), "module-16999@", "../evil@", 1))
	bad = []byte(strings.Replace(string(bad), "pkg:golang/example.com/group/../evil@", "pkg:npm/evil@", 1))
	trust := rules.Trust{Signers: []string{"platform"}}
	bound := rules.SBOM{Trust: trust, MinComponents: 1, Complete: true, Identified: true, Hashed: true}
	dependencies := rules.Dependencies{Trust: trust, Allow: []string{"pkg:golang/example.com/"}, Deny: []string{"pkg:golang/example.com/evil"}}
	licences := rules.Licences{Trust: trust, Allow: []string{"MIT", "Apache-2.0"}}
	opa, _, err := byOPA(billModule)
	if err != nil {
		return err
	}
	expression, err := byCEL(true, billExpression)
	if err != nil {
		return err
	}
	all := []side{}
	for _, r := range [][]policy.Rule{{bound}, {dependencies}, {licences}, {bound, dependencies, licences}} {
		e, err := engine(r...)
		if err != nil {
			return err
		}
		good, err := billRequest(raw)
		if err != nil {
			return err
		}
		all = append(all, side{"", func() error { return allowed(e.Evaluate(context.Background(), good)) }})
		if len(r) < 3 {
			continue
		}
		wrong, err := billRequest(bad)
		if err != nil {
			return err
		}
		if allowed(e.Evaluate(context.Background(), wrong)) == nil {
			return errPassed
		}
	}
	if decodedBy(opa, true)(bad) == nil || decodedBy(expression, false)(bad) == nil {
		return errPassed
	}
	all = append(all,
		side{"cel-go", func() error { return decodedBy(expression, false)(raw) }},
		side{"OPA", func() error { return decodedBy(opa, true)(raw) }},
		side{"map", func() error { _, err := decode(raw, false); return err }},
	)
	c, err := costs(all...)
	if err != nil {
		return err
	}
	size := fmt.Sprintf("SBOM of %.1f MB: ", float64(len(raw))/1e6)
	for i, name := range []string{"bound, complete, identified, hashed", "dependencies", "licences"} {
		t.AtMost(size+name, milli(c[i]), 25, " ms")
		t.AtMost("the same, allocated", c[i].bytes/(1<<20), 1, " MiB")
	}
	t.Note(size+"all three rules", heavy(c[3]))
	t.Note(size+"cel-go with limits, from JSON", heavy(c[4])+times(c[4], c[3]))
	t.Note(size+"OPA EvalInput, from JSON", heavy(c[5]))
	t.AtLeast("the same / our three rules", ratio(c[5], c[3]), 9, "x")
	t.AtLeast("the same, allocated", c[5].bytes/c[3].bytes, 90, "x")
	t.Note("of these, encoding/json into a map alone", heavy(c[6])+times(c[6], c[3]))
	return nil
}

func billRequest(bill []byte) (policy.Request, error) {
	subject := attest.Descriptor{Digest: provenancetest.Artifact()}
	s, err := attest.NewStatement(predicate.CycloneDXType, json.RawMessage(bill), subject)
	if err != nil {
		return policy.Request{}, err
	}
	v, err := policytest.Synthetic{Signers: []string{"platform"}, Times: []time.Time{now.Add(-time.Minute)}}.Seal(s)
	return policy.Request{Subject: subject, Phase: policy.PhaseDeploy, Now: now, Evidence: []*attest.Verified{v}}, err
}

func milli(c cost) float64 { return micro(c) / 1000 }

func heavy(c cost) string {
	return fmt.Sprintf("%s ms, %s MiB", goals.Figure(milli(c)), goals.Figure(c.bytes/(1<<20)))
}
