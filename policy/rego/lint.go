package rego

import (
	"errors"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
)

// The entry points.
const (
	entryAllow = "allow"
	entryDeny  = "deny"
)

// A linter refuses what lets something undefined pass for good: every term has a value
// and every condition is true or false, or the evaluation fails (see the package's
// comment).
type linter struct {
	helpers map[string]*helper
	known   vocabulary
	lists   map[ast.Var]bool // variables of the rule at hand that hold nothing but collections
	within  *ast.Location    // for what has no place of its own
	errs    []error
}

// A helper is what the definitions of a name in the module come to.
type helper struct {
	set        bool // a set, which is empty if nothing holds
	total      bool // it has a value whatever holds
	arguments  int
	collection bool // each of its values is a collection
}

// lint returns the module's entry point: allow, a boolean, or deny, a set of texts, where
// an empty name stands for none.
func lint(m *ast.Module, known vocabulary, allow, deny string) (entry string, err error) {
	l := &linter{helpers: map[string]*helper{}, known: known, within: m.Package.Location}
	for _, i := range m.Imports {
		if path := i.Path.String(); path != "rego.v1" && !strings.HasPrefix(path, "future.keywords") {
			l.refuse(CodeConstruct, i.Location, "no imports but rego.v1 and future.keywords", path)
		}
	}
	entry = l.entry(m, allow, deny)
	for _, r := range m.Rules {
		l.define(r)
	}
	for _, r := range m.Rules {
		l.rule(r)
	}
	return entry, errors.Join(l.errs...)
}

func (l *linter) refuse(code attest.Code, at *ast.Location, want, got string) {
	if at == nil {
		at = l.within
	}
	where := "Text"
	if at != nil {
		where += ":" + at.String()
	}
	l.errs = append(l.errs, attest.Refuse(code, where, want, excerpt.Quote(got)))
}

// entry demands one entry point, which denies where nothing is said.
func (l *linter) entry(m *ast.Module, allow, deny string) string {
	defined := map[string]bool{}
	forms := slices.DeleteFunc([]string{allow + " := true", allow + " := false", deny + " contains text"}, func(s string) bool { return s[0] == ' ' })
	for _, r := range m.Rules {
		name := r.Head.Ref().String()
		switch {
		case name == allow && r.Head.RuleKind() == ast.SingleValue && len(r.Head.Args) == 0 && isBool(r.Head.Value):
			defined[allow] = true
		case name == deny && r.Head.RuleKind() == ast.MultiValue && !r.Default:
			defined[deny] = true
		case name == allow || deny != "" && strings.HasPrefix(name, deny):
			l.refuse(CodeEntrypoint, r.Location, strings.Join(forms, " or "), r.Head.String())
		}
		if name == allow && r.Default && !r.Head.Value.Equal(ast.BooleanTerm(false)) {
			l.refuse(CodeConstruct, r.Location, "a default of false", r.Head.String())
		}
	}
	if len(defined) != 1 && len(l.errs) == 0 {
		l.refuse(CodeEntrypoint, m.Package.Location, "one of "+strings.Join(forms, ", "), "neither or both")
	}
	if defined[deny] {
		return deny
	}
	return allow
}

// define notes what a definition adds to its name.
func (l *linter) define(r *ast.Rule) {
	if len(r.Head.Ref()) != 1 {
		l.refuse(CodeConstruct, r.Location, "a rule with a plain name: a key that is missing is undefined", r.Head.String())
	}
	name := r.Head.Ref()[0].Value.String()
	h, known := l.helpers[name]
	if !known {
		h = &helper{collection: true, arguments: len(r.Head.Args)}
		l.helpers[name] = h
	}
	if _, builtin := ast.BuiltinMap[name]; builtin {
		l.refuse(CodeConstruct, r.Location, "a name that no built-in function has", name)
	}
	if r.Head.RuleKind() == ast.MultiValue {
		h.set, h.total = true, true
		return
	}
	h.total = h.total || r.Default
	for d := r; d != nil; d = d.Else {
		h.total = h.total || unconditional(d) && distinct(r.Head.Args)
		h.collection = h.collection && l.collection(d.Head.Value)
	}
}

// unconditional reports whether the definition has no body, which the parser writes as
// true.
func unconditional(r *ast.Rule) bool {
	return len(r.Body) == 1 && !r.Body[0].Negated && len(r.Body[0].With) == 0 && r.Body[0].Equal(ast.NewExpr(ast.BooleanTerm(true)))
}

// distinct reports whether arguments take any values.
func distinct(args ast.Args) bool {
	var seen []ast.Var
	for _, a := range args {
		v, ok := a.Value.(ast.Var)
		if !ok || slices.Contains(seen, v) {
			return false
		}
		if !v.IsWildcard() {
			seen = append(seen, v)
		}
	}
	return true
}

// isBool reports whether the term is true or false, so that allow is nothing else.
func isBool(t *ast.Term) bool {
	if t == nil {
		return false
	}
	_, ok := t.Value.(ast.Boolean)
	return ok
}
