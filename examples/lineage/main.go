// Lineage draws what went into an artifact, or what came out of it, from a directory of
// attestations. It shows how package provenance/graph takes attestations in and answers,
// and that who is believed is chosen by the question.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/digest"
	"github.com/sealwright/sealwright/provenance/graph"
)

const usage = `usage: lineage -dir DIRECTORY (-artifact FILE | -digest ALGORITHM:HEX | -component PURL) [flags]

Reads every attestation below DIRECTORY (DSSE envelopes, Sigstore bundles with one,
bare in-toto statements; one to a file or, in .jsonl, to a line) and prints the tree of
what went into the artifact, by builds and by bills of materials. Every line tells who
said so, in which envelope, and where. With -impact, or -component for what bills of
materials know by a package URL, it prints what came out of it and what contains it.

Only what a key of -trust signed is believed. With -unverified the rest is shown too,
marked UNVERIFIED: anyone may have written it.

Try:  go run ./examples/pipeline -out evidence
      lineage -dir evidence -trust evidence/trust -artifact evidence/artifact/FILE

The tree ends where nothing more is known, and says why. That is never the same as
"depends on nothing".

Exit status: 0 drawn, 1 no believed statement tells anything about the artifact,
2 misuse, 3 incomplete (an attestation could not be read, a limit was reached,
interrupted), 4 the machine failed.

Flags:
`

var (
	errMisuse     = errors.New("misuse; see lineage -h")
	errIncomplete = errors.New("incomplete")
	errMachine    = errors.New("the machine failed")
)

// status tells what an error means to the caller of the program.
func status(err error) int {
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errMisuse):
		return 2
	case errors.Is(err, errIncomplete), errors.Is(err, context.Canceled):
		return 3
	case errors.Is(err, errMachine), errors.Is(err, attest.Is(graph.CodeStorage)):
		return 4
	}
	return 1
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if status(err) > 0 {
		fmt.Fprintln(os.Stderr, "lineage:", err)
	}
	os.Exit(status(err))
}

// A call is what the flags say.
type call struct {
	dir, file, trust     string
	component            string
	digest               digest.Digest
	unverified, impact   bool
	dot, mermaid, asJSON bool
	weak, about          bool
	limits               graph.Limits
}

func parse(args []string, stderr io.Writer) (c call, err error) {
	f := flag.NewFlagSet("lineage", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() { fmt.Fprint(stderr, usage); f.PrintDefaults() }
	f.StringVar(&c.dir, "dir", "", "`directory` of attestations")
	f.StringVar(&c.file, "artifact", "", "`file` to ask about")
	f.TextVar(&c.digest, "digest", digest.Digest{}, "artifact to ask about, as `ALGORITHM:HEX`")
	f.StringVar(&c.component, "component", "", "package `URL` of a component, as bills of materials write it: draw what contains it")
	f.StringVar(&c.trust, "trust", "", "public `key` in PEM to believe, or a directory of them")
	f.BoolVar(&c.unverified, "unverified", false, "show what nobody vouches for, marked")
	f.BoolVar(&c.impact, "impact", false, "draw what came out of the artifact, and what contains it, instead")
	f.BoolVar(&c.about, "about", true, "tell what summaries, bills of materials and comparisons say")
	f.BoolVar(&c.weak, "weak", false, "follow digests that do not resist collisions, such as Git's SHA-1")
	f.BoolVar(&c.dot, "dot", false, "print a graph for Graphviz")
	f.BoolVar(&c.mermaid, "mermaid", false, "print a flow chart for Mermaid")
	f.BoolVar(&c.asJSON, "json", false, "print JSON")
	f.IntVar(&c.limits.Depth, "depth", 0, "follow at most so many `hops` (default 64)")
	f.IntVar(&c.limits.Nodes, "nodes", 0, "draw at most so many `nodes` (default 10000)")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return c, err
		}
		return c, fmt.Errorf("%w: %w", errMisuse, err)
	}
	starts, forms := count(c.file != "", !c.digest.IsZero(), c.component != ""), count(c.dot, c.mermaid, c.asJSON)
	if c.dir == "" || f.NArg() > 0 || starts != 1 || forms > 1 {
		return c, fmt.Errorf("want -dir, one of -artifact, -digest and -component, and at most one form: %w", errMisuse)
	}
	if c.limits.Depth < 0 || c.limits.Nodes < 0 {
		return c, fmt.Errorf("want a -depth and -nodes of at least 1, or 0 for the usual: %w", errMisuse)
	}
	if c.trust == "" && !c.unverified {
		return c, fmt.Errorf("without -trust nothing is believed; want it or -unverified: %w", errMisuse)
	}
	return c, nil
}

