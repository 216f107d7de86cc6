package cel

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// A rewriter gives expressions the meaning that doc.go promises.
type rewriter struct {
	factory ast.ExprFactory
	next    int64 // an id that no node has
}

// rewrite changes the parsed expression in place.
func rewrite(a *ast.AST) {
	r := rewriter{ast.NewExprFactory(), ast.MaxID(a) + 1}
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(r.visit))
}

func (r *rewriter) id() int64 {
	r.next++
	return r.next
}

func (r *rewriter) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.CallKind:
		args := e.AsCall().Args()
		switch e.AsCall().FunctionName() {
		case operators.LogicalAnd:
			e.SetKindCase(r.factory.NewCall(e.ID(), operators.Conditional, args[0], args[1], r.factory.NewLiteral(r.id(), types.False)))
		case operators.LogicalOr:
			e.SetKindCase(r.factory.NewCall(e.ID(), operators.Conditional, args[0], r.factory.NewLiteral(r.id(), types.True), args[1]))
		case operators.In:
			e.SetKindCase(r.factory.NewCall(e.ID(), operators.In, args[0], r.nonempty(args[1])))
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		e.SetKindCase(r.factory.NewComprehensionTwoVar(e.ID(), r.nonempty(c.IterRange()), c.IterVar(), c.IterVar2(), c.AccuVar(),
			c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()))
	}
}

func (r *rewriter) nonempty(e ast.Expr) ast.Expr {
	return r.factory.NewCall(r.id(), nonemptyName, r.factory.CopyExpr(e))
}
