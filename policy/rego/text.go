package rego

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxTexts bounds the texts that one evaluation builds, in bytes. Steps are no bound: a
// step may double a text.
const maxTexts = 4 << 20

var (
	errTexts  = errors.New("texts of at most " + strconv.Itoa(maxTexts) + " bytes in all")
	errFormat = errors.New("a format has widths below 100, and no *, [ or other computed ones")
)

// builders are the functions on the list that build texts.
func builders() []string {
	return []string{"concat", "split", "sprintf", "lower", "upper", "trim", "trim_space", "trim_prefix", "trim_suffix"}
}

// bounded is the prefix of the names that the bounded functions have, which no module
// can use: it is not on the list.
const bounded = "bounded."

// boundTexts has the module call the bounded functions instead of OPA's.
func boundTexts(m *ast.Module) {
	names := builders()
	ast.WalkTerms(m, func(t *ast.Term) bool {
		if ref, ok := t.Value.(ast.Ref); ok && slices.Contains(names, ref.String()) {
			t.Value = ast.MustParseRef(bounded + ref.String())
		}
		return false
	})
}

// boundedFunctions are OPA's, which are not called when there would be too much text.
func boundedFunctions() (options []func(*rego.Rego)) {
	for _, name := range builders() {
		build := topdown.GetBuiltin(name)
		declared := &rego.Function{Name: bounded + name, Decl: ast.BuiltinMap[name].Decl}
		options = append(options, rego.FunctionDyn(declared, func(c rego.BuiltinContext, operands []*ast.Term) (result *ast.Term, err error) {
			if err := spendText(c, name, operands); err != nil {
				return nil, rego.NewHaltError(err)
			}
			err = build(c, operands, func(t *ast.Term) error { result = t; return nil })
			return result, err
		}))
	}
	return options
}

// A textCount is the key of what an evaluation has built.
type textCount struct{}

func spendText(c rego.BuiltinContext, name string, operands []*ast.Term) error {
	cost := 0
	for _, o := range operands {
		cost += textSize(o)
	}
	first, _ := operands[0].Value.(ast.String)
	switch name {
	case "split":
		if by, ok := operands[1].Value.(ast.String); ok {
			cost += 64 * strings.Count(string(first), string(by))
		}
	case "concat":
		if parts, ok := operands[1].Value.(interface{ Len() int }); ok {
			cost += len(first) * parts.Len()
		}
	case "sprintf":
		if wide.MatchString(string(first)) {
			return errFormat
		}
		cost += 100 * strings.Count(string(first), "%")
	}
	spent, _ := c.Cache.Get(textCount{})
	total, _ := spent.(int)
	total += cost
	if c.Cache.Put(textCount{}, total); total > maxTexts {
		return errTexts
	}
	return nil
}

// wide is the verb of a format that may be as long as it likes.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*([0-9]{3}|[*\[])`)

// textSize is about how long a term is when it is written out.
func textSize(t *ast.Term) int {
	size := 8
	if s, ok := t.Value.(ast.String); ok {
		return size + len(s)
	}
	ast.WalkTerms(t.Value, func(inner *ast.Term) bool {
		if s, ok := inner.Value.(ast.String); ok {
			size += len(s)
		}
		size += 8
		return false
	})
	return size
}
