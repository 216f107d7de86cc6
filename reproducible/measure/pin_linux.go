package measure

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sealwright/sealwright/attest"
)

// Pin finds a tool as a shell would and records it with all that it loads. A name
// with a slash is an absolute path; any other is looked for in PinOptions.Search,
// where the first executable file counts. Scripts are refused: what runs is their
// interpreter.
func Pin(ctx context.Context, name string, o PinOptions) (*ToolPin, error) {
	o.Root = cmp.Or(o.Root, "/")
	if !cleanAbsolute(o.Root) || name == "" {
		return nil, attest.Refuse(CodeConfig, "PinOptions.Root", "a name, and a clean absolute path", quote(o.Root))
	}
	for _, dir := range o.Search {
		if !cleanAbsolute(dir) {
			return nil, attest.Refuse(CodeConfig, "PinOptions.Search", "clean absolute paths", quote(dir))
		}
	}
	root, err := os.Open(o.Root)
	if err != nil {
		return nil, cannotRead(o.Root, err)
	}
	defer root.Close()
	real, err := realPath(root)
	if err != nil {
		return nil, cannotRead(o.Root, err)
	}
	c := &closer{
		root: root, prefix: strings.TrimSuffix(real, "/"), files: map[string]PinnedFile{},
		limits: Limits{Entries: cmp.Or(o.Limits.Entries, 10_000), Bytes: cmp.Or(o.Limits.Bytes, 1<<30)},
		pin:    &ToolPin{Name: name, Search: slices.Clone(o.Search), Root: o.Root},
	}
	at, err := c.search(name, o.Search)
	if err != nil {
		return nil, err
	}
	if err := c.program(ctx, at); err != nil {
		return nil, err
	}
	return c.pin, nil
}

// search returns the first executable file with that name.
func (c *closer) search(name string, dirs []string) (string, error) {
	if strings.Contains(name, "/") {
		if !cleanAbsolute(name) {
			return "", attest.Refuse(CodeConfig, "name", "a name or a clean absolute path", quote(name))
		}
		return name, nil
	}
	for _, dir := range dirs {
		at := path.Join(dir, name)
		f, _, err := c.open(at)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue
		}
		if err != nil {
			return "", cannotRead(at, err)
		}
		info, err := f.Stat()
		if err := errors.Join(err, f.Close()); err != nil {
			return "", cannotRead(at, err)
		}
		if info.Mode().Perm()&0o111 != 0 {
			return at, nil
		}
	}
	return "", attest.Refuse(CodeToolAbsent, quote(name), "a program in "+quote(strings.Join(dirs, ":")), "none")
}

// Verify finds the tool anew and compares all of it with the pin. It returns one
// error for each difference, joined.
func (p *ToolPin) Verify(ctx context.Context) error {
	now, err := Pin(ctx, p.Name, PinOptions{Root: p.Root, Search: p.Search})
	if err != nil {
		return err
	}
	var faults []error
	check := func(code attest.Code, want, got *PinnedFile) {
		if (want == nil) != (got == nil) || want != nil && *want != *got {
			faults = append(faults, attest.Refuse(code, quote(p.Tool.Path), want.text(), got.text()))
		}
	}
	if now.Tool.Path != p.Tool.Path {
		check(CodeToolShadowed, &p.Tool, &now.Tool)
	} else {
		check(CodeToolChanged, &p.Tool, &now.Tool)
	}
	check(CodeToolClosure, p.Interpreter, now.Interpreter)
	check(CodeToolPreload, p.Preload, now.Preload)
	check(CodeToolClosure, p.Cache, now.Cache)
	for i := range p.Libraries {
		if !slices.Contains(now.Libraries, p.Libraries[i]) {
			check(CodeToolClosure, &p.Libraries[i], nil)
		}
	}
	for i := range now.Libraries {
		if !slices.Contains(p.Libraries, now.Libraries[i]) {
			check(CodeToolClosure, nil, &now.Libraries[i])
		}
	}
	return errors.Join(faults...)
}

func (f *PinnedFile) text() string {
	if f == nil {
		return "none"
	}
	return quote(f.Path) + " " + f.Digest.String()
}

func realPath(f *os.File) (string, error) { return os.Readlink(descriptorPath(f)) }