// count returns how many are true.
func count(list ...bool) (n int) {
	for _, on := range list {
		if on {
			n++
		}
	}
	return n
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if c.file != "" {
		if c.digest, err = sumOf(ctx, c.file); err != nil {
			return fmt.Errorf("%w: %w", errMachine, err)
		}
	}
	verify, err := verifiers(c.trust, stderr)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "lineage")
	if err != nil {
		return fmt.Errorf("%w: %w", errMachine, err)
	}
	defer os.RemoveAll(temporary)
	root, err := os.OpenRoot(temporary)
	if err != nil {
		return fmt.Errorf("%w: %w", errMachine, err)
	}
	defer root.Close()
	store, err := graph.Open(ctx, root, graph.Config{})
	if err != nil {
		return err
	}
	defer store.Close()
	l := loader{ctx: ctx, store: store, verify: verify, stderr: stderr}
	if err := l.load(c.dir); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d verified, %d unverified, %d other files, %d not readable\n", l.verified, l.unverified, l.others, l.unread)
	answer, err := c.ask(ctx, store)
	if err != nil {
		return err
	}
	return c.conclude(answer, c.draw(stdout, answer), l.unread)
}

func (c call) ask(ctx context.Context, store *graph.Store) (*graph.Answer, error) {
	believe := graph.Believe(func(name string, _ []attest.Identity) bool { return name == authority })
	q := graph.Query{Select: believe, Limits: c.limits, About: c.about, AllowWeak: c.weak}
	if c.unverified {
		q.Select = graph.IncludeUnverified{Believe: believe}
	}
	switch {
	case c.component != "":
		return store.ImpactNaming(ctx, c.component, q)
	case c.impact:
		return store.Impact(ctx, c.digest, q)
	}
	return store.Lineage(ctx, c.digest, q)
}

func (c call) draw(w io.Writer, a *graph.Answer) error {
	switch {
	case c.dot:
		return a.WriteDOT(w)
	case c.mermaid:
		return a.WriteMermaid(w)
	case c.asJSON:
		return a.WriteJSON(w)
	}
	return (&tree{w: w, a: a, drawn: make([]bool, a.NumNodes())}).draw()
}

// conclude tells whether what was drawn is all, and anything at all.
func (c call) conclude(a *graph.Answer, drawn error, unread int) error {
	switch {
	case drawn != nil:
		return fmt.Errorf("%w: %w", errMachine, drawn)
	case unread > 0:
		return fmt.Errorf("%w: %d attestations could not be read", errIncomplete, unread)
	case len(a.Truncated) > 0:
		return fmt.Errorf("%w: the limit of %s was reached", errIncomplete, strings.Join(a.Truncated, ", "))
	case a.NumHops() == 0 && a.Frontier[0].Cause != graph.NoInputs:
		return errors.New(a.NodeText(0)) // which tells the cause
	}
	return nil
}

// sumOf returns the SHA-256 digest of a file.
func sumOf(ctx context.Context, path string) (digest.Digest, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return digest.Digest{}, err
	}
	defer root.Close()
	sum, err := digest.SumFile(ctx, root, filepath.Base(path), digest.Options{})
	if err != nil {
		return digest.Digest{}, err
	}
	d, ok := sum.Digests.Strongest()
	if !ok {
		return d, fs.ErrInvalid
	}
	return d, nil
}

// A tree prints an answer as indented lines, each node's hops once.
type tree struct {
	w     io.Writer
	a     *graph.Answer
	drawn []bool
}

func (t *tree) draw() error {
	next := make([][]graph.Hop, t.a.NumNodes())
	for _, h := range t.a.Hops() {
		next[h.From] = append(next[h.From], h)
	}
	if _, err := fmt.Fprintln(t.w, t.a.NodeText(0)); err != nil {
		return err
	}
	t.drawn[0] = true
	type line struct {
		hop   graph.Hop
		depth int
	}
	var open []line
	push := func(hops []graph.Hop, depth int) {
		for i := len(hops) - 1; i >= 0; i-- {
			open = append(open, line{hops[i], depth})
		}
	}
	push(next[0], 1)
	for len(open) > 0 {
		l := open[len(open)-1]
		open = open[:len(open)-1]
		indent, s := strings.Repeat("  ", min(l.depth, 40)), t.a.Statement(l.hop.Statement)
		again := ""
		if t.drawn[l.hop.To] && len(next[l.hop.To]) > 0 {
			again = " (see above)"
		}
		_, err := fmt.Fprintf(t.w, "%s%s%s\n%s    %s; %.19s %s\n", indent, t.a.NodeText(l.hop.To), again,
			indent, t.a.HopText(l.hop), s.Evidence, l.hop.Pointer)
		if err != nil {
			return err
		}
		if !t.drawn[l.hop.To] {
			t.drawn[l.hop.To] = true
			push(next[l.hop.To], l.depth+1)
		}
	}
	for _, c := range t.a.Cycles {
		if _, err := fmt.Fprintf(t.w, "CYCLE of %d, from %s\n", len(c), t.a.NodeText(c[0])); err != nil {
			return err
		}
	}
	if len(t.a.Truncated) > 0 {
		_, err := fmt.Fprintf(t.w, "TRUNCATED by the limit of %s\n", strings.Join(t.a.Truncated, ", "))
		return err
	}
	return nil
}
