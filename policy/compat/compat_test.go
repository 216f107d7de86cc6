package compat_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/key"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/compat"
	"github.com/sealwright/sealwright/policy/policytest"
)

var (
	now      = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	artifact = attest.Descriptor{Digest: digest.Set{digest.SHA256: strings.Repeat("a1", 32)}}
	options  = compat.Options{Fulcio: []string{"https://fulcio.example.com"}, Rekor: []string{"https://rekor.example.com"}}
)

// pair returns a key in PEM and its fingerprint.
func pair(t testing.TB, seed byte) (string, digest.Digest) {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+seed)), 32)))
	pem, err := key.MarshalPublicPEM(private.Public())
	require.NoError(t, err)
	fingerprint, err := key.Fingerprint(private.Public())
	require.NoError(t, err)
	return string(pem), fingerprint
}

// evidence states a predicate about the artifact, by one signer.
func evidence(t testing.TB, predicateType, predicate string, signer attest.Identity) *attest.Verified {
	t.Helper()
	s, err := attest.NewStatement(predicateType, json.RawMessage(predicate), artifact)
	require.NoError(t, err)
	v, err := attest.Seal(attest.Facts{Authority: policytest.Authority, Statement: s, Evidence: digest.FromBytes(append(s.Bytes(), signer.Principal()...)),
		Signers: []attest.Identity{signer}, Times: []attest.TrustedTime{{Time: now.Add(-time.Hour), Authority: "test:clock"}}})
	require.NoError(t, err)
	return v
}

func decide(t testing.TB, root policy.Node, list ...*attest.Verified) policy.Decision {
	t.Helper()
	e, err := policy.New(policy.Config{Policy: policy.PolicyRef{URI: "https://example.com/p", Version: "1"}, Root: root,
		Authorities: []string{policytest.Authority}, Testing: true, Validity: time.Hour})
	require.NoError(t, err)
	d, err := e.Evaluate(context.Background(), policy.Request{Subject: artifact, Phase: policy.PhaseDeploy, Now: now, Evidence: list})
	require.NoError(t, err)
	return d
}

func cip(authorities string) string {
	return "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: p\nspec:\n  images:\n  - glob: registry.example.com/team/*\n  authorities:\n" + authorities
}

const keyless = `  - name: ci
    keyless:
      url: https://fulcio.example.com
      identities:
      - issuer: https://issuer.example.com
        subjectRegExp: ^https://git\.example\.com/acme/[a-z]+$
    ctlog:
      url: https://rekor.example.com
`

func ci(subject string) attest.Identity {
	return attest.Identity{Issuer: "https://issuer.example.com", Subject: subject}
}

func TestAKeylessAuthorityTellsSignersByTheirIdentity(t *testing.T) {
	p, err := compat.ClusterImagePolicy([]byte(cip(keyless)), options)
	require.NoError(t, err)
	require.Equal(t, "p", p.Name)
	for name, c := range map[string]struct {
		signer attest.Identity
		kind   string
		want   policy.Verdict
	}{
		"the identity":              {ci("https://git.example.com/acme/app"), compat.SignatureType, policy.Allow},
		"another repository":        {ci("https://git.example.com/evil/app"), compat.SignatureType, policy.Deny},
		"a longer subject":          {ci("https://git.example.com/acme/app/evil"), compat.SignatureType, policy.Deny},
		"a subject in another text": {ci("https://evil.example/https://git.example.com/acme/app"), compat.SignatureType, policy.Deny},
		"a subject with a new line": {ci("https://git.example.com/acme/app\n"), compat.SignatureType, policy.Deny},
		"a dot that is any":         {ci("https://gitxexample.com/acme/app"), compat.SignatureType, policy.Deny},
		"another issuer":            {attest.Identity{Issuer: "https://issuer.example.org", Subject: "https://git.example.com/acme/app"}, compat.SignatureType, policy.Deny},
		"no issuer":                 {attest.Identity{Subject: "https://git.example.com/acme/app"}, compat.SignatureType, policy.Deny},
		"another predicate type":    {ci("https://git.example.com/acme/app"), "https://example.com/x", policy.Indeterminate},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, decide(t, p.Root, evidence(t, c.kind, `{}`, c.signer)).Verdict())
		})
	}
	require.Equal(t, policy.Indeterminate, decide(t, p.Root).Verdict())
}

