package rego

import (
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// rule judges a definition with what follows it as else.
func (l *linter) rule(r *ast.Rule) {
	l.within, l.lists = r.Location, map[ast.Var]bool{}
	l.assigned(r)
	for ; r != nil; r = r.Else {
		for _, a := range r.Head.Args {
			if _, ok := a.Value.(ast.Var); !ok && !ast.IsScalar(a.Value) {
				l.refuse(CodeConstruct, a.Location, "arguments that are names or constants: what has another shape is passed over", a.String())
			}
		}
		for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
			if t != nil {
				l.term(t, true)
			}
		}
		l.body(r.Body)
	}
}

// assigned finds the variables that hold collections: all that is assigned to one of the
// name, in whatever scope, is a collection.
func (l *linter) assigned(r *ast.Rule) {
	note := func(t *ast.Term, collection bool) {
		if v, ok := t.Value.(ast.Var); ok {
			before, known := l.lists[v]
			l.lists[v] = collection && (before || !known)
		}
	}
	for _, a := range r.Head.Args {
		note(a, false)
	}
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		switch t := e.Terms.(type) {
		case []*ast.Term:
			if e.IsAssignment() || e.IsEquality() {
				note(t[1], l.collection(t[2]))
				note(t[2], l.collection(t[1]))
			}
		case *ast.SomeDecl:
			for _, symbol := range t.Symbols {
				ast.WalkTerms(symbol, func(s *ast.Term) bool { note(s, l.collection(s)); return false })
			}
		}
		return false
	})
}

func (l *linter) body(b ast.Body) {
	for _, e := range b {
		l.expression(e)
	}
}

// expression judges a condition.
func (l *linter) expression(e *ast.Expr) {
	if len(e.With) > 0 {
		l.refuse(CodeConstruct, e.Location, "no with", e.String())
	}
	switch t := e.Terms.(type) {
	case *ast.SomeDecl:
		l.some(e, t)
	case *ast.Every:
		if ref, ok := t.Domain.Value.(ast.Ref); !ok || !ref.HasPrefix(ast.InputRootRef) || e.Negated {
			l.refuse(CodeConstruct, e.Location, "every element of an input, which has one", e.String())
		}
		l.term(t.Domain, false)
		l.needCollection(t.Domain)
		l.body(t.Body)
	case *ast.Term:
		if !l.helps(t.Value) { // whether it is defined is the condition
			l.term(t, !e.Negated)
		}
	case []*ast.Term:
		l.call(e, t)
	default:
		l.refuse(CodeConstruct, e.Location, "a plain condition", e.String())
	}
}

// some judges the declaration of variables, which may be elements.
func (l *linter) some(e *ast.Expr, d *ast.SomeDecl) {
	if e.Negated {
		l.refuse(CodeConstruct, e.Location, "a rule of its own for not some", e.String())
	}
	for _, symbol := range d.Symbols {
		call, ok := symbol.Value.(ast.Call)
		if !ok {
			continue
		}
		last := len(call) - 1
		for _, element := range call[1:last] {
			if _, ok := element.Value.(ast.Var); !ok {
				l.refuse(CodeConstruct, e.Location, "some name in a collection: what has another shape is passed over", e.String())
			}
		}
		l.term(call[last], true)
		l.needCollection(call[last])
	}
}

// call judges an expression with an operator.
func (l *linter) call(e *ast.Expr, t []*ast.Term) {
	l.function(t)
	assign, unify := e.IsAssignment(), e.IsEquality()
	for i, operand := range t[1:] {
		if assign || unify {
			_, name := operand.Value.(ast.Var)
			_, helper := l.helpers[operand.Value.String()]
			if i == 0 && assign && (!name || helper) || unify && composite(operand) {
				l.refuse(CodeConstruct, e.Location, "name := value, or == to compare: what has another shape is passed over", e.String())
			}
		}
		l.term(operand, !e.Negated)
	}
}

// function judges a call. An operand more than there are arguments would be a pattern
// for the result.
func (l *linter) function(call []*ast.Term) {
	name := call[0].Value.String()
	if h, ok := l.helpers[name]; ok {
		l.arguments(call, h.arguments)
		return
	}
	if b, ok := ast.BuiltinMap[name]; ok {
		l.arguments(call, b.Decl.Arity())
	}
	if !slices.Contains(allowed(), name) {
		l.refuse(CodeBuiltin, call[0].Location, "a function on the list", name)
	}
	if name == "internal.member_2" || name == "internal.member_3" {
		l.needCollection(call[len(call)-1]) // nothing is in what is none
	}
}

