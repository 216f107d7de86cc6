package rules_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sealwright/sealwright/policy"
)

// verdictOf tells whether the shipped fixtures notice that the rules are wrong: the
// first one whose outcome is not the expected one, or "" if all are.
func verdictOf(broken map[string]policy.Rule, all []fixture) (noticed string) {
	defer func() {
		if p := recover(); p != nil {
			noticed = fmt.Sprint("panic: ", p)
		}
	}()
	t := new(testing.T)
	for name, r := range broken {
		if accepts(r) {
			return name
		}
	}
	for _, f := range all {
		if !accepts(f.rule) {
			return f.name
		}
		outcome, code := f.outcome, f.code
		if outcome == policy.Violated && code == "" { // an unreadable one
			outcome, code = policy.Undetermined, "policy.rules.unreadable"
		}
		d, ok := f.decide(t, engine(t, f.rule), f.statements...)
		if !ok {
			return f.name
		}
		finding := d.Report().Findings[0]
		if finding.Outcome != outcome || outcome != policy.Satisfied && (finding.Reasons[0].Code != code || !strings.Contains(finding.Reasons[0].Got, f.got)) ||
			f.id != "" && finding.Rule != f.id || !f.until.IsZero() && !d.Report().ValidUntil.Equal(f.until) {
			return f.name
		}
	}
	return ""
}

func everyFixture() []fixture { return slices.Concat(fixtures(), unreadable(), scores()) }

func accepts(r policy.Rule) bool {
	_, err := policy.New(policy.Config{
		Policy: policy.PolicyRef{URI: "https://example.com/policy", Version: "1"}, Root: policy.Rules(r),
		Authorities: []string{"test:policytest"}, Testing: true, Validity: 1000 * 3600e9,
	})
	return err == nil
}

func TestTheFixturesHoldWithoutAMutant(t *testing.T) {
	require.Empty(t, verdictOf(refused(), everyFixture()))
}

// A mutator rewrites the sources so that each mutant is a choice at run time: all of
// them are built at once.
type mutator struct {
	fset  *token.FileSet
	names []string // of the mutants
	loop  int      // within the condition of a loop
}

func (m *mutator) mutant(at token.Pos, what string) ast.Expr {
	pos := m.fset.Position(at)
	m.names = append(m.names, fmt.Sprintf("%s:%d:%d: %s", filepath.Base(pos.Filename), pos.Line, pos.Column, what))
	number := &ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(len(m.names))}
	return &ast.CallExpr{Fun: ast.NewIdent("mutant"), Args: []ast.Expr{number}}
}

// flip returns e, or not e in the mutant.
func (m *mutator) flip(e ast.Expr, at token.Pos) ast.Expr {
	return &ast.BinaryExpr{X: &ast.ParenExpr{X: e}, Op: token.NEQ, Y: m.mutant(at, "negated")}
}

// bounds are the operators whose edge is moved.
var bounds = map[token.Token]token.Token{token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR}

// condition mutates a boolean expression: each comparison is negated, each edge is
// moved by one, each operand of && and || is left out.
func (m *mutator) condition(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		x.X = m.condition(x.X)
		return x
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			x.X = m.condition(x.X)
			return x
		}
	case *ast.BinaryExpr:
		switch x.Op {
		case token.LAND, token.LOR:
			left, right := x.X.Pos(), x.Y.Pos()
			x.X, x.Y = m.condition(x.X), m.condition(x.Y)
			// Leaving an operand out is to fix it to what decides nothing.
			neutral := token.LOR
			if x.Op == token.LOR {
				neutral = token.LAND
			}
			fix := func(operand ast.Expr, at token.Pos) ast.Expr {
				choice := m.mutant(at, "left out of "+x.Op.String())
				if neutral == token.LAND {
					choice = &ast.UnaryExpr{Op: token.NOT, X: choice}
				}
				return &ast.ParenExpr{X: &ast.BinaryExpr{X: choice, Op: neutral, Y: &ast.ParenExpr{X: operand}}}
			}
			x.X, x.Y = fix(x.X, left), fix(x.Y, right)
			return x
		case token.EQL, token.NEQ:
			return m.flip(x, x.Pos())
		case token.LSS, token.LEQ, token.GTR, token.GEQ:
			moved := *x
			moved.Op = bounds[x.Op]
			choice := m.mutant(x.Pos(), x.Op.String()+" to "+moved.Op.String())
			either := &ast.BinaryExpr{
				X:  &ast.ParenExpr{X: &ast.BinaryExpr{X: &ast.UnaryExpr{Op: token.NOT, X: choice}, Op: token.LAND, Y: &ast.ParenExpr{X: x}}},
				Op: token.LOR,
				Y:  &ast.ParenExpr{X: &ast.BinaryExpr{X: choice, Op: token.LAND, Y: &ast.ParenExpr{X: &moved}}},
			}
			if m.loop > 0 {
				return &ast.ParenExpr{X: either}
			}
			return m.flip(&ast.ParenExpr{X: either}, x.Pos())
		}
	}
	if m.loop > 0 {
		return e
	}
	return m.flip(e, e.Pos())
}

