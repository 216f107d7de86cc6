package strictjson

import (
	"encoding"
	"encoding/json"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
)

// A kind is a kind of JSON value; kinds combine to sets.
type kind uint8

const (
	kindNull kind = 1 << iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
	anyKind = kindNull | kindBool | kindNumber | kindString | kindArray | kindObject
)

// kindOf returns the kind of the value that begins with c, 0 if none does.
func kindOf(c byte) kind {
	switch c {
	case '{':
		return kindObject
	case '[':
		return kindArray
	case '"':
		return kindString
	case 't', 'f':
		return kindBool
	case 'n':
		return kindNull
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return kindNumber
	}
	return 0
}

// String names the kinds.
func (k kind) String() string {
	if k == 0 {
		return "nothing"
	}
	names := [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}
	var parts []string
	for ; k != 0; k &= k - 1 {
		parts = append(parts, names[bits.TrailingZeros8(uint8(k))])
	}
	return strings.Join(parts, " or ")
}

// A plan tells what JSON a Go type takes.
type plan struct {
	kinds       kind
	isInterface bool
	isOpaque    bool                   // the type has an UnmarshalJSON
	isText      bool                   // the type has an UnmarshalText
	isBytes     bool                   // []byte: base64
	isTexts     bool                   // map[string]string
	quoted      bool                   // a scalar inside a JSON string
	length      int                    // of a Go array; -1 for a slice
	elemType    reflect.Type           // of a slice, array or map; nil if opaque
	fields      []field                // of a struct; nil for other types
	inner       []atomic.Pointer[plan] // of the fields or the elements, once they were needed
}

// A field is a struct's field under its JSON name.
type field struct {
	name   string
	typ    reflect.Type // nil if anybody may read the value
	quoted bool         // the tag says ",string"
	outer  []int        // the way to the embedded struct that has it; empty if none is
	at     int          // its number there
}

// simple returns the plan of a type that takes one kind of value without parts.
func simple(k kind) *plan { return &plan{kinds: k, length: -1} }

// several returns the plan of the array, slice or map t.
func several(k kind, t reflect.Type, length int) *plan {
	return &plan{
		kinds: k, isTexts: t == reflect.TypeFor[map[string]string](), length: length,
		elemType: t.Elem(), inner: make([]atomic.Pointer[plan], 1),
	}
}

// opaque returns the plan of a value that its Go type judges itself.
func opaque() *plan { return &plan{kinds: anyKind, length: -1, isOpaque: true} }

// exact returns the index of the field called name, -1 if there is none.
func (p *plan) exact(name []byte) int {
	for i := range p.fields {
		if p.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// folded returns the name of a field that matches regardless of case, or "".
func (p *plan) folded(name string) string {
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].name, name) {
			return p.fields[i].name
		}
	}
	return ""
}

// names lists the fields for an error.
func (p *plan) names() string {
	if len(p.fields) == 0 {
		return "no key"
	}
	var names []string
	for _, f := range p.fields[:min(len(p.fields), few)] {
		names = append(names, f.name)
	}
	return "one of " + strings.Join(names, ", ")
}

// plans keeps the plan of every Go type that was decoded, as encoding/json does: what is
// found out about a type holds for good, and a program has only so many.
var plans sync.Map // of *plan by reflect.Type

// planOf returns the plan of t. It refuses types that cannot be decoded strictly.
func planOf(t reflect.Type) (*plan, *Error) {
	if made, ok := plans.Load(t); ok {
		return made.(*plan), nil
	}
	p, err := makePlan(t)
	if err != nil {
		return nil, err
	}
	made, _ := plans.LoadOrStore(t, p)
	return made.(*plan), nil
}

// elem returns the plan of the elements of an array or map.
func (p *plan) elem() (*plan, *Error) {
	if p.elemType == nil {
		return nil, nil
	}
	if elem := p.inner[0].Load(); elem != nil {
		return elem, nil
	}
	elem, err := planOf(p.elemType)
	if err == nil {
		p.inner[0].Store(elem)
	}
	return elem, err
}

// field returns the plan of the i-th field of a struct.
func (p *plan) field(i int) (*plan, *Error) {
	if p.fields[i].typ == nil {
		return nil, nil
	}
	if inner := p.inner[i].Load(); inner != nil {
		return inner, nil
	}
	inner, err := planOf(p.fields[i].typ)
	if err != nil {
		return nil, err
	}
	if p.fields[i].quoted && !inner.isOpaque {
		inner = &plan{kinds: inner.kinds&kindNull | kindString, quoted: true, length: -1}
	}
	p.inner[i].Store(inner)
	return inner, nil
}

// makePlan follows encoding/json: a type's own unmarshaler first, then its kind.
func makePlan(t reflect.Type) (*plan, *Error) {
	if t.Kind() == reflect.Pointer {
		p, err := planOf(t.Elem())
		if err != nil || p.isOpaque {
			return p, err
		}
		nullable := *p
		nullable.kinds |= kindNull
		return &nullable, nil
	}
	self, text := unmarshals(t)
	switch {
	case (self || text) && t.Name() == "":
		// encoding/json finds the methods of a nameless struct only behind a pointer.
		return nil, unfit(t, "a named type, for it has an unmarshaler")
	case self:
		return opaque(), nil
	case text:
		return &plan{kinds: kindString, isText: true, length: -1}, nil
	case t == reflect.TypeFor[json.Number]():
		return simple(kindNumber), nil
	}
	return byKind(t)
}

