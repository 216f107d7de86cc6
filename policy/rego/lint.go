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

// lint refuses what lets something undefined pass for good, and returns the module's
// entry point.
func lint(m *ast.Module) (entry string, err error) {
	var errs []error
	refuse := func(code attest.Code, l *ast.Location, want, got string) {
		where := "Text"
		if l != nil {
			where += ":" + l.String()
		}
		errs = append(errs, attest.Refuse(code, where, want, excerpt.Quote(got)))
	}
	for _, i := range m.Imports {
		if i.Path.String() != "rego.v1" {
			refuse(CodeConstruct, i.Location, "no imports but rego.v1", i.Path.String())
		}
	}
	defined := map[string]bool{}
	for _, r := range m.Rules {
		name := r.Head.Ref().String()
		switch {
		case name == entryAllow && r.Head.RuleKind() == ast.SingleValue && len(r.Head.Args) == 0 && isBool(r.Head.Value):
			defined[entryAllow] = true
		case name == entryDeny && r.Head.RuleKind() == ast.MultiValue && !r.Default:
			defined[entryDeny] = true
		case name == entryAllow || strings.HasPrefix(name, entryDeny):
			refuse(CodeEntrypoint, r.Location, "allow := true, allow := false or deny contains text", r.Head.String())
		}
		if r.Else != nil {
			refuse(CodeConstruct, r.Location, "no else, which also follows what is undefined", r.Head.String())
		}
		if name == entryAllow && !r.Default && r.Head.Value.Equal(ast.BooleanTerm(false)) {
			refuse(CodeConstruct, r.Location, "allow if what is good; a default says false", r.Head.String())
		}
		if r.Default && (name != entryAllow || !r.Head.Value.Equal(ast.BooleanTerm(false))) {
			refuse(CodeConstruct, r.Location, "no default but that of allow, which is false", r.Head.String())
		}
	}
	if len(defined) != 1 && len(errs) == 0 {
		refuse(CodeEntrypoint, m.Package.Location, "either allow or deny", "neither or both")
	}
	ast.WalkExprs(m, func(e *ast.Expr) bool {
		if e.Negated {
			refuse(CodeConstruct, e.Location, "!=, == false, or a condition that holds, for not", e.String())
		}
		if len(e.With) > 0 {
			refuse(CodeConstruct, e.Location, "no with", e.String())
		}
		return false
	})
	ast.WalkClosures(m, func(x any) bool {
		if every, ok := x.(*ast.Every); ok {
			if ref, ok := every.Domain.Value.(ast.Ref); !ok || !ref.HasPrefix(ast.InputRootRef) {
				refuse(CodeConstruct, every.Location, "every element of an input", every.Domain.String())
			}
			return false
		}
		refuse(CodeConstruct, m.Package.Location, "no comprehensions, which are empty of what is undefined", "one")
		return false
	})
	builtins, names := allowed(), ruleNames(m)
	for _, r := range m.Rules {
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			switch _, builtin := ast.BuiltinMap[ref.String()]; {
			case builtin && !slices.Contains(builtins, ref.String()):
				refuse(CodeBuiltin, ref[0].Location, "a function on the list", ref.String())
			case !builtin:
				if want := misreads(ref, names); want != "" {
					refuse(CodeConstruct, ref[0].Location, want, ref.String())
				}
			}
			return false
		})
		ast.WalkVars(r.Body, func(v ast.Var) bool {
			if defined[entryDeny] && slices.Contains(names, string(v)) {
				refuse(CodeConstruct, r.Location, "rules of deny that stand alone: another rule may be undefined", string(v))
			}
			return false
		})
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	if defined[entryDeny] {
		return entryDeny, nil
	}
	return entryAllow, nil
}

// misreads tells what a reference should have been, if it may be undefined: a member that
// is not an input, an index into a list, data from elsewhere.
func misreads(r ast.Ref, names []string) string {
	from := 1
	switch {
	case r.HasPrefix(ast.DefaultRootRef):
		return "rules of the module by their names"
	case r.HasPrefix(ast.InputRootRef):
		if len(r) < 2 || !isText(r[1]) {
			return "input.name"
		}
		if from = 2; len(r) > 2 && r[1].Equal(ast.StringTerm(requestName)) && isText(r[2]) {
			from = 3
		}
	case slices.Contains(names, r[0].String()) && len(r) == 1:
		return ""
	}
	for _, key := range r[from:] {
		if v, ok := key.Value.(ast.Var); !ok || !v.IsWildcard() {
			return "[_], or some x in the list"
		}
	}
	return ""
}

func ruleNames(m *ast.Module) (names []string) {
	for _, r := range m.Rules {
		names = append(names, r.Head.Ref().String())
	}
	return names
}

func isText(t *ast.Term) bool {
	_, ok := t.Value.(ast.String)
	return ok
}

// isBool reports whether the term is true or false, so that allow is nothing else.
func isBool(t *ast.Term) bool {
	if t == nil {
		return false
	}
	_, ok := t.Value.(ast.Boolean)
	return ok
}
