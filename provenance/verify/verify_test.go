package verify_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/provenancetest"
	"github.com/sealwright/sealwright/provenance/slsa"
	"github.com/sealwright/sealwright/provenance/verify"
)

const authority = "test:verify"

func sum(text string) digest.Digest {
	s := sha256.Sum256([]byte(text))
	return digest.Digest{Algorithm: digest.SHA256, Hex: hex.EncodeToString(s[:])}
}

// seal returns the statement as if the principals had signed it.
func seal(t testing.TB, s *attest.Statement, principals ...string) *attest.Verified {
	t.Helper()
	return sealBy(t, authority, s, principals...)
}

func sealBy(t testing.TB, authority string, s *attest.Statement, principals ...string) *attest.Verified {
	t.Helper()
	facts := attest.Facts{Authority: authority, Statement: s, Evidence: sum(authority + strings.Join(principals, ",") + string(s.Bytes()))}
	for _, p := range principals {
		facts.Signers = append(facts.Signers, attest.Identity{Subject: p, Key: sum(p)})
	}
	v, err := attest.Seal(facts)
	require.NoError(t, err)
	return v
}

func provenanceOf(t testing.TB, change func(*provenance.Build)) *attest.Statement {
	t.Helper()
	b := provenancetest.Sample()
	if change != nil {
		change(b)
	}
	s, err := slsa.Encode(b)
	require.NoError(t, err)
	return s
}

func signed(t testing.TB, change func(*provenance.Build)) *attest.Verified {
	t.Helper()
	return seal(t, provenanceOf(t, change), "platform")
}

func roots() verify.Roots {
	return verify.Roots{
		Authorities: []string{authority}, Testing: true,
		Environments: []verify.Environment{{PolicyID: "runners", Level: 2}, {PolicyID: "cells", Level: 3}, {PolicyID: "boots", Level: 1}},
		Grants: []verify.Grant{
			{Signer: "platform", BuilderID: provenancetest.BuilderID, Level: 3},
			{Signer: "platform-2", BuilderID: provenancetest.BuilderID, Level: 2},
			{Signer: "elsewhere", BuilderID: "https://example.com/builders/other", Level: 3},
		},
	}
}

func expectations() verify.Expectations {
	return verify.Expectations{
		BuilderID: provenancetest.BuilderID, BuildType: provenancetest.BuildType, Level: 1,
		Sources: verify.Sources{{
			URI:    provenancetest.SourceURI + ".git@" + provenancetest.SourceRef,
			Digest: digest.Set{digest.GitCommit: provenancetest.Commit},
		}},
		Parameters: verify.Parameters{
			Equal: map[string]json.RawMessage{
				"source": json.RawMessage(`"` + provenancetest.SourceURI + "@" + provenancetest.SourceRef + `"`),
				"target": json.RawMessage(`"linux/amd64"`),
				"flags":  json.RawMessage(`["-trimpath"]`),
			},
			Ignore: []string{"serial"},
		},
	}
}

func judge(t testing.TB, artifact digest.Set, want verify.Expectations, evidence ...*attest.Verified) (verify.Verdict, error) {
	t.Helper()
	v, err := verify.Verify(context.Background(), artifact, evidence, roots(), want)
	require.Equal(t, err == nil, v.Passed(), "a verdict passes exactly when there is no error")
	return v, err
}

// refused demands a rejection with the code, told as a finding too.
func refused(t testing.TB, v verify.Verdict, err error, code attest.Code) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(verify.CodeRefused))
	require.ErrorIs(t, err, attest.Is(code))
	require.Zero(t, v.Level())
	found := false
	for _, f := range v.Findings() {
		found = found || f.Status == verify.Failed && f.Reason.Code == code
	}
	require.True(t, found)
	require.NotEmpty(t, v.MissingForNext())
}

func TestTheZeroVerdictRefuses(t *testing.T) {
	var v verify.Verdict
	require.False(t, v.Passed())
	require.Zero(t, v.Level())
	require.Nil(t, v.Findings())
	require.Nil(t, v.Artifact())
	require.Equal(t, verify.Failed, verify.Status(0))
}

