package verify

import (
	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
)

// Check tells in what the sources of b differ from s; no reason means in nothing.
// The sources of b are its inputs with that role, or, in a document that gives no
// input that role, those inputs without a role that lie in an expected repository.
// Each must be an expected source, and each expected source one of them. Faults of s
// itself are reasons too.
func (s Sources) Check(b *provenance.Build) []attest.Reason {
	if err := s.Validate(); err != nil {
		return attest.Reasons(err)
	}
	p := s.prepare()
	return p.check(b, p.places(b.Inputs))
}

// match reports, by a nil error, that the input's digests suffice and are those
// expected.
func (s Source) match(got digest.Set) error {
	want := s.Digest
	if len(want) == 0 {
		want = got
	}
	if alike(got, want) {
		return nil
	}
	err := got.Match(want)
	if err == nil || !s.AllowSHA1 {
		return err
	}
	if bad := got.Validate(); bad != nil {
		return bad
	}
	shared := false
	for _, alg := range want.Algorithms() {
		value, ok := got[alg]
		if !ok {
			continue
		}
		if value != want[alg] {
			return err
		}
		shared = shared || alg == digest.GitCommit || alg == digest.GitTree
	}
	if !shared {
		return err
	}
	return nil
}
