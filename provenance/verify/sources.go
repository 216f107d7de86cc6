package verify

import (
	"strconv"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
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
	var reasons []attest.Reason
	told := false
	for _, in := range b.Inputs {
		told = told || in.Role == provenance.RoleSource
	}
	found := make([]bool, len(s))
	for i, in := range b.Inputs {
		if in.Role != provenance.RoleSource && (told || in.Role != provenance.RoleOther) {
			continue
		}
		where := "/predicate/buildDefinition/resolvedDependencies/" + strconv.Itoa(i)
		at, err := provenance.ParseSource(in.Descriptor.URI)
		j := -1
		if err == nil {
			j = s.index(at.Repository)
		}
		if j < 0 {
			if told {
				reasons = append(reasons, attest.Reason{Code: CodeSourceExtra, Where: where + "/uri", Want: "an expected source", Got: excerpt.Quote(in.Descriptor.URI)})
			}
			continue
		}
		found[j] = true
		reasons = append(reasons, s[j].check(where, at, in.Descriptor.Digest)...)
	}
	for j, ok := range found {
		if !ok {
			reasons = append(reasons, attest.Reason{Code: CodeSourceMissing, Where: "/predicate/buildDefinition/resolvedDependencies", Want: s[j].URI, Got: "no such source"})
		}
	}
	return reasons
}

func (s Sources) index(repository string) int {
	for j, source := range s {
		if at, err := provenance.ParseSource(source.URI); err == nil && at.Repository == repository {
			return j
		}
	}
	return -1
}

func (s Source) check(where string, at provenance.Source, digests digest.Set) []attest.Reason {
	var reasons []attest.Reason
	want, err := provenance.ParseSource(s.URI)
	if err != nil || want.Ref != "" && want.Ref != at.Ref {
		reasons = append(reasons, attest.Reason{Code: CodeSourceRef, Where: where + "/uri", Want: excerpt.Quote(want.Ref), Got: excerpt.Quote(at.Ref)})
	}
	if err := s.match(digests); err != nil {
		text := "a collision-resistant digest"
		if len(s.Digest) > 0 {
			text = s.Digest.String()
		}
		reasons = append(reasons, attest.Reason{Code: CodeSourceDigest, Where: where + "/digest", Want: text, Got: excerpt.Quote(digests.String())})
	}
	return reasons
}

// match reports, by a nil error, that the input's digests suffice and are those
// expected.
func (s Source) match(got digest.Set) error {
	want := s.Digest
	if len(want) == 0 {
		want = got
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
