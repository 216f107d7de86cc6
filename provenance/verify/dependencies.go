package verify

import (
	"context"
	"slices"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/provenance"
	"github.com/sealwright/sealwright/provenance/predicate"
)

// Bounds of what is followed from input to input.
const (
	DefaultDepth = 16
	MaxDepth     = 64
	// MaxDependencies bounds the pieces of evidence about inputs, and the inputs that
	// are looked at.
	MaxDependencies = 100_000
)

// Dependencies are what is known of the inputs that are no sources, and of theirs.
// Nothing here refuses an artifact.
type Dependencies struct {
	// Levels counts the inputs by their Build level, each artifact once.
	Levels map[string]uint64
	// Unknown names the inputs of which nothing is known: the frontier, not an end.
	Unknown []string
	// Summarized names the inputs whose level a summary tells. They were not followed.
	Summarized []string
	// Cycles names artifacts that are told to be inputs of themselves. Their level is 0.
	Cycles []string
	// Cut reports that there were more inputs than the depth, or MaxDependencies,
	// allowed to follow.
	Cut bool

	hidden string // one whose summary leaves open what its own dependencies are
}

// A dependency is one artifact among the inputs.
type dependency struct {
	name   string
	set    digest.Set
	inputs []int // indexes of dependencies
	level  int
	known  bool
}

// A walk follows inputs, each artifact once, level by level.
type walk struct {
	*verdict
	told  []Summary
	about map[string][]*attest.Verified // by the strongest digest of a subject
	nodes []dependency                  // the artifact first
	index map[string]int                // by key
	out   *Dependencies
}

// nameOf is how a dependency is told from others: its strongest digest, or whatever
// names it.
func nameOf(d attest.Descriptor) string {
	if len(d.Digest) == 1 {
		for alg, value := range d.Digest {
			return digest.Digest{Algorithm: alg, Hex: value}.String()
		}
	}
	if strong, ok := d.Digest.Strongest(); ok {
		return strong.String()
	}
	if len(d.Digest) > 0 {
		return d.Digest.String()
	}
	return d.URI + d.Name
}

// keyOf is the name with what no digest begins with before names that are none: whoever
// names an input "sha256:..." by its URI does not make it the artifact of that digest.
func keyOf(d attest.Descriptor, name string) string {
	if len(d.Digest) == 0 {
		return "/" + name
	}
	return name
}

// frontier is follow for the few inputs of one statement of which nothing is known.
func (v *verdict) frontier(r record) {
	self := nameOf(attest.Descriptor{Digest: v.artifact})
	total := 0
	for i, in := range r.build.Inputs {
		if r.places[i].index >= 0 || in.Role == provenance.RoleSource {
			continue
		}
		total++
		name := nameOf(in.Descriptor)
		list := &v.deps.Unknown
		if keyOf(in.Descriptor, name) == self {
			list = &v.deps.Cycles
		}
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	if total > 0 {
		v.notes()
	}
}

// follow finds out what is known of the inputs.
func (v *verdict) follow(ctx context.Context, k Case) error {
	const few = 16
	if len(k.Dependencies)+len(k.Summaries) == 0 && len(v.accepted) == 1 && len(v.accepted[0].build.Inputs) <= few {
		v.frontier(v.accepted[0])
		return nil
	}
	w := &walk{verdict: v, told: k.Summaries, about: map[string][]*attest.Verified{}, index: map[string]int{}, out: &v.deps}
	for _, e := range k.Dependencies {
		if !slices.Contains(v.roots.Authorities, e.Authority()) {
			continue
		}
		for _, subject := range e.Statement().Subjects() {
			if strong, ok := subject.Digest.Strongest(); ok {
				w.about[strong.String()] = append(w.about[strong.String()], e)
			}
		}
	}
	w.out.Levels = map[string]uint64{}
	w.nodes = append(w.nodes, dependency{name: nameOf(attest.Descriptor{Digest: v.artifact}), set: v.artifact, known: true})
	w.index[w.nodes[0].name] = 0
	for _, r := range v.accepted {
		w.add(0, r.build, r.places)
	}
	depth := v.want.Depth
	if depth == 0 {
		depth = DefaultDepth
	}
	for from, step := 1, 1; from < len(w.nodes); step++ {
		to := len(w.nodes)
		for i := from; i < to; i++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			w.visit(i, step < depth)
		}
		from = to
	}
	w.report()
	return nil
}

// add enters the inputs of a build as those of node i.
func (w *walk) add(i int, b *provenance.Build, places []place) {
	for n, in := range b.Inputs {
		if places != nil && places[n].index >= 0 || in.Role == provenance.RoleSource {
			continue
		}
		name := nameOf(in.Descriptor)
		key := keyOf(in.Descriptor, name)
		j, seen := w.index[key]
		if !seen {
			if len(w.nodes) > MaxDependencies {
				w.out.Cut = true
				return
			}
			j = len(w.nodes)
			w.index[key] = j
			w.nodes = append(w.nodes, dependency{name: name, set: in.Descriptor.Digest})
		}
		w.nodes[i].inputs = append(w.nodes[i].inputs, j)
	}
}

