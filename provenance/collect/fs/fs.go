package fs

import (
	"context"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/collect"
)

// A Collector measures a tree.
type Collector struct {
	// Dir is the tree's directory in Root; "" means Root itself.
	Dir string
	// Name is what the tree is called in the build.
	Name string
	// Role is the role of an input; "" makes the tree an output.
	Role provenance.Role
	// Limits bound the tree; see treehash.
	Limits treehash.Limits
}

// Collect is of the interface collect.Collector. A tree that cannot be read, changes
// meanwhile or holds something else than files, directories and links is refused.
func (c Collector) Collect(ctx context.Context, env collect.Environment) (*collect.Facts, error) {
	if env.Root == nil {
		return nil, attest.Refuse(collect.CodeCapability, "Environment.Root", "a directory", "nil")
	}
	if c.Name == "" || c.Role != "" && !c.Role.Known() {
		return nil, attest.Refuse(collect.CodeOption, "Name, Role", "a name, and a known role or none", "something else")
	}
	root, err := c.open(env.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m, err := treehash.Walk(ctx, root, treehash.WalkOptions{Limits: c.Limits})
	if err != nil {
		return nil, attest.Refuse(collect.CodeFile, excerpt.Quote(c.Dir), "a tree of files, directories and links", "something else").Because(err)
	}
	d, err := m.Digest()
	if err != nil {
		return nil, attest.Refuse(collect.CodeFile, excerpt.Quote(c.Dir), "a tree that a manifest can describe", "another").Because(err)
	}
	f := &collect.Facts{}
	if n := escapes(m); n > 0 {
		f.Gap("links of "+c.Name, strconv.Itoa(n)+" lead out of the tree, and what they lead to is not measured")
	}
	at := attest.Descriptor{Name: c.Name, Digest: d.Set(), MediaType: treehash.MediaType}
	origin := "tree " + excerpt.Quote(c.Dir)
	if c.Role == "" {
		f.Output(at, collect.Measured, origin, d)
	} else {
		f.Input(c.Role, at, collect.Measured, origin, d)
	}
	return f, nil
}

// open opens the directory, which may be reached over no link.
func (c Collector) open(root *os.Root) (*os.Root, error) {
	refused := attest.Refuse(collect.CodeFile, excerpt.Quote(c.Dir), "a directory in Root", "something else")
	dir := c.Dir
	if dir == "" {
		dir = "."
	}
	at := ""
	for element := range strings.SplitSeq(dir, "/") {
		at = path.Join(at, element)
		if info, err := root.Lstat(at); err != nil || !info.IsDir() {
			return nil, refused
		}
	}
	opened, err := root.OpenRoot(dir)
	if err != nil {
		return nil, refused
	}
	return opened, nil
}

// escapes counts the links that lead out of the tree by what is written in them.
func escapes(m *treehash.Manifest) int {
	n := 0
	for _, e := range m.Entries {
		if e.Kind != treehash.Link {
			continue
		}
		to := path.Join(path.Dir(e.Path), e.Target)
		if path.IsAbs(e.Target) || to == ".." || strings.HasPrefix(to, "../") {
			n++
		}
	}
	return n
}
