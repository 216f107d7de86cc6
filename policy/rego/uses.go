package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// body reads what conditions take for granted.
func (d *deriver) body(b ast.Body) {
	for _, e := range b {
		switch t := e.Terms.(type) {
		case *ast.Term:
			d.use(t, boolean) // that a condition is defined, and not false, is not enough
		case []*ast.Term:
			d.call(t[0].Value.String(), t[1:])
		case *ast.SomeDecl:
			if call, ok := t.Symbols[0].Value.(ast.Call); ok {
				d.through(call[len(call)-1])
			}
		case *ast.Every:
			d.through(t.Domain)
			d.body(t.Body)
		}
	}
}

// call reads what an operator or function says of its operands.
func (d *deriver) call(name string, operands []*ast.Term) {
	switch {
	case name == ast.Assign.Name:
		d.there(operands[1])
	case slices.Contains(comparisons(), name):
		d.compare(operands[0], operands[1])
		d.compare(operands[1], operands[0])
	case name == ast.Member.Name || name == ast.MemberWithKey.Name:
		d.member(operands[len(operands)-2], operands[len(operands)-1])
	case name == ast.ObjectGet.Name && len(operands) == 3:
		d.through(operands[0])
		d.use(operands[0], object)
		d.elements(operands[0], d.kindOf(operands[2]))
		d.use(operands[1], none)
		d.use(operands[2], none)
	case name == ast.Sprintf.Name:
		d.use(operands[0], text)
		d.there(operands[1]) // a message decides nothing
	default:
		for i, operand := range operands {
			k, elements := takes(name, i)
			d.use(operand, k)
			if elements != none {
				d.elements(operand, elements)
			}
			if through(name, i) {
				d.through(operand)
			}
		}
	}
}

// compare notes that a term is what another one is, and so are its elements, of which
// there need not be any.
func (d *deriver) compare(t, with *ast.Term) {
	d.use(t, d.kindOf(with))
	k := d.elementsOf(with)
	for _, at := range d.pointers(t) {
		if k != none && d.needs[at+"/*"] == nil {
			d.needs[at+"/*"] = &shape{where: d.where}
		}
		if k != none {
			d.note(at+"/*", k)
		}
	}
}

// elements notes what the elements of a term are.
func (d *deriver) elements(list *ast.Term, are kind) {
	if written, ok := list.Value.(*ast.Array); ok {
		written.Foreach(func(e *ast.Term) { d.use(e, are) })
	}
	for _, at := range d.pointers(list) {
		d.note(at+"/*", are)
	}
}

// member reads that an element is in a collection.
func (d *deriver) member(element, list *ast.Term) {
	d.through(list)
	d.use(element, d.elementsOf(list))
	d.elements(list, d.kindOf(element))
}

// there notes that what a term refers to is there, whatever it is.
func (d *deriver) there(t *ast.Term) {
	if list, ok := t.Value.(*ast.Array); ok {
		list.Foreach(d.there)
		return
	}
	found := d.pointers(t)
	for _, at := range found {
		d.at(at)
	}
	if found == nil {
		d.use(t, none)
	}
}

// through notes that the elements of a term are looked at, so that there must be one.
func (d *deriver) through(t *ast.Term) {
	d.use(t, collection)
	for _, at := range d.pointers(t) {
		d.at(at).through = true
	}
}

// use notes the type that a term has where it decides something.
func (d *deriver) use(t *ast.Term, k kind) {
	if t == nil {
		return
	}
	found := d.pointers(t)
	for _, at := range found {
		d.note(at, k)
	}
	if found != nil {
		return
	}
	open := func(inner *ast.Term) { d.use(inner, none) }
	switch v := t.Value.(type) {
	case ast.Ref:
		if _, name := v[0].Value.(ast.Var); !name {
			open(v[0])
		}
	case ast.Call:
		d.call(v[0].Value.String(), v[1:])
	case *ast.Array:
		v.Foreach(open)
	case ast.Set:
		v.Foreach(open)
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { open(key); open(value) })
	case *ast.ArrayComprehension:
		open(v.Term)
		d.body(v.Body)
	case *ast.SetComprehension:
		open(v.Term)
		d.body(v.Body)
	case *ast.ObjectComprehension:
		open(v.Key)
		open(v.Value)
		d.body(v.Body)
	}
}

// kindOf returns what a term is, by its form alone or that of its values.
func (d *deriver) kindOf(t *ast.Term) kind {
	return same(d.values(t), kindOf)
}

// elementsOf returns what the elements of a collection are that is written out.
func (d *deriver) elementsOf(t *ast.Term) kind {
	var written []*ast.Term
	for _, list := range d.values(t) {
		switch v := list.Value.(type) {
		case *ast.Array:
			v.Foreach(func(e *ast.Term) { written = append(written, e) })
		case ast.Set:
			v.Foreach(func(e *ast.Term) { written = append(written, e) })
		case ast.Object:
			v.Foreach(func(_, e *ast.Term) { written = append(written, e) })
		default:
			return none
		}
	}
	return same(written, kindOf)
}

// values returns what a term may be, if the module says it.
func (d *deriver) values(t *ast.Term) []*ast.Term {
	if v, ok := t.Value.(ast.Var); ok {
		return d.known[v]
	}
	return []*ast.Term{t}
}
