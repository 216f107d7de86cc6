package deploy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/deploy"
	"github.com/sealwright/sealwright/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// request returns a valid request for production/web.
func request() deploy.Request {
	return deploytest.Request(deploytest.At("production", "web"), 1, "app")
}

func requireCode(t *testing.T, err error, code attest.Code) {
	t.Helper()
	require.ErrorIs(t, err, attest.Is(code))
}

func hexOf(c string) string { return strings.Repeat(c, 64) }

func TestARequest(t *testing.T) {
	tests := []struct {
		name   string
		change func(*deploy.Request)
		code   attest.Code
	}{
		{"without subjects is refused", func(r *deploy.Request) { r.Subjects = nil }, deploy.CodeSubject},
		{"with a subject without digest is refused", func(r *deploy.Request) { r.Subjects[0].Digest = nil }, deploy.CodeSubject},
		{"with a sha1-only subject is refused", func(r *deploy.Request) { r.Subjects[0].Digest = digest.Set{"sha1": strings.Repeat("a", 40)} }, deploy.CodeSubject},
		{"with a sha512-only subject is refused", func(r *deploy.Request) { r.Subjects[0].Digest = digest.Set{"sha512": strings.Repeat("a", 128)} }, deploy.CodeSubject},
		{"with an upper-case digest is refused", func(r *deploy.Request) { r.Subjects[0].Digest = digest.Set{"sha256": hexOf("A")} }, deploy.CodeSubject},
		{"with a short digest is refused", func(r *deploy.Request) { r.Subjects[0].Digest = digest.Set{"sha256": "ab"} }, deploy.CodeSubject},
		{"with one artifact twice is refused", func(r *deploy.Request) { r.Subjects = append(r.Subjects, r.Subjects[0]) }, deploy.CodeSubject},
		{"with 1001 subjects is refused", func(r *deploy.Request) { r.Subjects = make([]attest.Descriptor, 1001) }, deploy.CodeSubject},
		{"that carries content is refused", func(r *deploy.Request) { r.Subjects[0].Content = []byte("x") }, deploy.CodeSubject},
		{"without environment is refused", func(r *deploy.Request) { r.Environment = "" }, deploy.CodePlace},
		{"with an upper-case environment is refused", func(r *deploy.Request) { r.Environment = "Production" }, deploy.CodePlace},
		{"with a Unicode look-alike environment is refused", func(r *deploy.Request) { r.Environment = "prоduction" }, deploy.CodePlace},
		{"with a trailing slash in the environment is refused", func(r *deploy.Request) { r.Environment = "production/" }, deploy.CodePlace},
		{"with a path as target is refused", func(r *deploy.Request) { r.Target.Name = "../web" }, deploy.CodePlace},
		{"with dots as namespace is refused", func(r *deploy.Request) { r.Target.Namespace = "a..b" }, deploy.CodePlace},
		{"without action is refused", func(r *deploy.Request) { r.Action = "" }, deploy.CodeAction},
		{"with an unknown action is refused", func(r *deploy.Request) { r.Action = "Deploy" }, deploy.CodeAction},
		{"to roll back without reason is refused", func(r *deploy.Request) { r.Action, r.Reason = deploy.ActionRollback, "" }, deploy.CodeText},
		{"to remove without reason is refused", func(r *deploy.Request) { r.Action, r.Reason = deploy.ActionRemove, "" }, deploy.CodeText},
		{"without configuration digest is refused", func(r *deploy.Request) { r.Config = digest.Digest{} }, deploy.CodePin},
		{"with a sha512 policy is refused", func(r *deploy.Request) { r.Policy = digest.Digest{Algorithm: "sha512", Hex: hexOf("a") + hexOf("b")} }, deploy.CodePin},
		{"of generation zero is refused", func(r *deploy.Request) { r.Generation = 0 }, deploy.CodeRequestGeneration},
		{"without requester is refused", func(r *deploy.Request) { r.Requester = "" }, deploy.CodeText},
		{"with a reason that reorders text is refused", func(r *deploy.Request) { r.Reason = "safe \u202e evil" }, deploy.CodeText},
		{"with a line feed in the requester is refused", func(r *deploy.Request) { r.Requester = "a\nb" }, deploy.CodeText},
		{"with broken UTF-8 is refused", func(r *deploy.Request) { r.Reason = "\xff" }, deploy.CodeText},
		{"with a long reason is refused", func(r *deploy.Request) { r.Reason = strings.Repeat("x", 4097) }, deploy.CodeText},
		{"with a short nonce is refused", func(r *deploy.Request) { r.Nonce = "short" }, deploy.CodeNonce},
		{"with a nonce of other characters is refused", func(r *deploy.Request) { r.Nonce = "nonce 0000000000" }, deploy.CodeNonce},
		{"without start is refused", func(r *deploy.Request) { r.NotBefore = time.Time{} }, deploy.CodeWindow},
		{"without end is refused", func(r *deploy.Request) { r.NotAfter = time.Time{} }, deploy.CodeWindow},
		{"with an empty window is refused", func(r *deploy.Request) { r.NotAfter = r.NotBefore }, deploy.CodeWindow},
	}
	require.NoError(t, request().Validate())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request()
			tt.change(&r)
			requireCode(t, r.Validate(), tt.code)
			_, err := r.Digest()
			requireCode(t, err, tt.code)
		})
	}
}