// unmarshals tells whether t reads JSON, or a text, itself.
func unmarshals(t reflect.Type) (self, text bool) {
	if t.Kind() == reflect.Interface || t.PkgPath() == "" && t.Kind() != reflect.Struct {
		return false, false // it has no methods that count
	}
	p := reflect.PointerTo(t)
	if p.NumMethod() == 0 {
		return false, false
	}
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()), p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func byKind(t reflect.Type) (*plan, *Error) {
	switch t.Kind() {
	case reflect.Bool:
		return simple(kindBool), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64:
		return simple(kindNumber), nil
	case reflect.String:
		return simple(kindString), nil
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return nil, unfit(t, "an interface without methods")
		}
		return &plan{kinds: anyKind, isInterface: true, length: -1}, nil
	case reflect.Struct:
		fields := fieldsOf(t)
		return &plan{kinds: kindObject, fields: fields, inner: make([]atomic.Pointer[plan], len(fields)), length: -1}, nil
	case reflect.Map:
		if _, text := unmarshals(t.Key()); text || t.Key().Kind() != reflect.String {
			return nil, unfit(t, "a map with string keys")
		}
		return several(kindObject|kindNull, t, -1), nil
	case reflect.Array:
		return several(kindArray, t, t.Len()), nil
	case reflect.Slice:
		if isByte(t.Elem()) {
			return &plan{kinds: kindString | kindNull, isBytes: true, length: -1}, nil
		}
		return several(kindArray|kindNull, t, -1), nil
	}
	return nil, unfit(t, "a type that JSON can fill")
}

// isByte tells whether encoding/json writes a slice of t as base64.
func isByte(t reflect.Type) bool {
	self, text := unmarshals(t)
	return t.Kind() == reflect.Uint8 && !self && !text
}

func unfit(t reflect.Type, want string) *Error {
	return &Error{Cause: CauseTarget, Want: want, Got: "the Go type " + t.String()}
}

// A candidate is a field before Go's rules of embedding have chosen.
type candidate struct {
	field
	depth  int
	tagged bool
}

// fieldsOf lists the fields that encoding/json fills in a struct, never nil: of
// several with one name the shallowest counts, among these a tagged one, and
// none if that still leaves more than one.
func fieldsOf(t reflect.Type) []field {
	if fields, flat := flatFields(t); flat {
		return fields
	}
	all := candidates(t)
	fields := make([]field, 0, len(all))
	for i, c := range all {
		if dominant(all, i) {
			fields = append(fields, c.field)
		}
	}
	return fields
}

// flatFields is fieldsOf for a struct that embeds nothing and has no name twice.
func flatFields(t reflect.Type) (fields []field, flat bool) {
	fields = make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			return nil, false
		}
		c, _ := read(f)
		if c.name == "" {
			continue
		}
		for j := range fields {
			if fields[j].name == c.name {
				return nil, false
			}
		}
		c.at = i
		fields = append(fields, c.field)
	}
	return fields, true
}

func dominant(all []candidate, i int) bool {
	c := all[i]
	for j, other := range all {
		if j == i || other.name != c.name || other.depth > c.depth {
			continue
		}
		if other.depth < c.depth || other.tagged || !c.tagged {
			return false
		}
	}
	return true
}

// embedded is a struct whose fields another one promotes, and the way to it.
type embedded struct {
	typ   reflect.Type
	outer []int
}

// candidates walks t and the structs that it embeds, breadth first. The fields
// of a struct that is embedded twice at one depth are listed twice, so that they
// cancel each other.
func candidates(t reflect.Type) (all []candidate) {
	var visited []reflect.Type
	level := []embedded{{typ: t}}
	for depth := 0; len(level) > 0; depth++ {
		var next []embedded
		for i, at := range level {
			t := at.typ
			if slices.Contains(visited, t) {
				continue
			}
			visited = append(visited, t)
			all = slices.Grow(all, t.NumField())
			twice := slices.ContainsFunc(level[i+1:], func(e embedded) bool { return e.typ == t })
			for i := range t.NumField() {
				f := t.Field(i)
				c, promoted := read(f)
				c.depth, c.outer, c.at = depth, at.outer, i
				switch {
				case promoted != nil:
					next = append(next, embedded{promoted, append(slices.Clone(at.outer), i)})
				case c.name != "" && twice:
					all = append(all, c, c)
				case c.name != "":
					all = append(all, c)
				}
			}
		}
		level = next
	}
	return all
}

// read returns a field under its JSON name, or the struct whose fields it
// promotes, or neither for a field that encoding/json ignores.
func read(f reflect.StructField) (c candidate, promoted reflect.Type) {
	t := f.Type
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	isStruct := t.Kind() == reflect.Struct
	tag := f.Tag.Get("json")
	if tag == "-" || !f.IsExported() && !(f.Anonymous && isStruct) {
		return c, nil
	}
	name, options, _ := strings.Cut(tag, ",")
	c.tagged = validName(name)
	if f.Anonymous && isStruct && !c.tagged {
		return c, t
	}
	if !c.tagged {
		name = f.Name
	}
	c.name, c.typ = name, f.Type
	for option := range strings.SplitSeq(options, ",") {
		c.quoted = c.quoted || option == "string" && isScalar(t.Kind())
	}
	return c, nil
}

// validName tells whether encoding/json takes a tag's name.
func validName(name string) bool {
	for _, c := range name {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			continue // spares the search below
		}
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return name != ""
}

func isScalar(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Float64 || k == reflect.String
}
