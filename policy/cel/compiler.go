package cel

import (
	"cmp"
	"errors"
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/internal/excerpt"
	"github.com/sealwright/sealwright/policy"
	"github.com/sealwright/sealwright/policy/internal/inputs"
)

// A Compiler makes rules of clauses in CEL. The zero Compiler has the default limits.
type Compiler struct {
	// Cost bounds one computation, in CEL's units, about one for each operation; 0 means
	// 100,000. It also is the rule's policy.Budget.Cost, over all evidence.
	Cost int64
	// Memory bounds what one computation holds, in CEL's estimate of bytes; 0 means
	// 8 MiB.
	Memory uint32
	// Bytes bounds the predicates that are read; 0 means 4 MiB.
	Bytes int64
}

var _ policy.Compiler = Compiler{}

// Bounds of an expression.
const (
	maxText  = 8 << 10
	maxNodes = 1000
	maxDepth = 40
)

// The variables that tell of the request.
const (
	varSubject     = "subject"
	varSigners     = "signers"
	varPhase       = "phase"
	varEnvironment = "environment"
	varActor       = "actor"
)

// Compile implements policy.Compiler. The rule's needs are checked by policy.New.
func (c Compiler) Compile(clause policy.Clause) (policy.Rule, error) {
	if c.Cost < 0 || c.Bytes < 0 {
		return nil, attest.Refuse(CodeConfig, "Compiler", "positive limits", "a negative one")
	}
	if n := len(clause.Text); n == 0 || n > maxText {
		return nil, attest.Refuse(CodeConfig, "Text", "an expression of at most "+strconv.Itoa(maxText)+" bytes", strconv.Itoa(n))
	}
	fields, err := inputs.Compile(clause.Inputs, varSubject, varSigners, varPhase, varEnvironment, varActor, "nonempty")
	if err != nil {
		return nil, err
	}
	env, err := environment(fields)
	if err != nil {
		return nil, attest.Refuse(CodeConfig, "Inputs", "an environment", "").Because(err)
	}
	ast, issues := env.Parse(clause.Text)
	if issues.Err() != nil {
		return nil, refuseText(CodeSyntax, "a CEL expression", issues.Err())
	}
	faults := lint(ast.NativeRep(), fields)
	rewrite(ast.NativeRep())
	checked, issues := env.Check(ast)
	if issues.Err() != nil {
		faults = errors.Join(faults, refuseText(CodeSyntax, "an expression whose types fit", issues.Err()))
	}
	if faults != nil {
		return nil, faults
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, attest.Refuse(CodeResult, "Text", "a bool", checked.OutputType().String())
	}
	cost := cmp.Or(c.Cost, 100_000)
	program, err := env.Program(checked, cel.EvalOptions(cel.OptTrackCost), cel.CostLimit(uint64(cost)),
		cel.MemoryLimit(cmp.Or(c.Memory, 8<<20)), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, refuseText(CodeSyntax, "a program", err)
	}
	need := clause.Need
	need.Name = cmp.Or(need.Name, "evidence")
	return &rule{
		spec: policy.Spec{
			ID: clause.ID, Version: clause.Version, Title: clause.Title, Controls: clause.Controls, Needs: []policy.Need{need},
			Budget: policy.Budget{Cost: cost, Bytes: cmp.Or(c.Bytes, 4<<20)},
		},
		fields: fields, program: program, text: clause.Text, remedy: clause.Remedy,
	}, nil
}

func refuseText(code attest.Code, want string, err error) error {
	return attest.Refuse(code, "Text", want, excerpt.Quote(err.Error()))
}

// environment declares what an expression may refer to.
func environment(fields []inputs.Field) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.StdLib(),
		cel.CrossTypeNumericComparisons(false),
		cel.EagerlyValidateDeclarations(true),
		cel.StrictTimestampParsing(true),
		cel.ParserExpressionSizeLimit(maxText),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserErrorRecoveryLimit(4),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ExpressionNestingDepthLimit(2 * maxDepth),
		cel.RegexProgramSizeLimit(1000),
		cel.Variable(varSubject, cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable(varSigners, cel.ListType(cel.StringType)),
		cel.Variable(varPhase, cel.StringType),
		cel.Variable(varEnvironment, cel.StringType),
		cel.Variable(varActor, cel.StringType),
		nonempty(),
	}
	for _, f := range fields {
		options = append(options, cel.Variable(f.Name, celType(f.Type)))
	}
	return cel.NewCustomEnv(options...)
}

func celType(t inputs.Type) *cel.Type {
	scalar := map[string]*cel.Type{"bool": cel.BoolType, "int": cel.IntType, "string": cel.StringType, "time": cel.TimestampType}[t.Scalar]
	switch t.Container {
	case "list":
		return cel.ListType(scalar)
	case "map":
		return cel.MapType(cel.StringType, scalar)
	}
	return scalar
}

// nonempty is what rewrite puts around ranges. It gives them back, unless they are
// empty.
func nonempty() cel.EnvOption {
	a, b := cel.TypeParamType("A"), cel.TypeParamType("B")
	list, object := cel.ListType(a), cel.MapType(a, b)
	same := cel.UnaryBinding(func(v ref.Val) ref.Val {
		if s, ok := v.(interface{ Size() ref.Val }); !ok || s.Size() == types.IntZero {
			return types.WrapErr(errEmpty)
		}
		return v
	})
	return cel.Function(nonemptyName,
		cel.Overload("nonempty_list", []*cel.Type{list}, list, same),
		cel.Overload("nonempty_map", []*cel.Type{object}, object, same))
}

const nonemptyName = "@nonempty"

var errEmpty = errors.New("a quantifier over nothing")