func TestAnExpressionSaysWhereItIsOpen(t *testing.T) {
	for expression, want := range map[string]bool{
		`^https://git\.example\.com/acme/app$`: true, `.*/acme/app`: false, `.*/acme/.*`: true, `^https://git\.example\.com/.*`: true, `.*`: true,
		`https://git.example.com/acme/app$`: false, `^https://git\.example\.com/acme`: false, `^https://git\.example\.com/acme/app\$`: false,
		`^https://git\.example\.com/acme/app\.*`: false, `^(.*`: false, `^$`: true, `$`: false,
	} {
		document := strings.Replace(cip(keyless), `^https://git\.example\.com/acme/[a-z]+$`, expression, 1)
		_, err := compat.ClusterImagePolicy([]byte(document), options)
		assert.Equal(t, want, err == nil, "%s: %v", expression, err)
	}
}

func TestAuthoritiesAreAlternativesAndAttestationsAreNot(t *testing.T) {
	pem, fingerprint := pair(t, 0)
	other, strange := pair(t, 1)
	_ = other
	document := cip("  - key:\n      hashAlgorithm: sha256\n      data: |\n        " + strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        ") +
		"\n    attestations:\n    - name: a\n      predicateType: cyclonedx\n    - name: b\n      predicateType: https://slsa.dev/provenance/v1\n" + keyless)
	p, err := compat.ClusterImagePolicy([]byte(document), options)
	require.NoError(t, err)
	good := attest.Identity{Subject: "k", Key: fingerprint}
	bill, provenance := evidence(t, "https://cyclonedx.org/bom", `{}`, good), evidence(t, "https://slsa.dev/provenance/v1", `{}`, good)
	require.Equal(t, policy.Allow, decide(t, p.Root, bill, provenance).Verdict())
	require.NotEqual(t, policy.Allow, decide(t, p.Root, bill).Verdict(), "one of two attestations")
	require.NotEqual(t, policy.Allow, decide(t, p.Root, bill, evidence(t, "https://slsa.dev/provenance/v1", `{}`, attest.Identity{Subject: "k", Key: strange})).Verdict())
	require.NotEqual(t, policy.Allow, decide(t, p.Root, bill, evidence(t, "https://slsa.dev/provenance/v1", `{}`, attest.Identity{Subject: fingerprint.Hex})).Verdict(), "a name is no key")
	require.Equal(t, policy.Allow, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, ci("https://git.example.com/acme/app"))).Verdict())
}

func TestAPolicyAppliesToTheImagesOfItsGlobs(t *testing.T) {
	p, err := compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), "team/*", `team/*
  - glob: registry.example.org/**/x`, 1)), options)
	require.NoError(t, err)
	for image, want := range map[string]bool{
		"registry.example.com/team/app": true, "registry.example.com/team/": true, "registry.example.com/team/app/sub": false, "registry.example.com/teams/app": false,
		"registry.example.com/team/app:v1": true, "registry.example.com/team/app@sha256:00": true, "registry.example.com/team/app/sub:v1": false, "team/app": false,
		"registryxexample.com/team/app": false, "registry.example.org/a/b/x": true, "registry.example.org/x": false, "evil/registry.example.com/team/app": false,
	} {
		assert.Equal(t, want, p.Applies(image), image)
	}
}

