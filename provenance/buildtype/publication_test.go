package buildtype_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

const (
	npmStatement = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"pkg:npm/%40acme/http@7.2.16","digest":{"sha512":"SUM"}}],` +
		`"predicateType":"https://github.com/npm/attestation/tree/main/specs/publish/v0.1","predicate":{"name":"@acme/http","version":"7.2.16","registry":"https://registry.npmjs.org"}}`
	pypiStatement = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"acme_app-1.2.3-py3-none-any.whl","digest":{"sha256":"SUM"}}],` +
		`"predicateType":"https://docs.pypi.org/attestations/publish/v1","predicate":{}}`
)

func published(t testing.TB, text, old, new string) *attest.Statement {
	t.Helper()
	n := 32
	if strings.Contains(text, "sha512") {
		n = 64
	}
	require.Contains(t, text, old)
	text = strings.Replace(text, old, new, 1)
	s, err := attest.ParseStatement([]byte(strings.Replace(text, "SUM", strings.Repeat("a1", n), 1)), attest.Limits{})
	require.NoError(t, err)
	return s
}

func TestDecodePublication(t *testing.T) {
	p, err := buildtype.DecodePublication(published(t, npmStatement, "", ""))
	require.NoError(t, err)
	require.Equal(t, [3]string{"https://registry.npmjs.org", "@acme/http", "7.2.16"}, [3]string{p.Registry, p.Package, p.Version})
	for _, f := range p.Fields() {
		require.Equal(t, buildtype.Platform, f.Voucher, "the registry signs: %s", f.Name)
	}
	p, err = buildtype.DecodePublication(published(t, pypiStatement, "", ""))
	require.NoError(t, err)
	require.Equal(t, "acme_app-1.2.3-py3-none-any.whl", p.File)
	require.Len(t, p.Fields(), 5)
	for _, f := range p.Fields() {
		require.Equal(t, buildtype.User, f.Voucher, "the publisher's job writes the statement: %s", f.Name)
	}
}

func TestDecodePublicationRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, old, new string }{
		"another package than the subject":        {npmStatement, `"@acme/http"`, `"@evil/http"`},
		"another version than the subject":        {npmStatement, `"version":"7.2.16"`, `"version":"7.2.17"`},
		"a subject that is no package of npm":     {npmStatement, `pkg:npm/`, `pkg:pypi/`},
		"a subject that is a file":                {npmStatement, `pkg:npm/%40acme/http@7.2.16`, `http.tgz`},
		"no registry":                             {npmStatement, `,"registry":"https://registry.npmjs.org"`, ``},
		"a registry with user information":        {npmStatement, `https://registry.npmjs.org`, `https://registry.npmjs.org@evil.example`},
		"a registry without transport":            {npmStatement, `https://registry`, `http://registry`},
		"a field that nobody knows":               {npmStatement, `{"name":"@`, `{"x":1,"name":"@`},
		"a name in other case":                    {npmStatement, `{"name":"@`, `{"Name":"@`},
		"a weak digest of a package":              {npmStatement, `"sha512":"SUM"`, `"sha1":"` + strings.Repeat("a1", 20) + `"`},
		"two subjects":                            {npmStatement, `"subject":[`, `"subject":[{"name":"x","digest":{"sha1":"` + strings.Repeat("a1", 20) + `"}},`},
		"another predicate type":                  {npmStatement, `publish/v0.1`, `publish/v0.1/`},
		"a distribution's statement with content": {pypiStatement, `"predicate":{}`, `"predicate":{"x":1}`},
		"a distribution that is no file":          {pypiStatement, `acme_app-`, `../acme_app-`},
		"a distribution of another format":        {pypiStatement, `.whl`, `.exe`},
		"a distribution with a weak digest":       {pypiStatement, `"sha256":"SUM"`, `"sha1":"` + strings.Repeat("a1", 20) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := buildtype.DecodePublication(published(t, c.text, c.old, c.new))
			require.ErrorIs(t, err, attest.Is(buildtype.CodePublication))
			require.Nil(t, p)
		})
	}
	for name, text := range map[string]string{
		"a package without a version anywhere": strings.Replace(strings.Replace(npmStatement, `@7.2.16"`, `"`, 1), `"version":"7.2.16"`, `"version":""`, 1),
		"a package without a name anywhere":    strings.Replace(strings.Replace(npmStatement, `%40acme/http@`, `@`, 1), `"name":"@acme/http"`, `"name":""`, 1),
	} {
		_, err := buildtype.DecodePublication(published(t, text, "", ""))
		require.ErrorIs(t, err, attest.Is(buildtype.CodePublication), name)
	}
	_, err := buildtype.DecodePublication(nil)
	require.ErrorIs(t, err, attest.Is(buildtype.CodeNil))
}

