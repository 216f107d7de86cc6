package trace

import (
	"context"
	"sort"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/attest/digest/treehash"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/reproducible"
)

// Materials are the files that a build read, out of those that it could read.
type Materials struct {
	// Touched are the files of inputs that were opened, run or loaded, by their
	// path in the build's tree, ascending, each with its digest.
	Touched []attest.Descriptor
	// Untouched are the paths of inputs of which nothing was.
	Untouched []string
	// Unpinned are the files below Spec.HostPaths that were; no digest names them.
	Unpinned []string
}

// Manifests gives the verified manifest of a tree, as (*store.Store).Manifest
// does.
type Manifests func(ctx context.Context, tree digest.Digest) (*treehash.Manifest, error)

// MaterialsOf narrows the inputs of spec to what t says was read. The digests are
// those under which the inputs were mounted: nothing is read or hashed. The
// inputs as a whole are what is certain; see the package documentation for what
// narrowing is worth. It refuses with CodeMaterial a trace that is not complete,
// and one that names files which the inputs do not hold.
func MaterialsOf(ctx context.Context, spec *reproducible.Spec, t *reproducible.Trace, manifests Manifests) (*Materials, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	if !t.Complete {
		return nil, attest.Refuse(CodeMaterial, "Trace.Complete", "a complete trace", "an incomplete one")
	}
	n := narrowing{ctx: ctx, spec: spec, manifests: manifests, trees: map[string]map[string]treehash.Entry{}, touched: map[string]bool{}}
	seen := map[string]bool{}
	for _, a := range t.Accesses {
		reads := a.Op == reproducible.OpOpen || a.Op == reproducible.OpExec || a.Op == reproducible.OpLoad
		if !reads || a.Resolved == "" || seen[a.Resolved] {
			continue
		}
		seen[a.Resolved] = true
		if err := n.take(a.Resolved); err != nil {
			return nil, err
		}
	}
	m := &n.materials
	for _, in := range spec.Inputs {
		if !n.touched[in.Path] {
			m.Untouched = append(m.Untouched, in.Path)
		}
	}
	sort.Slice(m.Touched, func(i, j int) bool { return m.Touched[i].Name < m.Touched[j].Name })
	sort.Strings(m.Untouched)
	sort.Strings(m.Unpinned)
	return m, nil
}

type narrowing struct {
	ctx       context.Context
	spec      *reproducible.Spec
	manifests Manifests
	trees     map[string]map[string]treehash.Entry // by path of the input
	touched   map[string]bool
	materials Materials
}

// take sorts one path in.
func (n *narrowing) take(name string) error {
	for _, in := range n.spec.Inputs {
		if name == in.Path && in.Kind != reproducible.Tree {
			n.add(in, name, in.Digest)
			return nil
		}
		rest, below := strings.CutPrefix(name, in.Path+"/")
		if in.Kind != reproducible.Tree || !below {
			continue
		}
		entry, err := n.entry(in, rest)
		if err != nil {
			return err
		}
		if entry.Kind == treehash.File {
			n.add(in, name, entry.Digest)
		}
		return nil
	}
	for _, p := range n.spec.HostPaths {
		if name == p || strings.HasPrefix(name, p+"/") {
			n.materials.Unpinned = append(n.materials.Unpinned, name)
			return nil
		}
	}
	return nil // what the build made itself, a device, or a directory above inputs
}

func (n *narrowing) add(in reproducible.Input, name string, d digest.Digest) {
	n.touched[in.Path] = true
	n.materials.Touched = append(n.materials.Touched, attest.Descriptor{Name: name, Digest: d.Set()})
}

// entry finds a file of a tree. The trace escapes names as the manifest does not,
// so those are escaped too.
func (n *narrowing) entry(in reproducible.Input, name string) (treehash.Entry, error) {
	entries := n.trees[in.Path]
	if entries == nil {
		m, err := n.manifests(n.ctx, in.Digest)
		if err != nil {
			return treehash.Entry{}, err
		}
		entries = make(map[string]treehash.Entry, len(m.Entries))
		for _, e := range m.Entries {
			entries[reproducible.TraceText(e.Path)] = e
		}
		n.trees[in.Path] = entries
	}
	e, ok := entries[name]
	if !ok {
		return e, attest.Refuse(CodeMaterial, in.Path, "a file of the input", excerpt.Quote(name))
	}
	return e, nil
}
