package inputs

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
)

// A Type is the type of an input: a scalar, or a list or map of one.
type Type struct {
	Container string // "", "list" or "map"
	Scalar    string // "bool", "int", "string" or "time"
}

// String returns the type as declarations write it.
func (t Type) String() string {
	if t.Container == "" {
		return t.Scalar
	}
	return t.Container + "(" + t.Scalar + ")"
}

// A Field is a compiled declaration.
type Field struct {
	Name string
	Type Type
	path []string
	from string // the pointer
}

// most bounds the declarations of a clause.
const most = 64

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	typePattern = regexp.MustCompile(`^(?:(list|map)\((bool|int|string|time)\)|(bool|int|string|time))$`)
)

// Compile checks the declarations. reserved are names that they must not take.
func Compile(declared []policy.Input, reserved ...string) ([]Field, error) {
	var errs []error
	refuse := func(where, want, got string) {
		errs = append(errs, attest.Refuse(CodeDeclaration, where, want, excerpt.Quote(got)))
	}
	if len(declared) == 0 || len(declared) > most {
		refuse("Inputs", "1 to "+strconv.Itoa(most)+" inputs", strconv.Itoa(len(declared)))
		return nil, errors.Join(errs...)
	}
	seen := slices.Clone(reserved)
	fields := make([]Field, 0, len(declared))
	for i, d := range declared {
		where := "Inputs[" + strconv.Itoa(i) + "]"
		if !namePattern.MatchString(d.Name) || slices.Contains(seen, d.Name) {
			refuse(where+".Name", "a unique name of lower-case letters, digits and '_'", d.Name)
		}
		seen = append(seen, d.Name)
		parts := typePattern.FindStringSubmatch(d.Type)
		if parts == nil {
			refuse(where+".Type", "bool, int, string or time, or a list or map of one", d.Type)
			continue
		}
		f := Field{Name: d.Name, Type: Type{parts[1], parts[2] + parts[3]}, from: d.Pointer}
		if !strings.HasPrefix(d.Pointer, "/") || len(d.Pointer) > 1024 {
			refuse(where+".Pointer", "a JSON pointer", d.Pointer)
			continue
		}
		f.path = strings.Split(d.Pointer, "/")[1:]
		stars := 0
		for _, token := range f.path {
			if token == "*" {
				stars++
			}
		}
		if stars > 1 || stars == 1 && f.Type.Container != "list" {
			refuse(where+".Pointer", `at most one "*", for a list`, d.Pointer)
		}
		fields = append(fields, f)
	}
	return fields, errors.Join(errs...)
}

// Read returns the values of the fields by name: bool, int64, string or time.Time,
// []any or map[string]any of one of these. predicate is the JSON of a statement's
// predicate, decoded into any with numbers as json.Number.
func Read(fields []Field, predicate any) (map[string]any, error) {
	values := make(map[string]any, len(fields))
	var errs []error
	for _, f := range fields {
		v, err := f.walk(predicate, f.path)
		if err == nil {
			values[f.Name], err = f.typed(v)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return values, nil
}

// predicates decodes a predicate without a Go type of its own.
var predicates = sync.OnceValue(func() *policy.Decoder[any] {
	return policy.NewDecoder(func(s *attest.Statement) (any, error) {
		var v any
		err := s.DecodePredicate(&v, true)
		return v, err
	})
})

// Of reads the fields of the evidence's predicate, which is decoded once for all rules.
func Of(e policy.Evidence, fields []Field) (map[string]any, error) {
	predicate, err := predicates().Of(e)
	if err != nil {
		return nil, err
	}
	return Read(fields, predicate)
}

// walk follows the path.
func (f *Field) walk(v any, path []string) (any, error) {
	for i, token := range path {
		if token == "*" {
			list, ok := v.([]any)
			if !ok {
				return nil, f.mistyped("an array", v)
			}
			out := make([]any, len(list))
			for j := range list {
				var err error
				if out[j], err = f.walk(list[j], path[i+1:]); err != nil {
					return nil, err
				}
			}
			return out, nil
		}
		var there bool
		switch at := v.(type) {
		case map[string]any:
			v, there = at[strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")]
		case []any:
			n, err := strconv.ParseUint(token, 10, 31)
			if there = err == nil && int(n) < len(at) && strconv.FormatUint(n, 10) == token; there {
				v = at[n]
			}
		}
		if !there {
			return nil, attest.Refuse(CodeMissing, "/predicate"+f.from, f.Type.String(), "nothing")
		}
	}
	return v, nil
}

func (f *Field) typed(v any) (any, error) {
	switch f.Type.Container {
	case "list":
		list, ok := v.([]any)
		if !ok {
			return nil, f.mistyped(f.Type.String(), v)
		}
		out := make([]any, len(list))
		for i := range list {
			var err error
			if out[i], err = f.scalar(list[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case "map":
		object, ok := v.(map[string]any)
		if !ok {
			return nil, f.mistyped(f.Type.String(), v)
		}
		out := make(map[string]any, len(object))
		for key := range object {
			var err error
			if out[key], err = f.scalar(object[key]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return f.scalar(v)
}

func (f *Field) scalar(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if f.Type.Scalar == "bool" {
			return v, nil
		}
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if f.Type.Scalar == "int" && err == nil && v.String() != "-0" {
			return n, nil
		}
	case string:
		if f.Type.Scalar == "string" {
			return v, nil
		}
		if t, err := time.Parse(time.RFC3339Nano, v); f.Type.Scalar == "time" && err == nil {
			return t.UTC(), nil
		}
	}
	return nil, f.mistyped(f.Type.Scalar, v)
}

func (f *Field) mistyped(want string, v any) error {
	got := "null"
	switch v := v.(type) {
	case bool:
		got = strconv.FormatBool(v)
	case json.Number:
		got = excerpt.Quote(v.String())
	case string:
		got = "the string " + excerpt.Quote(v)
	case []any:
		got = fmt.Sprintf("an array of %d", len(v))
	case map[string]any:
		got = "an object"
	}
	return attest.Refuse(CodeType, "/predicate"+f.from, want, got)
}
