package attest_test

import (
	"bytes"
	"testing"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwright/sealwright/attest"
)

// FuzzParseStatement holds ParseStatement against the in-toto library: where
// both accept, they read the same subjects and the same predicate type. The
// library may refuse what we accept where protobuf cannot hold it, such as
// numbers beyond float64 in a predicate.
func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(good))
	f.Add(bigStatement(2))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"uri":"u","content":"QQ==","digest":{"sha1":"` + hexA[:40] + `","x":"y"}}],"predicateType":"a:b","predicate":{},"x":1}`))
	library := protojson.UnmarshalOptions{DiscardUnknown: true}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		s, err := attest.ParseStatement(data, attest.Limits{})
		if !bytes.Equal(before, data) {
			t.Fatal("ParseStatement changed its input")
		}
		if err != nil {
			if s != nil || len(attest.Reasons(err)) == 0 {
				t.Fatalf("a refusal with a statement or without a reason: %v", err)
			}
			return
		}
		if !bytes.Equal(s.Bytes(), data) {
			t.Fatal("the statement holds other bytes")
		}
		again, err := attest.NewStatement(s.PredicateType(), s.Predicate(), s.Subjects()...)
		if err == nil && again.PredicateType() != s.PredicateType() {
			t.Fatal("writing the statement anew changed it")
		}
		var other intoto.Statement
		if library.Unmarshal(data, &other) == nil {
			agree(t, s, &other)
		}
	})
}

func agree(t *testing.T, s *attest.Statement, other *intoto.Statement) {
	if other.GetType() != attest.StatementType || other.GetPredicateType() != s.PredicateType() {
		t.Fatalf("the library reads type %q, predicate type %q", other.GetType(), other.GetPredicateType())
	}
	subjects := s.Subjects()
	if len(other.GetSubject()) != len(subjects) {
		t.Fatalf("the library reads %d subjects, we %d", len(other.GetSubject()), len(subjects))
	}
	for i, o := range other.GetSubject() {
		if o.GetName() != subjects[i].Name || o.GetUri() != subjects[i].URI || len(o.GetDigest()) != len(subjects[i].Digest) {
			t.Fatalf("the library reads subject %v, we %v", o, subjects[i])
		}
		for algorithm, value := range subjects[i].Digest {
			if o.GetDigest()[string(algorithm)] != value {
				t.Fatalf("the library reads digests %v, we %v", o.GetDigest(), subjects[i].Digest)
			}
		}
	}
}

func TestTheInTotoLibraryReadsOurStatements(t *testing.T) {
	s, err := attest.NewStatement("https://example.com/p", map[string]any{"list": []int{1, 2}}, goodStatement(t).Subjects()...)
	if err != nil {
		t.Fatal(err)
	}
	var other intoto.Statement
	if err := protojson.Unmarshal(s.Bytes(), &other); err != nil {
		t.Fatal(err)
	}
	if err := other.Validate(); err != nil {
		t.Fatal(err)
	}
	agree(t, s, &other)
}