// A policy never applies to less than there, however an image is referred to.
func TestAPolicyAppliesHoweverAnImageIsReferredTo(t *testing.T) {
	for glob, images := range map[string]struct{ is, not []string }{
		"image*":                   {[]string{"image1", "images:v1", "library/image1", "docker.io/library/image1", "index.docker.io/library/image1@sha256:00"}, []string{"registry.example.com/image1", "team/image1", "my-image"}},
		"\"*\"":                    {[]string{"ubuntu", "ubuntu:24.04", "docker.io/library/ubuntu"}, []string{"team/app", "registry.example.com/app", "localhost/app"}},
		"\"*/*\"":                  {[]string{"team/app", "docker.io/team/app:v1"}, []string{"registry.example.com/team/app"}},
		"\"**\"":                   {[]string{"ubuntu", "registry.example.com:5000/a/b/c:v1@sha256:00"}, nil},
		"registry.example.com/app": {[]string{"registry.example.com/app", "registry.example.com/app:v1", "registry.example.com/app:v1@sha256:00"}, []string{"registry.example.com/apps"}},
		"ghcr.io/team/app:0.5":     {[]string{"ghcr.io/team/app:0.5", "ghcr.io/team/app:0.5@sha256:00"}, []string{"ghcr.io/team/app:0.6"}},
		"ghcr.io/team/app:latest":  {[]string{"ghcr.io/team/app"}, nil},
		"index.docker.io/team/**":  {[]string{"team/app", "docker.io/team/app:v1"}, []string{"teams/app"}},
	} {
		p, err := compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), "registry.example.com/team/*", glob, 1)), options)
		require.NoError(t, err, glob)
		for _, image := range images.is {
			assert.True(t, p.Applies(image), "%s: %s", glob, image)
		}
		for _, image := range images.not {
			assert.False(t, p.Applies(image), "%s: %s", glob, image)
		}
	}
}

func indent(pem string) string { return strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        ") }

// What a policy refers to is what the caller says that it is.
func TestAKeyThatIsElsewhereIsTheCallers(t *testing.T) {
	pem, fingerprint := pair(t, 0)
	_, strange := pair(t, 1)
	o := options
	o.Keys = map[string]string{"hashivault://release": pem, "k8s://cosign-system/ours": pem, "k8s://team/ours": pem, "awskms:///broken": "no key"}
	for document, loads := range map[string]bool{
		"kms: hashivault://release": true, "secretRef:\n        name: ours": true, "secretRef:\n        name: ours\n        namespace: team": true,
		"kms: hashivault://other": false, "secretRef:\n        name: ours\n        namespace: other": false, "secretRef:\n        namespace: team": false, "kms: awskms:///broken": false, "kms: \"\"": false,
	} {
		p, err := compat.ClusterImagePolicy([]byte(cip("  - key:\n      "+document+"\n")), o)
		require.Equal(t, loads, err == nil, "%s: %v", document, err)
		if loads {
			require.Equal(t, policy.Allow, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, attest.Identity{Subject: "k", Key: fingerprint})).Verdict())
			require.Equal(t, policy.Deny, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, attest.Identity{Subject: "k", Key: strange})).Verdict())
		}
	}
}

func TestAnAuthorityThatFailsNeverAllows(t *testing.T) {
	p, err := compat.ClusterImagePolicy([]byte(cip("  - static:\n      action: fail\n      message: not here\n")), options)
	require.NoError(t, err)
	require.Equal(t, policy.Deny, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, ci("https://git.example.com/acme/app"))).Verdict())
	require.Equal(t, policy.Indeterminate, decide(t, p.Root).Verdict())
	p, err = compat.ClusterImagePolicy([]byte(cip("  - static:\n      action: fail\n"+keyless)), options)
	require.NoError(t, err)
	require.Equal(t, policy.Allow, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, ci("https://git.example.com/acme/app"))).Verdict(), "another authority")
}

// What a policy tells of where and how it is applied is handed on; whoever does not look
// refuses more.
func TestAPolicyThatWarnsOrSelectsStillDecides(t *testing.T) {
	p, err := compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), "  authorities", "  mode: warn\n  match:\n  - resource: pods\n    version: v1\n    group: core\n    selector:\n      matchLabels:\n        a: b\n  authorities", 1)), options)
	require.NoError(t, err)
	require.True(t, p.Warn)
	require.Equal(t, []compat.Resource{{Group: "core", Version: "v1", Resource: "pods", Labels: map[string]string{"a": "b"}}}, p.Match)
	require.Equal(t, policy.Deny, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, ci("https://git.example.com/evil/app"))).Verdict())
	p, err = compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), "  authorities", "  mode: enforce\n  authorities", 1)), options)
	require.NoError(t, err)
	require.False(t, p.Warn)
}

