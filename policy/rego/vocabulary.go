package rego

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A vocabulary is what a module may refer to in input, because it is there: JSON
// pointers, in which "*" is each element, and whether they are of collections.
type vocabulary map[string]bool

// vocabularyOf returns that of a clause's inputs.
func vocabularyOf(fields []inputs.Field) vocabulary {
	v := vocabulary{"/" + requestName + "/subject": true, "/" + requestName + "/signers": true}
	for _, name := range []string{"phase", "environment", "actor"} {
		v["/"+requestName+"/"+name] = false
	}
	for _, f := range fields {
		v["/"+f.Name] = f.Type.Container != ""
	}
	return v
}

// reach returns how many terms of a reference to input name what is there.
func (v vocabulary) reach(r ast.Ref) int {
	for n := len(r); n > 1; n-- {
		if p := pointer(r[:n]); !strings.Contains(p, "*") && v.knows(p) {
			return n
		}
	}
	return 1
}

// has reports whether what is referred to is there.
func (v vocabulary) has(r ast.Ref) bool { return v.knows(pointer(r)) }

func (v vocabulary) knows(pointer string) bool { _, ok := v[pointer]; return ok }

// collection reports whether a reference is to a collection in input.
func (v vocabulary) collection(r ast.Ref) bool { return r.HasPrefix(ast.InputRootRef) && v[pointer(r)] }

// pointer returns what a reference refers to in its root, or nothing if that is
// computed, or a member "*".
func pointer(r ast.Ref) string {
	var b strings.Builder
	for _, t := range r[1:] {
		switch key := t.Value.(type) {
		case ast.String:
			if key == "*" {
				return ""
			}
			b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(string(key)))
		case ast.Var:
			if !key.IsWildcard() {
				return ""
			}
			b.WriteString("/*")
		default:
			return ""
		}
	}
	return b.String()
}