// visit finds what a summary, or else evidence, tells of node i, and enters its inputs
// if they may be followed.
func (w *walk) visit(i int, further bool) {
	node := &w.nodes[i]
	if summary := told(w.told, node.set, predicate.TrackBuild, node.name, false); summary.Cap > 0 {
		node.level, node.known = summary.Level, true
		w.out.Summarized = append(w.out.Summarized, node.name)
		if !leaf(w.told, node.set) {
			w.out.hidden = node.name
		}
		return
	}
	for _, e := range w.about[node.name] {
		legacy, ok := w.readable(e.Statement())
		if !ok {
			continue
		}
		b, err := decode(e.Statement(), legacy)
		if err != nil {
			continue
		}
		r := record{evidence: e, id: e.Evidence(), signers: signersOf(e), build: b}
		if !slices.ContainsFunc(b.Outputs, func(d attest.Descriptor) bool { return d.Digest.Match(w.nodes[i].set) == nil }) {
			continue
		}
		s := w.roots.standing(r)
		if s.impostor || s.stray || s.closed {
			continue
		}
		w.nodes[i].known = true
		w.nodes[i].level = max(w.nodes[i].level, w.trusted(r, s))
		if further {
			w.add(i, b, nil)
		} else if len(b.Inputs) > 0 {
			w.out.Cut = true
		}
	}
}

// leaf reports whether a summary that tells the artifact's level says that it has no dependencies.
func leaf(summaries []Summary, about digest.Set) bool {
	return slices.ContainsFunc(summaries, func(s Summary) bool {
		return s.s.caps[predicate.TrackBuild] > 0 && s.s.inputs != nil && len(s.s.inputs) == 0 && s.s.artifact.Match(about) == nil
	})
}

// trusted is the Build level of a dependency: that of its grant, as far as its profile
// lets it, where there are profiles.
func (w *walk) trusted(r record, s standing) int {
	if w.want.Profiles == nil {
		return s.level
	}
	return min(s.level, w.dependencyCap(r, s))
}

// report counts the nodes and looks for cycles.
func (w *walk) report() {
	cyclic := w.cycles()
	for i := 1; i < len(w.nodes); i++ {
		node := &w.nodes[i]
		if cyclic[i] {
			node.level = 0
		}
		if !node.known {
			w.out.Unknown = append(w.out.Unknown, node.name)
			continue
		}
		w.out.Levels[predicate.Level{Track: predicate.TrackBuild, Level: node.level}.String()]++
	}
	for i := range w.nodes {
		if cyclic[i] {
			w.out.Cycles = append(w.out.Cycles, w.nodes[i].name)
		}
	}
	if len(w.nodes) > 1 || len(w.out.Cycles) > 0 {
		w.notes()
	}
}

// notes tells the findings about inputs. They cap what is said of dependencies, and
// not the Build level.
func (v *verdict) notes() {
	none := digest.Digest{}
	skipped := func(check CheckID, code attest.Code, want, got string) {
		v.note(check, Skipped, none, attest.Reason{Code: code, Want: want, Got: got})
	}
	if len(v.deps.Unknown) > 0 {
		skipped(CheckDependencies, CodeDependency, "a summary or provenance of every input", "none of "+excerpt.Quote(v.deps.Unknown[0]))
	} else {
		v.pass(none, CheckDependencies)
	}
	if len(v.deps.Cycles) > 0 {
		skipped(CheckCycle, CodeCycle, "nothing that is an input of itself", excerpt.Quote(v.deps.Cycles[0]))
	} else {
		v.pass(none, CheckCycle)
	}
	if v.deps.Cut {
		skipped(CheckDepth, CodeDepth, "all inputs followed", "more than the depth allows")
	} else {
		v.pass(none, CheckDepth)
	}
}

// cycles tells the nodes that can be reached from themselves: those of the strongly
// connected components with more than one node or an edge to itself (Tarjan 1972,
// without recursion).
func (w *walk) cycles() []bool {
	n := len(w.nodes)
	cyclic, order, low, on := make([]bool, n), make([]int, n), make([]int, n), make([]bool, n)
	type frame struct{ node, next int }
	var frames []frame
	var stack []int
	count := 0
	for root := range n {
		if order[root] != 0 {
			continue
		}
		frames = append(frames, frame{node: root})
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			if f.next == 0 {
				count++
				order[f.node], low[f.node], on[f.node] = count, count, true
				stack = append(stack, f.node)
			}
			if f.next < len(w.nodes[f.node].inputs) {
				to := w.nodes[f.node].inputs[f.next]
				f.next++
				cyclic[f.node] = cyclic[f.node] || to == f.node
				if order[to] == 0 {
					frames = append(frames, frame{node: to})
				} else if on[to] {
					low[f.node] = min(low[f.node], order[to])
				}
				continue
			}
			node := f.node
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				parent := frames[len(frames)-1].node
				low[parent] = min(low[parent], low[node])
			}
			if low[node] == order[node] {
				stack = component(stack, node, on, cyclic)
			}
		}
	}
	return cyclic
}

// component takes the component of node off the stack.
func component(stack []int, node int, on, cyclic []bool) []int {
	several := stack[len(stack)-1] != node
	for {
		member := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		on[member] = false
		cyclic[member] = cyclic[member] || several
		if member == node {
			return stack
		}
	}
}