func TestExpectedProvenancePasses(t *testing.T) {
	v, err := judge(t, provenancetest.Artifact(), expectations(), signed(t, nil))
	require.NoError(t, err)
	require.Equal(t, 3, v.Level())
	require.Empty(t, v.MissingForNext())
	require.True(t, v.Testing())
	require.Equal(t, provenancetest.Artifact(), v.Artifact())
	var checks []verify.CheckID
	for _, f := range v.Findings() {
		if f.Check == verify.CheckDependencies {
			require.Equal(t, verify.Skipped, f.Status, "nothing is known of the tools, which refuses nobody")
			continue
		}
		require.Equal(t, verify.Passed, f.Status)
		require.Zero(t, f.Reason)
		checks = append(checks, f.Check)
	}
	require.ElementsMatch(t, []verify.CheckID{"E1", "E2", "E3", "S1", "P1", "P2", "B1", "B2", "R1", "R2", "R3", "X1", "X2"}, checks[:13])
	require.Equal(t, []verify.CheckID{"D2", "D3"}, checks[13:])
}

func TestSubject(t *testing.T) {
	sha512 := strings.Repeat("5", 128)
	about := func(subjects ...digest.Set) *attest.Verified {
		return signed(t, func(b *provenance.Build) {
			b.Outputs = nil
			for _, s := range subjects {
				b.Outputs = append(b.Outputs, attest.Descriptor{Name: "app", Digest: s})
			}
		})
	}
	right := provenancetest.Artifact()[digest.SHA256]
	both := digest.Set{digest.SHA256: right, digest.SHA512: sha512}
	for name, c := range map[string]struct {
		artifact digest.Set
		evidence *attest.Verified
		ok       bool
	}{
		"the artifact":                         {provenancetest.Artifact(), about(provenancetest.Artifact()), true},
		"the artifact among others":            {provenancetest.Artifact(), about(digest.Set{digest.SHA256: strings.Repeat("0", 64)}, provenancetest.Artifact()), true},
		"one name, two digests, one right":     {provenancetest.Artifact(), about(provenancetest.Artifact(), digest.Set{digest.SHA256: strings.Repeat("0", 64)}), true},
		"one of two digests told":              {both, about(provenancetest.Artifact()), true},
		"another digest":                       {provenancetest.Artifact(), about(digest.Set{digest.SHA256: strings.Repeat("0", 64)}), false},
		"the same value under blake3":          {provenancetest.Artifact(), about(digest.Set{digest.BLAKE3: right}), false},
		"the same value under gitCommit":       {provenancetest.Artifact(), about(digest.Set{digest.GitCommit: right}), false},
		"the same value under an unknown name": {provenancetest.Artifact(), about(digest.Set{"gce_image_id": right}), false},
		"digests contradicted by two subjects": {both, about(digest.Set{digest.SHA256: right, digest.SHA512: strings.Repeat("6", 128)}, digest.Set{digest.SHA256: strings.Repeat("0", 64), digest.SHA512: sha512}), false},
		"equal sha1 only":                      {digest.Set{digest.SHA256: right, digest.SHA1: strings.Repeat("1", 40)}, about(digest.Set{digest.SHA1: strings.Repeat("1", 40)}), false},
		"equal md5 beside different sha256":    {digest.Set{digest.SHA256: right, digest.MD5: strings.Repeat("1", 32)}, about(digest.Set{digest.SHA256: strings.Repeat("0", 64), digest.MD5: strings.Repeat("1", 32)}), false},
		"equal sha256 beside different sha512": {both, about(digest.Set{digest.SHA256: right, digest.SHA512: strings.Repeat("6", 128)}), false},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := judge(t, c.artifact, expectations(), c.evidence)
			if c.ok {
				require.NoError(t, err)
				return
			}
			refused(t, v, err, verify.CodeNone)
		})
	}
	for name, artifact := range map[string]digest.Set{
		"no digest": nil, "an upper-case digest": {digest.SHA256: strings.ToUpper(right)}, "a short digest": {digest.SHA256: right[:63]},
		"a sha256 value under sha512": {digest.SHA512: right}, "sha1 only": {digest.SHA1: strings.Repeat("1", 40)}, "an unknown algorithm only": {"gce_image_id": "1"},
	} {
		t.Run("asked for "+name, func(t *testing.T) {
			v, err := verify.Verify(t.Context(), artifact, []*attest.Verified{signed(t, nil)}, roots(), expectations())
			require.ErrorIs(t, err, attest.Is(verify.CodeArtifact))
			require.False(t, v.Passed())
		})
	}
}

