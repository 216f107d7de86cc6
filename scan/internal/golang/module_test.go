package golang

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAReleaseNameBecomesTheDatabasesVersion(t *testing.T) {
	for name, want := range map[string]string{
		"go1.21.3":                    "1.21.3",
		"go1.21":                      "1.21.0",
		"go1.21rc2":                   "1.21.0-rc.2",
		"go1.9.2rc2":                  "go1.9.2rc2",
		"go1.8beta1":                  "1.8.0-beta.1",
		"go1.21.3-acme":               "1.21.3",
		"go1.26.8 X:nodwarf5":         "1.26.8",
		"devel go1.27-0123abc Mon":    "devel go1.27-0123abc Mon",
		"go1.22-20240109-RC01 cl/123": "go1.22-20240109-RC01 cl/123",
		"go1.18.1b7":                  "go1.18.1b7",
		"default":                     "default",
		"":                            "",
	} {
		assert.Equal(t, want, ReleaseVersion(name), name)
	}
}

func TestAPackageURLFollowsTheGolangRules(t *testing.T) {
	for path, want := range map[[2]string]string{
		{"github.com/BurntSushi/toml", "v1.2.0"}:           "pkg:golang/github.com/burntsushi/toml@v1.2.0",
		{"example.com/a/v2", "v2.0.0+incompatible"}:        "pkg:golang/example.com/a/v2@v2.0.0%2Bincompatible",
		{"stdlib", "1.26.8"}:                               "pkg:golang/stdlib@1.26.8",
		{"example.com/main", "(devel)"}:                    "pkg:golang/example.com/main",
		{"example.com", "v0.0.0-20200101000000-abcdefabc"}: "pkg:golang/example.com@v0.0.0-20200101000000-abcdefabc",
	} {
		assert.Equal(t, want, Package(path[0], path[1]).PURL)
	}
}
