package graph

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/attest"
)

// hostile are names that try to be more than names.
func hostile() []string {
	return []string{
		"\"]; evil [label=\"", `\" ] ; x -> y ; \`, "line\nbreak", "<b>bold</b>", "&quot;", "a]-->b", "`${x}`",
		"end\x00\x1b[31m", "\u202egpj.exe", "%%{init: {}}%%", "click n0 href \"javascript:alert(1)\"", strings.Repeat("long", 500), "\\N\\G", "#quot;",
	}
}

func TestHostileNamesStayNamesInEveryExport(t *testing.T) {
	s := newStore(t)
	for i, name := range hostile() {
		d := artifact(name)
		add(t, s, "alice", encode(t, buildOf("app", d, attest.Descriptor{URI: name})), builds(t, string(rune('a'+i)), "b"))
	}
	add(t, s, "mal\"lory\n", builds(t, "app", "x"))
	a := lineage(t, s, sum("app"), trusting("alice", "mal\"lory\n"))

	var dot, mermaid, raw bytes.Buffer
	require.NoError(t, a.WriteDOT(&dot))
	text := `"(?:[^"\\\n]|\\.)*"`
	line := regexp.MustCompile(`^(digraph lineage \{|  rankdir=LR;|  node \[shape=box\];|  n\d+ \[label=` + text + `(, style=dashed)?\];|` +
		`  n\d+ -> n\d+ \[label=` + text + `, tooltip=` + text + `(, style=dashed)?\];|\})$`)
	for l := range strings.Lines(dot.String()) {
		l = strings.TrimSuffix(l, "\n")
		assert.Regexp(t, line, l)
		assert.Regexp(t, `^[ -~]*$`, l)
		assert.NotRegexp(t, `[<>]`, strings.ReplaceAll(l, "->", ""))
	}
	require.NoError(t, a.WriteMermaid(&mermaid))
	plainText := `"(?:[0-9A-Za-z .,:/@+\-_=()]|#\d+;)*"`
	line = regexp.MustCompile(`^(flowchart LR|  n\d+\[` + plainText + `\]|  style n\d+ stroke-dasharray: 5 5|  n\d+ (-->|-\.->)\|` + plainText + `\| n\d+)$`)
	for l := range strings.Lines(mermaid.String()) {
		assert.Regexp(t, line, strings.TrimSuffix(l, "\n"))
	}
	require.NoError(t, a.WriteJSON(&raw))
	var back Document
	require.NoError(t, json.Unmarshal(raw.Bytes(), &back))
	assert.Equal(t, a.Document(), back, "JSON loses nothing")
}

func TestExportsShowWhatMustNotBeOverlooked(t *testing.T) {
	s := newStore(t)
	add(t, s, "alice", builds(t, "a", "b", "c"), builds(t, "b", "a"))
	q := trusting("alice")
	q.Limits.Nodes = 2
	var dot, mermaid bytes.Buffer
	a := lineage(t, s, sum("a"), q)
	require.NoError(t, a.WriteDOT(&dot))
	require.NoError(t, a.WriteMermaid(&mermaid))
	for _, out := range []string{dot.String(), mermaid.String()} {
		assert.Contains(t, out, "TRUNCATED")
		assert.Contains(t, out, "CYCLE")
	}
}