func TestSignersAndBuilders(t *testing.T) {
	of := func(id string) *attest.Statement {
		return provenanceOf(t, func(b *provenance.Build) { b.Builder.ID = id })
	}
	unknown := expectations()
	unknown.BuilderID = "https://example.com/builders/unknown"
	third := expectations()
	third.Level = 3
	for name, c := range map[string]struct {
		want     verify.Expectations
		evidence *attest.Verified
		level    int
		code     attest.Code
	}{
		"a granted pair":                          {expectations(), signed(t, nil), 3, ""},
		"a pair granted less":                     {expectations(), seal(t, of(provenancetest.BuilderID), "platform-2"), 2, ""},
		"the higher of two grants":                {expectations(), seal(t, of(provenancetest.BuilderID), "platform-2", "platform"), 3, ""},
		"a pair granted too little":               {third, seal(t, of(provenancetest.BuilderID), "platform-2"), 0, verify.CodeLevel},
		"a builder that nobody grants":            {unknown, seal(t, of(unknown.BuilderID), "platform"), 1, ""},
		"another platform's builder id":           {expectations(), seal(t, of(provenancetest.BuilderID), "elsewhere"), 0, verify.CodeImpostor},
		"an unknown signer of a known builder":    {expectations(), seal(t, of(provenancetest.BuilderID), "mallory"), 0, verify.CodeImpostor},
		"a known name under an issuer":            {expectations(), seal(t, of(provenancetest.BuilderID), "https://evil.example#platform"), 0, verify.CodeImpostor},
		"another builder":                         {expectations(), seal(t, of("https://example.com/builders/other"), "elsewhere"), 0, verify.CodeBuilder},
		"a builder with more at the end":          {expectations(), seal(t, of(provenancetest.BuilderID+"evil"), "platform"), 0, verify.CodeBuilder},
		"a builder with a slash at the end":       {expectations(), seal(t, of(provenancetest.BuilderID+"/"), "platform"), 0, verify.CodeBuilder},
		"a builder in other case":                 {expectations(), seal(t, of("https://example.com/Builders/hosted/v1"), "platform"), 0, verify.CodeBuilder},
		"a dot that a pattern would take for any": {expectations(), seal(t, of("https://exampleXcom/builders/hosted/v1"), "platform"), 0, verify.CodeBuilder},
		"a builder at a branch":                   {expectations(), seal(t, of(provenancetest.BuilderID+"@main"), "platform"), 0, verify.CodeBuilder},
		"an authority that is not accepted":       {expectations(), sealBy(t, "test:other", of(provenancetest.BuilderID), "platform"), 0, verify.CodeNone},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := judge(t, provenancetest.Artifact(), c.want, c.evidence)
			if c.code != "" {
				refused(t, v, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.level, v.Level())
			require.Equal(t, c.level < verify.MaxLevel, len(v.MissingForNext()) > 0, "what is missing for the next level")
		})
	}
}

