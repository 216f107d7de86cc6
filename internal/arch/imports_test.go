package arch

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mayImport tells for each room which other rooms its packages may import: only
// what stands above it. A room's own packages are always allowed. "core" is the
// package that has the room's name; "leaf" every other package of the room.
var mayImport = map[string]struct{ core, leaf []string }{
	"internal":     {nil, nil},
	"attest":       {[]string{"internal"}, []string{"internal"}},
	"provenance":   {[]string{"internal", "attest"}, []string{"internal", "attest"}},
	"tee":          {[]string{"internal", "attest"}, []string{"internal", "attest"}},
	"reproducible": {[]string{"internal", "attest", "provenance"}, []string{"internal", "attest", "provenance"}},
	"scan":         {[]string{"internal", "attest"}, []string{"internal", "attest"}},
	"policy": {[]string{"internal", "attest"},
		[]string{"internal", "attest", "provenance", "tee", "reproducible", "scan"}},
	"deploy": {[]string{"internal", "attest", "policy"},
		[]string{"internal", "attest", "provenance", "tee", "reproducible", "scan", "policy"}},
	"": {nil, nil},
}

// thirdParty tells for each module path which packages may import it directly.
// A trailing "/..." covers the packages below. Nothing else may import a third
// party.
var thirdParty = map[string][]string{
	"github.com/secure-systems-lab/go-securesystemslib": {"attest/dsse"},
	"github.com/zeebo/blake3":                           {"attest/digest/blake3"},
	"github.com/transparency-dev/merkle":                {"attest/digest/merkle"},
	"github.com/go-json-experiment/json":                {"provenance/..."},
	"github.com/package-url/packageurl-go":              {"provenance/...", "scan/..."},
	"github.com/fxamacker/cbor/v2":                      {"tee/internal/strictcbor"},
	"github.com/google/go-tpm":                          {"tee/tpm2", "tee/teetest/...", "examples/..."},
	"golang.org/x/sys":                                  {"reproducible/...", "internal/..."},
	"github.com/CycloneDX/cyclonedx-go":                 {"scan/cyclonedx"},
	"github.com/pandatix/go-cvss":                       {"scan/osv"},
	"github.com/schollz/progressbar/v3":                 {"examples/digest"},
	"filippo.io/mldsa":                                  {"attest/key/mldsa"},
	"github.com/digitorus/pkcs7":                        {"attest/tsa"},
	"golang.org/x/crypto":                               {"attest/chain", "attest/tsa", "attest/attesttest/virtual"},
	"github.com/klauspost/compress":                     {"reproducible/inputs"},
	"github.com/go-jose/go-jose/v4":                     {"provenance/collect/oidc", "provenance/collect/collecttest"},
	"github.com/sigstore/rekor":                         {"attest/rekor"},
	"github.com/in-toto/in-toto-golang":                 {"attest/layout"},
	"github.com/theupdateframework/go-tuf/v2":           {"attest/tuf"},
	"github.com/transparency-dev/tessera":               {"attest/tlog/tessera"},
	"oras.land/oras-go/v2":                              {"attest/oci"},
	"github.com/opencontainers/image-spec":              {"attest/oci", "provenance/collect/oci", "reproducible/image"},
	"cel.dev/cel-go":                                    {"policy/cel"},
	"github.com/open-policy-agent/opa":                  {"policy/rego"},
	"go.yaml.in/yaml/v3":                                {"policy/doc", "policy/compat"},
	"golang.org/x/mod": {"attest/tlog/...", "attest/batch", "attest/sigstore", "attest/attesttest/virtual",
		"scan/gomod", "scan/osv", "deploy/ledger", "examples/..."},
}

// coreModules bounds the third-party modules that each core package compiles,
// itself and all that it imports.
var coreModules = map[string]int{
	"attest":               0,
	"attest/digest":        0,
	"attest/key":           0,
	"internal/strictjson":  0,
	"internal/sha256x":     0,
	"policy":               0,
	"provenance":           2,
	"tee":                  2, // cbor and its float16
	"reproducible":         2,
	"scan":                 2,
	"deploy":               2,
	"attest/dsse":          2,
	"tee/tpm2":             4,
	"deploy/ledger":        2,
	"reproducible/sandbox": 2,
}

