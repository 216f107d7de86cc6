package gobuild

import (
	"maps"
	"path"
	"slices"

	"github.com/sealwright/sealwright/reproducible"
)

// Plain returns the spec of Plan in a form for a Builder that gives the command no
// file tree of its own, as package process does: paths are relative to Spec.Dir, and
// a shell of the machine makes those absolute that go wants so. It requires nothing,
// pins no shell, and FromProvenance refuses it: it is for trying a build where the
// machine grants no isolation, not for evidence that others repeat.
func Plain(spec *reproducible.Spec) *reproducible.Spec {
	const shell = "/bin/sh"
	const script = `GOROOT="$(cd ../go && pwd)" GOCACHE="$TMPDIR/cache" GOPATH="$TMPDIR/go" GOMODCACHE="$TMPDIR/go/pkg/mod"` + "\n" +
		`if [ "$GOPROXY" != off ]; then GOPROXY="file://$(cd ../modules && pwd)"; fi` + "\n" +
		`export GOROOT GOCACHE GOPATH GOMODCACHE GOPROXY` + "\n" +
		`exec ../go/bin/go "$@"`
	c := *spec
	c.Inputs = slices.Clone(spec.Inputs)
	c.Env = maps.Clone(spec.Env)
	c.Command = append([]string{shell, "-c", script, "go"}, spec.Command[1:]...)
	for i, arg := range c.Command {
		if i > 0 && c.Command[i-1] == "-o" {
			c.Command[i] = ".." + path.Clean(arg)
		}
	}
	c.HostPaths = []string{shell}
	c.Require = 0
	return &c
}
