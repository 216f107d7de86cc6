package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/attesttest/virtual"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/dsse"
	"github.com/sealwright/sealwright/attest/key"
)

const (
	issuer  = "https://token.actions.githubusercontent.com"
	commit  = "c27d339ee6075c1f744c5d4b200f7901aad2c369"
	content = "the artifact"
	builder = "https://github.com/acme/app/.github/workflows/release.yml"
)

// A world is a directory with an artifact, its provenance, and a trusted root.
type world struct {
	t   *testing.T
	dir string
	i   *virtual.Instance
}

func newWorld(t *testing.T) world {
	w := world{t, t.TempDir(), virtual.New(t)}
	w.write("app", []byte(content))
	w.write("root.json", w.i.TrustedRoot(t, nil))
	w.write("app.sigstore.json", w.bundle(statement("refs/tags/v1.2.3", attest.StatementType), "refs/tags/v1.2.3", ""))
	return w
}

func (w world) write(name string, document []byte) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	require.NoError(w.t, os.WriteFile(path, document, 0o600))
	return path
}

// statement is the provenance that a workflow of GitHub writes of the artifact.
func statement(ref, kind string) string {
	return `{"_type":"` + kind + `","subject":[{"name":"app","digest":{"sha256":"` + digest.FromBytes([]byte(content)).Hex + `"}}],"predicateType":"https://slsa.dev/provenance/v1",` +
		`"predicate":{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1","externalParameters":{"workflow":{"ref":"` + ref + `","repository":"https://github.com/acme/app","path":".github/workflows/release.yml"}},` +
		`"internalParameters":{"github":{"event_name":"push"}},"resolvedDependencies":[{"uri":"git+https://github.com/acme/app@` + ref + `","digest":{"gitCommit":"` + commit + `"}}]},` +
		`"runDetails":{"builder":{"id":"` + builder + `@` + ref + `"},"metadata":{"invocationId":"https://github.com/acme/app/actions/runs/1/attempts/1"}}}}`
}

// legacyStatement is provenance v0.2 in a statement v0.1, as npm and generators wrote it.
func legacyStatement(ref string) string {
	source := `"uri":"git+https://github.com/acme/app@` + ref + `","digest":{"sha1":"` + commit + `"}`
	return `{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"app","digest":{"sha256":"` + digest.FromBytes([]byte(content)).Hex + `"}}],"predicateType":"https://slsa.dev/provenance/v0.2",` +
		`"predicate":{"builder":{"id":"` + builder + `@` + ref + `"},"buildType":"https://github.com/npm/cli/gha/v2","invocation":{"configSource":{` + source + `,"entryPoint":".github/workflows/release.yml"},"parameters":{},` +
		`"environment":{"GITHUB_EVENT_NAME":"push"}},"metadata":{"buildInvocationId":"1-1"},"materials":[{` + source + `}]}}`
}

// bundle signs a statement as the workflow at a ref does; repository, if not empty, is
// what the certificate names in place of the right one.
func (w world) bundle(payload, ref, repository string) []byte {
	if repository == "" {
		repository = "https://github.com/acme/app"
	}
	return w.i.Bundle(w.t, virtual.Recipe{Payload: []byte(payload), Certificate: func(c *x509.Certificate) {
		name, err := url.Parse(builder + "@" + ref)
		require.NoError(w.t, err)
		c.URIs = []*url.URL{name}
		c.ExtraExtensions = nil
		for field, value := range map[int]string{8: issuer, 11: "github-hosted", 12: repository, 13: commit, 14: ref, 18: builder + "@" + ref, 20: "push"} {
			c.ExtraExtensions = append(c.ExtraExtensions, virtual.Claim(w.t, field, value))
		}
	}})
}

// run runs the program on the world's files; flags are replaced or added by more.
func (w world) run(more ...string) (code int, out, errOut string) {
	w.t.Helper()
	args := append([]string{
		"-provenance", filepath.Join(w.dir, "app.sigstore.json"), "-trusted-root", filepath.Join(w.dir, "root.json"),
		"-source-uri", "github.com/acme/app", "-builder-id", builder + "@refs/tags/v1.2.3", "-level", "3",
	}, more...)
	if !strings.Contains(strings.Join(more, " "), "-digest") {
		args = append(args, filepath.Join(w.dir, "app"))
	}
	var a, b bytes.Buffer
	code = run(w.t.Context(), args, &a, &b)
	return code, a.String(), b.String()
}