func TestServicesMayBeNamedByTheirRoot(t *testing.T) {
	o := options
	o.TrustRoots = []string{"ours"}
	document := strings.NewReplacer("url: https://fulcio.example.com", "trustRootRef: ours\n      insecureIgnoreSCT: true", "url: https://rekor.example.com", "trustRootRef: ours\n    rfc3161timestamp:\n      trustRootRef: ours\n    source:\n    - oci: registry.example.com/signatures\n      tagPrefix: x").Replace(cip(keyless))
	p, err := compat.ClusterImagePolicy([]byte(document), o)
	require.NoError(t, err)
	require.Equal(t, policy.Deny, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, ci("https://git.example.com/evil/app"))).Verdict())
	_, err = compat.ClusterImagePolicy([]byte(strings.ReplaceAll(document, "ours", "theirs")), o)
	require.Len(t, attest.Reasons(err), 3)
}

// Read as a whole, an expression accepts no more than where it comes from.
func TestAnExpressionMayBeReadAsAWhole(t *testing.T) {
	o := options
	o.Anchored = true
	for expression, wants := range map[string]map[string]bool{
		`.*/acme/app`:                       {"https://git.example.com/acme/app": true, "https://git.example.com/acme/app-evil": false},
		`https://git\.example\.com/acme/.*`: {"https://git.example.com/acme/app": true, "https://evil.example/https://git.example.com/acme/app": false},
		`https://a|https://b`:               {"https://a": true, "https://b": true, "https://a.evil": false, "x-https://b": false},
		`^https://a$`:                       {"https://a": true, "https://a\n": false},
	} {
		p, err := compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), `^https://git\.example\.com/acme/[a-z]+$`, expression, 1)), o)
		require.NoError(t, err, expression)
		for subject, want := range wants {
			require.Equal(t, want, decide(t, p.Root, evidence(t, compat.SignatureType, `{}`, ci(subject))).Verdict() == policy.Allow, "%s: %s", expression, subject)
		}
	}
	for _, expression := range []string{`(`, `a)|(?:.*`} {
		_, err := compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), `^https://git\.example\.com/acme/[a-z]+$`, expression, 1)), o)
		require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported), expression)
	}
}

func TestAnAttestationIsJudgedByItsModule(t *testing.T) {
	pem, fingerprint := pair(t, 0)
	document := cip("  - key:\n      data: |\n        " + indent(pem) + "\n    attestations:\n    - name: a\n      predicateType: cyclonedx\n      policy:\n        type: rego\n        data: |\n          package sigstore\n")
	o := options
	o.Rego = func(_ string, module []byte) (compat.Deny, error) {
		require.Equal(t, "package sigstore\n", string(module))
		return func(_ context.Context, statement json.RawMessage) ([]string, error) {
			switch text := string(statement); {
			case strings.Contains(text, "broken"):
				return nil, errors.New("undefined")
			case !strings.Contains(text, `"predicate":{"good":true}`):
				return []string{"no good"}, nil
			}
			return nil, nil
		}, nil
	}
	p, err := compat.ClusterImagePolicy([]byte(document), o)
	require.NoError(t, err)
	good := attest.Identity{Subject: "k", Key: fingerprint}
	for predicate, want := range map[string]policy.Verdict{`{"good":true}`: policy.Allow, `{"good":false}`: policy.Deny, `{"good":"broken"}`: policy.Indeterminate} {
		require.Equal(t, want, decide(t, p.Root, evidence(t, "https://cyclonedx.org/bom", predicate, good)).Verdict(), predicate)
	}
	_, err = compat.ClusterImagePolicy([]byte(document), options)
	require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
	o.Rego = func(string, []byte) (compat.Deny, error) { return nil, errors.New("no module") }
	_, err = compat.ClusterImagePolicy([]byte(document), o)
	require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
}