const gitHubIssuer = "https://token.actions.githubusercontent.com"

// certified returns evidence whose one signer has a certificate with the extensions of
// Fulcio, by the last number of their OID.
func certified(t testing.TB, issuer string, extensions map[string]string) *attest.Verified {
	t.Helper()
	who := attest.Identity{Issuer: issuer, Subject: "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"}
	facts := attest.Facts{Authority: "test:buildtype", Statement: published(t, pypiStatement, "", ""), Evidence: digest.FromBytes([]byte("x")), Signers: []attest.Identity{who}}
	for field, value := range extensions {
		facts.Claims = append(facts.Claims, attest.Claim{Principal: who.Principal(), Name: "1.3.6.1.4.1.57264.1." + field, Value: value})
	}
	facts.Claims = append(facts.Claims, attest.Claim{Principal: who.Principal(), Name: "1.2.3", Value: "foreign"})
	v, err := attest.Seal(facts)
	require.NoError(t, err)
	return v
}

func extensions() map[string]string {
	return map[string]string{
		"9": "https://github.com/acme/builder/.github/workflows/b.yml@refs/tags/v2", "10": commit, "11": "github-hosted",
		"12": "https://github.com/acme/app", "13": commit, "14": "refs/tags/v1", "18": "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1",
		"20": "push", "21": "https://github.com/acme/app/actions/runs/42/attempts/1",
	}
}

func TestClaimsOfTheCertificate(t *testing.T) {
	e := certified(t, gitHubIssuer, extensions())
	want := buildtype.Claims{
		Repository: "https://github.com/acme/app", Ref: "refs/tags/v1", Commit: commit, EntryPoint: ".github/workflows/release.yml", Trigger: "push",
		Invocation: "https://github.com/acme/app/actions/runs/42/attempts/1", Runner: "github-hosted",
		Builder: "https://github.com/acme/builder/.github/workflows/b.yml@refs/tags/v2", BuilderCommit: commit,
	}
	require.Equal(t, want, buildtype.ClaimsOf(e, e.Signers()[0]))
	require.Zero(t, buildtype.ClaimsOf(e, attest.Identity{Subject: "somebody else"}))
	require.Zero(t, buildtype.ClaimsOf(nil, attest.Identity{}))

	old := map[string]string{"2": "push", "3": commit, "5": "acme/app", "6": "refs/tags/v1"}
	e = certified(t, gitHubIssuer, old)
	require.Equal(t, buildtype.Claims{Repository: "https://github.com/acme/app", Ref: "refs/tags/v1", Commit: commit, Trigger: "push"}, buildtype.ClaimsOf(e, e.Signers()[0]))
	e = certified(t, "https://issuer.example", old)
	require.Zero(t, buildtype.ClaimsOf(e, e.Signers()[0]), "the old extensions name a repository of GitHub only under its issuer")

	elsewhere := extensions()
	elsewhere["18"] = "https://github.com/acme/app-evil/.github/workflows/release.yml@refs/tags/v1"
	e = certified(t, gitHubIssuer, elsewhere)
	require.Equal(t, elsewhere["18"], buildtype.ClaimsOf(e, e.Signers()[0]).EntryPoint, "instructions of another repository are no path of this one")
	gitLab := map[string]string{"12": "https://gitlab.com/acme/app", "18": "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main"}
	e = certified(t, "https://gitlab.com", gitLab)
	require.Empty(t, buildtype.ClaimsOf(e, e.Signers()[0]).EntryPoint)
}

