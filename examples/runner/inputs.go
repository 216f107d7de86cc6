package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/measure"
	"github.com/sealwright/sealwright/reproducible/store"
)

// pin puts everything that the flags name into the store and writes the spec that
// names it by digest.
func pin(ctx context.Context, f *flags, s *store.Store) (*reproducible.Spec, error) {
	spec := &reproducible.Spec{
		Command: slices.Clone(f.command), Outputs: f.out, Epoch: f.epoch,
		Limits: reproducible.Limits{Wall: f.wall}, Require: reproducible.Hermetic,
	}
	for i, in := range f.in {
		name, dir, _ := strings.Cut(in, "=")
		at := path.Join("/", name)
		if i == 0 {
			spec.Dir = at
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, fmt.Errorf("-in %s: %w", in, err)
		}
		d, _, err := s.PutTree(ctx, root)
		if err := errors.Join(err, root.Close()); err != nil {
			return nil, fmt.Errorf("-in %s: %w", in, err)
		}
		spec.Inputs = append(spec.Inputs, reproducible.Input{Path: at, Kind: reproducible.Tree, Digest: d, Role: provenance.RoleSource, Name: name})
	}
	for _, name := range f.tools {
		if err := pinTool(ctx, s, spec, name); err != nil {
			return nil, fmt.Errorf("-tool %s: %w", name, err)
		}
	}
	if f.host != "" {
		spec.HostPaths = strings.Split(f.host, ",")
		spec.Require &^= reproducible.InputsPinned
	}
	for name := range strings.SplitSeq(f.require, ",") {
		if name != "" {
			g, err := reproducible.ParseGuarantee(name)
			if err != nil {
				return nil, err
			}
			spec.Require |= g
		}
	}
	if !strings.Contains(spec.Command[0], "/") {
		spec.Command[0] = "/bin/" + spec.Command[0]
	}
	return spec, nil
}

// pinTool adds a program, and what Linux loads with it, to the inputs.
func pinTool(ctx context.Context, s *store.Store, spec *reproducible.Spec, name string) error {
	tool, err := measure.Pin(ctx, name, measure.PinOptions{Search: filepath.SplitList(os.Getenv("PATH"))})
	if err != nil {
		return err
	}
	add := func(at string, f measure.PinnedFile) error {
		covered := func(in reproducible.Input) bool { return at == in.Path || strings.HasPrefix(at, in.Path+"/") }
		if slices.ContainsFunc(spec.Inputs, covered) {
			return nil
		}
		file, err := os.Open(f.Path)
		if err != nil {
			return err
		}
		d, _, err := s.PutFile(ctx, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		if d != f.Digest {
			return attest.Refuse(measure.CodeToolChanged, f.Path, f.Digest.String(), d.String())
		}
		spec.Inputs = append(spec.Inputs, reproducible.Input{
			Path: at, Kind: reproducible.Executable, Digest: d, Role: provenance.RoleTool, Name: f.Path,
		})
		return nil
	}
	faults := []error{add("/bin/"+path.Base(name), tool.Tool)}
	if tool.Interpreter != nil {
		faults = append(faults, add(tool.InterpreterName, *tool.Interpreter))
	}
	for _, library := range tool.Libraries {
		name, err := soname(library.Path)
		faults = append(faults, err, add(path.Join(path.Dir(library.Path), name), library))
	}
	return errors.Join(faults...)
}

// soname returns the name by which programs ask for a library, which on the machine
// is often a link to the file.
func soname(library string) (string, error) {
	f, err := elf.Open(library)
	if err != nil {
		return "", err
	}
	defer f.Close()
	names, err := f.DynString(elf.DT_SONAME)
	if err != nil || len(names) == 0 {
		return path.Base(library), err
	}
	return path.Base(names[0]), nil
}