func TestAnImagePolicyIsRefusedByItsExactClause(t *testing.T) {
	pem, _ := pair(t, 0)
	indented := strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n        ")
	withKey := func(more string) string { return cip("  - key:\n      data: |\n        " + indented + "\n" + more) }
	for where, document := range map[string]string{
		"/spec/mode":             strings.Replace(cip(keyless), "  authorities", "  mode: audit\n  authorities", 1),
		"/spec/match/0/resource": strings.Replace(cip(keyless), "  authorities", "  match:\n  - resource: apple\n  authorities", 1),
		"/spec/match/0":          strings.Replace(cip(keyless), "  authorities", "  match:\n  - version: v1\n  authorities", 1),
		"/spec/match/0/selector/matchExpressions": strings.Replace(cip(keyless), "  authorities", "  match:\n  - resource: pods\n    selector:\n      matchExpressions: []\n  authorities", 1),
		"/spec/policy":                             cip(keyless) + "  policy:\n    type: cue\n    data: x\n",
		"/apiVersion":                              strings.Replace(cip(keyless), "v1beta1", "v1", 1),
		"/kind":                                    strings.Replace(cip(keyless), "ClusterImagePolicy", "ImagePolicy", 1),
		"/metadata/generateName":                   strings.Replace(cip(keyless), "  name: p", "  name: p\n  generateName: x", 1),
		"/spec/images/0/glob":                      strings.Replace(cip(keyless), "registry.example.com/team/*", "team/[a]", 1),
		"/spec/images/0/digest":                    strings.Replace(cip(keyless), "glob: registry.example.com/team/*", "digest: x", 1),
		"/spec/authorities/0/static/action":        cip("  - static:\n      action: pass\n"),
		"/spec/authorities/0/keyless/trustRootRef": strings.Replace(cip(keyless), "url: https://fulcio.example.com", "trustRootRef: x", 1),
		"/spec/authorities/0/rfc3161timestamp/trustRootRef":      withKey("    rfc3161timestamp:\n      trustRootRef: x\n"),
		"/spec/authorities/0/rfc3161timestamp/url":               withKey("    rfc3161timestamp:\n      url: https://rekor.example.com\n"),
		"/spec/authorities/0/attestations/0/policy/type":         withKey("    attestations:\n    - predicateType: spdx\n      policy:\n        type: cue\n        data: x\n"),
		"/spec/authorities/0/attestations/0/policy/remoteRef":    withKey("    attestations:\n    - predicateType: spdx\n      policy:\n        type: rego\n        remoteRef:\n          url: x\n"),
		"/spec/authorities/0/key":                                withKey("      kms: hashivault://x\n"),
		"/spec/authorities/0":                                    cip("  - name: x\n"),
		"/spec/authorities/0/key/secretRef":                      cip("  - key:\n      secretRef:\n        name: x\n"),
		"/spec/authorities/0/key/kms":                            cip("  - key:\n      kms: gcpkms://x\n"),
		"/spec/authorities/0/key/hashAlgorithm":                  withKey("      hashAlgorithm: sha512\n"),
		"/spec/authorities/0/key/data":                           cip("  - key:\n      data: x\n"),
		"/spec/authorities/0/source/0/x":                         withKey("    source:\n    - x: x\n"),
		"/spec/authorities/0/rfc3161timestamp":                   withKey("    rfc3161timestamp: {}\n"),
		"/spec/authorities/0/ctlog/url":                          withKey("    ctlog:\n      url: https://rekor.sigstore.dev\n"),
		"/spec/authorities/0/ctlog/trustRootRef":                 withKey("    ctlog:\n      trustRootRef: x\n"),
		"/spec/authorities/0/attestations/0/policy":              withKey("    attestations:\n    - predicateType: spdx\n      policy:\n        type: rego\n"),
		"/spec/authorities/0/attestations/0":                     withKey("    attestations:\n    - name: x\n"),
		"/spec/authorities/0/attestations":                       withKey("    attestations: []\n"),
		"/spec/authorities/0/attestations/0/predicateType":       withKey("    attestations:\n    - predicateType: vuln\n"),
		"/spec/authorities/0/keyless/url":                        strings.Replace(cip(keyless), "https://fulcio.example.com", "https://fulcio.sigstore.dev", 1),
		"/spec/authorities/0/keyless":                            cip("  - keyless:\n      identities: []\n"),
		"/spec/authorities/0/keyless/ca-cert":                    strings.Replace(cip(keyless), "      url: https://fulcio.example.com", "      ca-cert:\n        data: x", 1),
		"/spec/authorities/0/keyless/identities/0":               strings.Replace(cip(keyless), "issuer: https://issuer.example.com", "subject: x", 1),
		"/spec/authorities/0/keyless/identities/0/subjectRegExp": strings.Replace(cip(keyless), "+$", "+", 1),
		"/spec/authorities/0/keyless/identities/0/subject":       strings.Replace(cip(keyless), "subjectRegExp", "subject: x\n        subjectRegExp", 1),
		"/spec/authorities/0/keyless/identities/0/issuerRegExp":  strings.Replace(cip(keyless), "issuer: https://issuer.example.com", "issuerRegExp: ^($", 1),
	} {
		t.Run(where, func(t *testing.T) {
			_, err := compat.ClusterImagePolicy([]byte(document), options)
			require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
			var pointers []string
			for _, r := range attest.Reasons(err) {
				pointers = append(pointers, r.Where)
				assert.NotEmpty(t, r.Want)
			}
			require.True(t, containsPointer(pointers, where), "%v", pointers)
		})
	}
}

