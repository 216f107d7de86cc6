package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forbidden lists what no library may call: hidden output, exits, clocks,
// environment. The value tells where it is allowed after all, and the comment why.
var forbidden = map[string][]string{
	"os.Exit":               nil,
	"os.Getenv":             nil,
	"os.LookupEnv":          nil,
	"os.Environ":            nil,
	"os.Stdout":             nil,
	"os.Stderr":             nil,
	"fmt.Print":             nil,
	"fmt.Printf":            nil,
	"fmt.Println":           nil,
	"time.Now":              nil,
	"time.Since":            {"internal/sha256x"}, // calibration measures the machine, never decides a result
	"time.Until":            nil,
	"http.DefaultClient":    nil,
	"http.Get":              nil,
	"rand.Seed":             nil,
	"flag.Parse":            nil,
	"debug.SetGCPercent":    nil,
	"runtime.GC":            nil,
	"syscall.Exit":          nil,
	"signal.Notify":         nil,
	"exec.LookPath":         nil,
	"filepath.EvalSymlinks": nil,
}

// A source is one parsed non-test file.
type source struct {
	pkg  pkg
	name string
	file *ast.File
	fset *token.FileSet
}

func (s source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return rel(s.pkg.ImportPath) + "/" + filepath.Base(p.Filename) + ":" + strconv.Itoa(p.Line)
}

// sources parses every Go file of the module, on every platform, except tests.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	for _, p := range modulePackages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			require.NoError(t, err)
			out = append(out, source{p, name, file, fset})
		}
	}
	require.NotEmpty(t, out)
	return out
}

// library tells the sources to which the library rules apply.
func library(s source) bool { return s.pkg.room() != "examples" && s.pkg.Name != "main" }

func TestALibraryHasNoHiddenEffects(t *testing.T) {
	for _, s := range sources(t) {
		if !library(s) || isTestSupport(s.pkg.ImportPath) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok || x.Obj != nil {
				return true
			}
			name := x.Name + "." + sel.Sel.Name
			if allowed, bad := forbidden[name]; bad {
				assert.Contains(t, allowed, rel(s.pkg.ImportPath), "%s uses %s", s.at(n), name)
			}
			assert.NotEqual(t, "log", x.Name, "%s logs", s.at(n))
			return true
		})
	}
}

func TestALibraryHasNoInitAndNoMutablePackageState(t *testing.T) {
	for _, s := range sources(t) {
		if !library(s) {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				assert.False(t, d.Recv == nil && d.Name.Name == "init", "%s has an init function", s.at(d))
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					checkVars(t, s, d)
				}
			}
		}
	}
}

func checkVars(t *testing.T, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for i, name := range v.Names {
			if name.Name == "_" {
				continue
			}
			var value ast.Expr
			if i < len(v.Values) {
				value = v.Values[i]
			}
			table := isArray(value) && !name.IsExported() && !assigned(t, s.pkg, name.Name)
			memo := slices.Contains(memos(), rel(s.pkg.ImportPath)+"."+name.Name)
			assert.True(t, table || memo || constantLike(value), "%s: package-level variable %s", s.at(v), name.Name)
		}
	}
}

// memos are variables that only keep what a function of Go types alone has found out,
// as encoding/json does, so that nothing depends on what they hold.
func memos() []string { return []string{"internal/strictjson.plans"} }

// isArray accepts array literals, the closest that Go has to a constant table:
// unlike a slice or a map, nobody can hand one out to be changed.
func isArray(e ast.Expr) bool {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	array, ok := lit.Type.(*ast.ArrayType)
	return ok && array.Len != nil
}

// assigned tells whether the package assigns to the variable or takes its address.
func assigned(t *testing.T, p pkg, name string) bool {
	found := false
	for _, s := range sources(t) {
		if s.pkg.ImportPath != p.ImportPath {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				found = found || slices.ContainsFunc(n.Lhs, func(e ast.Expr) bool { return root(e) == name })
			case *ast.IncDecStmt:
				found = found || root(n.X) == name
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && root(n.X) == name
			}
			return true
		})
	}
	return found
}

// root returns the name of the variable that an expression such as a.b[i] starts from.
func root(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	}
	return ""
}

// constantLike accepts initialisers whose value nobody changes by accident:
// sentinel errors, compiled expressions and once-functions.
func constantLike(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && slices.Contains([]string{"errors.New", "regexp.MustCompile", "sync.OnceValue", "sync.OnceValues"},
		x.Name+"."+sel.Sel.Name)
}

func TestEveryPackageAndExportedIdentifierIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		path := s.pkg.ImportPath
		documented[path] = documented[path] || s.file.Doc != nil
		if s.pkg.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			checkDoc(t, s, d)
		}
	}
	for path, ok := range documented {
		assert.True(t, ok, "%s has no package comment", path)
	}
}

func checkDoc(t *testing.T, s source, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			assert.NotNil(t, d.Doc, "%s: %s has no comment", s.at(d), d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					assert.True(t, d.Doc != nil || spec.Doc != nil, "%s: %s has no comment", s.at(spec), spec.Name.Name)
				}
			case *ast.ValueSpec:
				if slices.ContainsFunc(spec.Names, func(n *ast.Ident) bool { return n.IsExported() }) {
					assert.True(t, d.Doc != nil || spec.Doc != nil || spec.Comment != nil,
						"%s: %s has no comment", s.at(spec), spec.Names[0].Name)
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if index, ok := e.(*ast.IndexExpr); ok {
		e = index.X
	}
	id, ok := e.(*ast.Ident)
	return ok && id.IsExported()
}

func TestEveryRoomSaysWhatFlowsInAndOutAndWhatItMayImport(t *testing.T) {
	for _, room := range []string{"attest", "provenance", "reproducible", "policy", "tee", "scan", "deploy"} {
		text, err := os.ReadFile(filepath.Join("..", "..", room, "doc.go"))
		if !assert.NoError(t, err) {
			continue
		}
		lower := strings.ToLower(string(text))
		for _, part := range []string{"flows in", "flows out", "import"} {
			assert.True(t, strings.Contains(lower, part), "%s/doc.go does not tell %q", room, part)
		}
	}
}

func TestNoFunctionOutgrowsTwoScreens(t *testing.T) {
	const most = 90
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line
				assert.LessOrEqual(t, lines, most, "%s: %s", s.at(f), f.Name.Name)
			}
		}
	}
}