func TestABundleUnderATrustedRoot(t *testing.T) {
	w := newWorld(t)
	other := w.write("other", []byte("something else"))
	for name, c := range map[string]struct {
		args []string
		code int
		say  string
	}{
		"as expected":                          {nil, 0, "SLSA Build 3"},
		"by its digest":                        {[]string{"-digest", digest.FromBytes([]byte(content)).String()}, 0, "SLSA Build 3"},
		"at the tag":                           {[]string{"-source-tag", "v1.2.3"}, 0, "verified"},
		"at a version":                         {[]string{"-source-versioned-tag", "v1.2"}, 0, "verified"},
		"at a major version":                   {[]string{"-source-versioned-tag", "v1"}, 0, "verified"},
		"a builder at any release":             {[]string{"-builder-id", builder}, 0, "verified"},
		"a location with its scheme":           {[]string{"-source-uri", "git+https://GitHub.com/acme/app.git"}, 0, "verified"},
		"another artifact":                     {[]string{"-digest", digest.FromBytes([]byte("something else")).String()}, 1, "attest.want.subject"},
		"another repository":                   {[]string{"-source-uri", "github.com/acme/other"}, 1, "provenance.source.missing"},
		"another owner's case":                 {[]string{"-source-uri", "github.com/Acme/app"}, 1, "provenance.source.missing"},
		"another tag":                          {[]string{"-source-tag", "v1.2.4"}, 1, "provenance.source.ref"},
		"a shorter tag":                        {[]string{"-source-tag", "v1.2"}, 1, "provenance.source.ref"},
		"a branch":                             {[]string{"-source-branch", "main"}, 1, "provenance.source.ref"},
		"another version":                      {[]string{"-source-versioned-tag", "v1.3"}, 1, "provenance.source.ref"},
		"a longer name of the builder":         {[]string{"-builder-id", builder + "evil"}, 1, "attest.sigstore.identity"},
		"another issuer":                       {[]string{"-issuer", "https://issuer.example"}, 1, "attest.sigstore.identity"},
		"another builder":                      {[]string{"-builder-id", "https://github.com/acme/other@refs/tags/v1.2.3", "-signer", builder}, 1, "provenance.builder.unexpected"},
		"a version that is none":               {[]string{"-source-versioned-tag", "1.2"}, 2, "source-versioned-tag"},
		"a pre-release for a version":          {[]string{"-source-versioned-tag", "v1.2.3-rc"}, 2, "source-versioned-tag"},
		"a source with a ref":                  {[]string{"-source-uri", "git+https://github.com/acme/app@main"}, 2, "-source-uri"},
		"a source that cannot be compared":     {[]string{"-source-uri", "github.com/acme/%61pp"}, 2, "-source-uri"},
		"a misspelt version and no provenance": {[]string{"-source-versioned-tag", "1", "-provenance", filepath.Join(w.dir, "none")}, 2, "source-versioned-tag"},
		"a misspelt source and no provenance":  {[]string{"-source-uri", "https://user:secret@github.com/acme/app", "-provenance", filepath.Join(w.dir, "none")}, 2, "-source-uri"},
		"two refs":                             {[]string{"-source-tag", "v1", "-source-branch", "main"}, 2, "at most one"},
		"no builder":                           {[]string{"-builder-id", ""}, 2, "-builder-id"},
		"a builder that is no URI":             {[]string{"-builder-id", "builder"}, 1, "attest.sigstore.identity"},
		"a level that does not exist":          {[]string{"-level", "4"}, 2, "-level"},
		"both kinds of trust":                  {[]string{"-key", "x"}, 2, "-key"},
		"two artifacts":                        {[]string{other}, 2, "one artifact"},
		"an artifact and a digest":             {[]string{"-digest", "sha256:00", other}, 2, "digest"},
		"a digest that is none":                {[]string{"-digest", "sha256:00"}, 2, "-digest"},
		"a digest that does not resist much":   {[]string{"-digest", "sha1:" + commit}, 2, "collisions"},
		"an unknown flag":                      {[]string{"-x"}, 2, "not defined"},
		"provenance that is not there":         {[]string{"-provenance", filepath.Join(w.dir, "none")}, 4, "no such file"},
		"provenance that is empty":             {[]string{"-provenance", w.write("empty", []byte(nil))}, 1, "authenticated: the file is empty"},
		"provenance that is blank lines":       {[]string{"-provenance", w.write("blank", []byte("\n\n \n"))}, 1, "authenticated: the file is empty"},
		"a root that is not there":             {[]string{"-trusted-root", filepath.Join(w.dir, "none")}, 4, "no such file"},
		"a root that is none":                  {[]string{"-trusted-root", filepath.Join(w.dir, "app")}, 2, "-trusted-root"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := w.run(c.args...)
			assert.Equal(t, c.code, code, "%s%s", out, errOut)
			assert.Contains(t, out+errOut, c.say)
			assert.Equal(t, c.code == 0, strings.HasPrefix(out, "verified"), out)
		})
	}
	require.NoError(t, os.Remove(filepath.Join(w.dir, "app")))
	code, _, _ := w.run()
	require.Equal(t, 4, code, "an artifact that is not there")
	code, _, errOut := w.run("-h")
	require.Zero(t, code)
	require.Contains(t, errOut, "-trusted-root")
}