// containsPointer also accepts the sibling that a map of Go visits first.
func containsPointer(pointers []string, where string) bool {
	for _, p := range pointers {
		if p == where || where == "/spec/authorities/0/keyless/identities/0/subject" && p == where+"RegExp" {
			return true
		}
	}
	return false
}

func TestADocumentThatTwoReadersReadDifferentlyIsRefused(t *testing.T) {
	for name, document := range map[string]string{
		"nothing":             "",
		"a text":              "x",
		"no YAML":             "a: [",
		"two documents":       cip(keyless) + "---\na: 1\n",
		"a key twice":         cip(keyless) + "kind: ClusterImagePolicy\n",
		"an anchor":           strings.Replace(cip(keyless), "name: p", "name: &a p", 1),
		"an alias":            "a: &a x\nb: *a\n",
		"a merge":             strings.Replace(cip(keyless), "  name: p", "  <<: {name: p}", 1),
		"a tag":               strings.Replace(cip(keyless), "name: p", "name: !!str p", 1),
		"a number for a key":  cip(keyless) + "1: x\n",
		"a list for a policy": "- a\n",
		"depth":               strings.Repeat("[", 40) + strings.Repeat("]", 40),
		"size":                "a: " + strings.Repeat("x", 2<<20),
		"no spec":             "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: p\n",
		"no authority":        cip("  []\n"),
		"a number for a name": strings.Replace(cip(keyless), "name: p", "name: 1", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compat.ClusterImagePolicy([]byte(document), options)
			require.NotEmpty(t, attest.Reasons(err))
			_, err = compat.Witness([]byte(document), nil)
			require.NotEmpty(t, attest.Reasons(err))
		})
	}
}

func witness(t testing.TB, replace ...string) []byte {
	t.Helper()
	pem, _ := pair(t, 0)
	document := `{"expires":"2027-01-01T00:00:00Z","roots":{},"timestampauthorities":null,"publickeys":{"k1":{"keyid":"k1","key":"` + base64.StdEncoding.EncodeToString([]byte(pem)) + `"}},` +
		`"steps":{"build":{"name":"build","artifactsFrom":null,"functionaries":[{"type":"publickey","publickeyid":"k1","certConstraint":{"commonname":""}}],` +
		`"attestations":[{"type":"https://witness.dev/attestations/command-run/v0.1","regopolicies":[]},{"type":"https://witness.dev/attestations/material/v0.1"}]}}}`
	return []byte(strings.NewReplacer(replace...).Replace(document))
}