func TestSources(t *testing.T) {
	digests := func(d digest.Set) func(*provenance.Build) {
		return func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest = d }
	}
	uri := func(u string) func(*provenance.Build) {
		return func(b *provenance.Build) { b.Inputs[0].Descriptor.URI = u }
	}
	at := "@" + provenancetest.SourceRef
	add := func(in ...provenance.Input) func(*provenance.Build) {
		return func(b *provenance.Build) { b.Inputs = append(b.Inputs, in...) }
	}
	role := func(r provenance.Role) func(*provenance.Build) {
		return func(b *provenance.Build) { b.Inputs[0].Role = r }
	}
	sha1 := strings.Repeat("c0", 20)
	for name, c := range map[string]struct {
		change func(*provenance.Build)
		code   attest.Code
	}{
		"as expected":                      {func(*provenance.Build) {}, ""},
		"written with .git":                {uri(provenancetest.SourceURI + ".git" + at), ""},
		"a host in capitals":               {uri("git+https://EXAMPLE.com/acme/app" + at), ""},
		"a digest more":                    {digests(digest.Set{digest.GitCommit: provenancetest.Commit, digest.GitTree: strings.Repeat("7", 64)}), ""},
		"an owner in other case":           {uri("git+https://example.com/Acme/app" + at), verify.CodeSourceExtra},
		"a longer name":                    {uri("git+https://example.com/acme/app-evil" + at), verify.CodeSourceExtra},
		"a longer path":                    {uri("git+https://example.com/acme/app/evil" + at), verify.CodeSourceExtra},
		"a longer host":                    {uri("git+https://example.com.evil.tld/acme/app" + at), verify.CodeSourceExtra},
		"a shorter host":                   {uri("git+https://ample.com/acme/app" + at), verify.CodeSourceExtra},
		"user information":                 {uri("git+https://example.com@evil.tld/acme/app" + at), verify.CodeSourceExtra},
		"a port":                           {uri("git+https://example.com:444/acme/app" + at), verify.CodeSourceExtra},
		"a letter that looks alike":        {uri("git+https://example.com/\u0430cme/app" + at), verify.CodeSourceExtra}, // Cyrillic
		"a host with such a letter":        {uri("git+https://ex\u0430mple.com/acme/app" + at), verify.CodeSourceExtra},
		"a letter that is escaped":         {uri("git+https://example.com/acme/%61pp" + at), verify.CodeSourceExtra},
		"dots that are escaped":            {uri("git+https://example.com/acme/x/%2e%2e/app" + at), verify.CodeSourceExtra},
		"dots":                             {uri("git+https://example.com/acme/x/../app" + at), verify.CodeSourceExtra},
		"a slash at the end":               {uri("git+https://example.com/acme/app/" + at), verify.CodeSourceExtra},
		"ssh in place of https":            {uri("git+ssh://example.com/acme/app" + at), verify.CodeSourceExtra},
		"no version control":               {uri("https://example.com/acme/app" + at), verify.CodeSourceExtra},
		"no location":                      {uri(""), verify.CodeSourceExtra},
		"another ref":                      {uri(provenancetest.SourceURI + "@refs/heads/v1.2.3"), verify.CodeSourceRef},
		"a shorter ref":                    {uri(provenancetest.SourceURI + "@refs/tags/v1"), verify.CodeSourceRef},
		"a longer ref":                     {uri(provenancetest.SourceURI + at + "-rc1"), verify.CodeSourceRef},
		"no ref":                           {uri(provenancetest.SourceURI), verify.CodeSourceRef},
		"an empty ref":                     {uri(provenancetest.SourceURI + "@"), verify.CodeSourceExtra},
		"the same ref at another commit":   {digests(digest.Set{digest.GitCommit: strings.Repeat("0", 64)}), verify.CodeSourceDigest},
		"an annotated tag's own object":    {digests(digest.Set{"gitTag": provenancetest.Commit}), verify.CodeSourceDigest},
		"a fork with the same commit":      {uri("git+https://example.com/fork/app" + at), verify.CodeSourceExtra},
		"no commit":                        {digests(nil), verify.CodeSourceDigest},
		"a short commit":                   {digests(digest.Set{digest.GitCommit: sha1}), verify.CodeSourceDigest},
		"the commit's value under gitTree": {digests(digest.Set{digest.GitTree: provenancetest.Commit}), verify.CodeSourceDigest},
		"the right source as a tool":       {role(provenance.RoleTool), verify.CodeSourceMissing},
		"no source":                        {func(b *provenance.Build) { b.Inputs = b.Inputs[1:] }, verify.CodeSourceMissing},
		"no inputs at all":                 {func(b *provenance.Build) { b.Inputs = nil }, verify.CodeSourceMissing},
		"a second source": {add(provenance.Input{Role: provenance.RoleSource, Descriptor: attest.Descriptor{
			URI: "git+https://example.com/acme/lib", Digest: digest.Set{digest.GitCommit: provenancetest.Commit}}}), verify.CodeSourceExtra},
		"the source again at another commit": {add(provenance.Input{Role: provenance.RoleSource, Descriptor: attest.Descriptor{
			URI: provenancetest.SourceURI + at, Digest: digest.Set{digest.GitCommit: strings.Repeat("0", 64)}}}), verify.CodeSourceDigest},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := judge(t, provenancetest.Artifact(), expectations(), signed(t, c.change))
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			refused(t, v, err, c.code)
		})
	}
}

// SLSA itself has no roles: there, a source is found by its location.
func TestSourcesOfDocumentsWithoutRoles(t *testing.T) {
	without := func(change func(*provenance.Build)) *attest.Verified {
		return signed(t, func(b *provenance.Build) {
			for i := range b.Inputs {
				b.Inputs[i].Role = provenance.RoleOther
			}
			change(b)
		})
	}
	_, err := judge(t, provenancetest.Artifact(), expectations(), without(func(*provenance.Build) {}))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*provenance.Build)
		code   attest.Code
	}{
		"the source is missing":     {func(b *provenance.Build) { b.Inputs = b.Inputs[1:] }, verify.CodeSourceMissing},
		"the source is at a fork":   {func(b *provenance.Build) { b.Inputs[0].Descriptor.URI = "git+https://example.com/fork/app" }, verify.CodeSourceMissing},
		"the commit is another one": {func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest[digest.GitCommit] = strings.Repeat("0", 64) }, verify.CodeSourceDigest},
		"the commit is there twice, once another": {func(b *provenance.Build) {
			again := b.Inputs[0]
			again.Descriptor.Digest = digest.Set{digest.GitCommit: strings.Repeat("0", 64)}
			b.Inputs = append(b.Inputs, again)
		}, verify.CodeSourceDigest},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := judge(t, provenancetest.Artifact(), expectations(), without(c.change))
			refused(t, v, err, c.code)
		})
	}
}

