// Package golang names Go modules and Go releases as advisories and package URLs
// name them.
package golang

import (
	"go/version"
	"path"
	"regexp"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/sealwright/sealwright/scan"
)

// Ecosystem is the OSV schema's name of the ecosystem of Go modules.
const Ecosystem = "Go"

// Names of the two modules that the Go vulnerability database uses for what a Go
// release brings: the standard library, and the commands that build with it.
const (
	Stdlib    = "stdlib"
	Toolchain = "toolchain"
)

// Ref names a module version.
func Ref(modulePath, moduleVersion string) scan.Ref {
	return scan.Ref{Ecosystem: Ecosystem, Name: modulePath, Version: moduleVersion, PURL: purl(modulePath, moduleVersion)}
}

// Package is a module version as a package without further facts.
func Package(modulePath, moduleVersion string) scan.Package {
	r := Ref(modulePath, moduleVersion)
	return scan.Package{Ecosystem: r.Ecosystem, Name: r.Name, Version: r.Version, PURL: r.PURL}
}

func purl(modulePath, moduleVersion string) string {
	if moduleVersion == "(devel)" {
		moduleVersion = ""
	}
	namespace, name := path.Split(modulePath)
	p := packageurl.NewPackageURL(packageurl.TypeGolang, strings.TrimSuffix(namespace, "/"), name, moduleVersion, nil, "")
	if p.Normalize() != nil {
		return ""
	}
	return p.ToString()
}

var release = regexp.MustCompile(`^go([1-9][0-9]*)\.(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*))?(?:(alpha|beta|rc)([1-9][0-9]*))?$`)

// ReleaseVersion turns the name of a Go release into the semantic version that
// the Go vulnerability database gives it: "go1.21.3" is 1.21.3, "go1.21" is
// 1.21.0, "go1.21rc2" is 1.21.0-rc.2. A vendor's suffix ("go1.21.3-acme") and a
// list of experiments ("go1.21.3 X:fips") are dropped: they say nothing about
// which fixes are in. Any other name, such as that of a development version, is
// returned as it is, and no version order accepts it.
func ReleaseVersion(name string) string {
	base, experiments, _ := strings.Cut(name, " ")
	if experiments != "" && !strings.HasPrefix(experiments, "X:") {
		return name
	}
	if !version.IsValid(base) {
		return name
	}
	base, _, _ = strings.Cut(base, "-")
	m := release.FindStringSubmatch(base)
	if m == nil {
		return name
	}
	patch := m[3]
	if patch == "" {
		patch = "0"
	}
	v := m[1] + "." + m[2] + "." + patch
	if m[4] != "" {
		v += "-" + m[4] + "." + m[5]
	}
	return v
}
