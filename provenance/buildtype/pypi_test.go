package buildtype_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/sigstore"
	"github.com/sealwright/sealwright/provenance/buildtype"
	"github.com/sealwright/sealwright/provenance/provenancetest"
)

// An upload is a real one, with what is expected of it.
type upload struct {
	file      string
	artifact  string // SHA-256
	subject   string // of the certificate
	publisher buildtype.Publisher
}

// uploads has one by each kind of Trusted Publisher; testdata/pypi/README.md tells
// where they are from.
func uploads() []upload {
	return []upload{
		{"sigstore-3.6.1.tar.gz", "ee60fdc9236fd6709271ad53b44027461360c3fde155d2af15482e4c451ff865",
			"https://github.com/sigstore/sigstore-python/.github/workflows/release.yml@refs/tags/v3.6.1",
			buildtype.Publisher{Issuer: gitHubIssuer, Repository: "https://github.com/sigstore/sigstore-python", Workflow: ".github/workflows/release.yml"}},
		{"gitlab_oidc_project-0.0.3.tar.gz", "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
			"https://gitlab.com/facutuesca/gitlab-oidc-project//.gitlab-ci.yml@refs/heads/main",
			buildtype.Publisher{Issuer: "https://gitlab.com", Repository: "https://gitlab.com/facutuesca/gitlab-oidc-project", Workflow: ".gitlab-ci.yml"}},
		{"gcb_attestation_test-0.0.0.tar.gz", "461317362419124b6012e855423a9078d6de8aed3e74fa78cc74d669b23dc6cf",
			"919436158236-compute@developer.gserviceaccount.com",
			buildtype.Publisher{Issuer: "https://accounts.google.com", Account: "919436158236-compute@developer.gserviceaccount.com"}},
	}
}

func (u upload) provenance(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/pypi/" + u.file + ".provenance")
	require.NoError(t, err)
	return text
}

// verifier believes the public instance of Sigstore.
func (u upload) verifier(t testing.TB) *sigstore.Verifier {
	t.Helper()
	text, err := os.ReadFile("testdata/pypi/trusted_root.json")
	require.NoError(t, err)
	root, err := sigstore.ParseTrustedRoot(text)
	require.NoError(t, err)
	v, err := sigstore.NewVerifier(sigstore.Trust{
		Authority: "sigstore", Root: root,
		Identities: []sigstore.Identity{{Issuer: sigstore.Exactly(u.publisher.Issuer), Subject: sigstore.Exactly(u.subject)}},
	})
	require.NoError(t, err)
	return v
}

// verify verifies every attestation, of which there is one.
func (u upload) verify(t testing.TB, v *sigstore.Verifier, bundles []attest.Attestation) (e *attest.Verified, err error) {
	t.Helper()
	for _, b := range bundles {
		want := attest.Want{Subjects: []digest.Set{{digest.SHA256: u.artifact}}, PredicateTypes: []string{buildtype.PyPIPublish}}
		if e, err = v.Verify(t.Context(), b, want); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func TestRealUploadsToPyPIAreThoseOfTheirPublishers(t *testing.T) {
	for _, u := range uploads() {
		t.Run(u.file, func(t *testing.T) {
			bundles, err := buildtype.PyPIBundles(u.provenance(t))
			require.NoError(t, err)
			e, err := u.verify(t, u.verifier(t), bundles)
			require.NoError(t, err)
			p, err := buildtype.DecodePublication(e.Statement())
			require.NoError(t, err)
			require.Equal(t, u.file, p.File)
			require.Equal(t, u.artifact, p.Artifact.Digest[digest.SHA256])
			require.Empty(t, u.publisher.Check(e))
			for _, other := range uploads() {
				if other.file != u.file {
					require.NotEmpty(t, other.publisher.Check(e), "somebody else's upload")
				}
			}
			for name, change := range map[string]func(*buildtype.Publisher){
				"another issuer":          func(p *buildtype.Publisher) { p.Issuer += ".example" },
				"the repository's prefix": func(p *buildtype.Publisher) { p.Repository += "x" },
				"the workflow's prefix":   func(p *buildtype.Publisher) { p.Workflow += "x" },
				"another account":         func(p *buildtype.Publisher) { p.Account += "x" },
			} {
				other := u.publisher
				change(&other)
				require.NotEmpty(t, other.Check(e), name)
			}
		})
	}
}

// Whoever serves the object can change only what nobody signed: the publisher, which is
// not read.
func TestAChangedProvenanceObjectIsRefused(t *testing.T) {
	u := uploads()[0]
	doc, err := provenancetest.ParseDocument(u.provenance(t))
	require.NoError(t, err)
	whole, err := buildtype.PyPIBundles(u.provenance(t))
	require.NoError(t, err)
	verifier := u.verifier(t)
	refused := 0
	for m := range doc.Mutations(provenancetest.Delete, provenancetest.Duplicate) {
		if strings.HasPrefix(m.Pointer, "/attestation_bundles/0/publisher") {
			continue
		}
		bundles, err := buildtype.PyPIBundles(m.Document)
		if err != nil {
			refused++
			continue
		}
		if bytes.Equal(bundles[0].Body, whole[0].Body) {
			continue // nothing that anybody signed
		}
		if e, err := u.verify(t, verifier, bundles); err != nil {
			refused++
		} else {
			require.Empty(t, u.publisher.Check(e), "%v", m)
			require.Equal(t, u.artifact, e.Statement().Subjects()[0].Digest[digest.SHA256], "%v", m)
		}
	}
	require.Greater(t, refused, 40)
	for name, text := range map[string]string{
		"no attestation":      `{"version":1,"attestation_bundles":[]}`,
		"another version":     strings.Replace(string(u.provenance(t)), `"version":1}`+"\n", `"version":2}`, 1),
		"a version that is 1": strings.Replace(string(u.provenance(t)), `"version":1}`+"\n", `"version":"1"}`, 1),
		"a member twice":      strings.Replace(string(u.provenance(t)), `{"attestation_bundles"`, `{"version":1,"attestation_bundles"`, 1),
		"two objects":         string(u.provenance(t)) + "{}",
		"too many":            `{"version":1,"attestation_bundles":[{"publisher":{},"attestations":[` + strings.Repeat(attestation+",", 64) + attestation + `]}]}`,
		"nothing":             "",
	} {
		_, err := buildtype.PyPIBundles([]byte(text))
		require.ErrorIs(t, err, attest.Is(buildtype.CodePublication), name)
	}
}

const attestation = `{"version":1,"verification_material":{"certificate":"AA==","transparency_entries":[{}]},"envelope":{"statement":"AA==","signature":"AA=="}}`

// FuzzPyPIBundles: whatever the object, each bundle carries a statement and a
// signature, and nothing panics.
func FuzzPyPIBundles(f *testing.F) {
	f.Add([]byte(`{"version":1,"attestation_bundles":[{"publisher":null,"attestations":[` + attestation + `]}]}`))
	for _, u := range uploads() {
		f.Add(u.provenance(f))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		bundles, err := buildtype.PyPIBundles(text)
		if err != nil {
			require.Empty(t, bundles)
			require.NotEmpty(t, attest.Reasons(err))
			return
		}
		require.NotEmpty(t, bundles)
		for _, b := range bundles {
			require.Contains(t, string(b.Body), `"signatures"`)
		}
	})
}
