package rego

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A deriver finds out what a module takes for granted of the document that it judges:
// that what it refers to is there, and what its constants and functions say of its type.
type deriver struct {
	needs demands
	names map[ast.Var][]string    // variables of the rule at hand that stand for what is there
	known map[ast.Var][]*ast.Term // values that the module gives to names
	where *ast.Location
	errs  []error
}

// derive returns what the module demands. told are types by pointer that its text may
// leave open, omitted are collections that are left out if they are empty.
func derive(m *ast.Module, told map[string]inputs.Type, omitted []string) (demands, error) {
	d := &deriver{needs: demands{}, known: map[ast.Var][]*ast.Term{}}
	ast.WalkRules(m, func(r *ast.Rule) bool {
		if r.Head.Value != nil {
			d.known[r.Head.Name] = append(d.known[r.Head.Name], r.Head.Value)
		}
		return false
	})
	for _, r := range m.Rules {
		d.names, d.where = map[ast.Var][]string{}, r.Location
		d.alias(r)
		for ; r != nil; r = r.Else {
			d.use(r.Head.Key, none)
			d.use(r.Head.Value, none)
			d.body(r.Body)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(told)) {
		d.tell(at, told[at])
	}
	for _, at := range omitted {
		if s := d.needs[at]; s != nil {
			d.where, s.omitted = s.where, true
			d.note(at, collection)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(d.needs)) {
		if s := d.needs[at]; s.kind == none && s.decides {
			d.where = s.where
			d.refuse("a type for "+at+": a constant to compare it with, or an input that is told", "none")
		}
	}
	ast.WalkRefs(m, func(r ast.Ref) bool {
		if r.HasPrefix(ast.InputRootRef) && d.needs[pointer(r)] == nil {
			d.where = r[0].Location
			d.refuse("members of input by their names", r.String())
		}
		return false
	})
	return d.needs, errors.Join(d.errs...)
}

func (d *deriver) refuse(want, got string) {
	d.errs = append(d.errs, attest.Refuse(CodeConstruct, "Text:"+d.where.String(), want, excerpt.Quote(got)))
}

// tell takes a type from outside, of what the module reads.
func (d *deriver) tell(pointer string, t inputs.Type) {
	s := d.needs[pointer]
	if s == nil {
		return
	}
	d.where = s.where
	scalar := map[string]kind{"bool": boolean, "int": number, "string": text, "time": text}[t.Scalar]
	if t.Container == "" || strings.Contains(pointer, "*") { // there a list is of what is found
		d.note(pointer, scalar)
		return
	}
	d.note(pointer, map[string]kind{"list": array, "map": object}[t.Container])
	if d.needs[pointer+"/*"] != nil {
		d.note(pointer+"/*", scalar)
	}
}

// alias notes which variables stand for what is in the document.
func (d *deriver) alias(r *ast.Rule) {
	name := func(t *ast.Term, stands []string) {
		v, ok := t.Value.(ast.Var)
		for _, at := range stands {
			if ok && !slices.Contains(d.names[v], at) {
				d.names[v] = append(d.names[v], at)
			}
		}
	}
	elements := func(t, of *ast.Term) {
		for _, at := range d.pointers(of) {
			name(t, []string{at + "/*"})
		}
	}
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		switch t := e.Terms.(type) {
		case []*ast.Term:
			if v, ok := t[1].Value.(ast.Var); ok && e.IsAssignment() {
				d.known[v] = append(d.known[v], t[2])
			}
			if e.IsAssignment() || e.IsEquality() {
				name(t[1], d.pointers(t[2]))
			}
			if e.IsEquality() {
				name(t[2], d.pointers(t[1]))
			}
		case *ast.SomeDecl:
			if call, ok := t.Symbols[0].Value.(ast.Call); ok {
				elements(call[len(call)-2], call[len(call)-1])
			}
		case *ast.Every:
			elements(t.Value, t.Domain)
		}
		return false
	})
}

// pointers returns what a term stands for in the document, if it is nothing else.
func (d *deriver) pointers(t *ast.Term) []string {
	switch v := t.Value.(type) {
	case ast.Var:
		return d.names[v]
	case ast.Ref:
		if !v.HasPrefix(ast.InputRootRef) {
			return nil
		}
		if p := pointer(v); p != "" {
			return []string{p}
		}
	}
	return nil
}

// note notes the type of what decides something.
func (d *deriver) note(pointer string, k kind) {
	s := d.at(pointer)
	s.decides = true
	met, ok := s.kind.and(k)
	if s.kind = met; !ok {
		d.refuse("one type for "+pointer, "two")
	}
}

// at returns the shape at a pointer. What has elements is gone through.
func (d *deriver) at(pointer string) *shape {
	s := d.needs[pointer]
	if s != nil {
		return s
	}
	s = &shape{where: d.where}
	d.needs[pointer] = s
	if i := strings.LastIndex(pointer, "/*"); i > 0 {
		list := d.at(pointer[:i])
		list.through, list.decides = true, true
		list.kind, _ = list.kind.and(collection)
	}
	return s
}