func (l *linter) arguments(call []*ast.Term, arity int) {
	if len(call)-1 != arity {
		l.refuse(CodeConstruct, call[0].Location, strconv.Itoa(arity)+" arguments", strconv.Itoa(len(call)-1))
	}
}

// term demands that a term has a value. iterates tells that it may stand for each
// element of a list: where a condition is negated that would be for none.
func (l *linter) term(t *ast.Term, iterates bool) {
	switch v := t.Value.(type) {
	case ast.Var:
		if h, ok := l.helpers[string(v)]; ok && !h.total {
			l.refuse(CodeConstruct, t.Location, "a rule with a default, where its value is needed", string(v))
		}
	case ast.Ref:
		l.reference(t, v, iterates)
	case ast.Call:
		if h, ok := l.helpers[v[0].Value.String()]; ok && !h.total {
			l.refuse(CodeConstruct, t.Location, "a function with a default, where its value is needed", t.String())
		}
		l.function(v)
		for _, operand := range v[1:] {
			l.term(operand, iterates)
		}
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { l.term(e, iterates) })
	case ast.Set:
		v.Foreach(func(e *ast.Term) { l.term(e, iterates) })
	case ast.Object:
		v.Foreach(func(k, e *ast.Term) { l.term(k, iterates); l.term(e, iterates) })
	case *ast.ArrayComprehension:
		l.comprehension(v.Body, v.Term)
	case *ast.SetComprehension:
		l.comprehension(v.Body, v.Term)
	case *ast.ObjectComprehension:
		l.comprehension(v.Body, v.Key, v.Value)
	default:
		if !ast.IsScalar(v) {
			l.refuse(CodeConstruct, t.Location, "a plain value; sprintf for a template", t.String())
		}
	}
}

func (l *linter) comprehension(b ast.Body, terms ...*ast.Term) {
	for _, t := range terms {
		l.term(t, true)
	}
	l.body(b)
}

// reference demands that what is referred to is there: an input, a rule, or each element
// of a collection.
func (l *linter) reference(t *ast.Term, r ast.Ref, iterates bool) {
	from := 1
	switch {
	case r.HasPrefix(ast.DefaultRootRef):
		l.refuse(CodeConstruct, t.Location, "rules of the module by their names", r.String())
		return
	case r.HasPrefix(ast.InputRootRef):
		if len(r) < 2 || !isText(r[1]) {
			l.refuse(CodeConstruct, t.Location, "input.name", r.String())
			return
		}
		from = max(2, l.known.reach(r))
	default:
		l.term(r[0], iterates)
	}
	if len(r) == from {
		return
	}
	if v, ok := r[from].Value.(ast.Var); !ok || !v.IsWildcard() || len(r) > from+1 && !l.known.has(r) {
		l.refuse(CodeConstruct, t.Location, "[_], some x in the list, or object.get with a default", r.String())
		return
	}
	if !iterates {
		l.refuse(CodeConstruct, t.Location, "a rule of its own for not of each element", r.String())
	}
	l.needCollection(ast.NewTerm(r[:from]))
}

// needCollection demands that there are elements to go through: of anything else there
// are none.
func (l *linter) needCollection(t *ast.Term) {
	if !l.collection(t) {
		l.refuse(CodeConstruct, t.Location, "a list, map or set: an input, a set rule, split, or one that is written out", t.String())
	}
}

// collection reports whether a term is an array, object or set, whatever its value is.
func (l *linter) collection(t *ast.Term) bool {
	switch v := t.Value.(type) {
	case *ast.Array, ast.Set, ast.Object, *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
		return true
	case ast.Var:
		if h, ok := l.helpers[string(v)]; ok {
			return h.set || h.total && h.collection
		}
		return l.lists[v]
	case ast.Call:
		switch v[0].Value.String() {
		case "split":
			return true
		case "and", "or":
			return l.collection(v[1]) && l.collection(v[2])
		}
	case ast.Ref:
		return len(v) == 1 && l.collection(v[0]) || l.known.collection(v)
	}
	return false
}

// helps reports whether a value is the bare name of a rule of the module.
func (l *linter) helps(v ast.Value) bool {
	name := v.String()
	if r, ok := v.(ast.Ref); ok && len(r) != 1 {
		return false
	}
	_, ok := l.helpers[name]
	return ok
}

// composite reports whether a term is written out in parts.
func composite(t *ast.Term) bool {
	switch t.Value.(type) {
	case *ast.Array, ast.Object, ast.Set:
		return true
	}
	return false
}

func isText(t *ast.Term) bool {
	_, ok := t.Value.(ast.String)
	return ok
}
