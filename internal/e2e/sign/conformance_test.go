package sign_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/sigstore/sigstore-go/pkg/bundle" // brings the bundles along
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// command runs a program, and returns what it says and its exit status.
func command(t *testing.T, name string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestTheConformanceClientJudgesRealBundles(t *testing.T) {
	program := filepath.Join(t.TempDir(), "conformance")
	out, status := command(t, "go", "build", "-o", program, "github.com/sealwright/sealwright/examples/conformance")
	require.Zero(t, status, out)
	dir, status := command(t, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go")
	require.Zero(t, status, dir)
	data := func(name string) string { return filepath.Join(strings.TrimSpace(dir), "pkg", "testing", "data", name) }
	const (
		any    = "sha256:6ae8a75555209fd6c44157c0aed8016e763ff435a19cf186f76863140143ff72"
		other  = "sha256:bc103b4a84971ef6459b294a2b98568a2bfb72cded09d4acd1e16366a401f95b"
		npm    = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
		github = "https://token.actions.githubusercontent.com"
	)
	named := func(name, issuer string) []string {
		return []string{"--certificate-identity", name, "--certificate-oidc-issuer", issuer}
	}
	keyed := []string{"--key", data("public-keys/public-key-validity.pem")}
	for name, c := range map[string]struct {
		bundle, root, artifact string
		who                    []string
		reason                 string // "" for accepted
	}{
		"an otherName":                       {"othername", "scaffolding", other, named("foo!oidc.local", "http://oidc.local:8080"), ""},
		"an otherName of another issuer":     {"othername", "scaffolding", other, named("foo!oidc.local", "http://oidc.local"), "attest.sigstore.identity"},
		"an otherName under another root":    {"othername", "public-good", other, named("foo!oidc.local", "http://oidc.local:8080"), "attest.chain.issuer"},
		"an otherName of another artifact":   {"othername", "scaffolding", any, named("foo!oidc.local", "http://oidc.local:8080"), "attest.sigstore.artifact"},
		"a key":                              {"public-key-validity", "public-key-validity", any, keyed, ""},
		"a key for another artifact":         {"public-key-validity", "public-key-validity", other, keyed, "attest.sigstore.artifact"},
		"provenance of another artifact":     {"sigstore.js@2.0.0-provenance", "public-good", any, named(npm, github), "attest.want.subject"},
		"an envelope of two signatures":      {"dsse-2sigs", "public-good", any, named("brian@dehamer.com", "https://github.com/login/oauth"), "attest.sigstore.content"},
		"an envelope that names no artifact": {"dsse", "public-good", any, named("brian@dehamer.com", "https://github.com/login/oauth"), "attest.want.subject"},
	} {
		args := append([]string{"verify-bundle", "--bundle", data("bundles/" + c.bundle + ".sigstore.json")}, c.who...)
		out, status := command(t, program, append(args, "--trusted-root", data("trusted-roots/"+c.root+".json"), c.artifact)...)
		if c.reason == "" {
			assert.Zero(t, status, "%s: %s", name, out)
			continue
		}
		assert.Equal(t, 1, status, name)
		assert.Contains(t, out, c.reason, name)
	}
}
