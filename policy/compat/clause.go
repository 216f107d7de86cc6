package compat

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// maxBytes and maxDepth bound a document.
const (
	maxBytes = 1 << 20
	maxDepth = 32
)

// A clause is a value of a document, with the JSON pointer by which it is refused.
type clause struct {
	node  *yaml.Node
	where string
	errs  *[]error
}

// parse reads one document in YAML, or in JSON, which is YAML too. It has no aliases, no
// tags, no keys that are not texts, and none of them twice.
func parse(document []byte, errs *[]error) (clause, error) {
	if len(document) > maxBytes {
		return clause{}, attest.Refuse(CodeFormat, "", "at most "+strconv.Itoa(maxBytes)+" bytes", strconv.Itoa(len(document)))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	var root, second yaml.Node
	if err := decoder.Decode(&root); err != nil {
		return clause{}, attest.Refuse(CodeFormat, "", "a YAML document", "").Because(err)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return clause{}, attest.Refuse(CodeFormat, "", "one document", "more, or something else after it")
	}
	c := clause{root.Content[0], "", errs}
	if err := c.check(0); err != nil {
		return clause{}, err
	}
	return c, nil
}

// check refuses what two readers of YAML could read differently.
func (c clause) check(depth int) error {
	n := c.node
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || depth > maxDepth {
		return attest.Refuse(CodeFormat, c.where, "no alias, anchor or tag, and at most "+strconv.Itoa(maxDepth)+" levels", "one of them")
	}
	if n.Kind == yaml.SequenceNode {
		for i := range n.Content {
			if err := c.child(n.Content[i], strconv.Itoa(i)).check(depth + 1); err != nil {
				return err
			}
		}
	}
	if n.Kind != yaml.MappingNode {
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" || key.Anchor != "" || seen[key.Value] {
			return attest.Refuse(CodeFormat, c.where, "each key once, and texts", excerpt.Quote(key.Value))
		}
		seen[key.Value] = true
		if err := c.child(n.Content[i+1], key.Value).check(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

func (c clause) child(n *yaml.Node, name string) clause {
	return clause{n, c.where + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name), c.errs}
}

// refuse reports that the clause is not supported.
func (c clause) refuse(want, got string) {
	*c.errs = append(*c.errs, attest.Refuse(CodeUnsupported, c.where, want, got))
}

// fields hands each member to its reader, and refuses members without one.
func (c clause) fields(read map[string]func(clause)) {
	if c.node.Kind != yaml.MappingNode {
		c.refuse("an object", c.node.Tag)
		return
	}
	for i := 0; i < len(c.node.Content); i += 2 {
		name := c.node.Content[i].Value
		member := c.child(c.node.Content[i+1], name)
		if f, ok := read[name]; ok {
			f(member)
		} else {
			member.refuse("a clause that is supported", excerpt.Quote(name))
		}
	}
}

// members returns the names and values of an object in ascending order.
func (c clause) members() (names []string, values map[string]clause) {
	values = map[string]clause{}
	if c.node.Kind != yaml.MappingNode {
		c.refuse("an object", c.node.Tag)
		return nil, values
	}
	for i := 0; i < len(c.node.Content); i += 2 {
		name := c.node.Content[i].Value
		names, values[name] = append(names, name), c.child(c.node.Content[i+1], name)
	}
	slices.Sort(names)
	return names, values
}

// list returns the elements of an array.
func (c clause) list() []clause {
	if c.node.Kind != yaml.SequenceNode {
		c.refuse("an array", c.node.Tag)
		return nil
	}
	out := make([]clause, len(c.node.Content))
	for i, n := range c.node.Content {
		out[i] = c.child(n, strconv.Itoa(i))
	}
	return out
}

// text returns a text that is not empty.
func (c clause) text() string {
	if c.node.Kind != yaml.ScalarNode || c.node.Tag != "!!str" && c.node.Tag != "!!timestamp" || c.node.Value == "" {
		c.refuse("a text", c.node.Tag)
		return ""
	}
	return c.node.Value
}

// is refuses every other text.
func (c clause) is(accepted ...string) {
	if text := c.text(); text != "" && !slices.Contains(accepted, text) {
		c.refuse(strings.Join(accepted, " or "), excerpt.Quote(text))
	}
}

// into returns a reader that keeps a text.
func into(to *string) func(clause) { return func(c clause) { *to = c.text() } }

// passOver reads what decides nothing: names and notes for people.
func passOver(clause) {}