func TestAForgedStatementIsRefused(t *testing.T) {
	w := newWorld(t)
	good := statement("refs/tags/v1.2.3", attest.StatementType)
	for name, c := range map[string]struct {
		payload, ref, repository string
		say                      string
	}{
		"a certificate of a fork":      {good, "refs/tags/v1.2.3", "https://github.com/fork/app", "provenance.claim.differs"},
		"another commit":               {strings.Replace(good, commit, strings.Repeat("0", 40), 1), "refs/tags/v1.2.3", "", "provenance.claim.differs"},
		"a signer at another ref":      {good, "refs/heads/main", "", "attest.sigstore.identity"},
		"an unknown parameter":         {strings.Replace(good, `{"workflow":{`, `{"debug":1,"workflow":{`, 1), "refs/tags/v1.2.3", "", "provenance.profile.parameter"},
		"a build type that nobody has": {strings.Replace(good, "workflow/v1", "workflow/v7", 1), "refs/tags/v1.2.3", "", "provenance.build-type.malformed"},
		"no provenance":                {strings.Replace(good, "https://slsa.dev/provenance/v1", "https://example.com/x", 1), "refs/tags/v1.2.3", "", "provenance.slsa.predicate-type"},
		"a statement v0.1":             {statement("refs/tags/v1.2.3", "https://in-toto.io/Statement/v0.1"), "refs/tags/v1.2.3", "", "attest.statement.type"},
	} {
		t.Run(name, func(t *testing.T) {
			w.write("app.sigstore.json", w.bundle(c.payload, c.ref, c.repository))
			code, out, errOut := w.run()
			assert.Equal(t, 1, code, "%s%s", out, errOut)
			assert.Contains(t, out, "REFUSED")
			assert.Contains(t, out, c.say)
		})
	}
	code, out, _ := w.run("-builder-id", builder, "-provenance", w.write("branch.json", w.bundle(good, "refs/heads/main", "")))
	require.Equal(t, 1, code)
	require.Contains(t, out, "provenance.builder.impostor", "a branch does not speak for a release")
	code, out, errOut := w.run("-allow-legacy", "-provenance", w.write("old.json", w.bundle(statement("refs/tags/v1.2.3", "https://in-toto.io/Statement/v0.1"), "refs/tags/v1.2.3", "")))
	require.Zero(t, code, out+errOut)
	code, out, errOut = w.run("-allow-legacy", "-level", "2", "-provenance", w.write("older.json", w.bundle(legacyStatement("refs/tags/v1.2.3"), "refs/tags/v1.2.3", "")))
	require.Zero(t, code, out+errOut)
	require.Contains(t, out, "builder "+builder)
	require.Contains(t, out, "input   git+https://github.com/acme/app@refs/tags/v1.2.3")
	code, out, _ = w.run("-provenance", filepath.Join(w.dir, "older.json"))
	require.Equal(t, 1, code)
	require.Contains(t, out, "(-allow-legacy")
	code, out, _ = w.run("-builder-id", "https://github.com/actions/runner/github-hosted")
	require.Equal(t, 1, code)
	require.Contains(t, out, "(-signer")
	tampered := bytes.Replace(w.bundle(good, "refs/tags/v1.2.3", ""), []byte(`"payload":"e`), []byte(`"payload":"f`), 1)
	code, _, _ = w.run("-provenance", w.write("tampered.json", tampered))
	require.Equal(t, 1, code)
}

