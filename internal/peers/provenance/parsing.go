package main

import (
	"fmt"

	v1 "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/peers/goals"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// parsing measures what it takes to turn the bytes of a provenance statement into a
// build, against in-toto's own Go types, which protojson fills.
func parsing(_ string, t *goals.Table) error {
	raw := gitHub()
	ours := func() error {
		_, err := slsa.Parse(raw, attest.Limits{})
		return err
	}
	theirs := func() error { return byProtojson(raw) }
	a, b, err := medians(ours, theirs)
	if err != nil {
		return err
	}
	n, err := allocations(ours)
	if err != nil {
		return err
	}
	t.Note(fmt.Sprintf("parse %d bytes of SLSA v1", len(raw)), fmt.Sprintf("%v, %.0f allocations", a, n))
	t.Note("the same by protojson", b.String())
	t.AtLeast("parse, protojson / ours", float64(b)/float64(a), 10, "x")
	return acceptance(raw, t)
}

// acceptance counts, among all mutations of a statement, those on which the two differ.
func acceptance(raw []byte, t *goals.Table) error {
	doc, err := provenancetest.ParseDocument(raw)
	if err != nil {
		return err
	}
	all, laxer, stricter := 0, 0, 0
	for m := range doc.Mutations(provenancetest.AllOps()...) {
		all++
		b, ours := slsa.Parse(m.Document, attest.Limits{})
		theirs := byProtojson(m.Document)
		if ours == nil && theirs != nil && string(b.External) != "{}" { // a build without parameters is one
			laxer++
		}
		if ours != nil && theirs == nil {
			stricter++
		}
	}
	t.Note("mutations of it that only protojson accepts", fmt.Sprintf("%d of %d", stricter, all))
	t.AtMost("mutations of it that only we accept, but for empty parameters", float64(laxer), 0, "")
	return nil
}

// byProtojson reads a statement, and its predicate as provenance v1, as in-toto's Go
// library does, and validates both.
func byProtojson(raw []byte) error {
	var s intoto.Statement
	// Fields that nobody knows are to be ignored (in-toto, parsing rules).
	loose := protojson.UnmarshalOptions{DiscardUnknown: true}
	if err := loose.Unmarshal(raw, &s); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return err
	}
	predicate, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		return err
	}
	var p v1.Provenance
	if err := loose.Unmarshal(predicate, &p); err != nil {
		return err
	}
	return p.Validate()
}
