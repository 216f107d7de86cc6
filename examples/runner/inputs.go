package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/reproducible"
	"github.com/sealwright/sealwright/reproducible/inputs"
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
	for _, in := range f.in {
		name, dir, _ := strings.Cut(in, "=")
		at := path.Join("/", name)
		input, err := put(ctx, s, dir)
		if err != nil {
			return nil, fmt.Errorf("-in %s: %w", in, err)
		}
		input.Path, input.Role, input.Name = at, provenance.RoleSource, name
		if spec.Dir == "" && input.Kind == reproducible.Tree {
			spec.Dir = at
		}
		spec.Inputs = append(spec.Inputs, input)
	}
	if f.root != "" {
		system, err := pinRoot(ctx, s, f.root)
		if err != nil {
			return nil, fmt.Errorf("-root %s: %w", f.root, err)
		}
		spec.Inputs = append(spec.Inputs, system...)
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
				return nil, fmt.Errorf("%w: -require: %w", errMisuse, err)
			}
			spec.Require |= g
		}
	}
	if !strings.Contains(spec.Command[0], "/") {
		spec.Command[0] = "/bin/" + spec.Command[0]
	}
	return spec, nil
}

// present demands that something that is mounted can hold the command.
func present(f *flags, spec *reproducible.Spec) error {
	program := spec.Command[0]
	if !path.IsAbs(program) {
		program = path.Join("/", spec.Dir, program)
	}
	within := func(at string) bool {
		return program == at || strings.HasPrefix(program, strings.TrimSuffix(at, "/")+"/")
	}
	if slices.ContainsFunc(spec.HostPaths, within) || slices.ContainsFunc(spec.Inputs, func(in reproducible.Input) bool { return within(in.Path) }) {
		return nil
	}
	return fmt.Errorf("%w: nothing that is mounted holds %s; -tool %s would (-h tells more)", errMisuse, program, f.command[0])
}

// pinRoot stores the directories of a distribution, by the digest of their archive.
func pinRoot(ctx context.Context, s *store.Store, archive string) ([]reproducible.Input, error) {
	file, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum, err := digest.Sum(ctx, file, digest.Options{})
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, err
	}
	temp, err := filepath.Abs(os.TempDir())
	if err != nil {
		return nil, err
	}
	strong, _ := sum.Digests.Strongest()
	system, err := inputs.Config{Store: s, Temp: temp}.Root(ctx, file, strong)
	if err != nil {
		return nil, err
	}
	return system.Inputs, nil
}

// put stores a directory or a file, and tells its kind and digest.
func put(ctx context.Context, s *store.Store, name string) (reproducible.Input, error) {
	info, err := os.Stat(name)
	if err != nil {
		return reproducible.Input{}, err
	}
	if !info.IsDir() {
		file, err := os.Open(name)
		if err != nil {
			return reproducible.Input{}, err
		}
		kind := reproducible.File
		if info.Mode()&0o111 != 0 {
			kind = reproducible.Executable
		}
		d, _, err := s.PutFile(ctx, file)
		return reproducible.Input{Kind: kind, Digest: d}, errors.Join(err, file.Close())
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return reproducible.Input{}, err
	}
	d, _, err := s.PutTree(ctx, root)
	return reproducible.Input{Kind: reproducible.Tree, Digest: d}, errors.Join(err, root.Close())
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
