package cel

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// allowed are the functions and operators that an expression may call: nothing that
// reads a clock, a zone or a dynamic type.
var allowed = regexp.MustCompile(`^(` + strings.Join([]string{
	`_[-+*/%<>]_|_(<=|>=|==|!=|&&|\|\|)_|!_|-_|_\?_:_|_\[_\]|@in|@not_strictly_false`,
	`size|startsWith|endsWith|matches|timestamp|duration`,
}, "|") + `)$`)

// A linter collects what is wrong with a parsed expression.
type linter struct {
	names []string // of the inputs
	reads bool     // an input, or something of the request
	errs  []error
}

// lint refuses an expression that could hold for want of something.
func lint(a *ast.AST, fields []inputs.Field) error {
	l := linter{names: []string{varSubject, varSigners, varActor}}
	for _, f := range fields {
		l.names = append(l.names, f.Name)
	}
	l.expr(a.Expr(), true)
	if !l.reads {
		l.refuse(CodeVacuous, "a condition on an input", "one that reads none")
	}
	return errors.Join(l.errs...)
}

func (l *linter) refuse(code attest.Code, want, got string) {
	l.errs = append(l.errs, attest.Refuse(code, "Text", want, got))
}

// expr looks at e. asserted tells that the condition as a whole cannot hold without e:
// e is the condition, or part of a conjunction that is.
func (l *linter) expr(e ast.Expr, asserted bool) {
	switch e.Kind() {
	case ast.IdentKind:
		l.reads = l.reads || slices.Contains(l.names, e.AsIdent())
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() && !asserted {
			l.refuse(CodeVacuous, "has(...) alone or beside &&, where it must hold", "has(...) where its failure may be good")
		}
		l.expr(e.AsSelect().Operand(), false)
	case ast.CallKind:
		l.call(e.AsCall(), asserted)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			l.expr(item, false)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			l.expr(entry.AsMapEntry().Key(), false)
			l.expr(entry.AsMapEntry().Value(), false)
		}
	case ast.StructKind:
		l.refuse(CodeFunction, "no messages", excerpt.Quote(e.AsStruct().TypeName()))
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		if slices.Contains(l.names, c.IterVar()) || slices.Contains(l.names, c.IterVar2()) {
			l.refuse(CodeFunction, "a new name for elements", "that of an input: "+c.IterVar())
		}
		l.expr(c.IterRange(), false)
		for _, part := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
			l.expr(part, false)
		}
	}
}

func (l *linter) call(c ast.CallExpr, asserted bool) {
	name, args := c.FunctionName(), c.Args()
	if !allowed.MatchString(name) {
		l.refuse(CodeFunction, "a function on the list", excerpt.Quote(name))
	}
	switch name {
	case operators.LogicalNot:
		if exists(args[0]) {
			l.refuse(CodeVacuous, "x.all(v, !...), which says what every element is", "a negated exists, which says what none is")
		}
	case "matches":
		pattern, ok := literal(args[len(args)-1])
		if !ok || !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") || strings.HasSuffix(pattern, `\$`) || topLevelOr(pattern) {
			l.refuse(CodeAnchor, "a literal pattern ^(...)$", excerpt.Quote(pattern))
		}
	case "startsWith":
		if prefix, ok := literal(args[0]); !ok || prefix == "" || !strings.ContainsAny(prefix[len(prefix)-1:], "/:@#?=") {
			l.refuse(CodeAnchor, "a literal prefix that ends in one of / : @ # ? =", excerpt.Quote(prefix))
		}
	case "endsWith":
		if suffix, ok := literal(args[0]); !ok || suffix == "" || !strings.ContainsAny(suffix[:1], "/:@#?=.") {
			l.refuse(CodeAnchor, "a literal suffix that begins with one of / : @ # ? = .", excerpt.Quote(suffix))
		}
	}
	if c.IsMemberFunction() {
		l.expr(c.Target(), false)
	}
	for _, arg := range args {
		l.expr(arg, asserted && name == operators.LogicalAnd)
	}
}

// topLevelOr reports whether an alternative of the pattern escapes its anchors.
func topLevelOr(pattern string) bool {
	depth := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case '|':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// exists reports whether e is what the macros exists and exists_one expand to.
func exists(e ast.Expr) bool {
	if e.Kind() != ast.ComprehensionKind {
		return false
	}
	init := e.AsComprehension().AccuInit()
	return init.Kind() == ast.LiteralKind && (init.AsLiteral() == types.False || init.AsLiteral() == types.IntZero)
}
