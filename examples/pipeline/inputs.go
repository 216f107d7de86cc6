package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/gobuild"
)

// pin puts everything that the build may read into the store and writes the spec
// that names it by digest.
func (l *line) pin(ctx context.Context) (err error) {
	if l.flags.cmd == "" {
		l.spec, err = l.planGo(ctx)
	} else {
		l.spec, err = l.planCommand(ctx)
	}
	if err != nil {
		return err
	}
	for _, in := range l.spec.Inputs {
		l.account.Inputs = append(l.account.Inputs, fileAccount{string(in.Role) + " at " + in.Path, in.Digest})
		if in.Role == provenance.RoleSource {
			l.terms.Source.URI, l.terms.Source.Digest = in.URI, in.Digest.Set()
		}
	}
	return nil
}

// planCommand pins the source of a project and runs its command with the host's
// tools, which nothing pins.
func (l *line) planCommand(ctx context.Context) (*reproducible.Spec, error) {
	root, err := os.OpenRoot(l.flags.src)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	tree, _, err := l.store.PutTree(ctx, root)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	spec := &reproducible.Spec{
		Inputs: []reproducible.Input{{
			Path: "/src", Kind: reproducible.Tree, Digest: tree,
			Role: provenance.RoleSource, Name: filepath.Base(l.flags.src), URI: l.flags.sourceURI,
		}},
		Command: []string{"/bin/sh", "-c", l.flags.cmd}, Dir: "/src",
		Outputs: []string{l.flags.artifact}, Require: l.terms.Require,
	}
	for path := range strings.SplitSeq(l.flags.host, ",") {
		if path != "" {
			spec.HostPaths = append(spec.HostPaths, path)
		}
	}
	return spec, nil
}

// planGo pins the source, the Go toolchain and the modules of go.sum. Modules come
// from the user's module cache where it has them.
func (l *line) planGo(ctx context.Context) (*reproducible.Spec, error) {
	plan := filepath.Join(l.temp, "plan")
	if err := os.Mkdir(plan, 0o755); err != nil {
		return nil, err
	}
	known, err := runGo(ctx, ".", os.Environ(), "env", "GOMODCACHE", "GOPROXY")
	if err != nil {
		return nil, err
	}
	cache, proxy, _ := strings.Cut(strings.TrimSpace(string(known)), "\n")
	require := l.terms.Require
	if !l.isolated {
		require = 0 // what a plan demands at least; Plain drops it
	}
	spec, err := gobuild.Plan(ctx, gobuild.Config{
		Source: l.flags.src, SourceURI: l.flags.sourceURI, Output: l.flags.artifact,
		Proxy: proxy, ModuleCache: cache, Network: network(),
		Store: l.store, Temp: plan, Run: runGo, Require: require,
	})
	if err != nil || l.isolated {
		return spec, err
	}
	spec = gobuild.Plain(spec)
	spec.Require = l.terms.Require
	return spec, nil
}

// runGo runs the go command on PATH.
func runGo(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// network holds the environment variables by which this machine reaches proxies.
func network() map[string]string {
	vars := map[string]string{}
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOINSECURE", "GOAUTH"} {
		if value, ok := os.LookupEnv(name); ok {
			vars[name] = value
		}
	}
	return vars
}