func TestARoomImportsOnlyWhatStandsAboveIt(t *testing.T) {
	for _, p := range modulePackages(t) {
		if p.room() == "examples" || isTestSupport(p.ImportPath) {
			continue
		}
		rule, known := mayImport[p.room()]
		if !assert.True(t, known, "%s is in no room", p.ImportPath) {
			continue
		}
		allowed := rule.leaf
		if rel(p.ImportPath) == p.room() {
			allowed = rule.core
		}
		for _, imported := range p.Imports {
			if !ours(imported) || roomOf(imported) == p.room() {
				continue
			}
			assert.Contains(t, allowed, roomOf(imported), "%s imports %s", p.ImportPath, imported)
		}
	}
}

func TestACorePackageImportsNoLeafOfItsRoom(t *testing.T) {
	coreParts := []string{"attest/digest"}
	for _, p := range modulePackages(t) {
		if rel(p.ImportPath) != p.room() || p.room() == "" {
			continue
		}
		for _, imported := range p.Imports {
			if ours(imported) && roomOf(imported) == p.room() && !strings.HasPrefix(rel(imported), p.room()+"/internal/") {
				assert.Contains(t, coreParts, rel(imported), "%s imports a leaf", p.ImportPath)
			}
		}
	}
}

func TestNothingImportsExamplesAndNoLibraryImportsTestSupport(t *testing.T) {
	for _, p := range modulePackages(t) {
		for _, imported := range p.Imports {
			if !ours(imported) {
				continue
			}
			if p.room() != "examples" {
				assert.NotEqual(t, "examples", roomOf(imported), "%s imports %s", p.ImportPath, imported)
			}
			if isTestSupport(imported) && p.room() != "examples" {
				assert.True(t, isTestSupport(p.ImportPath), "%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

func TestAThirdPartyIsImportedOnlyWhereItIsListed(t *testing.T) {
	found := listed(t)
	for _, p := range modulePackages(t) {
		for _, imported := range p.Imports {
			dep := found[imported]
			if dep.Standard || ours(imported) || dep.Module == nil {
				continue
			}
			if dep.Module.Path == "github.com/stretchr/testify" && isTestSupport(p.ImportPath) {
				continue
			}
			assert.True(t, covered(thirdParty[dep.Module.Path], rel(p.ImportPath)),
				"%s imports %s", p.ImportPath, imported)
		}
	}
}

func covered(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		root, below := strings.CutSuffix(pattern, "/...")
		return path == root || below && strings.HasPrefix(path, root+"/")
	})
}

func TestACorePackageKeepsItsWeight(t *testing.T) {
	found := listed(t)
	for name, most := range coreModules {
		p, ok := found[modulePath+"/"+name]
		if !assert.True(t, ok, "no package %s", name) {
			continue
		}
		assert.LessOrEqual(t, len(modulesOf(found, p)), most, "%s compiles %v", name, modulesOf(found, p))
	}
}

func modulesOf(found map[string]pkg, p pkg) []string {
	var modules []string
	for _, dep := range p.Deps {
		d := found[dep]
		if d.Standard || ours(dep) || d.Module == nil || slices.Contains(modules, d.Module.Path) {
			continue
		}
		modules = append(modules, d.Module.Path)
	}
	slices.Sort(modules)
	return modules
}

// networked are the packages that exist to serve or to ask over a network.
var networked = []string{"attest/tlog/witness", "attest/tlog/tessera", "attest/rekor", "attest/sigstore/sign",
	"attest/tuf", "attest/oci", "policy/bundle", "policy/rego"}

func TestNoPackageOfTheLineReachesTheNetworkByItself(t *testing.T) {
	found := listed(t)
	for _, p := range modulePackages(t) {
		if p.room() == "examples" || isTestSupport(p.ImportPath) || slices.Contains(networked, rel(p.ImportPath)) {
			continue
		}
		for _, dep := range p.Deps {
			assert.False(t, found[dep].Standard && dep == "net/http", "%s compiles net/http", p.ImportPath)
		}
	}
}

func TestTheRulesCatchAViolation(t *testing.T) {
	require.True(t, covered([]string{"scan/..."}, "scan/osv"))
	require.False(t, covered([]string{"scan/..."}, "scanner"))
	require.False(t, covered([]string{"scan/osv"}, "scan/osv/deep"))
	require.Equal(t, "attest", roomOf(modulePath+"/attest/dsse"))
	require.True(t, isTestSupport(modulePath+"/tee/teetest/swtpm"))
	require.False(t, isTestSupport(modulePath+"/attest"))
}