func TestAnEnvelopeUnderAKey(t *testing.T) {
	w := newWorld(t)
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	signer, err := key.FromCryptoSigner(private)
	require.NoError(t, err)
	attestor, err := dsse.NewAttestor(signer)
	require.NoError(t, err)
	sign := func(text string) []byte {
		s, err := attest.ParseStatement([]byte(text), attest.Limits{})
		require.NoError(t, err)
		a, err := attestor.Attest(t.Context(), s)
		require.NoError(t, err)
		return a.Body
	}
	public, err := key.MarshalPublicPEM(private.Public())
	require.NoError(t, err)
	pem := w.write("key.pem", public)
	good := sign(statement("refs/tags/v1.2.3", attest.StatementType))
	elsewhere := sign(strings.Replace(statement("refs/tags/v1.2.3", attest.StatementType), digest.FromBytes([]byte(content)).Hex, strings.Repeat("0", 64), 1))
	conflict := sign(strings.Replace(statement("refs/tags/v1.2.3", attest.StatementType), commit, strings.Repeat("0", 40), 1))
	lines := func(parts ...[]byte) string {
		return w.write("app.intoto.jsonl", append(bytes.Join(parts, []byte("\n")), '\n'))
	}
	check := func(path string, more ...string) (int, string) {
		var out, errOut bytes.Buffer
		code := run(t.Context(), append(append([]string{"-provenance", path, "-key", pem, "-source-uri", "github.com/acme/app", "-builder-id", builder + "@refs/tags/v1.2.3"}, more...), filepath.Join(w.dir, "app")), &out, &errOut)
		return code, out.String() + errOut.String()
	}
	code, out := check(lines(good))
	require.Zero(t, code, out)
	require.Contains(t, out, "SLSA Build 2", "a key says nothing of the source")
	require.Contains(t, out, "for level 3")
	code, out = check(lines(elsewhere, good))
	require.Zero(t, code, out)
	code, out = check(lines(good), "-level", "3")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "provenance.level.insufficient")
	code, out = check(lines(elsewhere))
	require.Equal(t, 1, code, out)
	code, out = check(lines(good, conflict))
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "provenance.statement.conflict")
	code, out = check(lines([]byte("not json")))
	require.Equal(t, 1, code, out)
	code, out = check(lines(nil))
	require.Equal(t, 1, code, out)
	private2 := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	other, err := key.MarshalPublicPEM(private2.Public())
	require.NoError(t, err)
	code, out = check(lines(good), "-key", w.write("other.pem", other))
	require.Equal(t, 1, code, out)
	code, out = check(lines(good), "-key", filepath.Join(w.dir, "app"))
	require.Equal(t, 2, code, out)
}

// A real answer of PyPI's index: its signature holds, but it tells of an upload and of
// no build.
func TestAnAnswerOfPyPIIsReadAndAPublicationIsNoProvenance(t *testing.T) {
	const data = "../../provenance/buildtype/testdata/pypi/"
	workflow := "https://github.com/sigstore/sigstore-python/.github/workflows/release.yml@refs/tags/v3.6.1"
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"-provenance", data + "sigstore-3.6.1.tar.gz.provenance", "-trusted-root", data + "trusted_root.json", "-source-uri", "github.com/sigstore/sigstore-python",
		"-builder-id", workflow, "-digest", "sha256:ee60fdc9236fd6709271ad53b44027461360c3fde155d2af15482e4c451ff865"}, &out, &errOut)
	require.Equal(t, 1, code, "%s%s", &out, &errOut)
	require.Contains(t, out.String(), "provenance.slsa.predicate-type")
	require.Contains(t, out.String(), "https://docs.pypi.org/attestations/publish/v1")
}

func TestTheResultAsJSON(t *testing.T) {
	w := newWorld(t)
	code, out, _ := w.run("-json", "-print-provenance")
	require.Zero(t, code)
	var r report
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.True(t, r.Verified)
	require.Equal(t, 3, r.Level)
	require.Equal(t, []string{issuer + "#" + builder + "@refs/tags/v1.2.3"}, r.Signers)
	require.Len(t, r.Provenance, 1)
	require.NotEmpty(t, r.Findings)
	code, out, _ = w.run("-json", "-source-tag", "v2")
	require.Equal(t, 1, code)
	r = report{}
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.False(t, r.Verified)
	require.NotEmpty(t, r.Reasons)
	require.Empty(t, r.Provenance)
	code, out, _ = w.run("-print-provenance")
	require.Zero(t, code)
	require.Contains(t, out, `"predicateType"`)
}

func TestAnInterruptedRunKnowsNothing(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	code := run(ctx, []string{"-provenance", filepath.Join(w.dir, "app.sigstore.json"), "-trusted-root", filepath.Join(w.dir, "root.json"), "-source-uri", "github.com/acme/app", "-builder-id", builder, filepath.Join(w.dir, "app")}, &out, &errOut)
	require.Equal(t, 3, code)
	require.Empty(t, out.String())
}
