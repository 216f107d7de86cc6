package process

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/reproducible"
)

// path returns where a path of the command's tree lies on this machine.
func (r *run) path(p string) string {
	for _, host := range r.spec.HostPaths {
		if p == host || strings.HasPrefix(p, host+"/") {
			return filepath.FromSlash(p)
		}
	}
	return filepath.Join(r.root, filepath.FromSlash(p))
}

// layOut makes the private directory look like the command's tree. Inputs are
// copied, because nothing would stop a command from writing to them.
func (r *run) layOut(ctx context.Context) error {
	for _, dir := range []string{reproducible.OutputDir, reproducible.HomeDir} {
		if err := os.MkdirAll(r.path(dir), 0o755); err != nil {
			return machineError(dir, err)
		}
	}
	r.prepare()
	for _, in := range r.spec.Inputs {
		if err := r.copyInput(ctx, in); err != nil {
			return attest.Refuse(reproducible.CodeInput, in.Path, in.Digest.String(), "").Because(err)
		}
	}
	return nil
}

func (r *run) copyInput(ctx context.Context, in reproducible.Input) error {
	to := r.path(in.Path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if in.Kind == reproducible.Tree {
		from, err := r.config.Store.Materialize(ctx, in.Digest)
		if err != nil {
			return err
		}
		return os.CopyFS(to, os.DirFS(from))
	}
	mode := fs.FileMode(0o644)
	if in.Kind == reproducible.Executable {
		mode = 0o755
	}
	content, err := r.config.Store.Open(ctx, in.Digest)
	if err != nil {
		return err
	}
	defer content.Close()
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// command returns the command, with its environment and directory.
func (r *run) command() (*exec.Cmd, error) {
	program, dir := r.path(r.spec.Command[0]), r.path(r.spec.Dir)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, attest.Refuse(reproducible.CodeStart, r.spec.Dir, "a directory", "").Because(err)
	}
	cmd := &exec.Cmd{Path: program, Args: r.spec.Command, Dir: dir, Env: r.environment()}
	separate(cmd)
	return cmd, nil
}

// environment is the spec's, with HOME and TMPDIR in the private directory.
func (r *run) environment() []string {
	env := r.spec.Environment()
	for i, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if _, set := r.spec.Env[name]; set {
			continue
		}
		switch name {
		case "HOME":
			env[i] = "HOME=" + r.path(reproducible.HomeDir)
		case "TMPDIR":
			env[i] = "TMPDIR=" + r.path(reproducible.ScratchDir)
		}
	}
	return env
}