func TestAnInvocationIsComparedInBothForms(t *testing.T) {
	b := samples()["generator, go"].build()
	for id, differs := range map[string]int{"42-1": 0, "42-2": 1, "2-1": 1, "42": 1, "": 0, "-": 1, "https://github.com/octocat/hello-world/actions/runs/42/attempts/1": 0} {
		b.InvocationID = id
		c, err := normalize(t, b)
		require.NoError(t, err)
		require.Len(t, c.Compare(buildtype.Claims{Invocation: "https://github.com/octocat/hello-world/actions/runs/42/attempts/1"}), differs, id)
	}
}

func TestTheSignerMustBeTheTrustedPublisher(t *testing.T) {
	publisher := buildtype.Publisher{Issuer: gitHubIssuer, Repository: "https://github.com/acme/app", Workflow: ".github/workflows/release.yml"}
	require.Empty(t, publisher.Check(certified(t, gitHubIssuer, extensions())))
	with := func(field, value string) *attest.Verified {
		x := extensions()
		x[field] = value
		return certified(t, gitHubIssuer, x)
	}
	for name, e := range map[string]*attest.Verified{
		"a fork":                               with("12", "https://github.com/fork/app"),
		"a longer name":                        with("12", "https://github.com/acme/app-evil"),
		"another workflow":                     with("18", "https://github.com/acme/app/.github/workflows/release.ymlevil@refs/tags/v1"),
		"a workflow of another repository":     with("18", "https://github.com/evil/app/.github/workflows/release.yml@refs/tags/v1"),
		"another issuer":                       certified(t, "https://issuer.example", extensions()),
		"a key":                                certified(t, "", nil),
		"a name like it, and no extensions":    certified(t, gitHubIssuer, nil),
		"nothing that anybody ever verified":   nil,
		"old extensions, which name no file":   certified(t, gitHubIssuer, map[string]string{"5": "acme/app"}),
		"a repository that cannot be compared": with("12", "https://github.com/acme/%61pp"),
	} {
		reasons := publisher.Check(e)
		require.NotEmpty(t, reasons, name)
		require.Equal(t, buildtype.CodePublisher, reasons[0].Code, name)
	}
	for _, bad := range []buildtype.Publisher{{}, {Issuer: gitHubIssuer, Repository: "https://github.com/acme/app"}, {Issuer: gitHubIssuer, Repository: "::", Workflow: "x"}, {Repository: "https://github.com/acme/app", Workflow: "x"}} {
		require.NotEmpty(t, bad.Check(certified(t, gitHubIssuer, extensions())))
	}
}

func TestEveryMutationOfAPublicationIsRefusedOrNeutral(t *testing.T) {
	for text, neutral := range map[string]string{npmStatement: `^(/subject/0/digest/sha512|/predicate/registry|)$`, pypiStatement: `^(/subject/0(/name|/digest/sha256)?|/predicate|)$`} {
		n := 32
		if strings.Contains(text, "sha512") {
			n = 64
		}
		doc, err := provenancetest.ParseDocument([]byte(strings.Replace(text, "SUM", strings.Repeat("a1", n), 1)))
		require.NoError(t, err)
		refused := 0
		for m := range doc.Mutations(provenancetest.AllOps()...) {
			s, err := attest.ParseStatement(m.Document, attest.Limits{})
			if err == nil {
				_, err = buildtype.DecodePublication(s)
			}
			if err != nil {
				refused++
				continue
			}
			if m.Op != provenancetest.Extra || strings.HasPrefix(m.Pointer, "/predicate") {
				require.Regexp(t, neutral, m.Pointer, "%v: %s", m, m.Document)
			}
		}
		require.Greater(t, refused, 50)
	}
}

// FuzzDecodePublication: what is accepted names one artifact by a strong digest.
func FuzzDecodePublication(f *testing.F) {
	f.Add(npmStatement)
	f.Add(pypiStatement)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := attest.ParseStatement([]byte(strings.Replace(text, "SUM", strings.Repeat("a1", 64), 1)), attest.Limits{})
		if err != nil {
			return
		}
		p, err := buildtype.DecodePublication(s)
		if err != nil {
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		_, strong := p.Artifact.Digest.Strongest()
		require.True(t, strong)
		require.NotEqual(t, p.Package == "", p.File == "")
	})
}