func TestSourcesOfRepositoriesThatUseSHA1(t *testing.T) {
	sha1 := strings.Repeat("c0", 20)
	told := func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: sha1} }
	for name, c := range map[string]struct {
		source verify.Source
		change func(*provenance.Build)
		ok     bool
	}{
		"allowed, any commit":     {verify.Source{AllowSHA1: true}, told, true},
		"allowed, this commit":    {verify.Source{AllowSHA1: true, Digest: digest.Set{digest.GitCommit: sha1}}, told, true},
		"allowed, another commit": {verify.Source{AllowSHA1: true, Digest: digest.Set{digest.GitCommit: strings.Repeat("c1", 20)}}, told, false},
		"not allowed, any commit": {verify.Source{}, told, false},
		"allowed, no digest":      {verify.Source{AllowSHA1: true}, func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest = nil }, false},
		"allowed, sha1 of a file": {verify.Source{AllowSHA1: true}, func(b *provenance.Build) { b.Inputs[0].Descriptor.Digest = digest.Set{digest.SHA1: sha1} }, false},
		"allowed, tree contradicts": {verify.Source{AllowSHA1: true, Digest: digest.Set{digest.GitCommit: sha1, digest.GitTree: sha1}}, func(b *provenance.Build) {
			b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: sha1, digest.GitTree: strings.Repeat("c1", 20)}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			want := expectations()
			c.source.URI = provenancetest.SourceURI
			want.Sources = verify.Sources{c.source}
			v, err := judge(t, provenancetest.Artifact(), want, signed(t, c.change))
			if c.ok {
				require.NoError(t, err)
				return
			}
			refused(t, v, err, verify.CodeSourceDigest)
		})
	}
}

func TestParameters(t *testing.T) {
	const sample = `{"source":"git+https://example.com/acme/app@refs/tags/v1.2.3","target":"linux/amd64","flags":["-trimpath"],"serial":1,"nested":{"a":1,"b":null}}`
	want := expectations()
	want.Parameters.Equal["nested"] = json.RawMessage(`{"b":null,"a":1}`)
	for name, c := range map[string]struct {
		old, new string
		code     attest.Code
	}{
		"as expected":              {"", "", ""},
		"another order of keys":    {`"a":1,"b":null`, `"b":null,"a":1`, ""},
		"an ignored value changed": {`"serial":1`, `"serial":{"any":"thing"}`, ""},
		"an ignored value missing": {`"serial":1,`, ``, ""},
		"an equal number":          {`"a":1`, `"a":1.0`, ""},
		"an unknown key":           {`"serial":1`, `"serial":1,"debug":true`, verify.CodeParameterExtra},
		"a missing key":            {`"target":"linux/amd64",`, ``, verify.CodeParameter},
		"null for a value":         {`"linux/amd64"`, `null`, verify.CodeParameter},
		"a text for a number":      {`"a":1`, `"a":"1"`, verify.CodeParameter},
		"true for a number":        {`"a":1`, `"a":true`, verify.CodeParameter},
		"missing in place of null": {`,"b":null`, ``, verify.CodeParameter},
		"a nested key more":        {`"b":null`, `"b":null,"c":1`, verify.CodeParameter},
		"an element more":          {`["-trimpath"]`, `["-trimpath","-race"]`, verify.CodeParameter},
		"an element twice":         {`["-trimpath"]`, `["-trimpath","-trimpath"]`, verify.CodeParameter},
		"a text for a list":        {`["-trimpath"]`, `"-trimpath"`, verify.CodeParameter},
		"a masked value":           {`"linux/amd64"`, `"[MASKED]"`, verify.CodeParameter},
		"another case":             {`"linux/amd64"`, `"Linux/amd64"`, verify.CodeParameter},
		"a space more":             {`"linux/amd64"`, `"linux/amd64 "`, verify.CodeParameter},
		"a key in other case":      {`"target"`, `"Target"`, verify.CodeParameter},
	} {
		t.Run(name, func(t *testing.T) {
			evidence := signed(t, func(b *provenance.Build) {
				b.External = json.RawMessage(strings.Replace(sample, c.old, c.new, 1))
				b.Internal = json.RawMessage(`{"target":"linux/amd64","debug":false}`) // counts for nothing
			})
			v, err := judge(t, provenancetest.Artifact(), want, evidence)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			refused(t, v, err, c.code)
		})
	}
	lists := expectations()
	lists.Parameters = verify.Parameters{Equal: map[string]json.RawMessage{"l": json.RawMessage(`["a",{"b":[1,2]}]`), "n": json.RawMessage("1e400")}}
	for text, ok := range map[string]bool{
		`{"l":["a",{"b":[1,2]}],"n":1e400}`: true, `{"l":["a",{"b":[1,2]}],"n":10e399}`: true,
		`{"l":[{"b":[1,2]},"a"],"n":1e400}`: false, `{"l":["a",{"b":[2,1]}],"n":1e400}`: false,
		`{"l":["a",{"b":[1,2]}],"n":1e401}`: false, `{"l":["a",{"b":[1,2]}],"n":1.7976931348623157e308}`: false,
	} {
		_, err := judge(t, provenancetest.Artifact(), lists, signed(t, func(b *provenance.Build) { b.External = json.RawMessage(text) }))
		require.Equal(t, ok, err == nil, "the order of a list counts, and no number is infinite: %s", text)
	}
	numbers := expectations()
	numbers.Parameters = verify.Parameters{Equal: map[string]json.RawMessage{"n": json.RawMessage("9007199254740993")}}
	for text, ok := range map[string]bool{"9007199254740993": true, "9007199254740992": false, "9007199254740993.5": false, "9.007199254740993e15": true} {
		_, err := judge(t, provenancetest.Artifact(), numbers, signed(t, func(b *provenance.Build) { b.External = json.RawMessage(`{"n":` + text + `}`) }))
		require.Equal(t, ok, err == nil, text)
	}
}