const collected = `{"name":"build","attestations":[{"type":"https://witness.dev/attestations/command-run/v0.1","attestation":{"exitcode":0}},{"type":"https://witness.dev/attestations/material/v0.1","attestation":{}}]}`

func TestAWitnessPolicyDemandsItsSteps(t *testing.T) {
	p, err := compat.Witness(witness(t), nil)
	require.NoError(t, err)
	require.Equal(t, 2027, p.Expires.Year())
	_, fingerprint := pair(t, 0)
	_, strange := pair(t, 1)
	good := attest.Identity{Subject: "builder", Key: fingerprint}
	require.Equal(t, policy.Allow, decide(t, p.Root, evidence(t, compat.CollectionType, collected, good)).Verdict())
	end := decide(t, p.Root, evidence(t, compat.CollectionType, collected, good)).Report().ValidUntil
	require.Equal(t, now.Add(time.Hour), end, "the engine's own validity is shorter")
	for expires, want := range map[string]policy.Verdict{"2026-05-01T12:00:01Z": policy.Allow, "2026-05-01T12:00:00Z": policy.Deny, "2020-01-01T00:00:00Z": policy.Deny} {
		p, err := compat.Witness(witness(t, "2027-01-01T00:00:00Z", expires), nil)
		require.NoError(t, err)
		d := decide(t, p.Root, evidence(t, compat.CollectionType, collected, good))
		require.Equal(t, want, d.Verdict(), expires)
		if want == policy.Allow {
			require.False(t, d.Allowed(p.Expires))
		} else {
			require.ErrorIs(t, d.Err(), attest.Is(compat.CodeExpired))
		}
	}
	for name, c := range map[string]struct {
		predicate string
		signer    attest.Identity
		code      attest.Code
	}{
		"another step":               {strings.Replace(collected, `"name":"build"`, `"name":"test"`, 1), good, compat.CodeStep},
		"another functionary":        {collected, attest.Identity{Subject: "builder", Key: strange}, compat.CodeSigner},
		"a missing attestation":      {strings.Replace(collected, "material", "product", 1), good, compat.CodeAttestation},
		"no attestation":             {`{"name":"build","attestations":[]}`, good, compat.CodeAttestation},
		"attestations of no list":    {`{"name":"build","attestations":{}}`, good, compat.CodeAttestation},
		"nothing at all":             {`{}`, good, compat.CodeStep},
		"a type in another spelling": {strings.Replace(collected, "command-run", "Command-run", 1), good, compat.CodeAttestation},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(t, p.Root, evidence(t, compat.CollectionType, c.predicate, c.signer))
			require.NotEqual(t, policy.Allow, d.Verdict())
			require.ErrorIs(t, d.Err(), attest.Is(c.code))
		})
	}
}

