package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// A kind is a type of JSON.
type kind uint8

const (
	none kind = iota // nothing tells
	boolean
	number
	text
	array
	object
	collection // an array or an object
)

// and returns the kind that is both, if there is one.
func (k kind) and(other kind) (both kind, ok bool) {
	switch {
	case k == other || other == none:
		return k, true
	case k == none:
		return other, true
	case k == collection && (other == array || other == object):
		return other, true
	case other == collection && (k == array || k == object):
		return k, true
	}
	return k, false
}

func (k kind) collects() bool { return k >= array }

// empty returns a collection without elements.
func (k kind) empty() any {
	if k == array {
		return []any{}
	}
	return map[string]any{}
}

func (k kind) String() string {
	return [...]string{"a value", "a boolean", "a number", "a string", "an array", "an object", "an array or an object"}[k]
}

// kindOf returns what a term is, by its form alone.
func kindOf(t *ast.Term) kind {
	switch v := t.Value.(type) {
	case ast.Boolean:
		return boolean
	case ast.Number:
		return number
	case ast.String:
		return text
	case *ast.Array, *ast.ArrayComprehension:
		return array
	case ast.Object, *ast.ObjectComprehension:
		return object
	case ast.Call:
		if b, ok := ast.BuiltinMap[v[0].Value.String()]; ok {
			return kindOfType(b.Decl.Result())
		}
	}
	return none
}

// same returns what all terms are, if it is one kind.
func same(terms []*ast.Term, of func(*ast.Term) kind) kind {
	if len(terms) == 0 {
		return none
	}
	first := of(terms[0])
	for _, t := range terms[1:] {
		if of(t) != first {
			return none
		}
	}
	return first
}

func kindOfType(t types.Type) kind {
	switch t.(type) {
	case types.Boolean:
		return boolean
	case types.Number:
		return number
	case types.String:
		return text
	case *types.Array:
		return array
	case *types.Object:
		return object
	}
	return none
}

// takes returns what a function's operand is, and what the elements of that are.
func takes(name string, operand int) (k, elements kind) {
	switch name {
	case ast.Count.Name:
		return collection, none
	case ast.Sum.Name:
		return array, number
	case ast.All.Name, ast.Any.Name:
		return array, boolean
	case ast.Minus.Name:
		return number, none
	case ast.Concat.Name:
		return [2]kind{text, array}[operand], [2]kind{none, text}[operand]
	}
	if b, ok := ast.BuiltinMap[name]; ok && operand < b.Decl.Arity() {
		return kindOfType(b.Decl.FuncArgs().Arg(operand)), none
	}
	return none, none
}

// through reports whether a function says something of each element of an operand, which
// for none would be true.
func through(name string, operand int) bool {
	return operand == 0 && slices.Contains([]string{ast.Sum.Name, ast.All.Name, ast.Any.Name}, name)
}

func comparisons() []string {
	return []string{ast.Equality.Name, ast.Equal.Name, ast.NotEqual.Name, ast.LessThan.Name, ast.LessThanEq.Name, ast.GreaterThan.Name, ast.GreaterThanEq.Name}
}
