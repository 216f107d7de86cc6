package rego

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// demands are what must be in a document before a module judges it, by JSON pointers in
// which "*" is each element.
type demands map[string]*shape

// A shape is what a module takes for granted of a value.
type shape struct {
	kind    kind
	decides bool // and not only tells what it is in a message
	through bool // it has an element
	omitted bool // it may be left out, and is empty then
	where   *ast.Location
}

// vocabulary returns what there is to refer to.
func (d demands) vocabulary() vocabulary {
	v := vocabulary{}
	for at, s := range d {
		v[at] = s.kind.collects()
	}
	return v
}

// check refuses a document in which something is missing, of another type, or empty. It
// fills in what may be left out.
func (d demands) check(document any) error {
	var errs []error
	for _, at := range slices.Sorted(maps.Keys(d)) {
		errs = append(errs, d[at].find(document, strings.Split(at, "/")[1:], at))
	}
	return errors.Join(errs...)
}

// find checks what a path leads to.
func (s *shape) find(v any, path []string, at string) error {
	if len(path) == 0 {
		return s.check(v, at)
	}
	if path[0] == "*" {
		var errs []error
		for _, element := range elements(v) {
			errs = append(errs, s.find(element, path[1:], at))
		}
		return errors.Join(errs...)
	}
	members, _ := v.(map[string]any)
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(path[0])
	member, ok := members[name]
	if !ok && s.omitted && len(path) == 1 && members != nil {
		member, ok = s.kind.empty(), true
		members[name] = member
	}
	if !ok {
		return attest.Refuse(inputs.CodeMissing, at, s.kind.String(), "nothing")
	}
	return s.find(member, path[1:], at)
}

func (s *shape) check(v any, at string) error {
	var is kind
	switch v.(type) {
	case bool:
		is = boolean
	case json.Number:
		is = number
	case string:
		is = text
	case []any:
		is = array
	case map[string]any:
		is = object
	}
	if both, ok := s.kind.and(is); !ok || both != is {
		return attest.Refuse(inputs.CodeType, at, s.kind.String(), is.String())
	}
	if s.through && len(elements(v)) == 0 {
		return attest.Refuse(CodeEmpty, at, "an element", "none")
	}
	return nil
}

// elements returns those of a collection.
func elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		return slices.Collect(maps.Values(v))
	}
	return nil
}
