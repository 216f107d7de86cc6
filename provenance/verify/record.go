package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/slsa"
)

// A record is one provenance statement about the artifact.
type record struct {
	evidence *attest.Verified
	id       digest.Digest // of the evidence
	signers  []signer
	build    *provenance.Build // nil if it cannot be read
	places   []place           // of the inputs
}

// A signer is one principal with what its certificate claims.
type signer struct {
	principal string
	subject   string
	claims    buildtype.Claims
}

func signersOf(e *attest.Verified) []signer {
	identities := e.Signers()
	out := make([]signer, len(identities))
	for i, id := range identities {
		out[i] = signer{id.Principal(), id.Subject, buildtype.ClaimsOf(e, id)}
	}
	return out
}

// names lists the principals, quoted.
func names(signers []signer) string {
	quoted := make([]string, len(signers))
	for i, s := range signers {
		quoted[i] = strconv.Quote(s.principal)
	}
	return strings.Join(quoted, ", ")
}

// readable tells the predicate types that are provenance.
func (c *Checker) readable(s *attest.Statement) (legacy, ok bool) {
	legacy = s.PredicateType() == slsa.PredicateTypeV01 || s.PredicateType() == slsa.PredicateTypeV02
	return legacy, s.PredicateType() == slsa.PredicateType || legacy && c.want.AllowLegacy
}

// decode reads provenance. Where v0.1 and v0.2 call a commit sha1, it is given the
// name that the algorithm has since.
func decode(s *attest.Statement, legacy bool) (*provenance.Build, error) {
	if !legacy {
		return slsa.Decode(s)
	}
	l, err := slsa.DecodeLegacy(s)
	if err != nil {
		return nil, err
	}
	for i, in := range l.Build.Inputs {
		set := in.Descriptor.Digest
		hex, told := set[digest.SHA1]
		if _, also := set[digest.GitCommit]; told && !also && strings.HasPrefix(in.Descriptor.URI, "git+") {
			delete(set, digest.SHA1)
			set[digest.GitCommit] = hex
			l.Build.Inputs[i].Descriptor.Digest = set
		}
	}
	return l.Build, nil
}

// read decides whether the evidence is for us to judge.
func (v *verdict) read(e *attest.Verified) (record, bool) {
	s, id := e.Statement(), e.Evidence()
	legacy, ok := v.readable(s)
	if !ok {
		v.note(CheckFormat, Skipped, id, attest.Reason{Code: CodeOther, Where: "/predicateType", Want: slsa.PredicateType, Got: excerpt.Quote(s.PredicateType())})
		return record{}, false
	}
	if !slices.Contains(v.roots.Authorities, e.Authority()) {
		v.note(CheckAuthority, Skipped, id, attest.Reason{Code: CodeAuthority, Want: "an accepted authority", Got: excerpt.Quote(e.Authority())})
		return record{}, false
	}
	b, err := decode(s, legacy)
	if !v.about(s, b) {
		v.note(CheckSubject, Skipped, id, attest.Reason{Code: CodeSubject, Where: "/subject", Want: v.artifact.String(), Got: "other subjects"})
		return record{}, false
	}
	v.pass(id, CheckAuthority, CheckStatement, CheckSubject)
	if err != nil {
		v.note(CheckFormat, Failed, id, attest.Reason{Code: CodeFormat, Where: "/predicate", Want: "complete SLSA provenance v1", Got: "something else"})
		for _, r := range attest.Reasons(err) {
			v.note(checkOf(r.Code), Failed, id, r)
		}
		return record{evidence: e, id: id}, true
	}
	v.pass(id, CheckStrict, CheckFormat)
	return record{e, id, signersOf(e), b, v.sources.places(b.Inputs)}, true
}

// about reports whether one subject of the statement is the artifact; b may be nil.
func (v *verdict) about(s *attest.Statement, b *provenance.Build) bool {
	if b != nil && slices.ContainsFunc(b.Outputs, func(d attest.Descriptor) bool { return alike(d.Digest, v.artifact) }) {
		return true
	}
	return attest.Want{Subjects: []digest.Set{v.artifact}}.Check(s) == nil
}

// checkOf tells under which check a reason to refuse a statement falls.
func checkOf(code attest.Code) CheckID {
	switch code {
	case slsa.CodePredicate, slsa.CodeAlias, slsa.CodeTimestamp, slsa.CodeRole, provenance.CodeJSON:
		return CheckStrict
	}
	return CheckFormat
}