func TestTheZeroRequestReportsEveryFault(t *testing.T) {
	err := deploy.Request{}.Validate()
	for _, code := range []attest.Code{deploy.CodeSubject, deploy.CodePlace, deploy.CodeAction, deploy.CodePin,
		deploy.CodeRequestGeneration, deploy.CodeText, deploy.CodeNonce, deploy.CodeWindow} {
		assert.ErrorIs(t, err, attest.Is(code))
	}
}

// changes alter each field of a valid request to another valid value.
func changes() map[string]func(*deploy.Request) {
	return map[string]func(*deploy.Request){
		"artifact":     func(r *deploy.Request) { r.Subjects[0] = deploytest.Artifact("other") },
		"more":         func(r *deploy.Request) { r.Subjects = append(r.Subjects, deploytest.Artifact("other")) },
		"name":         func(r *deploy.Request) { r.Subjects[0].Name = "another" },
		"uri":          func(r *deploy.Request) { r.Subjects[0].URI = "pkg:generic/app%2F" },
		"uri encoded":  func(r *deploy.Request) { r.Subjects[0].URI = "pkg:generic/app/" },
		"media type":   func(r *deploy.Request) { r.Subjects[0].MediaType = "application/x" },
		"more digests": func(r *deploy.Request) { r.Subjects[0].Digest["sha512"] = hexOf("a") + hexOf("a") },
		"environment":  func(r *deploy.Request) { r.Environment = "staging" },
		"cluster":      func(r *deploy.Request) { r.Target.Cluster = "c" },
		"namespace":    func(r *deploy.Request) { r.Target.Namespace = "c" },
		"target":       func(r *deploy.Request) { r.Target.Name = "api" },
		"action":       func(r *deploy.Request) { r.Action = deploy.ActionRemove },
		"config":       func(r *deploy.Request) { r.Config.Hex = hexOf("c") },
		"policy":       func(r *deploy.Request) { r.Policy.Hex = hexOf("c") },
		"generation":   func(r *deploy.Request) { r.Generation++ },
		"requester":    func(r *deploy.Request) { r.Requester = "robin" },
		"reason":       func(r *deploy.Request) { r.Reason += "." },
		"nonce":        func(r *deploy.Request) { r.Nonce += "1" },
		"not before":   func(r *deploy.Request) { r.NotBefore = r.NotBefore.Add(1) },
		"not after":    func(r *deploy.Request) { r.NotAfter = r.NotAfter.Add(1) },
	}
}

func TestTheDigestOfARequestCoversEveryField(t *testing.T) {
	original, err := request().Digest()
	require.NoError(t, err)
	seen := map[digest.Digest]string{original: "the original"}
	for name, change := range changes() {
		r := request()
		r.Subjects[0].Digest = r.Subjects[0].Digest.Clone()
		change(&r)
		d, err := r.Digest()
		require.NoError(t, err, name)
		assert.Empty(t, seen[d], "%s gives the digest of %s", name, seen[d])
		seen[d] = name
	}
}

func TestTheDigestOfARequestNeverChanges(t *testing.T) {
	d, err := request().Digest()
	require.NoError(t, err)
	assert.Equal(t, goldenRequest, d.String())
	zoned := request()
	zoned.NotBefore = zoned.NotBefore.In(time.FixedZone("elsewhere", 3600))
	again, err := zoned.Digest()
	require.NoError(t, err)
	assert.Equal(t, d, again, "the zone of a time is no part of the instant")
}

// goldenRequest was computed from the documented form by another program.
const goldenRequest = "sha256:af5c1823b06f5339065f2678a913351dbef9f2a88fe2992cbf08d0c176b84c7d"

func TestPlacesNeverShareAString(t *testing.T) {
	a := deploy.Place{Environment: "e", Target: deploy.Target{Cluster: "a", Name: "n"}}
	b := deploy.Place{Environment: "e", Target: deploy.Target{Namespace: "a", Name: "n"}}
	assert.NotEqual(t, a.String(), b.String())
	assert.Equal(t, "e/a/-/n", a.String())
}