func TestAWitnessPolicyIsRefusedByItsExactClause(t *testing.T) {
	for where, replace := range map[string][]string{
		"/roots":                            {`"roots":{}`, `"roots":{"r":{}}`},
		"/timestampauthorities":             {`"timestampauthorities":null`, `"timestampauthorities":{"t":{}}`},
		"/expires":                          {`2027-01-01T00:00:00Z`, `tomorrow`},
		"/steps/build/artifactsFrom":        {`"artifactsFrom":null`, `"artifactsFrom":["clone"]`},
		"/steps/build":                      {`"name":"build"`, `"name":"test"`},
		"/steps/build/functionaries/0/type": {`"type":"publickey"`, `"type":"root"`},
		"/steps/build/functionaries/0":      {`"publickeyid":"k1"`, `"publickeyid":"k2"`},
		"/steps/build/functionaries/0/certConstraint/commonname": {`"commonname":""`, `"commonname":"*"`},
		"/steps/build/attestations/0/regopolicies/0":             {`"regopolicies":[]`, `"regopolicies":[{"name":"x","module":"eA=="}]`},
		"/steps/build/attestations/0/aipolicies":                 {`"regopolicies":[]`, `"aipolicies":[]`},
		"/steps/build/attestations/0":                            {`{"type":"https://witness.dev/attestations/command-run/v0.1","regopolicies":[]}`, `{}`},
		"/publickeys/k1":                                         {`"keyid":"k1"`, `"keyid":"k2"`},
		"/steps/build/attestationsFrom":                          {`"artifactsFrom":null`, `"attestationsFrom":["x"]`},
		"/externalAttestations":                                  {`"roots":{}`, `"externalAttestations":{}`},
	} {
		t.Run(where, func(t *testing.T) {
			_, err := compat.Witness(witness(t, replace...), nil)
			require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
			var pointers []string
			for _, r := range attest.Reasons(err) {
				pointers = append(pointers, r.Where)
			}
			require.Contains(t, pointers, where)
		})
	}
}

func TestEachRegoModuleIsJudgedOnItsOwn(t *testing.T) {
	module := func(name string) string {
		return `{"name":"` + name + `","module":"` + base64.StdEncoding.EncodeToString([]byte(name)) + `"}`
	}
	_, fingerprint := pair(t, 0)
	proof := evidence(t, compat.CollectionType, collected, attest.Identity{Subject: "builder", Key: fingerprint})
	compile := func(name string, source []byte) (compat.Deny, error) {
		require.Equal(t, name, string(source))
		switch name {
		case "broken":
			return nil, errors.New("no module")
		case "denies":
			return func(_ context.Context, a json.RawMessage) ([]string, error) {
				return []string{"exit code " + string(a)}, nil
			}, nil
		case "fails":
			return func(context.Context, json.RawMessage) ([]string, error) { return nil, errors.New("undefined") }, nil
		}
		return func(context.Context, json.RawMessage) ([]string, error) { return nil, nil }, nil
	}
	for modules, want := range map[string]policy.Verdict{
		module("fine"): policy.Allow, module("denies"): policy.Deny, module("fails"): policy.Indeterminate,
		module("denies") + "," + module("fine"): policy.Deny, module("fine") + "," + module("denies"): policy.Deny,
	} {
		p, err := compat.Witness(witness(t, `"regopolicies":[]`, `"regopolicies":[`+modules+`]`), compile)
		require.NoError(t, err)
		require.Equal(t, want, decide(t, p.Root, proof).Verdict(), modules)
	}
	_, err := compat.Witness(witness(t, `"regopolicies":[]`, `"regopolicies":[`+module("broken")+`]`), compile)
	require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
}

// An expression that is none by itself must not become one by what is put around it.
func TestAnExpressionCannotCloseItsAnchors(t *testing.T) {
	_, err := compat.ClusterImagePolicy([]byte(strings.Replace(cip(keyless), "+$", "+)|(?:.*$", 1)), options)
	require.ErrorIs(t, err, attest.Is(compat.CodeUnsupported))
}

func TestEveryCodeIsListedOnce(t *testing.T) {
	seen := map[attest.Code]bool{}
	for _, c := range compat.Codes() {
		assert.Regexp(t, `^policy\.compat\.[a-z-]+$`, string(c))
		assert.False(t, seen[c], c)
		seen[c] = true
	}
}

// Whatever a document says, it is loaded or refused with a reason.
func FuzzDocuments(f *testing.F) {
	f.Add([]byte(cip(keyless)))
	f.Add(witness(f))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? a\n: b"))
	f.Fuzz(func(t *testing.T, document []byte) {
		if _, err := compat.ClusterImagePolicy(document, options); err != nil {
			require.NotEmpty(t, attest.Reasons(err))
		}
		if _, err := compat.Witness(document, nil); err != nil {
			require.NotEmpty(t, attest.Reasons(err))
		}
	})
}
