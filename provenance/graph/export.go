package graph

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteJSON writes the answer's Document as JSON.
func (a *Answer) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(a.Document())
}

// WriteDOT writes the answer as a digraph for Graphviz. Texts that others chose are
// shortened, and escaped so that they can only be read as texts.
func (a *Answer) WriteDOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n")
	for i, n := range a.Nodes() {
		style := ""
		if a.marked(i) {
			style = ", style=dashed"
		}
		fmt.Fprintf(b, "  n%d [label=\"%s\"%s];\n", i, dotText(a.NodeText(i)), style)
		if n.Disputed {
			fmt.Fprintf(b, "  n%d [color=red];\n", i)
		}
	}
	for _, h := range a.Hops() {
		style := ""
		if a.Statement(h.Statement).Unverified {
			style = ", style=dashed"
		}
		fmt.Fprintf(b, "  n%d -> n%d [label=\"%s\", tooltip=\"%s\"%s];\n", h.From, h.To,
			dotText(a.HopText(h)), dotText(a.Statement(h.Statement).Evidence.String()+h.Pointer), style)
	}
	for i, text := range a.notes() {
		fmt.Fprintf(b, "  note%d [shape=note, label=\"%s\"];\n", i, dotText(text))
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// WriteMermaid writes the answer as a Mermaid flow chart, with the care of WriteDOT.
func (a *Answer) WriteMermaid(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "flowchart LR\n")
	for i := range a.NumNodes() {
		fmt.Fprintf(b, "  n%d[\"%s\"]\n", i, mermaidText(a.NodeText(i)))
		if a.marked(i) {
			fmt.Fprintf(b, "  style n%d stroke-dasharray: 5 5\n", i)
		}
	}
	for _, h := range a.Hops() {
		arrow := "-->"
		if a.Statement(h.Statement).Unverified {
			arrow = "-.->"
		}
		fmt.Fprintf(b, "  n%d %s|\"%s\"| n%d\n", h.From, arrow, mermaidText(a.HopText(h)), h.To)
	}
	for i, text := range a.notes() {
		fmt.Fprintf(b, "  note%d>\"%s\"]\n", i, mermaidText(text))
	}
	return b.Flush()
}

// marked reports whether the answer ends at a node.
func (a *Answer) marked(node int) bool {
	return slices.ContainsFunc(a.Frontier, func(f Frontier) bool { return f.Node == node })
}

// NodeText returns a node on one line of printable ASCII, with why the answer ends
// there.
func (a *Answer) NodeText(node int) string {
	n := a.Node(node)
	text := n.Name
	if !n.Digests.IsZero() {
		text = string(n.Digests.AppendFirst(nil))
		if len(n.Label) > 0 {
			text = plain(n.Label) + " " + text
		}
	}
	text = plain(text)
	if n.Weak {
		text += " (weak)"
	}
	if n.Disputed {
		text += " (disputed)"
	}
	for _, f := range a.Frontier {
		if f.Node == node {
			text += " - " + string(f.Cause)
		}
	}
	return text
}

// HopText returns what a hop says, and who vouches for it, on one line of printable
// ASCII.
func (a *Answer) HopText(h Hop) string {
	s := a.Statement(h.Statement)
	text := string(h.Relation)
	if h.Role != "" {
		text += " (" + string(h.Role) + ")"
	}
	if s.Maker != "" {
		text += " by " + plain(s.Maker)
	}
	if s.Unverified {
		return text + ", UNVERIFIED"
	}
	var names []string
	for _, id := range s.Signers {
		names = append(names, plain(id.Principal()))
	}
	return text + ", signed by " + strings.Join(names, " and ")
}

// notes are what must not be overlooked.
func (a *Answer) notes() (notes []string) {
	if len(a.Truncated) > 0 {
		notes = append(notes, "TRUNCATED by the limit of "+strings.Join(a.Truncated, ", "))
	}
	for _, c := range a.Cycles {
		notes = append(notes, "CYCLE of "+strconv.Itoa(len(c))+" artifacts")
	}
	return notes
}

// longest is how much is shown of a text.
const longest = 120

// plain returns text as printable ASCII: everything else as Go escapes it.
func plain(s string) string {
	q := strconv.QuoteToASCII(s)
	q = q[1 : len(q)-1]
	if len(q) > longest {
		q = q[:longest] + "..."
	}
	return q
}

// dotText escapes printable ASCII for a quoted string of DOT, in which a back slash
// escapes and an entity of HTML is read.
func dotText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// mermaidText escapes printable ASCII for a quoted text of Mermaid: what is neither a
// letter nor a digit nor known to be harmless becomes the number of its character.
func mermaidText(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', strings.IndexByte(" .,:/@+-_=()", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("#" + strconv.Itoa(int(c)) + ";")
		}
	}
	return b.String()
}