// statement mutates what a statement decides or returns.
func (m *mutator) statement(n ast.Node) bool {
	switch s := n.(type) {
	case *ast.IfStmt:
		if compares(s.Cond, "err") {
			return true // an error is not passed over by mistake, but by the mutants of who gives it
		}
		s.Cond = m.condition(s.Cond)
	case *ast.ForStmt:
		if s.Cond != nil {
			m.loop++
			s.Cond = m.condition(s.Cond)
			m.loop--
		}
	case *ast.CaseClause:
		for i, e := range s.List {
			if b, ok := e.(*ast.BinaryExpr); ok && !compares(e, "err") {
				s.List[i] = m.condition(b)
			}
		}
	case *ast.ReturnStmt:
		for i, e := range s.Results {
			s.Results[i] = m.result(e)
		}
	case *ast.AssignStmt:
		for i, e := range s.Rhs {
			s.Rhs[i] = m.result(e)
		}
	case *ast.CompositeLit:
		for _, e := range s.Elts {
			if field, ok := e.(*ast.KeyValueExpr); ok {
				field.Value = m.outcome(field.Value)
			}
		}
	}
	return true
}

// result mutates a boolean that is returned or kept.
func (m *mutator) result(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.Ident:
		if x.Name == "true" || x.Name == "false" {
			return m.flip(x, x.Pos())
		}
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return m.condition(x)
		}
	case *ast.BinaryExpr:
		switch x.Op {
		case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			return m.condition(x)
		}
	}
	return e
}

// outcome mutates a verdict into Satisfied, and Satisfied into a violation.
func (m *mutator) outcome(e ast.Expr) ast.Expr {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return e
	}
	other := map[string]string{"Violated": "Satisfied", "Undetermined": "Satisfied", "Satisfied": "Violated"}[s.Sel.Name]
	if other == "" {
		return e
	}
	return &ast.CallExpr{Fun: ast.NewIdent("choose"), Args: []ast.Expr{
		m.mutant(e.Pos(), s.Sel.Name+" to "+other), e, &ast.SelectorExpr{X: s.X, Sel: ast.NewIdent(other)},
	}}
}

// compares reports whether e compares the named variable with nil.
func compares(e ast.Expr, name string) bool {
	b, ok := e.(*ast.BinaryExpr)
	if !ok {
		return false
	}
	id, ok := b.X.(*ast.Ident)
	return ok && id.Name == name
}

const support = `package rules

// Mutant is the number of the mutant that is alive; 0 for none.
var Mutant int

func mutant(n int) bool { return Mutant == n }

func choose[T any](other bool, a, b T) T {
	if other {
		return b
	}
	return a
}
`

const campaign = `package rules_test

import (
	"fmt"
	"testing"

	"github.com/sealwright/sealwright/policy/rules"
)

func TestMutants(t *testing.T) {
	broken, all := refused(), everyFixture() // made by what is not yet mutated
	for n := 1; n <= %d; n += %d {
		rules.Mutant = n
		if verdictOf(broken, all) == "" {
			fmt.Println("survived", n)
		}
	}
	fmt.Println("the campaign ended")
}
`

// At least 95 % of the mutants of this package's rules are noticed by the fixtures. A
// sample of them is tried, and all with SEALWRIGHT_LONG=1.
func TestTheFixturesKillMutants(t *testing.T) {
	t.Parallel() // it waits for another process
	m := &mutator{fset: token.NewFileSet()}
	dir := t.TempDir()
	overlay := map[string]string{}
	here, err := os.Getwd()
	require.NoError(t, err)
	add := func(name string, content []byte) {
		at := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(at, content, 0o600))
		overlay[filepath.Join(here, name)] = at
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") || name == "doc.go" || name == "reasons.go" || name == "catalogue.go" {
			continue
		}
		file, err := parser.ParseFile(m.fset, name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, m.statement)
		var out bytes.Buffer
		require.NoError(t, format.Node(&out, m.fset, file))
		add(name, out.Bytes())
	}
	step := 1
	switch {
	case os.Getenv("SEALWRIGHT_LONG") == "1":
	case underRace:
		step = 37 // the campaign itself is not built with the detector
	default:
		step = 7
	}
	add("mutants.go", []byte(support))
	add("campaign_test.go", fmt.Appendf(nil, campaign, len(m.names), step))
	replace, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	list := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(list, replace, 0o600))
	cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay="+list, "-run=^TestMutants$", "-timeout=30m", "-v", ".")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "the campaign ended")

	tried := (len(m.names) + step - 1) / step
	var survivors []string
	for _, found := range regexp.MustCompile(`(?m)^survived (\d+)$`).FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		survivors = append(survivors, m.names[n-1])
	}
	t.Logf("%d of %d mutants killed; survivors:\n%s", tried-len(survivors), tried, strings.Join(survivors, "\n"))
	require.Greater(t, tried, 15)
	most := 5 // of a hundred
	if step > 1 {
		most = 15 // a sample has luck, too
	}
	require.LessOrEqual(t, len(survivors)*100, tried*most)
}