func TestSeveralStatements(t *testing.T) {
	otherCommit := func(b *provenance.Build) {
		b.Inputs[0].Descriptor.Digest = digest.Set{digest.GitCommit: strings.Repeat("0", 64)}
	}
	otherTool := func(b *provenance.Build) {
		b.Inputs[1].Descriptor.Digest = digest.Set{digest.SHA256: strings.Repeat("0", 64)}
	}
	loose := expectations()
	loose.Sources[0].Digest = nil
	unreadable, err := attest.NewStatement(slsa.PredicateType, json.RawMessage(`{}`), attest.Descriptor{Digest: provenancetest.Artifact()})
	require.NoError(t, err)
	other, err := attest.NewStatement("https://example.com/other/v1", json.RawMessage(`{}`), attest.Descriptor{Digest: provenancetest.Artifact()})
	require.NoError(t, err)
	good := signed(t, nil)
	for name, c := range map[string]struct {
		evidence []*attest.Verified
		level    int
		code     attest.Code
	}{
		"none":                             {nil, 0, verify.CodeNone},
		"two that agree":                   {[]*attest.Verified{good, seal(t, provenanceOf(t, nil), "platform-2")}, 3, ""},
		"two runs with different tools":    {[]*attest.Verified{good, signed(t, otherTool)}, 3, ""},
		"two that disagree on the commit":  {[]*attest.Verified{good, signed(t, otherCommit)}, 0, verify.CodeConflict},
		"two that disagree on the builder": {[]*attest.Verified{good, seal(t, provenanceOf(t, func(b *provenance.Build) { b.Builder.ID = "https://example.com/builders/other" }), "elsewhere")}, 0, verify.CodeConflict},
		"two that disagree on the type":    {[]*attest.Verified{good, signed(t, func(b *provenance.Build) { b.BuildType += "/2" })}, 0, verify.CodeConflict},
		"one that cannot be read":          {[]*attest.Verified{good, seal(t, unreadable, "platform")}, 0, verify.CodeFormat},
		"one by an impostor":               {[]*attest.Verified{good, seal(t, provenanceOf(t, nil), "mallory")}, 0, verify.CodeImpostor},
		"one of another type":              {[]*attest.Verified{seal(t, other, "platform"), good}, 3, ""},
		"one about something else": {[]*attest.Verified{good, signed(t, func(b *provenance.Build) {
			b.Outputs[0].Digest = digest.Set{digest.SHA256: strings.Repeat("0", 64)}
			otherCommit(b)
		})}, 3, ""},
		"one by another authority": {[]*attest.Verified{good, sealBy(t, "test:other", provenanceOf(t, otherCommit), "platform")}, 3, ""},
		"only of another type":     {[]*attest.Verified{seal(t, other, "platform")}, 0, verify.CodeNone},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := judge(t, provenancetest.Artifact(), loose, c.evidence...)
			if c.code != "" {
				refused(t, v, err, c.code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.level, v.Level())
		})
	}
	for _, bad := range []*attest.Verified{nil, {}} {
		_, err := verify.Verify(t.Context(), provenancetest.Artifact(), []*attest.Verified{good, bad}, roots(), loose)
		require.ErrorIs(t, err, attest.Is(verify.CodeEvidence))
	}
	_, err = verify.Verify(t.Context(), provenancetest.Artifact(), make([]*attest.Verified, 1025), roots(), loose)
	require.ErrorIs(t, err, attest.Is(verify.CodeEvidence))
}

