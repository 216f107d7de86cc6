package doc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/internal/strictjson"
)

// Bounds of a document in YAML.
const (
	maxDepth = 64
	maxNodes = 100_000
)

var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// Canonical returns the document as canonical JSON: the keys of each object in order, no
// space. A document that begins with a brace is JSON, any other is YAML, of which a small
// part is accepted: one document of mappings, sequences, strings, the integers of JSON,
// true and false. Anchors, aliases, merge keys, tags, duplicate keys, null, fractions
// and words such as yes or no without quotes are refused; an instant in the form of RFC
// 3339 is a string. Documents that say the same have the same canonical JSON, which is
// what a release in YAML pins.
func Canonical(document []byte) ([]byte, error) {
	data, err := inJSON(document)
	if err != nil {
		return nil, err
	}
	var v any
	if err := strictjson.Unmarshal(data, &v, strictjson.Options{Bytes: maxBytes}); err != nil {
		return nil, attest.Refuse(CodeFormat, "", "a policy document", "something else").Because(err)
	}
	return strictjson.Marshal(v)
}

// inJSON returns a document in JSON as it is, and one in YAML as canonical JSON.
func inJSON(data []byte) ([]byte, error) {
	if len(data) > maxBytes {
		return nil, attest.Refuse(CodeFormat, "", "at most "+strconv.Itoa(maxBytes)+" bytes", strconv.Itoa(len(data)))
	}
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] == '{' {
		return data, nil
	}
	if !utf8.Valid(data) || bytes.ContainsAny(data, "\x00\ufeff") {
		return nil, refuseYAML(nil, "UTF-8 without a byte order mark", "something else")
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	if err := d.Decode(&root); err != nil {
		return nil, refuseYAML(nil, "YAML", excerpt.Quote(err.Error()))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, refuseYAML(nil, "one document", "more")
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		return nil, refuseYAML(&root, "one document", "none")
	}
	c := converter{}
	v, err := c.value(root.Content[0], 0)
	if err != nil {
		return nil, err
	}
	return strictjson.Marshal(v)
}

func refuseYAML(n *yaml.Node, want, got string) error {
	where := ""
	if n != nil {
		where = "line " + strconv.Itoa(n.Line)
	}
	return attest.Refuse(CodeYAML, where, want, got)
}

// A converter turns YAML nodes into what JSON decodes to.
type converter struct{ nodes int }

func (c *converter) value(n *yaml.Node, depth int) (any, error) {
	c.nodes++
	switch {
	case depth > maxDepth || c.nodes > maxNodes:
		return nil, refuseYAML(n, "less depth and fewer nodes", "more")
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		return nil, refuseYAML(n, "no anchors and aliases", excerpt.Quote(n.Anchor+n.Value))
	case n.Style&yaml.TaggedStyle != 0:
		return nil, refuseYAML(n, "no tags", excerpt.Quote(n.Tag))
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.object(n, depth)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if list[i], err = c.value(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.ScalarNode:
		return scalar(n)
	}
	return nil, refuseYAML(n, "a mapping, a sequence or a scalar", "something else")
}

func (c *converter) object(n *yaml.Node, depth int) (any, error) {
	object := make(map[string]any, len(n.Content)/2)
	folded := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := c.value(n.Content[i], depth+1)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if fold := strings.ToLower(name); !ok || folded[fold] {
			return nil, refuseYAML(n.Content[i], "keys that are strings, each once", excerpt.Quote(n.Content[i].Value))
		} else {
			folded[fold] = true
		}
		if object[name], err = c.value(n.Content[i+1], depth+1); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// scalar judges by how the scalar is written, not by what a reader may make of it.
func scalar(n *yaml.Node) (any, error) {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value, nil
	}
	switch tag := n.ShortTag(); {
	case tag == "!!bool" && (n.Value == "true" || n.Value == "false"):
		return n.Value == "true", nil
	case tag == "!!int" && integer.MatchString(n.Value):
		return json.Number(n.Value), nil
	case tag == "!!timestamp":
		if _, err := time.Parse(time.RFC3339Nano, n.Value); err == nil {
			return n.Value, nil
		}
	case tag == "!!str" && !ambiguous(n.Value):
		return n.Value, nil
	}
	return nil, refuseYAML(n, "a string in quotes, an integer, true or false", excerpt.Quote(n.Value))
}

// ambiguous reports whether some version of YAML takes the plain word for something
// other than a string.
func ambiguous(s string) bool {
	switch strings.ToLower(s) {
	case "", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "<<", "=", ".inf", "-.inf", ".nan":
		return true
	}
	return strings.Trim(s, "0123456789:_.+-") == "" // sexagesimal and other numbers
}