func TestEveryFindingIsTold(t *testing.T) {
	want := expectations()
	want.Level = 3
	evidence := seal(t, provenanceOf(t, func(b *provenance.Build) {
		b.Builder.ID, b.BuildType = "https://example.com/evil", "https://example.com/evil"
		b.Inputs[0].Descriptor.URI = "git+https://example.com/evil/app"
		b.External = json.RawMessage(`{"evil":true}`)
	}), "mallory")
	v, err := judge(t, provenancetest.Artifact(), want, evidence)
	for _, code := range []attest.Code{
		verify.CodeBuilder, verify.CodeBuildType, verify.CodeSourceExtra, verify.CodeSourceMissing,
		verify.CodeParameter, verify.CodeParameterExtra, verify.CodeLevel,
	} {
		refused(t, v, err, code)
	}
	capped := false
	for _, f := range v.Findings() {
		capped = capped || f.Status == verify.Capped && f.Check == verify.CheckGrant
	}
	require.True(t, capped)
}

func TestArgumentsThatDemandNothingAreRefused(t *testing.T) {
	good := []*attest.Verified{signed(t, nil)}
	for name, c := range map[string]struct {
		spoil func(*verify.Roots, *verify.Expectations)
		code  attest.Code
	}{
		"no authorities":          {func(r *verify.Roots, _ *verify.Expectations) { r.Authorities = nil }, verify.CodeRoots},
		"a synthetic authority":   {func(r *verify.Roots, _ *verify.Expectations) { r.Testing = false }, verify.CodeRoots},
		"a grant of level 4":      {func(r *verify.Roots, _ *verify.Expectations) { r.Grants[0].Level = 4 }, verify.CodeRoots},
		"a grant of level 0":      {func(r *verify.Roots, _ *verify.Expectations) { r.Grants[0].Level = 0 }, verify.CodeRoots},
		"a grant to nobody":       {func(r *verify.Roots, _ *verify.Expectations) { r.Grants[0].Signer = "" }, verify.CodeRoots},
		"a grant for any builder": {func(r *verify.Roots, _ *verify.Expectations) { r.Grants[0].BuilderID = "*" }, verify.CodeRoots},
		"a pair twice": {func(r *verify.Roots, _ *verify.Expectations) {
			r.Grants = append(r.Grants, verify.Grant{Signer: "platform", BuilderID: provenancetest.BuilderID, Level: 1})
		}, verify.CodeRoots},
		"no builder":                  {func(_ *verify.Roots, x *verify.Expectations) { x.BuilderID = "" }, verify.CodeExpectations},
		"no build type":               {func(_ *verify.Roots, x *verify.Expectations) { x.BuildType = "" }, verify.CodeExpectations},
		"no level":                    {func(_ *verify.Roots, x *verify.Expectations) { x.Level = 0 }, verify.CodeExpectations},
		"a level that does not exist": {func(_ *verify.Roots, x *verify.Expectations) { x.Level = 4 }, verify.CodeExpectations},
		"no sources":                  {func(_ *verify.Roots, x *verify.Expectations) { x.Sources = nil }, verify.CodeExpectations},
		"a pattern for a source":      {func(_ *verify.Roots, x *verify.Expectations) { x.Sources[0].URI = "git+https://example.com/*/" }, verify.CodeExpectations},
		"a source twice":              {func(_ *verify.Roots, x *verify.Expectations) { x.Sources = append(x.Sources, x.Sources[0]) }, verify.CodeExpectations},
		"a weak source digest": {func(_ *verify.Roots, x *verify.Expectations) {
			x.Sources[0].Digest = digest.Set{digest.GitCommit: strings.Repeat("1", 40)}
		}, verify.CodeExpectations},
		"a malformed source digest": {func(_ *verify.Roots, x *verify.Expectations) {
			x.Sources[0].Digest = digest.Set{digest.GitCommit: "main"}
			x.Sources[0].AllowSHA1 = true
		}, verify.CodeExpectations},
		"a parameter that is no JSON": {func(_ *verify.Roots, x *verify.Expectations) { x.Parameters.Equal["x"] = json.RawMessage("linux") }, verify.CodeExpectations},
		"a parameter ignored and not": {func(_ *verify.Roots, x *verify.Expectations) { x.Parameters.Ignore = []string{"target"} }, verify.CodeExpectations},
	} {
		t.Run(name, func(t *testing.T) {
			r, x := roots(), expectations()
			c.spoil(&r, &x)
			v, err := verify.Verify(t.Context(), provenancetest.Artifact(), good, r, x)
			require.ErrorIs(t, err, attest.Is(c.code))
			require.False(t, v.Passed())
			require.Nil(t, v.Findings())
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v, err := verify.Verify(ctx, provenancetest.Artifact(), good, roots(), expectations())
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, v.Passed())
}

// Parts of provenance that no expectation speaks of.
var neutral = regexp.MustCompile(`^(/subject/0/name` +
	`|/predicate/runDetails/(metadata|byproducts|builder/(version|builderDependencies)).*` +
	`|/predicate/buildDefinition/(internalParameters.*|externalParameters/serial|resolvedDependencies/([12].*|0/annotations.*)))$`)

// Every field of a valid statement either matters or is known not to.
func TestEveryMutationIsRefusedOrNeutral(t *testing.T) {
	base := provenanceOf(t, nil).Bytes()
	doc, err := provenancetest.ParseDocument(base)
	require.NoError(t, err)
	refusals, neutrals := 0, 0
	for m := range doc.Mutations(provenancetest.AllOps()...) {
		passed := false
		if s, err := attest.ParseStatement(m.Document, attest.Limits{}); err == nil {
			v, _ := judge(t, provenancetest.Artifact(), expectations(), seal(t, s, "platform"))
			passed = v.Passed()
		}
		switch {
		case !passed:
			refusals++
		case neutral.MatchString(m.Pointer), m.Op == provenancetest.Extra && !strings.Contains(m.Pointer, "externalParameters"):
			neutrals++
		case m.Op == provenancetest.Duplicate && (m.Pointer == "/subject/0" || m.Pointer == "/predicate/buildDefinition/resolvedDependencies/0"):
			neutrals++ // the same thing said twice
		default:
			t.Errorf("passed after %v", m)
		}
	}
	require.Greater(t, refusals, 400)
	t.Logf("%d refused, %d neutral", refusals, neutrals)
}

// Taking anything away from the roots, or from what a good statement says, never
// raises the level.
func TestLevelsAreMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	base := provenanceOf(t, nil)
	doc, err := provenancetest.ParseDocument(base.Bytes())
	require.NoError(t, err)
	rounds := 3000
	if underRace {
		rounds = 300
	}
	for range rounds {
		trusted := roots()
		for i := range trusted.Grants {
			trusted.Grants[i].Level = 1 + r.IntN(3)
		}
		evidence := []*attest.Verified{seal(t, base, []string{"platform", "platform-2"}[r.IntN(2)])}
		before, _ := verify.Verify(t.Context(), provenancetest.Artifact(), evidence, trusted, expectations())
		cap := 0
		for _, g := range trusted.Grants {
			if g.BuilderID == provenancetest.BuilderID {
				cap = max(cap, g.Level)
			}
		}
		require.LessOrEqual(t, before.Level(), cap)

		lower := trusted
		lower.Grants = append([]verify.Grant(nil), trusted.Grants...)
		i := r.IntN(len(lower.Grants))
		lower.Grants[i].Level = max(1, lower.Grants[i].Level-1)
		after, _ := verify.Verify(t.Context(), provenancetest.Artifact(), evidence, lower, expectations())
		require.LessOrEqual(t, after.Level(), before.Level())

		m := doc.Random(r, provenancetest.Structural()...)
		if s, err := attest.ParseStatement(m.Document, attest.Limits{}); err == nil {
			after, _ := verify.Verify(t.Context(), provenancetest.Artifact(), []*attest.Verified{seal(t, s, evidence[0].Signers()[0].Subject)}, trusted, expectations())
			require.LessOrEqual(t, after.Level(), before.Level(), m)
		}
	}
}

func TestEveryCodeIsListedOnceAndWellFormed(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range verify.Codes() {
		assert.Regexp(t, `^provenance\.[a-z0-9-]+\.[a-z0-9-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}

func BenchmarkVerify(b *testing.B) {
	evidence := []*attest.Verified{signed(b, nil)}
	artifact := provenancetest.Artifact()
	checker, err := verify.New(roots(), expectations())
	require.NoError(b, err)
	profiled, err := verify.New(roots(), gitHubExpectations())
	require.NoError(b, err)
	workflow := []*attest.Verified{signed(b, gitHub)}
	b.Run("prepared", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := checker.Verify(context.Background(), artifact, evidence); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prepared, with a profile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := profiled.Verify(context.Background(), artifact, workflow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("once", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := verify.Verify(context.Background(), artifact, evidence, roots(), expectations()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
